"""All campaigns: what state they are in, and what one can do to them."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Static

from sestui.reports.overview import CampaignView, RunView
from sestui.tui.desk import Desk, has_ended
from sestui.tui.format import shorten
from sestui.tui.screens.ask import AskScreen
from sestui.tui.screens.confirm import ConfirmScreen
from sestui.tui.screens.run import RunScreen
from sestui.tui.screens.steer import SteeringScreen
from sestui.tui.widgets.campaign_table import CampaignTable

_REFRESH_SECONDS = 1.0

_EMPTY = """\
There is no campaign yet. In a shell:

  sestui import people.csv --list newsletter
      brings your list

  sestui apply news.md
      takes the message, written in Markdown

The campaign then appears here by itself: s starts it, t sends you a test, ? shows all keys.

  sestui demo
      shows a whole campaign on the simulator first
"""


class CampaignsScreen(SteeringScreen):
    """The list of campaigns."""

    PLACE = "Campaigns"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", tooltip="Send the campaign to everybody on its lists"),
        *SteeringScreen.STEERING,
        Binding("t", "test", "Test", tooltip="Send the message to one address of yours"),
        Binding("slash", "find", "Find", key_display="/", tooltip="Show only names that match"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._views: Sequence[CampaignView] | None = None
        self.refresh_seconds = _REFRESH_SECONDS

    def body(self) -> ComposeResult:
        """Table or what to do first, find line."""
        yield CampaignTable(self.desk.zone)
        yield Static(_EMPTY, id="empty", markup=False)
        yield Input(placeholder="part of a campaign's name", id="find")

    def on_mount(self) -> None:
        """The table has the focus."""
        self.query_one("#empty").display = False
        self.query_one("#find").display = False
        self.query_one(CampaignTable).focus()

    async def read(self) -> None:
        """Read the campaigns with their newest runs."""
        views = await self.look(self.desk.campaigns)
        if views is not None:
            self._views = views
            self._show()

    def _show(self) -> None:
        wanted = self.query_one("#find", Input).value.casefold()
        views = self._views or ()
        table = self.query_one(CampaignTable)
        table.show([v for v in views if wanted in v.name.casefold()], self.desk.clock.now())
        table.display = bool(views)
        self.query_one("#empty").display = not views
        self.refresh_bindings()

    # what may be done

    @property
    def selected(self) -> CampaignView | None:
        """The campaign under the cursor."""
        return self.query_one(CampaignTable).selected

    @property
    def steered(self) -> RunView | None:
        """The newest run of the campaign under the cursor."""
        return self.selected.run if self.selected is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done to the campaign under the cursor is offered."""
        if not self.is_mounted:
            return True
        view = self.selected
        if action in {"start", "test"} and view is None:
            return False
        if action == "start" and view is not None and view.run is not None:
            return has_ended(view.run)
        return super().check_action(action, parameters)

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    @on(DataTable.RowSelected)
    def _open(self) -> None:
        view = self.selected
        if view is None:
            return
        if view.run is None:
            self.tell("It was never sent: s starts it, t sends you a test.")
            return
        self.app.push_screen(RunScreen(self.desk, view.run.id))

    @work(group="deed")
    async def action_start(self) -> None:
        """Ask, check everybody's mail, start, and watch."""
        if (chosen := self.selected) is None:
            return
        view = await self.attempt(lambda: self.desk.campaign(chosen.name))
        if view is None:
            return
        count, again = view.audience or 0, view.run is not None
        if not count:
            lists = shorten(", ".join(view.lists) or "any list of the campaign", 80)
            self.tell(
                f"Nobody is on {lists}; import contacts with `sestui import FILE --list NAME`.",
                failed=True,
            )
            return
        if not await self.app.push_screen_wait(self._start_question(view, count)):
            return
        self.tell(f"Checking the mails of {count:,} recipients…")
        run_id = await self.attempt(lambda: self.desk.start(view.name, again=again))
        if run_id is not None:
            self.app.push_screen(RunScreen(self.desk, run_id))

    def _start_question(self, view: CampaignView, count: int) -> ConfirmScreen:
        who = "1 recipient" if count == 1 else f"{count:,} recipients"
        text = f"Subject: {shorten(view.subject, 120)}\nMail goes to {self.desk.label.text}."
        if view.run is not None:
            text = (
                f"It was sent before: run {view.run.number} with "
                f"{view.run.counts.accepted:,} accepted. Everybody gets it once more.\n{text}"
            )
        verb = "Send again" if view.run is not None else "Send"
        question = f"{verb} {shorten(view.name, 60)} to {who}?"
        return ConfirmScreen(question, text, recipients=count, yes=f"{verb} to {count:,}")

    @work(group="deed")
    async def action_test(self) -> None:
        """Ask for an address and send it the message."""
        if (view := self.selected) is None:
            return
        address = await self.app.push_screen_wait(
            AskScreen(
                f"Test mail of {shorten(view.name, 60)}",
                "One real mail; it does not count as a run of the campaign.",
                placeholder="you@example.com",
            )
        )
        if not address:
            return
        run_id = await self.attempt(lambda: self.desk.test(view.name, address))
        if run_id is not None:
            self.app.push_screen(RunScreen(self.desk, run_id))

    # finding

    def action_find(self) -> None:
        """Open the find line."""
        find = self.query_one("#find")
        find.display = True
        find.focus()
        self.refresh_bindings()

    def step_back(self) -> bool:
        """Close the find line and show everything again."""
        find = self.query_one("#find", Input)
        if not find.display:
            return False
        find.value = ""
        find.display = False
        self.query_one(CampaignTable).focus()
        self._show()
        return True

    @on(Input.Changed, "#find")
    def _find_changed(self) -> None:
        self._show()

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.query_one(CampaignTable).focus()
