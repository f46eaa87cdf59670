"""The log: deliveries of everything, the newest first."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from sestui.tui.app.look.panel import frame
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.deliveries.delivery_filters import DeliveryFilters
from sestui.tui.deliveries.delivery_panel import DeliveryPanel
from sestui.tui.dialogs.pick import Item, PickScreen
from sestui.tui.log.log_scope import LogScopeLine
from sestui.tui.log.service import EVER, SINCES, LogScope, LogService, Since
from sestui.tui.widgets.lazy_table import LazyTable

_REFRESH_SECONDS = 1.0
_DRIFT_SECONDS = 60.0
"""So much more than asked for may be shown, rather than reading everything again and again."""
_EMPTY = """\
Nothing has been sent yet. Every mail that is sent gets a line here for good.

  2   Campaigns     start one, or send yourself a test

/ then finds an address, → shows those of another state, E writes what is shown to a file.
"""


class LogScreen(BaseScreen):
    """Every delivery there is, narrowed by campaign, time, state and address."""

    PLACE = "Log"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "b",
            "campaign",
            "By campaign",
            id="log.campaign",
            tooltip="Show one campaign's deliveries only, or all",
        ),
        Binding(
            "d",
            "since",
            "Since when",
            id="log.since",
            tooltip="Show only what was queued today, in the last 24 hours or 7 days, or at any "
            "time",
        ),
        *DeliveryFilters.BINDINGS,
    ]
    PARTS = (DeliveryFilters,)

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.panel = DeliveryPanel(services, mixed=True)
        self._deliveries = self.take(DeliveryFilters(self, self.panel, about=self._about))
        self.refresh_seconds = _REFRESH_SECONDS
        self._log = LogService(services)
        self._scope = LogScope()
        self._line = LogScopeLine()
        self._empty = Static(_EMPTY, id="empty", markup=False)

    def body(self) -> ComposeResult:
        """The scope, the deliveries, or what to do first."""
        yield self._line
        yield self.panel
        yield self._empty

    def on_mount(self) -> None:
        """Everything is shown."""
        self._empty.display = False
        frame(self.panel, "Deliveries")
        self.panel.bar.with_bar = False  # what SES has reported is not counted over everything
        self.panel.table.focus()
        self._take(self._scope)

    async def read(self) -> None:
        """Read how many there are; what has changed is read again."""
        self._follow_the_clock()
        if (scope := self.panel.scope) is not None:
            pages = self.services.runtime.delivery_pages
            found = await self.fetch(lambda: pages.counts(scope))
            if found is not None:
                self.panel.counted(scope, found)
        counts = self.panel.bar.counts
        nothing = counts is not None and not counts.audience and self._scope == LogScope()
        self._empty.display = nothing
        self.panel.table.display = self.panel.detail.display = not nothing

    def _take(self, scope: LogScope) -> None:
        self._scope = self._line.scope = scope
        self._line.count = None
        self.panel.show(self._log.filter(scope))
        self.offer_again()

    def _follow_the_clock(self) -> None:
        """Today ends, and a day is always the last one."""
        shown, wanted = self.panel.scope, self._log.filter(self._scope)
        if shown is None or shown.since is None or wanted.since is None:
            return
        if wanted.since >= shown.since + _DRIFT_SECONDS:
            self.panel.show(wanted, keep_cursor=True)

    def _about(self) -> str:
        return self._scope.words()

    # narrowing

    @work(exclusive=True, group="campaign")
    async def action_campaign(self) -> None:
        """Ask for a campaign."""
        names = await self.attempt(self.services.runtime.campaigns.names)
        if names is FAILED:
            return
        items = [Item("Every campaign"), *(Item(name) for name in names)]
        picked = await self.app.push_screen_wait(
            PickScreen("Deliveries of which campaign?", items, finding=True)
        )
        if picked is not None:
            campaign = names[picked - 1] if picked else None
            self._take(LogScope(campaign, self._scope.since))
            self.reload()

    def action_since(self) -> None:
        """Go on to the next beginning."""
        number = SINCES.index(self._scope.since)
        self._since(SINCES[(number + 1) % len(SINCES)])

    def _since(self, since: Since) -> None:
        self._take(LogScope(self._scope.campaign, since))
        self.reload()

    def step_back(self) -> bool:
        """Close the find line, then show every campaign's again, since ever."""
        if self._deliveries.step_back():
            return True
        if self._scope != LogScope():
            self._take(LogScope(None, EVER))
            self.reload()
            return True
        return False

    # what is heard

    @on(LazyTable.Counted)
    def _counted(self) -> None:
        self._line.count = self.panel.table.count

    @on(DeliveryPanel.FilterChanged)
    def _narrowed(self) -> None:
        self._line.count = None
