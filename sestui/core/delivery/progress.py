"""How far a run is, and what became of its recipients: one reckoning for every door; pure."""

from dataclasses import dataclass
from enum import StrEnum

from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import RunState
from sestui.core.percent import percent, percent_number


class Part(StrEnum):
    """What became of a recipient, as far as it is known: the parts of a run's bar, in order."""

    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    """Accepted by SES, which has not reported yet what became of it."""
    BOUNCED = "bounced"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    SKIPPED = "skipped"
    PENDING = "pending"
    """Not handed over yet, or in flight."""

    @property
    def label(self) -> str:
        """The part as people read it."""
        return self.value.replace("_", " ")


def parts_of(counts: RunCounts) -> dict[Part, int]:
    """How many recipients are in each part; together they are the audience."""
    known = counts.delivered + counts.bounced
    return {
        Part.DELIVERED: counts.delivered,
        Part.ACCEPTED: max(0, counts.accepted - known),
        Part.BOUNCED: counts.bounced,
        Part.REJECTED: counts.rejected,
        Part.IN_DOUBT: counts.in_doubt,
        Part.SKIPPED: counts.skipped,
        Part.PENDING: counts.pending + counts.sending,
    }


@dataclass(frozen=True, slots=True)
class ProgressFigures:
    """How far a run is."""

    done: int
    """Recipients that need nothing more from the sender."""
    whole: int

    @property
    def percent(self) -> str:
        """``61 %``."""
        return percent(self.done, self.whole)

    @property
    def percent_number(self) -> int:
        """The same as a number."""
        return percent_number(self.done, self.whole)


def progress(counts: RunCounts, state: str) -> ProgressFigures:
    """How far a run in this state is.

    Skipping a recipient is what had to be done for them, but in a cancelled run: there it is what
    was left undone, and the run must not look finished.
    """
    done = counts.settled - (counts.skipped if state == RunState.CANCELLED else 0)
    return ProgressFigures(done, counts.audience)


def average_rate(
    counts: RunCounts, started_at: Instant | None, finished_at: Instant | None
) -> float | None:
    """Recipients handed over a second, from a run's start to its end; None before its end."""
    if started_at is None or finished_at is None or finished_at <= started_at:
        return None
    return counts.handed_over / (finished_at - started_at)
