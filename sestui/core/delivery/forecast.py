"""When a run will end: its deliveries laid out over rate, quota and send window."""

import math
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from sestui.core.clock import Instant
from sestui.core.delivery.pacing import DAY_SECONDS, PACE, Quota
from sestui.core.delivery.send_window import SendWindow

_MOST_STEPS = 2_000
"""A run that isn't through after so many waits is too far away to be told."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of a run, as of ``at``."""

    at: Instant
    recipients: int
    """Deliveries that are still to be sent."""
    rate: float
    """Recipients a second that are allowed now."""
    ends_at: Instant | None
    """When the last one leaves; None: nothing may leave at all, or not within years."""
    today: int
    """Of them, how many leave before midnight in the operator's zone."""
    crosses_quota: bool
    """The 24-hour quota makes it wait on the way."""

    @property
    def later(self) -> int:
        """What stays for tomorrow and after."""
        return self.recipients - self.today


@dataclass(frozen=True, slots=True)
class Allowance:
    """What holds a run back; rates are recipients a second."""

    rate: float
    quota: Quota | None
    quota_frees_at: Instant | None = None
    """When mail of the last 24 hours begins to leave the rolling window; None: nobody knows."""
    window: SendWindow | None = None
    window_zone: tzinfo | None = None


def forecast(recipients: int, allowance: Allowance, now: Instant, zone: tzinfo) -> Forecast:
    """Lay ``recipients`` deliveries out from ``now`` on; ``zone`` says when today ends.

    The rolling quota is taken to free as a whole, 24 hours after its first mail: that is how a run
    that was stopped by it goes on, and it is never too early.
    """
    midnight = _next_midnight(now, zone)
    pace = allowance.rate * PACE
    limit, left = _quota_of(allowance)
    frees_at = allowance.quota_frees_at or now + DAY_SECONDS
    at, waiting, today, crosses = now, recipients, 0, False
    for _ in range(_MOST_STEPS):
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
    return Forecast(now, recipients, allowance.rate, None if waiting else at, today, crosses)


def _quota_of(allowance: Allowance) -> tuple[float, float]:
    """Recipients in 24 hours, and how many of them are left now."""
    quota = allowance.quota
    if quota is None or quota.limit is None or quota.left is None:
        return math.inf, math.inf
    return math.floor(quota.limit), quota.left


def _opening(allowance: Allowance, at: Instant) -> tuple[Instant, Instant]:
    """When mail may leave from ``at`` on, and until when at least."""
    if allowance.window is None or allowance.window_zone is None:
        return at, math.inf
    opens = allowance.window.opens_at(at, allowance.window_zone)
    return opens, allowance.window.closes_at(opens, allowance.window_zone)


def _next_midnight(now: Instant, zone: tzinfo) -> Instant:
    tomorrow = datetime.fromtimestamp(now, zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=zone).timestamp()
