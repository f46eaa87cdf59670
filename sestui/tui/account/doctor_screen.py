"""The doctor: what keeps mail or its events from arriving, and what to do about it."""

import threading
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from sestui.core.doctor.finding import DoctorFinding, DoctorSeverity
from sestui.core.text import printable
from sestui.reports.doctor.doctor import DoctorReport
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_COLUMNS = (
    Column("severity", "Severity", width=9),
    Column("check", "Check", width=18, from_width=60),
    Column("found", "Found", share=1),
)
_KINDS = {
    DoctorSeverity.ERROR: "bad",
    DoctorSeverity.WARNING: "warning",
    DoctorSeverity.UNKNOWN: "busy",
    DoctorSeverity.NOTE: "",
    DoctorSeverity.OK: "good",
}
_CHECKING = "Checking the account, your senders, their DNS and the event path…"


class DoctorScreen(BaseScreen):
    """The findings, the worst first; below them the one under the cursor, whole."""

    PLACE = "Account"
    TITLE = "doctor"
    page = Page("doctor")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_step", "Copy", id="doctor.copy", tooltip="Copy the next step"),
        Binding("R,f5", "again", "Check again", id="doctor.again",
                tooltip="Check everything again, after you have mended something"),
    ]  # fmt: skip

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self._about = Static(_CHECKING, id="about-doctor", markup=False)
        self._table: LazyTable[DoctorFinding] = LazyTable(_COLUMNS, _cells, id="findings")
        self._whole = Static("", id="finding", markup=False)
        self._left = threading.Event()
        """Set once nobody waits for the report any more."""

    def body(self) -> ComposeResult:
        """How many findings, the findings, one of them."""
        yield self._about
        yield self._table
        yield self._whole

    def on_mount(self) -> None:
        """Check at once."""
        frame(self._table, "Findings")
        frame(self._whole, "")
        self.set_focus(self._table)
        self.action_again()

    def on_unmount(self) -> None:
        """Checks that are under way end before their next call."""
        self._left.set()

    @work(exclusive=True, group="doctor")
    async def action_again(self) -> None:
        """Check everything; what was found before stays until then."""
        self._about.update(_CHECKING)
        runtime, left = self.services.runtime, self._left
        report = await self.attempt(lambda: runtime.doctor(stop=left).check())
        if report is FAILED:
            self._about.update("The checks could not be done; R tries again.")
            return
        self._show(report)

    def _show(self, report: DoctorReport) -> None:
        self._about.update(report.sentence)
        self._table.show_rows(report.findings)
        self.refresh_bindings()

    @on(LazyTable.Moved, "#findings")
    def _moved(self) -> None:
        finding = self._table.selected
        self._whole.update(Content("") if finding is None else _whole(finding))
        frame(self._whole, "" if finding is None else finding.check)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Copying needs a next step."""
        if action == "copy_step":
            finding = self._table.selected
            return finding is not None and bool(finding.step)
        return super().check_action(action, parameters)

    def action_copy_step(self) -> None:
        """Copy what is to be done about the finding under the cursor."""
        if (finding := self._table.selected) is not None:
            self.copy(finding.step)


def _cells(finding: DoctorFinding) -> dict[str, Cell]:
    kind = _KINDS[finding.severity]
    return {
        "severity": (finding.severity.value, kind),
        "check": (finding.check, "quiet"),
        "found": (finding.sentence, "quiet" if finding.severity is DoctorSeverity.OK else ""),
    }


def _whole(finding: DoctorFinding) -> Content:
    """What was found, what it means, and what to do."""
    lines = [Content(printable(finding.sentence))]
    if finding.meaning:
        lines.append(Content.styled(printable(finding.meaning), "$text-muted"))
    if finding.step:
        lines.append(Content.styled(f"→ {printable(finding.step)}", "$text-accent"))
    return Content("\n").join(lines)
