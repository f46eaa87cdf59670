"""The import's first step: pick a file by its path or from its folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from sestui.audience.sources.file_cells import Reading
from sestui.core.clock import Instant
from sestui.errors import SestuiError
from sestui.tui.imports.folder_step import FolderStep
from sestui.tui.widgets.path_input import PathInput

ENDINGS = (
    ".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".ndjson", ".vcf", ".gz", ".zip",
)  # fmt: skip
_NOTHING = "No folders and no .csv, .xlsx, .json or other lists here; press / to type a path."


class FileStep(FolderStep):
    """A file of contacts, and how it is read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "read_as", "Read as", id="import.read-as",
                tooltip="Set the encoding or the delimiter, if they aren't detected correctly"),
        Binding("I", "migrate", "Another tool", id="import.migrate",
                tooltip="Take over another tool's lists, contacts and drafts"),
    ]  # fmt: skip

    @dataclass
    class Taken(Message):
        """A file was picked."""

        path: Path
        reading: Reading

    class MigrationWanted(Message):
        """Another tool is to be taken over instead."""

    def __init__(self, folder: Path, at: Callable[[Instant], str]) -> None:
        """``at`` says an instant in the operator's time."""
        line = PathInput(folder, ENDINGS, placeholder="~/lists/people.csv", id="path")
        super().__init__(folder, at, line, ENDINGS, _NOTHING, id="import-file")
        self._reading = Reading()
        self._read_as = Input(placeholder="encoding, delimiter: cp1251 ;", id="read-as")

    def compose(self) -> ComposeResult:
        """Lines, folder, what is wrong."""
        yield self._line
        yield self._read_as
        yield self._list
        yield self._fault

    def on_mount(self) -> None:
        """The second line comes when it is asked for."""
        self._read_as.display = False

    def pick(self, path: Path) -> None:
        """Go on with the file."""
        self.post_message(self.Taken(path, self._reading))

    def action_migrate(self) -> None:
        """Ask for the migration."""
        self.post_message(self.MigrationWanted())

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
