"""All campaigns with their states and actions."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Static

from sestui.core.delivery.states import RunState
from sestui.reports.overview import CampaignView, RunView
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.navigation import compose_campaign
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.campaign_actions import CampaignActions
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.campaign_table import CampaignTable
from sestui.tui.campaigns.resolution import RunAftermath
from sestui.tui.campaigns.run_controls import RunControls
from sestui.tui.campaigns.start_dialog import CampaignStart
from sestui.tui.widgets.format import exact, grouped

_REFRESH_SECONDS = 1.0

_EMPTY = """\
No campaigns yet.

  n   writes one, with a preview for each contact

Or in a shell:

  sestui import
      imports your list
  sestui apply news.md
      reads the message, written in Markdown
  sestui demo
      runs a whole campaign on the simulator first

Campaigns then appear here: s starts one, t sends you a test, ? shows all keys.
"""


class CampaignsScreen(BaseScreen):
    """The list of campaigns."""

    PLACE = "Campaigns"
    BINDINGS: ClassVar[list[BindingType]] = [
        *CampaignStart.BINDINGS,
        *RunControls.BINDINGS,
        *RunAftermath.BINDINGS,
        *CampaignActions.BINDINGS,
        Binding(
            "n",
            "new",
            "New",
            id="campaigns.new",
            tooltip="Write a new campaign in Compose",
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
            "o",
            "order",
            "Urgent first",
            show=False,
            id="campaigns.order",
            tooltip="Put what needs you first, then what is running; again: by name",
        ),
        Binding(
            "b",
            "archived",
            "Archived",
            show=False,
            id="campaigns.archived",
            tooltip="Show the archived campaigns, too, or hide them again",
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

    PARTS = (CampaignStart, RunControls, RunAftermath, CampaignActions)

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.take(CampaignStart(self, lambda: self.selected))
        self.take(RunControls(self, self._run))
        self.take(RunAftermath(self, self._run))
        self.take(CampaignActions(self, lambda: self.selected, changed=self._changed))
        self._views: Sequence[CampaignView] | None = None
        self._urgent_first = False
        self._archived = False
        self.refresh_seconds = _REFRESH_SECONDS
        self._table = CampaignTable()
        self._empty = Static(_EMPTY, id="empty", markup=False)
        self._find = Input(placeholder="part of a campaign's name", id="find")
        self._heading = "Campaigns"

    def body(self) -> ComposeResult:
        """Table or what to do first, find line."""
        frame(self._table, self._heading)
        yield self._table
        yield self._empty
        yield self._find

    def on_mount(self) -> None:
        """The table has the focus."""
        self._empty.display = self._find.display = False
        self._table.focus()

    async def read(self) -> None:
        """Read the campaigns with their newest runs."""
        overview, archived = self.services.runtime.overview, self._archived
        views = await self.fetch(lambda: overview.campaigns(archived=archived))
        if views is not None:
            self._views = [self.services.pending_controls.seen(view) for view in views]
            self._show()

    def _show(self) -> None:
        wanted = self._find.value.casefold()
        views = self._views or ()
        shown = [view for view in views if wanted in view.name.casefold()]
        if self._urgent_first:
            shown.sort(key=_urgency)
        self._table.show(shown, self.services.clock.now())
        of = f" of {grouped(len(views))}" if len(shown) < len(views) else ""
        self._heading = f"Campaigns · {grouped(len(shown))}{of}"
        self._say()
        self._table.display = bool(views)
        self._empty.display = not views
        self.offer_again()

    def _say(self) -> None:
        """In the frame: how many there are, and the exact time of the one under the cursor."""
        at = self._table.when
        frame(self._table, self._heading, exact(at, self.services.zone) if at is not None else "")

    # what may be done

    @property
    def selected(self) -> CampaignView | None:
        """The campaign under the cursor."""
        return self._table.selected

    def _run(self) -> RunView | None:
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

    def _changed(self, name: str) -> None:
        """A campaign has changed; ``name`` is its name now."""
        self._table.go_to(name)
        self.reload()

    def action_archived(self) -> None:
        """Show the archive, too, or not."""
        self._archived = not self._archived
        self.reload()
        self.toast("The archive is shown, too." if self._archived else "The archive is hidden.")

    def action_copy(self) -> None:
        """Copy the campaign's name."""
        if (view := self.selected) is not None:
            self.copy(view.name)

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self._say()
        self.offer_again()

    @on(DataTable.RowSelected)
    def _open(self) -> None:
        if (view := self.selected) is not None:
            self.app.push_screen(CampaignScreen(self.services, view.name))

    # finding

    def action_find(self) -> None:
        """Open the find line."""
        self._find.display = True
        self.set_focus(self._find)  # at once: what is typed next goes there
        self.offer_again()

    def action_order(self) -> None:
        """Urgent first, or by name."""
        self._urgent_first = not self._urgent_first
        self._show()
        self.toast("Sorted by urgency." if self._urgent_first else "Sorted by name.")

    def step_back(self) -> bool:
        """Close the find line and show everything again."""
        if not self._find.display:
            return False
        self._find.value = ""
        self._find.display = False
        self._table.focus()
        self._show()
        return True

    @on(Input.Changed, "#find")
    def _find_changed(self) -> None:
        self._show()

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self._table.focus()


def _urgency(view: CampaignView) -> int:
    """Sort key by urgency: what waits for the operator comes first."""
    if view.archived:
        return 6
    if view.run is None:
        return 3 if view.next_due_at is not None else 4
    if view.run.state == RunState.PAUSED or view.run.counts.in_doubt:
        return 0
    return 5 if view.run.has_ended else 1 + (view.run.state != RunState.SENDING)
