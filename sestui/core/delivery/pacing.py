"""When mail may leave: arithmetic of rate, quota and backoff."""

import math
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.account import QuotaRule
from sestui.core.percent import percent

PACE = 0.998
"""The share of the allowed rate that is scheduled; the rest absorbs jitter, so that no second
exceeds the rate."""

BULK_PACE = 0.996
"""The same for bulk calls, where one late call brings many mails into the next second."""

CHUNK_SECONDS = 0.05
"""Duration of sending that one claim covers. A kill leaves unanswered claims in doubt: one chunk
waiting, one in flight and one answered but not yet written, together less than 250 ms."""

CLAIM_AHEAD_SECONDS = 0.05
"""The next chunk is claimed when the current one has this much left to send."""

SHARED_CLAIM_AHEAD_SECONDS = 0.1
"""The same with several processes, as each may have to wait for the others' commits."""

SHARED_LEAD_SECONDS = 0.02
"""Minimum time to a claim's first slot with several processes: the claim must be committed, handed
over and rendered before it."""

DAY_SECONDS = 86_400.0

_SLOWEST_LINE = 100_000
"""Bytes a second on a slow connection that still isn't an outage."""

_USUAL_BYTES = 500_000

_FURTHEST_AHEAD_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reservation:
    """``count`` slots from ``start``, ``interval`` seconds apart."""

    start: Instant
    interval: float
    count: int

    def slot(self, index: int) -> Instant:
        """When the mail with this index may leave."""
        return self.start + index * self.interval

    @property
    def end(self) -> Instant:
        """The theoretical arrival time after this reservation."""
        return self.start + self.count * self.interval


@dataclass(frozen=True, slots=True)
class Pace:
    """GCRA without burst for an account, and within it for a run with its own rate.

    ``tat`` and ``run_tat`` are the theoretical arrival times after earlier reservations; rates are
    recipients a second.
    """

    tat: Instant
    rate: float
    run_tat: Instant = 0.0
    run_rate: float | None = None

    @property
    def allowed(self) -> float:
        """Recipients a second for this run."""
        return self.rate if self.run_rate is None else min(self.rate, self.run_rate)

    def opens_at(self, now: Instant) -> Instant | None:
        """The first instant at which a mail may leave; None if the rate is zero.

        An arrival time further ahead than processes can reserve means that the wall clock was set
        back. It is ignored, or sending would stop until the clock catches up.
        """
        if self.allowed <= 0:
            return None
        furthest = now + max(_FURTHEST_AHEAD_SECONDS, 10 / self.allowed)
        return max(now, *(tat for tat in (self.tat, self.run_tat, now) if tat <= furthest))

    def reserve(self, count: int, now: Instant) -> Reservation:
        """``count`` slots at the allowed rate, which must not be zero."""
        start = self.opens_at(now)
        if start is None:
            raise ValueError("no slot can be reserved at a rate of zero")
        return Reservation(start, 1.0 / self.allowed, count)

    def tat_after(self, slots: Reservation) -> Instant:
        """The account's arrival time after ``slots``; a slow run leaves room for others."""
        return slots.start + slots.count / self.rate


def chunk_size(rate: float) -> int:
    """The largest claim at ``rate`` recipients a second; at least one delivery."""
    return max(1, math.ceil(rate * CHUNK_SECONDS))


@dataclass(frozen=True, slots=True)
class Quota:
    """The 24-hour quota as sestui uses it."""

    maximum: float
    """Max24HourSend; −1 for no limit."""
    limit: float | None
    """The part of it that sestui uses; None for no limit."""
    used: float
    """Recipients in the last 24 hours, including other services'."""

    @property
    def left(self) -> int | None:
        """Recipients that may still be mailed now; None for no limit."""
        if self.limit is None:
            return None
        return max(0, math.floor(self.limit - self.used + 1e-9))


def quota(
    rule: QuotaRule,
    now: Instant,
    *,
    max_24_hour_send: float,
    sent_24_hours: float,
    taken_since_look: int,
) -> Quota:
    """The quota by SES's last answer, the mail handed over since, and sestui's ``rule``."""
    return Quota(
        maximum=max_24_hour_send,
        limit=rule.limit(max_24_hour_send, now),
        used=sent_24_hours + max(0, taken_since_look),
    )


_BACKOFF_FIRST_SECONDS = 1.0
_BACKOFF_LONGEST_SECONDS = 300.0

FURTHEST_RETRY = 2 * _BACKOFF_LONGEST_SECONDS
"""Seconds from now after which no retry is ever due."""


def line_seconds(size: int) -> float:
    """Extra seconds that a call of ``size`` bytes may take on a slow connection; mostly 0."""
    return max(0, size - _USUAL_BYTES) / _SLOWEST_LINE


def backoff(attempt: int) -> float:
    """Seconds until the next attempt at a delivery after ``attempt`` (≥ 1) attempts."""
    return float(min(_BACKOFF_LONGEST_SECONDS, _BACKOFF_FIRST_SECONDS * 2 ** min(attempt - 1, 20)))


@dataclass(frozen=True, slots=True)
class AllowedRate:
    """The rate at which mail may leave now, and the effect of throttling on it."""

    rate: float
    """Recipients a second."""
    factor: float = 1.0
    """The share of the account's rate that is left after throttling, 0 to 1."""

    def within(self, max_rate: float | None) -> "AllowedRate":
        """The rate for a run with its own ``max_rate``; None for no limit."""
        return self if max_rate is None else AllowedRate(min(self.rate, max_rate), self.factor)

    def sentence(self) -> str:
        """The effect of throttling, for people; '' for none."""
        if self.factor >= 1:
            return ""
        left = percent(self.factor, 1)
        return f"{self.rate:,.1f} a second: SES throttled, {left} of its rate is left"


NO_RATE = AllowedRate(0.0)
"""The rate before SES has been asked."""
