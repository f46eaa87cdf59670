"""All campaigns: what state they are in, and what one can do to them."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Static

from sestui.reports.overview import CampaignView, RunView
from sestui.tui.desk import Desk
from sestui.tui.screens.begin import BeginningScreen
from sestui.tui.screens.campaign import CampaignScreen
from sestui.tui.to_compose import compose_campaign
from sestui.tui.widgets.campaign_table import CampaignTable

_REFRESH_SECONDS = 1.0

_EMPTY = """\
There is no campaign yet.

  n   writes one, beside the mail that each contact gets

Or in a shell:

  sestui import people.csv --list newsletter
      brings your list
  sestui apply news.md
      takes the message, written in Markdown
  sestui demo
      shows a whole campaign on the simulator first

Campaigns appear here by themselves: s starts one, t sends you a test, ? shows all keys.
"""


class CampaignsScreen(BeginningScreen):
    """The list of campaigns."""

    PLACE = "Campaigns"
    BINDINGS: ClassVar[list[BindingType]] = [
        *BeginningScreen.BEGINNING,
        *BeginningScreen.STEERING,
        *BeginningScreen.SETTLING,
        Binding(
            "n",
            "new",
            "New",
            id="campaigns.new",
            tooltip="Write another campaign in Compose",
        ),
        Binding(
            "slash",
            "find",
            "Find",
            key_display="/",
            id="campaigns.find",
            tooltip="Show only names that match",
        ),
        Binding(
            "y",
            "copy",
            "Copy",
            show=False,
            id="campaigns.copy",
            tooltip="Copy the name of the campaign under the cursor",
        ),
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
        self.offer_again()

    # what may be done

    @property
    def selected(self) -> CampaignView | None:
        """The campaign under the cursor."""
        return self.query_one(CampaignTable).selected

    @property
    def begun(self) -> CampaignView | None:
        """The campaign under the cursor."""
        return self.selected

    @property
    def steered(self) -> RunView | None:
        """The newest run of the campaign under the cursor."""
        return self.selected.run if self.selected is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be nothing to copy."""
        if action == "copy" and self.is_mounted:
            return self.selected is not None
        return super().check_action(action, parameters)

    async def action_new(self) -> None:
        """Begin a campaign in Compose."""
        await compose_campaign(self.app, "")

    def action_copy(self) -> None:
        """Copy the campaign's name."""
        if (view := self.selected) is not None:
            self.copy(view.name)

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self.offer_again()

    @on(DataTable.RowSelected)
    def _open(self) -> None:
        if (view := self.selected) is not None:
            self.app.push_screen(CampaignScreen(self.desk, view.name))

    # finding

    def action_find(self) -> None:
        """Open the find line."""
        find = self.query_one("#find")
        find.display = True
        find.focus()
        self.offer_again()

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
