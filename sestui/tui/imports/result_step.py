"""The import's last step: how far it is, then its figures and its rejects."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from sestui.audience.imports.importer import Progress
from sestui.audience.imports.rows import Reject
from sestui.core.text import printable
from sestui.tui.imports.figures import ImportFigures, ImportProgress
from sestui.tui.imports.service import Imported, ImportPlan
from sestui.tui.widgets.file_browser import as_shown
from sestui.tui.widgets.format import grouped, shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.path_input import PathInput
from sestui.tui.widgets.row_strip import Cell

_COLUMNS = (
    Column("line", "Line", width=9, right=True),
    Column("column", "Column", width=18, from_width=110),
    Column("reason", "Why it was rejected", share=2),
    Column("row", "Row", share=3),
)
_WHILE = "Nothing is saved until the whole file has been read; x stops it."


class RejectTable(LazyTable[Reject]):
    """Rejected rows in the order of the file."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Whole row", id="import.reject",
                tooltip="Show the whole rejected row"),
        Binding("y", "copy_row", "Copy", id="import.copy", tooltip="Copy the rejected row"),
    ]  # fmt: skip

    @dataclass
    class Copied(Message):
        """The row under the cursor is to be copied."""

        text: str

    def action_copy_row(self) -> None:
        """Ask for the row to be copied."""
        if self.selected is not None:
            self.post_message(self.Copied(self.selected.row))


class ResultStep(Vertical):
    """Shows the progress of an import, then its result."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop", id="import.stop",
                tooltip="Stop the import; nothing is saved"),
        Binding("i", "go_on", "Import", id="import.confirm",
                tooltip="Import the contacts as the dry run counted them"),
        Binding("E", "save", "Save rejects", id="import.rejects",
                tooltip="Write the rejected rows to a file, to be corrected"),
        Binding("u", "undo", "Undo", id="import.undo",
                tooltip="Take the import back; what something depends on stays"),
        Binding("n", "again", "Next file", id="import.next", tooltip="Import another file"),
    ]  # fmt: skip

    class StopWanted(Message):
        """The import is to be stopped."""

    class ImportWanted(Message):
        """Do the import after its dry run."""

    @dataclass
    class UndoWanted(Message):
        """The import is to be taken back."""

        change: int
        """Its id in the journal."""

    class NextWanted(Message):
        """Another file is to be imported."""

    @dataclass
    class SaveWanted(Message):
        """The rejects are to be saved."""

        path: Path

    def __init__(self, folder: Path, next_place: str) -> None:
        """``next_place`` is the tab where messages are written, by its key and name."""
        super().__init__(id="import-result")
        self._next_place = next_place
        self._imported: Imported | None = None
        self._title = Static("", id="import-title", markup=False)
        self._progress = ImportProgress()
        self._figures = ImportFigures()
        self._rejects = RejectTable(_COLUMNS, _cells)
        self._detail = Static("", id="reject", markup=False)
        self._line = PathInput(folder, (".csv",), id="rejects-path")
        self._fault = Static("", classes="fault", markup=False)

    def compose(self) -> ComposeResult:
        """Title, progress or figures, rejects and one in full, the line for a file, the fault."""
        yield self._title
        yield self._progress
        yield self._figures
        yield self._rejects
        yield self._detail
        yield self._line
        yield self._fault

    def on_mount(self) -> None:
        """The line comes when it is asked for."""
        self._line.display = False

    def follow(self, plan: ImportPlan) -> None:
        """Show the progress of one that starts."""
        self.forget()
        what = "Dry run" if plan.dry_run else f"Importing into {printable(plan.list_name)}"
        self._title.update(f"{what}.\n{_WHILE}")
        self._show(done=False)
        self.screen.set_focus(self._progress)

    def went_on(self, progress: Progress | None) -> None:
        """Show the progress."""
        self._progress.progress = progress

    def show(self, imported: Imported) -> None:
        """How it went."""
        self._imported = imported
        plan, result = imported.plan, imported.result
        where = f" into {printable(plan.list_name)}"
        self._title.update(
            f"Dry run{where}: nothing has been changed. Press i to import it, esc to go back."
            if plan.dry_run
            else f"Imported{where}. Next: write the message in {self._next_place}."
        )
        self._figures.result = result
        self._detail.update("" if result.rejects else "No rows were rejected.")
        self._rejects.show(imported.rejects)
        self._show(done=True)
        self.screen.set_focus(self._rejects)

    def forget(self) -> None:
        """Forget the last import and its rejects."""
        if self._imported is not None:
            self._rejects.show_rows(())
            self._imported.rejects.close()
        self._imported = None
        self._progress.progress = None
        self._line.display = False
        self.say("")

    def say(self, fault: str) -> None:
        """Show what is wrong; '' clears it."""
        self._fault.update(fault)
        self._fault.display = bool(fault)

    def _show(self, *, done: bool) -> None:
        self._progress.display = not done
        self._figures.display = done
        self._rejects.display = done
        self._detail.display = done
        self.screen.refresh_bindings()

    # what may be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the state allows."""
        shown = self._imported
        allowed = {
            "stop": shown is None,
            "go_on": shown is not None and shown.plan.dry_run,
            "again": shown is not None and not shown.plan.dry_run,
            "undo": shown is not None and shown.result.change is not None,
            "save": shown is not None and shown.result.rejects > 0,
        }
        if action in allowed:
            return allowed[action] and not self._line.has_focus
        return super().check_action(action, parameters)

    @on(LazyTable.Moved)
    def _moved(self, event: LazyTable.Moved) -> None:
        event.stop()
        if (reject := self._rejects.selected) is not None:
            where = f"Line {grouped(reject.line)}, {reject.column}"
            self._detail.update(shorten(f"{where}: {reject.reason}", 2 * self.size.width - 8))

    def action_stop(self) -> None:
        """Ask for it to be stopped."""
        self.post_message(self.StopWanted())

    def action_go_on(self) -> None:
        """Ask for it to be done."""
        self.post_message(self.ImportWanted())

    def action_again(self) -> None:
        """Ask for another file."""
        self.post_message(self.NextWanted())

    def action_undo(self) -> None:
        """Ask for it to be taken back."""
        if self._imported is not None and self._imported.result.change is not None:
            self.post_message(self.UndoWanted(self._imported.result.change))

    def action_save(self) -> None:
        """Ask for a file, beside the imported one unless somebody says otherwise."""
        if self._imported is None:
            return
        source = self._imported.plan.path
        self._line.propose(as_shown(source.with_name(f"{source.stem}-rejects.csv")))
        self._line.display = True
        self.screen.set_focus(self._line)

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.post_message(self.SaveWanted(self._line.typed.path))

    def step_back(self) -> bool:
        """Close the line."""
        if not self._line.display:
            return False
        self._line.display = False
        self.screen.set_focus(self._rejects)
        self.say("")
        return True


def _cells(reject: Reject) -> dict[str, Cell]:
    return {
        "line": (grouped(reject.line), "quiet"),
        "column": (reject.column, "quiet"),
        "reason": (reject.reason, ""),
        "row": (reject.row, "quiet"),
    }
