"""How far a run is, and what became of its recipients: one reckoning for every door; pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import RunState
from sestui.core.percent import fine_percent, percent, percent_number


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


_WHOLES = {
    "accepted": "audience",
    "rejected": "audience",
    "in_doubt": "audience",
    "skipped": "audience",
    "delivered": "accepted",
    "bounced": "accepted",
    "failed": "accepted",
    "complained": "delivered",
    "opened": "delivered",
    "clicked": "delivered",
}
"""Of what each figure of a run is a share: nobody bounces whose mail was not accepted."""
_DIGITS = {"complained": 2}
"""Behind the point; SES's line for complaints is 0.1 %."""


def share_text(name: str, part: float, whole: float) -> str:
    """A share of a run, or of the newest mails of all of them: ``0.4 %``."""
    return fine_percent(part, whole, _DIGITS.get(name, 1))


def share_of(figures: Any, name: str) -> str:
    """The share that one of a run's ``figures`` is, by its name: the same at every door."""
    return share_text(name, getattr(figures, name), getattr(figures, _WHOLES[name]))


def not_well(counts: RunCounts) -> int:
    """Recipients of whom what did not go well tells: nobody is counted twice."""
    back = counts.bounced + counts.complained
    return back + counts.rejected + counts.in_doubt + counts.skipped
