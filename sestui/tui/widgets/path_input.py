"""An input line for a path: it is completed as one types, and tab takes the completion."""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from sestui.core.typed_path import behind_proposed
from sestui.tui.widgets.file_browser import Typed, as_typed, completion
from sestui.tui.widgets.form import focus_next


class PathInput(Input):
    """Paths are relative to ``folder``; folders and files with one of ``endings`` are offered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", id="path.complete", tooltip="Complete the path"),
    ]

    def __init__(
        self,
        folder: Path,
        endings: Collection[str],
        *,
        placeholder: str = "",
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        super().__init__(
            placeholder=placeholder,
            suggester=_Paths(self.completed),
            select_on_focus=False,
            id=id,
        )
        self._folder = folder
        self._endings = endings
        self._proposed = ""

    def propose(self, path: str) -> None:
        """Put a file's path into the line; an absolute one typed behind it counts instead."""
        self._proposed = path
        self.value = path
        self.cursor_position = len(path)

    @property
    def typed(self) -> Typed:
        """What stands in the line, as a place in the file system."""
        return as_typed(behind_proposed(self.value, self._proposed)[1], self._folder)

    def completed(self, text: str) -> str | None:
        """``text`` completed; None where there is nothing to complete."""
        before, counts = behind_proposed(text, self._proposed)
        found = completion(counts, self._folder, self._endings)
        return None if found is None else before + found

    async def action_complete(self) -> None:
        """Take the completion; where there is none, tab goes on as everywhere."""
        # Asked anew: one who types fast is ahead of the suggestion that is drawn.
        value = self.value
        completed = await asyncio.to_thread(self.completed, value)
        if completed is None:
            focus_next(self)
        elif self.value == value:
            self.value = completed
            self.cursor_position = len(completed)


class _Paths(Suggester):
    """The file system changes while one looks: nothing is remembered."""

    def __init__(self, completed: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._completed = completed

    async def get_suggestion(self, value: str) -> str | None:
        """The first folder or file that begins as typed."""
        return await asyncio.to_thread(self._completed, value)
