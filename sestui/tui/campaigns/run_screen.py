"""One run: progress, rate and failures; live, ended, or replayed."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from sestui.core.delivery.progress import not_well
from sestui.reports.overview import RunView
from sestui.sending.engine.report import AnswerLine
from sestui.store.ledger.log_rows import LogFilter, LogRow
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.course import RunAnswers, RunDomains, RunPlot, RunTotals
from sestui.tui.campaigns.hours import RunHours
from sestui.tui.campaigns.resolution import RunAftermath
from sestui.tui.campaigns.run_controls import RunControls
from sestui.tui.campaigns.run_figures import (
    Figure,
    RunBar,
    RunCountsLine,
    RunProgress,
    RunQuota,
    RunRate,
    RunTitle,
    Say,
)
from sestui.tui.campaigns.run_replay import RunReplay
from sestui.tui.campaigns.run_split import RunSplit
from sestui.tui.campaigns.service import CampaignService, RunSnapshot
from sestui.tui.campaigns.summary import RunSummary, summary_text
from sestui.tui.campaigns.tail import Tail, line_of_answer
from sestui.tui.campaigns.troubles import TroubleTable, rows_of
from sestui.tui.deliveries.delivery_filters import DeliveryFilters
from sestui.tui.deliveries.delivery_panel import DeliveryPanel
from sestui.tui.widgets.format import grouped
from sestui.tui.widgets.lazy_table import LazyTable
from sestui.tui.widgets.rate_meter import RateMeter

_REFRESH_SECONDS = 0.25
_ENDED_REFRESH_SECONDS = 2.0
"""An ended run changes only where somebody settles what is in doubt."""
_MOST_DOMAINS = 12
_DOMAINS_SECONDS, _DOMAINS_SHARE = 10.0, 20
"""Domains are counted again so long after the last time, at the earliest, and a twentieth of the
time at most."""
_STEP_REST = 0.02
_WIDE, _HIGH, _HIGHEST = 140, 36, 45
"""From so many cells and lines on, the screen shows more."""
_LOW = 22
"""Below so many lines, it shows less."""


class RunScreen(BaseScreen):
    """Follows a run, whichever process sends it; ``v`` shows every delivery of it instead."""

    PLACE = "Campaigns"
    TELLS_OF_SENDING = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *RunControls.BINDINGS,
        *RunAftermath.BINDINGS,
        Binding(
            "v",
            "deliveries",
            "Deliveries",
            id="run.deliveries",
            tooltip="Show every delivery of the run, or how it goes",
        ),
        *RunReplay.BINDINGS,
        *DeliveryFilters.BINDINGS,
    ]
    PARTS = (RunControls, RunAftermath, RunReplay, DeliveryFilters)

    def __init__(self, services: ScreenServices, run_id: int) -> None:
        super().__init__(services)
        self.run_id = run_id
        self.page = Page("run", run_id)
        self.campaigns = CampaignService(services)
        self.panel = DeliveryPanel(services, mixed=False)
        self.panel.bar.with_bar = False  # the run's is above it
        self.take(RunControls(self, self._run))
        self.take(RunAftermath(self, self._run, delivery=self._delivery))
        self._deliveries = self.take(
            DeliveryFilters(self, self.panel, about=self._about, copied=self._copied)
        )
        self.player = self.take(RunReplay(self, lambda: self._snapshot, self._draw))
        self.refresh_seconds = _REFRESH_SECONDS
        self._snapshot: RunSnapshot | None = None
        self._meter = RateMeter()
        self._tail = Tail(services.zone)
        self.troubles = TroubleTable()
        self._domains = RunDomains()
        self._live = (RunRate(self._meter), RunQuota())
        self._summary = RunSummary(
            services.span, services.outbox, services.runtime.settings.soft_bounces
        )
        self._hours, self._split = RunHours(), RunSplit()
        self._figures: tuple[Figure, ...] = (
            RunTitle(),
            RunBar(),
            RunProgress(self._meter, Say(services.clock.now, services.at)),
            RunCountsLine(),
            self._hours,
            self._split,
            *self._live,
            self._summary,
        )
        self._course: tuple[Figure, ...] = (RunPlot(services.span), RunTotals(), self._domains)
        titles = ("Rate", "Accepted and failed so far", "Domains")
        for figure, title in zip(self._course, titles, strict=True):
            figure.border_title = title
        self._answers = RunAnswers()

    def body(self) -> ComposeResult:
        """Figures, how it goes, what did not go well; or every delivery."""
        yield Vertical(*self._figures, id="figures")
        yield Container(*self._course, id="course")
        yield self._answers
        yield self.troubles
        yield self._tail
        yield self.panel

    def on_mount(self) -> None:
        """Listen to our own sender."""
        self.panel.display = self._summary.display = False
        self._hours.display = self._split.display = False
        frame(self.panel, "Deliveries")
        frame(self.troubles, "All well")
        self.troubles.focus()
        self.services.listeners.add(self.reported)
        self._count_domains()

    def on_unmount(self) -> None:
        """Stop listening."""
        self.services.listeners.remove(self.reported)

    def on_resize(self) -> None:
        """Share out the lines and cells there are."""
        self.set_class(self.size.width >= _WIDE, "-wide")
        self.set_class(self.size.height >= _HIGH, "-high")
        self.set_class(self.size.height >= _HIGHEST, "-highest")
        self.set_class(self.size.height < _LOW, "-low")

    def reported(self, lines: Sequence[AnswerLine]) -> None:
        """Show answers that our own sender reports, before the ledger is read again."""
        own = [line for line in lines if line.run_id == self.run_id]
        if own:
            self._tail.line = line_of_answer(own[-1])

    async def read(self) -> None:
        """Read the run and the account."""
        before = self._snapshot
        snapshot = await self.fetch(lambda: self.campaigns.run(self.run_id, before))
        if snapshot is not None:
            self._show(snapshot)
            ended = snapshot.run.has_ended
            self.refresh_seconds = _ENDED_REFRESH_SECONDS if ended else _REFRESH_SECONDS
            if self.panel.display:
                self.panel.counted(LogFilter(run_id=self.run_id), snapshot.run.counts)

    @work(exclusive=True, group="domains")
    async def _count_domains(self) -> None:
        """Count the recipients by domain, a bounded step at a time; again while it is sent."""
        while True:
            began = self.services.clock.monotonic()
            steps = self.campaigns.troubles.domains(self.run_id, _MOST_DOMAINS)
            while (found := await self.attempt(steps.__next__)) is None:
                await asyncio.sleep(_STEP_REST)
            if found is FAILED:
                return
            self._domains.domains = found
            run = self._run()
            if run is None or run.has_ended:
                return
            took = self.services.clock.monotonic() - began
            await asyncio.sleep(max(_DOMAINS_SECONDS, _DOMAINS_SHARE * took))

    def _show(self, snapshot: RunSnapshot) -> None:
        self._snapshot = snapshot
        self.within, self.title = _titles(snapshot.run)
        self._meter.add(snapshot.at, snapshot.run.counts.handed_over)
        if snapshot.newest is not None and (self._tail.line is None or snapshot.run.has_ended):
            self._tail.line = snapshot.newest
        self._draw(self.player.shown(snapshot))
        self.offer_again()

    def _draw(self, snapshot: RunSnapshot) -> None:
        """Draw the run as it stands, or as it stood in a replay."""
        replayed = snapshot.replay is not None
        card = snapshot.run.has_ended and not replayed
        self._summary.display = card
        rate, quota = self._live
        rate.display = not card
        quota.display = not card and not replayed
        for figure in (*self._figures, *self._course, self._answers):
            figure.snapshot = snapshot
        self._hours.display = self._hours.has_hours
        self._split.display = self._split.has_variants
        self._tail.accepted = snapshot.run.counts.accepted
        self._tail.set_class(replayed, "-replayed")
        rows = rows_of(snapshot.run.counts, snapshot.troubles)
        self.troubles.show_rows(rows)
        counts = snapshot.run.counts
        title, count = "What did not go well", not_well(counts)
        if count == counts.skipped:
            title = "Not mailed" if count else "All well"
        frame(self.troubles, f"{title} · {grouped(count)}" if count else title)

    # what may be done

    def _run(self) -> RunView | None:
        return self._snapshot.run if self._snapshot else None

    def _delivery(self) -> LogRow | None:
        return self.panel.selected if self.panel.display else None

    def _copied(self) -> str:
        """The address under the cursor, else the summary of an ended run, else its name."""
        if address := self._deliveries.address():
            return address
        if self._snapshot is None:
            return ""
        if self._snapshot.run.has_ended:
            return summary_text(self._snapshot, self.services.span)
        return self._snapshot.run.campaign

    def _about(self) -> str:
        run = self._run()
        return f"{run.label} of {run.campaign}" if run else "the run"

    def action_deliveries(self) -> None:
        """Show all deliveries, or how the run goes."""
        shown = not self.panel.display
        if shown and self.panel.step_back():  # it was limited to a reason
            self.panel.choose(0)
        self._show_deliveries(shown=shown)

    def _show_deliveries(self, *, shown: bool) -> None:
        self.panel.display = shown
        for widget in (self.troubles, self._tail, self.query_one("#course"), self._answers):
            widget.display = not shown
        if shown:
            self.panel.show(LogFilter(run_id=self.run_id))
            self.panel.table.focus()
            self.reload()
        else:
            self.troubles.focus()
        self.offer_again()

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        if event.table is not self.troubles or (row := self.troubles.selected) is None:
            return
        self._show_deliveries(shown=True)
        self.panel.show_reason(row.state, row.code, row.outcome)

    def step_back(self) -> bool:
        """Close the find line, then the deliveries, then the replay."""
        if self._deliveries.step_back() or self.player.step_back():
            return True
        if self.panel.display:
            self.action_deliveries()
            return True
        return False


def _titles(run: RunView) -> tuple[Page, str]:
    """The campaign that a run belongs to, and what the header calls the run within it."""
    return Page("campaign", run.campaign), run.label
