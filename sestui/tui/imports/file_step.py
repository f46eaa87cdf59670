"""The import's first step: pick a file by its path or from its folder."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from sestui.audience.sources.file_cells import Reading
from sestui.core.clock import Instant
from sestui.errors import SestuiError
from sestui.tui.widgets.file_browser import FileEntry, Typed, as_shown, entries, is_folder
from sestui.tui.widgets.format import file_size
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.path_input import PathInput
from sestui.tui.widgets.row_strip import Cell

ENDINGS = (
    ".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".ndjson", ".vcf", ".gz", ".zip",
)  # fmt: skip

_COLUMNS = (
    Column("name", "Name", share=1),
    Column("size", "Size", width=10, right=True),
    Column("changed", "Changed", width=14, right=True, from_width=60),
)
_NOTHING = "No folders and no .csv, .xlsx, .json or other lists here; press / to type a path."


class FileStep(Vertical):
    """The line for a path, and the folder it leads to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "type", "Type a path", key_display="/", id="import.type",
                tooltip="Type the file's path; tab completes it"),
        Binding("r", "read_as", "Read as", id="import.read-as",
                tooltip="Set the encoding or the delimiter, if they aren't detected correctly"),
        Binding("backspace,h,left", "up", "Up", id="import.up", tooltip="The folder above"),
    ]  # fmt: skip

    @dataclass
    class Taken(Message):
        """A file was picked."""

        path: Path
        reading: Reading

    def __init__(self, folder: Path, at: Callable[[Instant], str]) -> None:
        """``at`` says an instant in the operator's time."""
        super().__init__(id="import-file")
        self._at = at
        self._folder = folder
        self._line = PathInput(folder, ENDINGS, placeholder="~/lists/people.csv", id="path")
        self._reading = Reading()
        self._read_as = Input(placeholder="encoding, delimiter: cp1251 ;", id="read-as")
        self._list: LazyTable[FileEntry] = LazyTable(_COLUMNS, self._cells)
        self._fault = Static("", classes="fault", markup=False)

    def compose(self) -> ComposeResult:
        """Line, folder, what is wrong."""
        yield self._line
        yield self._read_as
        yield self._list
        yield self._fault

    def on_mount(self) -> None:
        """Show the folder one is in."""
        self._read_as.display = False
        self._go(self._folder)

    def enter(self) -> None:
        """Take the focus."""
        self.screen.set_focus(self._list)

    def say(self, fault: str) -> None:
        """Show what is wrong with the file; '' clears it."""
        self._fault.update(fault)
        self._fault.display = bool(fault)

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
            found = await asyncio.to_thread(entries, typed, ENDINGS)
        except SestuiError as error:
            self.say(str(error))
            return
        self._folder = typed.folder
        parent = typed.folder.parent
        if not typed.start and parent != typed.folder:
            found.insert(0, FileEntry("..", parent, True, 0, 0))
        self._list.show_rows(found)
        names = [entry.name for entry in found]
        # One has come for a file; without one the first folder is as good as any.
        first = next((n for n, entry in enumerate(found) if not entry.is_folder), len(names) > 1)
        self._list.cursor = names.index(cursor_on) if cursor_on in names else int(first)
        self.say("" if len(found) > (not typed.start) else _NOTHING)

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

    def action_read_as(self) -> None:
        """Ask for the encoding and the delimiter, on the spot."""
        self._read_as.display = True
        self.screen.set_focus(self._read_as)

    @on(Input.Submitted, "#read-as")
    def _read_as_typed(self, event: Input.Submitted) -> None:
        event.stop()
        event.prevent_default()
        try:
            self._reading = Reading.typed(event.value)
        except SestuiError as error:
            self.say(str(error))
            return
        self.say("")
        self._read_as.display = bool(event.value.strip())
        self.screen.set_focus(self._list)

    def action_up(self) -> None:
        """Go to the folder above."""
        self._go(self._folder.parent)

    def step_back(self) -> bool:
        """From a line back to the folder."""
        if not self._line.has_focus and not self._read_as.has_focus:
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
            self.post_message(self.Taken(entry.path, self._reading))

    @on(Input.Changed, "#path")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._read(self._line.typed)

    @on(Input.Submitted, "#path")
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        path = self._line.typed.path
        if await asyncio.to_thread(is_folder, path):
            self._go(path)
            self.screen.set_focus(self._list)
        else:
            self.post_message(self.Taken(path, self._reading))
