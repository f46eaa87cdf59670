"""One campaign: its fields, its current run, earlier runs and their deliveries."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from sestui.reports.overview import CampaignView, RunView
from sestui.store.ledger.log_rows import LogFilter
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.navigation import open_run
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.campaign_card import CampaignAbout, CampaignForecast, CampaignTitle
from sestui.tui.campaigns.hours import RunHours
from sestui.tui.campaigns.resolution import RunAftermath
from sestui.tui.campaigns.run_controls import RunControls
from sestui.tui.campaigns.run_figures import (
    Figure,
    RunBar,
    RunProgress,
    RunQuota,
    RunRate,
    RunTitle,
    Say,
)
from sestui.tui.campaigns.run_table import RunTable
from sestui.tui.campaigns.service import CampaignService, CampaignSnapshot
from sestui.tui.campaigns.start_dialog import CampaignStart
from sestui.tui.deliveries.delivery_filters import DeliveryFilters
from sestui.tui.deliveries.delivery_panel import DeliveryPanel
from sestui.tui.widgets.format import exact, grouped
from sestui.tui.widgets.lazy_table import LazyTable
from sestui.tui.widgets.rate_meter import RateMeter

_REFRESH_SECONDS = 1.0
_MOST_RUNS_SHOWN = 8
"""Of the runs' table; a low screen shows three."""
_HIGH = 32
"""Lines of a screen that has room for more than what is needed."""

_NEVER_SENT = """\
Never sent.

  t   sends the message to one address of yours, as a test
  s   starts it: everyone in its audience gets it
  e   edits it; under d Details you can set when it starts by itself

Nothing is sent without a question. ? shows all keys.
"""


class CampaignScreen(BaseScreen):
    """A campaign by its name."""

    PLACE = "Campaigns"
    BINDINGS: ClassVar[list[BindingType]] = [
        *CampaignStart.BINDINGS,
        *RunControls.BINDINGS,
        *RunAftermath.BINDINGS,
        *DeliveryFilters.BINDINGS,
    ]
    PARTS = (CampaignStart, RunControls, RunAftermath, DeliveryFilters)

    def __init__(self, services: ScreenServices, name: str) -> None:
        super().__init__(services)
        self.campaign_name = self.title = name
        self.page = Page("campaign", name)
        self.panel = DeliveryPanel(services, mixed=False)
        self.campaigns = CampaignService(services)
        self.take(CampaignStart(self, lambda: self.begun))
        self.take(RunControls(self, self._run))
        self.take(
            RunAftermath(
                self, self._run, doubtful=self._doubtful, delivery=lambda: self.panel.selected
            )
        )
        self._deliveries = self.take(
            DeliveryFilters(self, self.panel, about=self._what, copied=self._copied)
        )
        self.refresh_seconds = _REFRESH_SECONDS
        self._snapshot: CampaignSnapshot | None = None
        self._meter = RateMeter()
        self._title = CampaignTitle(self.services.at)
        self._about = CampaignAbout(self.services.at)
        self._forecast = CampaignForecast(self.services.at)
        self._hours = RunHours()
        self._figures: tuple[Figure, ...] = (
            RunTitle(),
            RunBar(),
            RunProgress(self._meter, Say(services.clock.now, self.services.at)),
            self._hours,
            RunRate(self._meter),
            RunQuota(),
        )
        title, *figures = self._figures
        self._card = Vertical(
            self._title, title, self._about, *figures, self._forecast, id="figures"
        )
        self._runs = RunTable(services.clock)
        self._empty = Static(_NEVER_SENT, id="empty", markup=False)

    def body(self) -> ComposeResult:
        """The campaign, its live run or forecast, its runs, the deliveries of one."""
        yield self._card
        yield self._runs
        yield self.panel
        yield self._empty

    def on_mount(self) -> None:
        """Nothing is known yet."""
        frame(self._card, "Campaign")
        self._say()
        for widget in (self._runs, self.panel, self._empty, *self._figures):
            widget.display = False

    # reading

    async def read(self) -> None:
        """Read the campaign, and from it how many deliveries the run under the cursor has."""
        snapshot = await self.fetch(lambda: self.campaigns.snapshot(self.campaign_name))
        if snapshot is not None:
            self._show(snapshot)
            for run in snapshot.runs:
                self.panel.counted(LogFilter(run_id=run.id), run.counts)
            if snapshot.campaign.local_time and snapshot.live is None:
                changed = await self.fetch(lambda: self.campaigns.read_hours(self.campaign_name))
                if changed:
                    self.reload()

    def _show(self, snapshot: CampaignSnapshot) -> None:
        self._snapshot = snapshot
        live = snapshot.live
        for figure in (self._title, self._about, self._forecast):
            figure.snapshot = snapshot
        self._title.display = self._forecast.display = live is None
        if live is not None:
            counts = live.run.counts
            self._meter.add(live.at, counts.accepted + counts.rejected + counts.in_doubt)
        for shown in self._figures:
            shown.snapshot = live
        runs = snapshot.runs
        self._runs.show_runs(runs)
        self._fit()
        appeared = bool(runs) != self._runs.display
        self._say()
        self._runs.display = self.panel.display = bool(runs)
        self._empty.display = not runs
        if appeared and runs:
            self._runs.focus()
        self.offer_again()

    def _say(self) -> None:
        """In the frames: what is in them, and when exactly the run under the cursor began."""
        run = self.chosen
        began = run.started_at if run is not None else None
        note = exact(began, self.services.zone) if began is not None else ""
        runs = len(self._snapshot.runs) if self._snapshot else 0
        live = self._snapshot.live if self._snapshot else None
        self.panel.bar.with_bar = live is None or run is None or live.run.id != run.id
        frame(self._runs, f"Runs · {grouped(runs)}", note)
        frame(self.panel, f"Deliveries · {run.label}" if run is not None else "Deliveries")

    def _fit(self) -> None:
        """Share out the lines there are."""
        snapshot, high = self._snapshot, self.size.height >= _HIGH
        most = _MOST_RUNS_SHOWN if high else 3
        lines = 1 + min(most, len(snapshot.runs if snapshot else ()))
        self._runs.styles.height = lines + self._runs.gutter.height
        self.set_class(high, "-high")
        live = snapshot is not None and snapshot.live is not None
        for figure in self._figures:
            figure.display = live and (high or not isinstance(figure, RunRate | RunQuota))
        self._hours.display = live and self._hours.has_hours

    def on_resize(self) -> None:
        """A higher screen shows more."""
        self._fit()

    # which run, which delivery

    @property
    def begun(self) -> CampaignView | None:
        """The campaign on the screen."""
        return self._snapshot.view if self._snapshot else None

    @property
    def chosen(self) -> RunView | None:
        """The run under the cursor."""
        return self._runs.selected

    def _run(self) -> RunView | None:
        """The run under the cursor while it goes on, else the campaign's newest."""
        chosen = self.chosen
        if chosen is not None and not chosen.has_ended:
            return chosen
        return self._snapshot.view.run if self._snapshot else None

    def _doubtful(self) -> RunView | None:
        """The run under the cursor if it has doubts, else the newest that has."""
        runs = [self.chosen, *(self._snapshot.runs if self._snapshot else ())]
        return next((run for run in runs if run is not None and run.counts.in_doubt), None)

    def _copied(self) -> str:
        """The address under the cursor where that is among the deliveries, else the name."""
        return self._deliveries.address() if self.panel.table.has_focus else self.campaign_name

    def _what(self) -> str:
        """The run whose deliveries are shown."""
        run = self.chosen
        return f"{run.label} of {self.campaign_name}" if run else self.campaign_name

    def step_back(self) -> bool:
        """Close the find line."""
        return self._deliveries.step_back()

    @on(LazyTable.Moved)
    def _run_moved(self, event: LazyTable.Moved) -> None:
        run = self.chosen
        if event.table is not self._runs or run is None:
            return
        self._say()
        if self.panel.show(LogFilter(run_id=run.id)):
            self.reload()

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        if event.table is self._runs and (run := self.chosen) is not None:
            open_run(self, run.id)
