"""One run, live: how far, how fast, what became of the last few recipients, and of each."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Rule

from sestui.core.clock import Instant
from sestui.reports.overview import RunView
from sestui.sending.engine.report import AnswerLine
from sestui.store.ledger.walk import LogFilter, LogRow
from sestui.tui.app.services import RunSnapshot, ScreenServices, has_ended, line_of_answer
from sestui.tui.campaigns.resolution import ResolutionScreen
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
from sestui.tui.campaigns.tail import Tail
from sestui.tui.deliveries.delivery_filters import DeliveryFilterScreen
from sestui.tui.widgets.format import moment
from sestui.tui.widgets.rate_meter import RateMeter

_REFRESH_SECONDS = 0.25
_ENDED_REFRESH_SECONDS = 2.0
"""An ended run changes only where somebody settles what is in doubt."""


class RunScreen(ResolutionScreen, DeliveryFilterScreen):
    """Follows a run, whichever process sends it; ``d`` shows every delivery of it instead."""

    PLACE = "Campaigns"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ResolutionScreen.STEERING,
        *ResolutionScreen.SETTLING,
        Binding(
            "d",
            "deliveries",
            "Deliveries",
            id="run.deliveries",
            tooltip="Show every delivery of the run, or the newest as they come",
        ),
        *DeliveryFilterScreen.NARROWING,
    ]

    def __init__(self, services: ScreenServices, run_id: int) -> None:
        super().__init__(services)
        self.run_id = run_id
        self.refresh_seconds = _REFRESH_SECONDS
        self._snapshot: RunSnapshot | None = None
        self._meter = RateMeter()
        self._tail = Tail(services.zone)
        self._figures: tuple[Figure, ...] = (
            RunTitle(),
            RunBar(),
            RunProgress(self._meter, Say(services.clock.now, self._at)),
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
        snapshot = await self.look(lambda: self.services.snapshot(self.run_id))
        if snapshot is not None:
            self._show(snapshot)
            ended = has_ended(snapshot.run)
            self.refresh_seconds = _ENDED_REFRESH_SECONDS if ended else _REFRESH_SECONDS
            await self.read_deliveries()

    def _show(self, snapshot: RunSnapshot) -> None:
        self._snapshot = snapshot
        counts = snapshot.run.counts
        self._meter.add(snapshot.at, counts.accepted + counts.rejected + counts.in_doubt)
        self._tail.add(snapshot.tail)
        for figure in self._figures:
            figure.snapshot = snapshot
        self.offer_again()

    # what may be done

    @property
    def steered(self) -> RunView | None:
        """The run on the screen."""
        return self._snapshot.run if self._snapshot else None

    @property
    def in_hand(self) -> LogRow | None:
        """The delivery under the cursor."""
        return self.panel.selected if self.panel_shown else None

    def copied(self) -> str:
        """The address under the cursor, else the campaign's name."""
        return super().copied() or (self._snapshot.run.campaign if self._snapshot else "")

    def about(self) -> str:
        """The run."""
        run = self.steered
        return f"run {run.number} of {run.campaign}" if run else "the run"

    def action_deliveries(self) -> None:
        """Show all deliveries, or the newest as they come."""
        shown = not self.panel_shown
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
        if super().step_back():
            return True
        if self.panel_shown:
            self.action_deliveries()
            return True
        return False

    def _at(self, instant: Instant) -> str:
        return moment(instant, self.services.clock.now(), self.services.zone)
