"""Why a campaign can't be started: who can't be mailed and why, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from sestui.reports.unmailable import Unmailable, UnmailableRows, write_unmailable
from sestui.tui.app.navigation.navigation import compose_campaign, open_contact
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.check_dialog import CheckScreen
from sestui.tui.campaigns.start_check import PlannedStart, StartCheck
from sestui.tui.campaigns.start_question import ask_and_start
from sestui.tui.dialogs.ask_path import AskPathScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.column_widths import WHOLE_ADDRESS
from sestui.tui.widgets.format import counted, grouped, recipients, shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_source import Listed
from sestui.tui.widgets.row_strip import Cell

_EVERYBODY = "everyone"
_MOST_REASONS = 7
"""Rows of the reasons' table; it scrolls where there are more."""

CONTACT_COLUMNS = (
    Column("email", "Recipient", share=1, whole=WHOLE_ADDRESS),
    Column("why", "Why", width=12, share=1, from_width=120, yields=1),
)


@dataclass(frozen=True, slots=True)
class _Reason:
    """A line of the upper table."""

    sentence: str
    count: int | None
    """None: it concerns everybody."""
    place: tuple[str, int | None] | None = None
    """The field to mend and a line of it; None: it is in none."""


class CannotStartScreen(BaseScreen):
    """Shown until the operator goes back or the campaign is started after all."""

    PLACE = "Campaigns"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "s",
            "send_to_others",
            "Send to others",
            id="refusal.others",
            tooltip="Send to everyone whose mail can be rendered; the rest is skipped",
        ),
        Binding(
            "e",
            "edit",
            "Edit",
            id="refusal.edit",
            tooltip="Edit the campaign in Compose, where the chosen reason is",
        ),
        Binding(
            "ctrl+r",
            "check_again",
            "Check again",
            id="refusal.again",
            tooltip="Check everyone's mail once more, and go on if nothing is wrong",
        ),
        Binding(
            "E",
            "save_list",
            "Save list",
            id="refusal.save",
            tooltip="Save who can't be mailed, and why, as a CSV file",
        ),
        Binding(
            "y",
            "copy",
            "Copy",
            show=False,
            id="refusal.copy",
            tooltip="Copy the address under the cursor, or the reason",
        ),
    ]

    def __init__(
        self, services: ScreenServices, planned: PlannedStart, checked: StartCheck
    ) -> None:
        super().__init__(services)
        self._planned = planned
        if planned.resumes is None:
            self.within = Page("campaign", planned.campaign)
        self.title = "can't start" if planned.resumes is None else "can't resume"
        self.checked = checked
        self._outdated = False
        """Whether something was opened from here that may have been mended there."""
        self._title = Static("", id="refusal-title", markup=False)
        self._advice = Static("", id="refusal-advice", markup=False)
        self.reasons: LazyTable[_Reason] = LazyTable(
            (Column("count", "Recipients", width=10, right=True), Column("why", "Why", share=1)),
            lambda reason: {
                "count": (
                    _EVERYBODY if reason.count is None else grouped(reason.count),
                    "warning",
                ),
                "why": (reason.sentence, ""),
            },
            id="reasons",
        )
        self._whole = Static("", id="refusal-reason", markup=False)
        self.people: LazyTable[Unmailable] = LazyTable(CONTACT_COLUMNS, _person, id="unmailable")

    def body(self) -> ComposeResult:
        """What it is about, reasons, the whole of one, whom it concerns."""
        yield self._title
        yield self._advice
        yield self.reasons
        yield self._whole
        yield self.people

    def on_mount(self) -> None:
        """The reasons come first."""
        self._show()
        (self.people if self.people.display else self.reasons).focus()

    # what is shown

    def _show(self) -> None:
        checked, planned = self.checked, self._planned
        name = shorten(planned.campaign, 60)
        verb = "resumed" if planned.resumes is not None else "started"
        title = Content.styled(f"{name} can't be {verb}", "bold $text-warning")
        if checked.failed and not checked.stopping:
            of = f"{grouped(checked.failed)} of {recipients(checked.failed + checked.sendable)}"
            title += Content(f": the mail of {of} can't be rendered.")
        else:
            title += Content(" as it is. Nothing has been sent.")
        self._title.update(title)
        self._advice.update(self._ways_on())
        reasons = _reasons(checked)
        self.reasons.styles.height = 1 + min(_MOST_REASONS, len(reasons))
        self.reasons.show_rows(reasons)
        self.people.display = bool(checked.failed) and not checked.stopping
        self._show_reason()
        self.offer_again()

    def _ways_on(self) -> str:
        if self.checked.sendable:
            others = grouped(self.checked.sendable)
            return (
                "Fix the message (e), or open a recipient (enter) and fix the contact; then check "
                f"again (ctrl+r). Or send to the other {others} (s): the rest are skipped, with "
                "the reason recorded."
            )
        return "Fix the campaign (e), then check again (ctrl+r)."

    def _show_reason(self) -> None:
        """The whole reason under the cursor, and whom it concerns."""
        reason = self.reasons.selected
        self._whole.update(shorten(reason.sentence, 400) if reason is not None else "")
        if self.people.display and reason is not None:
            rows = self._rows(reason.sentence)
            self.people.show(rows if rows is not None else Listed(()))

    def _rows(self, reason: str | None = None) -> UnmailableRows | None:
        check, emails = self.checked.check, self.services.runtime.contacts.emails
        if check is None or check.recipients is None:
            return None
        return UnmailableRows(check.recipients, emails, reason)

    @on(LazyTable.Moved)
    def _moved(self, event: LazyTable.Moved) -> None:
        if event.table is self.reasons:
            self._show_reason()

    # what can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        if action == "send_to_others":
            return bool(self.checked.failed and self.checked.sendable)
        if action == "save_list":
            return self.is_mounted and self.people.display
        return super().check_action(action, parameters)

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        if event.table is self.reasons:
            if self.people.display:
                self.people.focus()
        elif (person := self.people.selected) is not None and person.email:
            self._outdated = True
            open_contact(self, person.email)

    def action_copy(self) -> None:
        """Copy the address under the cursor, or the reason."""
        person, reason = self.people.selected, self.reasons.selected
        if self.people.has_focus and person is not None:
            self.copy(person.email)
        elif reason is not None:
            self.copy(reason.sentence)

    async def action_edit(self) -> None:
        """Open the campaign in Compose, where the reason under the cursor is mended."""
        self._outdated = True
        reason = self.reasons.selected
        place = reason.place if reason is not None else None
        await compose_campaign(self.app, self._planned.campaign, place)

    def action_check_again(self) -> None:
        """Check everybody once more, and go on where nothing is wrong any more."""
        self.run_worker(self._check_again(), group="action", exclusive=True)

    def action_send_to_others(self) -> None:
        """Ask with the number, and start without those whose mail can't be rendered."""
        self.run_worker(self._send_to_others(), group="action", exclusive=True)

    def action_save_list(self) -> None:
        """Ask for a file, and write who can't be mailed."""
        self.run_worker(self._save_list(), group="action", exclusive=True)

    async def _check_again(self) -> bool:
        """Whether it came to an end; where all is well, it is asked and started."""
        checked = await self.app.push_screen_wait(CheckScreen(self.services, self._planned))
        if checked is None:
            return False
        self._outdated, self.checked = False, checked
        self._show()
        if checked.ok:
            await self._start(skip=False)
            return False
        return True

    async def _send_to_others(self) -> None:
        # Who was mended meanwhile must not be skipped for what was wrong before.
        if self._outdated and not await self._check_again():
            return
        if self.checked.sendable:
            await self._start(skip=True)

    async def _start(self, *, skip: bool) -> None:
        run = await ask_and_start(self, self._planned, self.checked, skip=skip)
        if run is None:
            return
        if self._planned.resumes is not None:
            self.app.pop_screen()
        else:
            from sestui.tui.campaigns.run_screen import RunScreen  # noqa: PLC0415 - leads to all others

            self.app.switch_screen(RunScreen(self.services, run.id))

    async def _save_list(self) -> None:
        path = await self.app.push_screen_wait(
            AskPathScreen(
                f"Save {recipients(self.checked.failed)} who can't be mailed",
                "A CSV file with address and reason.",
                endings=(".csv",),
                value=f"{self._planned.campaign}-not-mailed.csv",
            )
        )
        if path is None:
            return
        if await self.attempt(path.is_file):
            text = f"{shorten(str(path), 120)} exists; its content will be lost."
            question = ConfirmScreen("Overwrite the file?", text, recipients=0, yes="Overwrite it")
            if not await self.app.push_screen_wait(question):
                return
        rows = self._rows()
        if rows is None:
            return
        written = await self.attempt(lambda: write_unmailable(_pairs(rows), path))
        if written is not FAILED:
            self.toast(f"{counted(written, 'recipient')} written to {path}.")


def _reasons(checked: StartCheck) -> list[_Reason]:
    """What concerns everybody; without that, what keeps some from being mailed."""
    check = checked.check
    if checked.refused or check is None:
        place = (checked.refused_for, None) if checked.refused_for else None
        return [_Reason(sentence, None, place) for sentence in checked.stopping]
    if check.stopping:
        return [_Reason(each.sentence, None, (each.where, each.line)) for each in check.stopping]
    found = check.recipients.problems if check.recipients is not None else ()
    return [_Reason(each.sentence, each.count, (each.where, each.line)) for each in found]


def _pairs(rows: UnmailableRows) -> Iterator[tuple[str, str]]:
    return ((each.email, each.reason) for each in rows)


def _person(person: Unmailable) -> dict[str, Cell]:
    gone = "this contact has been erased"
    return {
        "email": (person.email or gone, "" if person.email else "quiet"),
        "why": (person.reason, "quiet"),
    }
