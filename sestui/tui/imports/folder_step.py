"""Pick a path: a line that completes it, and the folder it leads to."""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from sestui.core.clock import Instant
from sestui.errors import SestuiError
from sestui.tui.widgets.file_browser import FileEntry, Typed, as_shown, entries, is_folder
from sestui.tui.widgets.format import file_size
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.path_input import PathInput
from sestui.tui.widgets.row_strip import Cell

_COLUMNS = (
    Column("name", "Name", share=1),
    Column("size", "Size", width=10, right=True),
    Column("changed", "Changed", width=14, right=True, from_width=60),
)


class FolderStep(Vertical):
    """The line for a path, and the folder it leads to; a subclass takes what is picked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "type", "Type a path", key_display="/", id="import.type",
                tooltip="Type the file's path; tab completes it"),
        Binding("backspace,h,left", "up", "Up", id="import.up", tooltip="The folder above"),
    ]  # fmt: skip

    def __init__(
        self,
        folder: Path,
        at: Callable[[Instant], str],
        line: PathInput,
        endings: Collection[str],
        nothing: str,
        *,
        id: str,  # noqa: A002 - textual's own name for it
    ) -> None:
        """``at`` says an instant in the operator's time, and ``nothing`` that no file is there."""
        super().__init__(id=id)
        self._at = at
        self._folder = folder
        self._line = line
        self._endings = endings
        self._nothing = nothing
        self._list: LazyTable[FileEntry] = LazyTable(_COLUMNS, self._cells)
        self._fault = Static("", classes="fault", markup=False)

    def compose(self) -> ComposeResult:
        """Line, folder, what is wrong."""
        yield self._line
        yield self._list
        yield self._fault

    def on_mount(self) -> None:
        """Show the folder one is in."""
        self._go(self._folder)

    def enter(self) -> None:
        """Take the focus."""
        self.screen.set_focus(self._list)

    def say(self, fault: str) -> None:
        """Show what is wrong with the file; '' clears it."""
        self._fault.update(fault)
        self._fault.display = bool(fault)

    def pick(self, path: Path) -> None:
        """Take a file."""
        raise NotImplementedError

    def further(self, folder: Path) -> list[FileEntry]:
        """What can be picked beside the folder's entries."""
        return []

    def is_path(self, text: str) -> bool:
        """Whether the line holds a path; anything else goes to :meth:`pick_text`."""
        return True

    def pick_text(self, text: str) -> None:
        """Take what was typed, which is no path."""
        raise NotImplementedError

    # the folder

    def _go(self, folder: Path) -> None:
        came_from = self._folder
        self._folder = folder
        shown = as_shown(folder)
        with self.prevent(Input.Changed):
            self._line.value = f"{shown.rstrip('/')}/" if shown else ""
        self._line.cursor_position = len(self._line.value)
        self._read(Typed(folder, ""), came_from.name if came_from.parent == folder else "")

    @work(exclusive=True, group="folder")
    async def _read(self, typed: Typed, cursor_on: str = "") -> None:
        """List a folder; the cursor goes to the entry of that name, or to the first file."""
        try:
            found = await asyncio.to_thread(entries, typed, self._endings)
        except SestuiError as error:
            self.say(str(error))
            return
        self._folder = typed.folder
        parent = typed.folder.parent
        if not typed.start and parent != typed.folder:
            found.insert(0, FileEntry("..", parent, True, 0, 0))
        if not typed.start:
            found += self.further(typed.folder)
        self._list.show_rows(found)
        names = [entry.name for entry in found]
        # One has come for a file; without one the first folder is as good as any.
        first = next((n for n, entry in enumerate(found) if not entry.is_folder), len(names) > 1)
        self._list.cursor = names.index(cursor_on) if cursor_on in names else int(first)
        self.say("" if len(found) > (not typed.start) else self._nothing)

    def _cells(self, entry: FileEntry) -> dict[str, Cell]:
        if entry.is_folder:
            return {"name": (f"{entry.name}/", "busy")}
        return {
            "name": (entry.name, ""),
            "size": (file_size(entry.size), ""),
            "changed": (self._at(entry.changed_at), "quiet"),
        }

    # picking

    def action_type(self) -> None:
        """Go to the line."""
        self.screen.set_focus(self._line)

    def action_up(self) -> None:
        """Go to the folder above."""
        self._go(self._folder.parent)

    def step_back(self) -> bool:
        """From a line back to the folder."""
        if not any(each.has_focus for each in self.query(Input)):
            return False
        self.screen.set_focus(self._list)
        return True

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        event.stop()
        entry = self._list.selected
        if entry is None:
            return
        if entry.is_folder:
            self._go(entry.path)
        else:
            self.pick(entry.path)

    @on(Input.Changed, "#path, #source")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_path(event.value):
            self._read(self._line.typed)

    @on(Input.Submitted, "#path, #source")
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.is_path(event.value):
            self.pick_text(event.value)
            return
        path = self._line.typed.path
        if await asyncio.to_thread(is_folder, path):
            self._go(path)
            self.screen.set_focus(self._list)
        else:
            self.pick(path)
