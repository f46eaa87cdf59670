"""The replay of a finished run: the moment shown and the speed; pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.series import RunSeries
from sestui.core.delivery.states import DeliveryState
from sestui.store.ledger.troubles import Trouble, TroubleAt
from sestui.tui.campaigns.service import ReplayMoment, RunSnapshot

SPEEDS = (1, 10, 100)
_LONGEST_SECONDS = 60.0
"""A replay begins at the speed at which it takes less than this, if there is one."""
_SEEK = 0.05
"""Of the run's time, at each step."""


@dataclass(slots=True)
class Replay:
    """The clock of a replay; it neither reads nor draws."""

    series: RunSeries
    timeline: Sequence[TroubleAt]
    """Who was rejected or in doubt, in order."""
    at: Instant = 0.0
    speed: int = 1
    playing: bool = True

    def __post_init__(self) -> None:
        """Start at the beginning, at a speed that reaches the end soon."""
        self.at = self.series.start
        self.speed = next(
            (each for each in SPEEDS if self.span / each <= _LONGEST_SECONDS), SPEEDS[-1]
        )

    @property
    def span(self) -> float:
        """Seconds that the run took."""
        return self.series.end - self.series.start

    @property
    def is_over(self) -> bool:
        """Whether its end is shown."""
        return self.at >= self.series.end

    def tick(self, seconds: float) -> None:
        """Advance by ``seconds`` of real time."""
        if self.playing:
            self._go_to(self.at + seconds * self.speed)
            self.playing = not self.is_over

    def toggle(self) -> None:
        """Pause or continue; at the end, start again."""
        if self.is_over:
            self.at = self.series.start
            self.playing = True
        else:
            self.playing = not self.playing

    def seek(self, steps: int) -> None:
        """Go so many steps on, or back."""
        self._go_to(self.at + steps * _SEEK * self.span)

    def change_speed(self) -> None:
        """The next of the speeds; after the last comes the first."""
        self.speed = SPEEDS[(SPEEDS.index(self.speed) + 1) % len(SPEEDS)]

    def snapshot(self, now: RunSnapshot) -> RunSnapshot:
        """The run as it was at the replayed moment; ``now`` is its current snapshot."""
        counts, troubles = now.run.counts, now.troubles
        if not self.is_over:
            past = bisect_right(self.timeline, self.at, key=lambda each: each.at)
            groups = Counter((each.state, each.code, each.reason) for each in self.timeline[:past])
            troubles = tuple(Trouble(*key, count) for key, count in groups.most_common())
            counts = _agreeing(self.series.counts_at(self.at, counts), counts, self.timeline, past)
        return replace(
            now,
            run=replace(now.run, counts=counts),
            troubles=troubles,
            replay=ReplayMoment(self.at, self.speed, self.playing),
        )

    def _go_to(self, at: Instant) -> None:
        self.at = min(self.series.end, max(self.series.start, at))


def _agreeing(
    then: RunCounts, ended: RunCounts, timeline: Sequence[TroubleAt], past: int
) -> RunCounts:
    """The counts with those who had failed by then as the list below shows them.

    Slices know when an answer came, the ledger when a mail was handed over. Where the list isn't
    whole, as only so many are read, the slices' counts stand.
    """
    if len(timeline) != ended.rejected + ended.in_doubt:
        return then
    states = Counter(each.state for each in timeline[:past])
    rejected, in_doubt = states[DeliveryState.REJECTED], states[DeliveryState.IN_DOUBT]
    more = rejected + in_doubt - then.rejected - then.in_doubt
    accepted = then.accepted - max(0, more - then.pending)
    pending = max(0, then.pending - more)
    return replace(then, pending=pending, accepted=accepted, rejected=rejected, in_doubt=in_doubt)
