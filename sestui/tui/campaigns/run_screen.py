"""One run, live: how far, how fast, what became of the last few recipients, and of each."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Rule

from sestui.reports.overview import RunView
from sestui.sending.engine.report import AnswerLine
from sestui.store.ledger.walk import LogFilter, LogRow
from sestui.tui.app.base_screen import BaseScreen
from sestui.tui.app.pages import Page
from sestui.tui.app.services import ScreenServices
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
from sestui.tui.campaigns.service import CampaignService, RunSnapshot
from sestui.tui.campaigns.tail import Tail, line_of_answer
from sestui.tui.deliveries.delivery_filters import DeliveryFilters
from sestui.tui.deliveries.delivery_panel import DeliveryPanel
from sestui.tui.widgets.rate_meter import RateMeter

_REFRESH_SECONDS = 0.25
_ENDED_REFRESH_SECONDS = 2.0
"""An ended run changes only where somebody settles what is in doubt."""


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
            tooltip="Show every delivery of the run, or the newest as they come",
        ),
        *DeliveryFilters.BINDINGS,
    ]
    PARTS = (RunControls, RunAftermath, DeliveryFilters)

    def __init__(self, services: ScreenServices, run_id: int) -> None:
        super().__init__(services)
        self.run_id = run_id
        self.page = Page("run", run_id)
        self.campaigns = CampaignService(services)
        self.panel = DeliveryPanel(services, mixed=False)
        self.take(RunControls(self, self._run))
        self.take(RunAftermath(self, self._run, delivery=self._delivery))
        self._deliveries = self.take(
            DeliveryFilters(self, self.panel, about=self._about, copied=self._copied)
        )
        self.refresh_seconds = _REFRESH_SECONDS
        self._snapshot: RunSnapshot | None = None
        self._meter = RateMeter()
        self._tail = Tail(services.zone)
        self._figures: tuple[Figure, ...] = (
            RunTitle(),
            RunBar(),
            RunProgress(self._meter, Say(services.clock.now, self.services.at)),
            RunRate(self._meter),
            RunQuota(),
            RunCountsLine(),
        )

    def body(self) -> ComposeResult:
        """Figures and tail."""
        yield Vertical(*self._figures, id="figures")
        yield Rule()
        yield self._tail
        yield self.panel

    def on_mount(self) -> None:
        """Listen to our own sender."""
        self.panel.display = False
        self._tail.focus()
        self.services.listeners.add(self.reported)

    def on_unmount(self) -> None:
        """Stop listening."""
        self.services.listeners.remove(self.reported)

    def reported(self, lines: Sequence[AnswerLine]) -> None:
        """Our own sender tells of answers: sooner, and of more of them, than the ledger is read."""
        own = [line_of_answer(line) for line in lines if line.run_id == self.run_id]
        self._tail.add(own)

    async def read(self) -> None:
        """Read the run and the account."""
        snapshot = await self.look(lambda: self.campaigns.run(self.run_id))
        if snapshot is not None:
            self._show(snapshot)
            ended = snapshot.run.has_ended
            self.refresh_seconds = _ENDED_REFRESH_SECONDS if ended else _REFRESH_SECONDS
            if self.panel.display:
                self.panel.counted(LogFilter(run_id=self.run_id), snapshot.run.counts)

    def _show(self, snapshot: RunSnapshot) -> None:
        self._snapshot = snapshot
        self.within, self.title = _titles(snapshot.run)
        counts = snapshot.run.counts
        self._meter.add(snapshot.at, counts.accepted + counts.rejected + counts.in_doubt)
        self._tail.add(snapshot.tail)
        for figure in self._figures:
            figure.snapshot = snapshot
        self.offer_again()

    # what may be done

    def _run(self) -> RunView | None:
        return self._snapshot.run if self._snapshot else None

    def _delivery(self) -> LogRow | None:
        return self.panel.selected if self.panel.display else None

    def _copied(self) -> str:
        """The address under the cursor, else the campaign's name."""
        return self._deliveries.address() or (self._snapshot.run.campaign if self._snapshot else "")

    def _about(self) -> str:
        run = self._run()
        return f"run {run.number} of {run.campaign}" if run else "the run"

    def action_deliveries(self) -> None:
        """Show all deliveries, or the newest as they come."""
        shown = not self.panel.display
        self.panel.display = shown
        self._tail.display = not shown
        if shown:
            self.panel.look_at(LogFilter(run_id=self.run_id))
            self.panel.table.focus()
            self.look_again()
        else:
            self._tail.focus()
        self.offer_again()

    def step_back(self) -> bool:
        """Close the find line, then the deliveries."""
        if self._deliveries.step_back():
            return True
        if self.panel.display:
            self.action_deliveries()
            return True
        return False


def _titles(run: RunView) -> tuple[Page, str]:
    """The campaign that a run belongs to, and what the header calls the run within it."""
    return Page("campaign", run.campaign), f"run {run.number}"
