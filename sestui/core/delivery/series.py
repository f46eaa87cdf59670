"""How a run went, over time: slices of it, the holds between them, and SES's answer times; pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts

FINE_SECONDS = 600
"""A run's first ten minutes are kept by the second: most runs are over by then."""
COARSE = 10
"""Seconds of a slice after that, which bounds what a run of days takes."""

_STEPS = 4
"""Answer times are counted in steps of a fourth root of two: 19 % apart, 9 % off at most."""
_LEAST_SECONDS = 0.001

QUANTILES = (0.5, 0.95, 0.99)
"""Of the answer times, those that are said."""


def slice_at(now: Instant, started_at: Instant | None) -> int:
    """The slice of a run that an instant is in, by its first second."""
    second = math.floor(now)
    fine = started_at is None or now < started_at + FINE_SECONDS
    return second if fine else second - second % COARSE


def step_of(seconds: float) -> int:
    """The step that an answer time is counted in."""
    return round(_STEPS * math.log2(max(seconds, _LEAST_SECONDS) / _LEAST_SECONDS))


def seconds_of(step: int) -> float:
    """The answer time in the middle of a step."""
    return _LEAST_SECONDS * math.exp2(step / _STEPS)


def quantile(times: Mapping[int, int], share: float) -> float | None:
    """The answer time in seconds that so large a share of the answers didn't exceed."""
    left = share * sum(times.values())
    for step in sorted(times):
        left -= times[step]
        if left <= 1e-9:
            return seconds_of(step)
    return None


@dataclass(frozen=True, slots=True)
class Slice:
    """What was answered in a span of a run."""

    accepted: int = 0
    rejected: int = 0
    in_doubt: int = 0
    throttled: int = 0
    """Answers that SES was asked too fast; their mails went out later."""

    @property
    def answered(self) -> int:
        """Recipients that were dealt with."""
        return self.accepted + self.rejected + self.in_doubt


@dataclass(frozen=True, slots=True)
class Hold:
    """A span in which a run was held."""

    since: Instant
    until: Instant | None
    """When it was answered again; None: not yet."""
    label: str
    """``paused``, or what it waited for."""


@dataclass(frozen=True, slots=True)
class RunSeries:
    """How a run went so far."""

    start: Instant
    width: int
    """Seconds of each slice."""
    slices: tuple[Slice, ...] = ()
    """From ``start`` on, without gaps."""
    holds: tuple[Hold, ...] = ()
    times: Mapping[int, int] | None = None
    """How many answers took a step's time; None: not known."""

    @property
    def end(self) -> Instant:
        """The end of the last slice."""
        return self.start + self.width * len(self.slices)

    @property
    def throttled(self) -> int:
        """All answers that SES was asked too fast."""
        return sum(each.throttled for each in self.slices)

    def rates(self) -> list[float]:
        """Recipients a second in each slice."""
        return [each.answered / self.width for each in self.slices]

    def rate_at(self, at: Instant) -> float:
        """Recipients a second in the slice of an instant; 0 before and after."""
        number = math.floor((at - self.start) / self.width)
        found = self.rates()[number : number + 1] if number >= 0 else []
        return found[0] if found else 0.0

    def quantiles(self) -> list[float] | None:
        """The answer times of :data:`QUANTILES`, in seconds; None: not known."""
        found = [quantile(self.times or {}, share) for share in QUANTILES]
        known = [each for each in found if each is not None]
        return known if len(known) == len(found) else None

    def counts_at(self, at: Instant, ended: RunCounts) -> RunCounts:
        """How the run stood at an instant, between two slices in proportion.

        ``ended`` is how it stands now: before its end, what is not answered yet is pending; what
        was skipped is so from the start, as nobody noted when.
        """
        if at >= self.end:
            return ended
        sums = [0.0, 0.0, 0.0]
        done = max(0.0, at - self.start) / self.width
        for number, each in enumerate(self.slices[: math.ceil(done)]):
            part = min(1.0, done - number)
            for index, count in enumerate((each.accepted, each.rejected, each.in_doubt)):
                sums[index] += part * count
        tops = (ended.accepted, ended.rejected, ended.in_doubt)
        accepted, rejected, in_doubt = (
            min(int(each), top) for each, top in zip(sums, tops, strict=True)
        )
        left = ended.audience - ended.skipped - accepted - rejected - in_doubt
        return RunCounts(
            pending=left,
            accepted=accepted,
            rejected=rejected,
            in_doubt=in_doubt,
            skipped=ended.skipped,
        )
