"""Choose where mail goes: the simulator, or SES by an AWS profile and a region."""

import asyncio
import os
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from sestui.errors import SestuiError
from sestui.reports.account import health_words
from sestui.store.runs.run_lists import RecentRuns
from sestui.tui.account.account_switch import overruled_by, switch_account, unfinished
from sestui.tui.account.service import SES, SIMULATOR, AccountService, Choice
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import counted, grouped, shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_COLUMNS = (
    Column("mark", "", width=1),
    Column("account", "Where mail goes", width=16),
    Column("what", "What it means", share=1),
    Column("region", "Region", width=16),
)
_RETRY_SECONDS = 1.0
_ABOUT = "The settings keep names only; credentials stay where AWS's own tools keep them."
_WHEN = "at once (`run-due`, relays: from their next start)."


class ChoiceTable(LazyTable[Choice]):
    """The accounts that can be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Choose", id="account.take",
                tooltip="Choose the account under the cursor, after a question"),
    ]  # fmt: skip


class AccountChoiceScreen(BaseScreen):
    """Chooses the account; nothing is written before an explicit yes."""

    PLACE = "Account"
    TITLE = "where mail goes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "region", "Region", id="account.region",
                tooltip="Type the AWS region of the SES account"),
    ]  # fmt: skip

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self._account = AccountService(services.runtime)
        self._table = ChoiceTable(_COLUMNS, _cells, id="choices")
        self._region = Input(
            placeholder="region of SES, for example eu-west-1; empty: the profile's own",
            select_on_focus=False,
            id="region",
        )
        self._about = Static(_ABOUT, id="about-choice", markup=False)

    def body(self) -> ComposeResult:
        """Region, accounts, what is going on."""
        yield self._region
        yield self._table
        yield self._about

    def on_mount(self) -> None:
        """The accounts have the focus; the region is the one there is."""
        self.set_focus(self._table)
        self._begin()

    @work(group="begin")
    async def _begin(self) -> None:
        region = await self.attempt(self._account.region)
        regions = await self.attempt(self._account.regions)
        if region and not self._region.value:
            self._region.value = region
        self._region.suggester = SuggestFromList(regions or ())

    async def read(self) -> None:
        """Read the AWS files' profiles."""
        found = await self.fetch(self._account.choices)
        self.refresh_seconds = _RETRY_SECONDS if found is None else None
        if found is not None:
            self._table.show_rows(found)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A line that is typed in takes the letters."""
        if action == "region":
            return not self._region.has_focus
        return super().check_action(action, parameters)

    def action_region(self) -> None:
        """Go to the region."""
        self.set_focus(self._region)

    @on(Input.Submitted)
    def _typed(self) -> None:
        self.set_focus(self._table)

    def step_back(self) -> bool:
        """From the region to the accounts."""
        if not self._region.has_focus:
            return False
        self.set_focus(self._table)
        return True

    @on(LazyTable.Opened)
    def _opened(self) -> None:
        if (choice := self._table.selected) is not None:
            self._choose(choice)

    @work(exclusive=True, group="action")
    async def _choose(self, choice: Choice) -> None:
        """Explain the change, ask, and make it."""
        wanted = choice.settings(self._region.value.strip())
        if refusal := self._refusal(wanted):
            self.toast(refusal, failed=True)
            return
        stopped = await self.attempt(self._to_be_stopped)
        if stopped is FAILED:
            return
        if choice.account == SES:
            self._about.update("Asking SES…")
            said = await self._said_by_ses(choice, wanted["aws_region"])
            question = _real(choice, said, stopped)
            self._about.update(_ABOUT)
        else:
            question = _simulated(stopped)
        if not await self.app.push_screen_wait(question):
            return
        self._about.update("Stopping what is being sent…")
        paused = await self.attempt(lambda: switch_account(self.services, wanted, choice.called))
        self._about.update(_ABOUT)
        if paused is not FAILED:
            self.toast(_told(choice, paused))
            if self.is_current:
                self.app.pop_screen()

    def _refusal(self, wanted: dict[str, str]) -> str:
        """Why the account can't be changed here, as a sentence; '' if it can."""
        if not self.services.lasting:
            return "The demo sends to the simulator, and to nothing else."
        if variable := overruled_by(wanted):
            return (
                f"{variable} in the environment (or on the command line) decides that; leave "
                "sestui, unset it and start again."
            )
        return ""

    def _to_be_stopped(self) -> "_Stopped":
        runtime = self.services.runtime
        names = tuple(name for _, name in unfinished(runtime))
        return _Stopped(names, RecentRuns(runtime.database).pending())

    async def _said_by_ses(self, choice: Choice, region: str) -> str:
        """What SES says about the account, or why it can't be asked; shown before the question."""
        try:
            status = await asyncio.to_thread(self._account.try_out, choice, region)
        except SestuiError as error:
            return f"It can't be used now: {error}"
        quota = status.max_24_hour_send
        words = [
            *health_words(status),
            f"{grouped(status.max_send_rate)} a second",
            "no quota" if quota < 0 else f"{grouped(quota)} in 24 hours",
        ]
        return f"SES answers: {', '.join(words)}."


@dataclass(frozen=True, slots=True)
class _Stopped:
    """What a change of the account would stop."""

    names: tuple[str, ...]
    """Of campaigns that are being sent, or would be by themselves."""
    pending: int
    """Recipients of all unfinished runs."""

    def sentence(self, mail: str) -> str:
        """What is stopped and what becomes of it, as a line; '' for nothing.

        ``mail`` is what its recipients get through the new account.
        """
        if not self.pending:
            return ""
        paused = ""
        if self.names:
            first, more = shorten(self.names[0], 40), len(self.names) - 1
            paused = (
                first + (f" and {grouped(more)} more are" if more else " is") + " paused first. "
            )
        them = counted(self.pending, "pending recipient")
        return f"\n{paused}Once resumed, {them} get {mail}."


def _real(choice: Choice, said: str, stopped: _Stopped) -> ConfirmScreen:
    text = f"Real mail {_WHEN}\n{_name(choice)}. {shorten(said, 180)}"
    if url := os.environ.get("AWS_ENDPOINT_URL_SESV2", ""):
        text += f" AWS_ENDPOINT_URL_SESV2: {shorten(url, 60)}"
    text += stopped.sentence("real mail")
    return _confirm("Send mail through Amazon SES from now on?", text, stopped, "Use SES")


def _simulated(stopped: _Stopped) -> ConfirmScreen:
    text = f"No mail will leave this machine, {_WHEN}"
    text += stopped.sentence("no mail, although the ledger will say that it was accepted")
    return _confirm("Send mail to the simulator from now on?", text, stopped, "Use the simulator")


def _confirm(question: str, text: str, stopped: _Stopped, yes: str) -> ConfirmScreen:
    return ConfirmScreen(
        question,
        text,
        recipients=stopped.pending,
        yes=f"Pause, and {yes[0].lower()}{yes[1:]}" if stopped.names else yes,
    )


def _told(choice: Choice, paused: int) -> str:
    runs = f" {counted(paused, 'run')} paused." if paused else ""
    return f"Mail goes to {choice.called} now.{runs}"


def _name(choice: Choice) -> str:
    return f"Profile {choice.profile}" if choice.profile else "From your AWS environment"


def _cells(choice: Choice) -> dict[str, Cell]:
    simulated = choice.account == SIMULATOR
    what = "for trying out: nothing leaves this machine"
    if not simulated:
        what = (
            f"profile {choice.profile}"
            if choice.profile
            else "from your AWS environment (AWS_PROFILE …)"
        )
    return {
        "mark": ("●" if choice.chosen else "○", "good" if choice.chosen else "quiet"),
        "account": ("simulator" if simulated else "Amazon SES", "" if simulated else "warning"),
        "what": (what, "quiet"),
        "region": (choice.region, "quiet"),
    }
