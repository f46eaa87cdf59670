"""Forecast when a run will end, by rate, quota and send window."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from sestui.core.clock import Instant
from sestui.core.delivery.pacing import DAY_SECONDS, PACE, Quota
from sestui.core.delivery.send_window import SendWindow

_MOST_STEPS = 2_000
"""Waits (for quota or window) after which no end is predicted."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A run's forecast, made at ``at``."""

    at: Instant
    recipients: int
    """Deliveries still to be sent."""
    rate: float
    """Recipients a second, as allowed now."""
    ends_at: Instant | None
    """When the last mail leaves; None if nothing may leave, or not within years."""
    today: int
    """How many of them leave before midnight in the operator's zone."""
    crosses_quota: bool
    """Whether it has to wait for the 24-hour quota."""

    @property
    def later(self) -> int:
        """Recipients for tomorrow and later."""
        return self.recipients - self.today


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits on a run; rates are recipients a second."""

    rate: float
    quota: Quota | None
    quota_frees_at: Instant | None = None
    """When the oldest mail leaves the rolling 24-hour window; None if unknown."""
    window: SendWindow | None = None
    window_zone: tzinfo | None = None


def forecast(
    recipients: int,
    allowance: Allowance,
    now: Instant,
    zone: tzinfo,
    dues: Sequence[tuple[Instant, int]] = (),
) -> Forecast:
    """Spread ``recipients`` deliveries over the time from ``now``; ``zone`` defines today.

    ``dues`` are the instants, in order, before which so many of them may not leave.

    The rolling quota is assumed to be freed all at once, 24 hours after its first mail. That is
    never too early, and how a run that was stopped by the quota resumes.
    """
    midnight = _next_midnight(now, zone)
    pace = allowance.rate * PACE
    limit, left = _quota_of(allowance)
    frees_at = allowance.quota_frees_at or now + DAY_SECONDS
    at, today, crosses = now, 0, False
    waiting = recipients - sum(count for _, count in dues)
    later = deque(dues)
    for _ in range(_MOST_STEPS + len(dues)):
        while later and (not waiting or later[0][0] <= at):
            due, count = later.popleft()
            at, waiting = max(at, due), waiting + count
        if not waiting or not pace:
            break
        if left < 1:
            crosses = True
            if limit < 1:
                break
            at, left = max(at, frees_at), limit
            frees_at = at + DAY_SECONDS
        at, until = _opening(allowance, at)
        count = int(min(waiting, left, max(1.0, (until - at) * pace)))
        today += int(min(count, max(0.0, math.ceil((midnight - at) * pace))))
        at += count / pace
        waiting -= count
        left -= count
    ends_at = None if waiting or later else at
    return Forecast(now, recipients, allowance.rate, ends_at, today, crosses)


def _quota_of(allowance: Allowance) -> tuple[float, float]:
    """The limit of recipients in 24 hours, and how many are left now."""
    quota = allowance.quota
    if quota is None or quota.limit is None or quota.left is None:
        return math.inf, math.inf
    return math.floor(quota.limit), quota.left


def _opening(allowance: Allowance, at: Instant) -> tuple[Instant, Instant]:
    """When the window next opens at or after ``at``, and when it closes."""
    if allowance.window is None or allowance.window_zone is None:
        return at, math.inf
    opens = allowance.window.opens_at(at, allowance.window_zone)
    return opens, allowance.window.closes_at(opens, allowance.window_zone)


def _next_midnight(now: Instant, zone: tzinfo) -> Instant:
    tomorrow = datetime.fromtimestamp(now, zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=zone).timestamp()
