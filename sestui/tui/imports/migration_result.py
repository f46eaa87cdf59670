"""The migration's last steps: the dry run's figures, or the result."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from sestui.audience.migrate.migrate import Reconciliation
from sestui.audience.migrate.progress import MigrationProgress
from sestui.core.percent import percent
from sestui.tui.imports.migration_service import Migrated, MigrationFinding
from sestui.tui.widgets.file_browser import as_shown
from sestui.tui.widgets.format import bar, grouped, shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.path_input import PathInput
from sestui.tui.widgets.row_strip import Cell

_COLUMNS = (
    Column("kind", "Of", width=13),
    Column("place", "How many, where", width=16, whole=28),
    Column("text", "Why left out, or to look at", share=1),
)
_WHILE = "It is first read as a whole, then saved; x stops it."
_BAR = 40


class MigrationBar(Widget, can_focus=True):
    """How far it is."""

    progress: reactive[MigrationProgress | None] = reactive(None)

    def render(self) -> Content:
        """The step, and a bar where the whole is known."""
        told = self.progress
        if told is None:
            return Content("reading…")
        if not told.whole:
            return Content.assemble((f"{told.step:<9}", "$text-muted"), grouped(told.done))
        width = min(_BAR, max(8, self.size.width - 40))
        return Content.assemble(
            (f"{told.step:<9}", "$text-muted"),
            (bar(told.done / told.whole, width), "$primary on $surface-lighten-1"),
            f" {percent(told.done, told.whole):>5}   {grouped(told.done)} of {grouped(told.whole)}",
        )


class ReconciliationTable(Widget):
    """The same table as `sestui migrate` prints."""

    found: reactive[Reconciliation | None] = reactive(None)

    def render(self) -> Content:
        """A line for each kind."""
        if self.found is None:
            return Content("")
        head = f"{'':<15}{'read':>11}{'taken':>11}{'already here':>15}{'left out':>11}"
        lines = [Content.styled(head, "$text-muted")]
        for kind, tally in self.found.tallies.items():
            left = tally.left_out.total()
            lines.append(
                Content.assemble(
                    (f"{kind.value:<15}", "$text-muted"),
                    f"{grouped(tally.read):>11}",
                    (f"{grouped(tally.taken):>11}", "bold" if tally.taken else ""),
                    f"{grouped(tally.here):>15}",
                    (f"{grouped(left):>11}", "$text-warning" if left else ""),
                )
            )
        return Content("\n").join(lines)


class FindingTable(LazyTable[MigrationFinding]):
    """What was left out and why, and what is to be looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Whole text", id="migration.finding",
                tooltip="Show the whole text of the line"),
        Binding("y", "copy_row", "Copy", id="migration.copy", tooltip="Copy the line"),
    ]  # fmt: skip

    @dataclass
    class Copied(Message):
        """The line under the cursor is to be copied."""

        text: str

    def action_copy_row(self) -> None:
        """Ask for the line to be copied."""
        if (finding := self.selected) is not None:
            self.post_message(self.Copied(f"{finding.kind}, {finding.place}: {finding.text}"))


class MigrationResult(Vertical):
    """Shows the progress of a migration or its dry run, then the reconciliation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop", id="migration.stop", tooltip="Stop the migration"),
        Binding("i", "go_on", "Take over", id="migration.confirm",
                tooltip="Take over what the dry run counted, after a question"),
        Binding("E", "save", "Save rejects", id="migration.rejects",
                tooltip="Write the rows that were left out to a file"),
        Binding("n", "again", "Next tool", id="migration.next", tooltip="Take over another tool"),
    ]  # fmt: skip

    class StopWanted(Message):
        """The migration is to be stopped."""

    class MigrationWanted(Message):
        """Do it after its dry run."""

    class NextWanted(Message):
        """Another tool is to be taken over."""

    @dataclass
    class SaveWanted(Message):
        """The rows left out are to be saved."""

        path: Path

    def __init__(self, folder: Path) -> None:
        super().__init__(id="migration-result")
        self._folder = folder
        self._migrated: Migrated | None = None
        self._title = Static("", id="migration-title", markup=False)
        self._bar = MigrationBar()
        self._figures = ReconciliationTable()
        self._findings = FindingTable(_COLUMNS, _cells)
        self._line = PathInput(folder, (".csv",), id="left-out-path")
        self._fault = Static("", classes="fault", markup=False)

    def compose(self) -> ComposeResult:
        """Title, progress or figures, what was found, the line for a file, the fault."""
        yield self._title
        yield self._bar
        yield self._figures
        yield self._findings
        yield self._line
        yield self._fault

    def on_mount(self) -> None:
        """The line comes when it is asked for."""
        self._line.display = False

    def follow(self, name: str, *, dry_run: bool) -> None:
        """Show the progress of one that starts; ``name`` is the tool's."""
        self.forget()
        self._title.update(f"{'Dry run of' if dry_run else 'Taking over'} {name}.\n{_WHILE}")
        self._show(done=False)
        self.screen.set_focus(self._bar)

    def went_on(self, progress: MigrationProgress | None) -> None:
        """Show the progress."""
        self._bar.progress = progress

    def show(self, migrated: Migrated) -> None:
        """How it went."""
        self._migrated = migrated
        found = migrated.found
        how = (
            f"Dry run of {found.tool}: nothing has been changed. Press i to take it over, esc to "
            "go back."
            if found.dry_run
            else f"Taken over from {found.tool}. Lists and contacts are in Contacts, drafts in "
            "Campaigns."
        )
        self._title.update(f"{how}\n{found.who_left}")
        self._figures.found = found
        self._findings.show_rows(tuple(migrated.findings()))
        self._show(done=True)
        self.screen.set_focus(self._findings)

    def forget(self) -> None:
        """Forget the last one."""
        self._migrated = None
        self._bar.progress = None
        self._findings.show_rows(())
        self._line.display = False
        self.say("")

    def say(self, fault: str) -> None:
        """Show what is wrong; '' clears it."""
        self._fault.update(fault)
        self._fault.display = bool(fault)

    def _show(self, *, done: bool) -> None:
        self._bar.display = not done
        self._figures.display = done
        self._findings.display = done
        self.screen.refresh_bindings()

    # what may be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the state allows."""
        shown = self._migrated
        if action in {"stop", "go_on", "save", "again"} and self._line.has_focus:
            return False
        if action == "stop":
            return shown is None
        if action == "go_on":
            return shown is not None and shown.found.dry_run
        if action == "again":
            return shown is not None and not shown.found.dry_run
        if action == "save":
            return shown is not None and bool(shown.found.left_out)
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        """Ask for it to be stopped."""
        self.post_message(self.StopWanted())

    def action_go_on(self) -> None:
        """Ask for it to be done."""
        self.post_message(self.MigrationWanted())

    def action_again(self) -> None:
        """Ask for another tool."""
        self.post_message(self.NextWanted())

    def action_save(self) -> None:
        """Ask for a file, in the folder one was started in unless somebody says otherwise."""
        if self._migrated is not None:
            name = f"{self._migrated.data.tool}-left-out.csv"
            self._line.propose(as_shown(self._folder / name))
            self._line.display = True
            self.screen.set_focus(self._line)

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        event.stop()
        if (finding := self._findings.selected) is not None:
            text = f"{finding.kind}, {finding.place}: {finding.text}"
            self.app.notify(shorten(text, 400), markup=False)

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
        self.screen.set_focus(self._findings)
        self.say("")
        return True


def _cells(finding: MigrationFinding) -> dict[str, Cell]:
    return {
        "kind": (finding.kind, "quiet"),
        "place": (finding.place, "quiet"),
        "text": (finding.text, "warning" if finding.stands_out else ""),
    }
