"""An input line for a path: it is completed as one types, and tab takes the completion."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

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
            suggester=_Paths(folder, endings),
            select_on_focus=False,
            id=id,
        )
        self._folder = folder
        self._endings = endings

    @property
    def typed(self) -> Typed:
        """What stands in the line, as a place in the file system."""
        return as_typed(self.value, self._folder)

    async def action_complete(self) -> None:
        """Take the completion; where there is none, tab goes on as everywhere."""
        # Asked anew: one who types fast is ahead of the suggestion that is drawn.
        value = self.value
        completed = await asyncio.to_thread(completion, value, self._folder, self._endings)
        if completed is None:
            focus_next(self)
        elif self.value == value:
            self.value = completed
            self.cursor_position = len(completed)


class _Paths(Suggester):
    """The file system changes while one looks: nothing is remembered."""

    def __init__(self, folder: Path, endings: Collection[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._folder = folder
        self._endings = endings

    async def get_suggestion(self, value: str) -> str | None:
        """The first folder or file that begins as typed."""
        return await asyncio.to_thread(completion, value, self._folder, self._endings)
