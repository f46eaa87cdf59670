"""The migration's second step: the dump, the export or the database."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from sestui.audience.migrate.opening import ToolData
from sestui.core.clock import Instant
from sestui.tui.imports.folder_step import FolderStep
from sestui.tui.imports.tool_step import CHOICES, ToolChoice
from sestui.tui.widgets.file_browser import FileEntry
from sestui.tui.widgets.path_input import PathInput
from sestui.tui.widgets.row_strip import Cell

_ENDINGS = tuple({ending for choice in CHOICES for ending in choice.endings})
_NOTHING = "No folders and no such files here; press / to type a path."
_THIS_FOLDER = "this folder"


class SourceStep(FolderStep):
    """A file, a folder where the tool exports one, or a database's URL."""

    @dataclass
    class Taken(Message):
        """The source was picked."""

        data: ToolData

    def __init__(self, folder: Path, at: Callable[[Instant], str]) -> None:
        """``at`` says an instant in the operator's time."""
        line = PathInput(folder, _ENDINGS, id="source")
        super().__init__(folder, at, line, _ENDINGS, _NOTHING, id="migration-source")
        self._choice = CHOICES[0]

    def offer(self, choice: ToolChoice) -> None:
        """Show what this tool can be read from."""
        self._choice = choice
        self._endings = choice.endings
        self._line.placeholder = choice.example
        self._go(self._folder)

    def further(self, folder: Path) -> list[FileEntry]:
        """The folder itself, where an export is one."""
        return [FileEntry(_THIS_FOLDER, folder, False, 0, 0)] if self._choice.takes_folder else []

    def is_path(self, text: str) -> bool:
        """Everything but a URL."""
        return not ToolData(self._choice.tool, text.strip()).is_url

    def pick_text(self, text: str) -> None:
        """Go on with the database."""
        self.post_message(self.Taken(ToolData(self._choice.tool, text.strip())))

    def pick(self, path: Path) -> None:
        """Go on with the file or folder."""
        self.post_message(self.Taken(ToolData(self._choice.tool, str(path))))

    def _cells(self, entry: FileEntry) -> dict[str, Cell]:
        if not entry.is_folder and entry.path == self._folder:
            return {"name": (entry.name, "good")}
        return super()._cells(entry)
