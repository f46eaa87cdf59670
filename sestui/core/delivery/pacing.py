"""When mail may leave: pure arithmetic of rate, quota and backoff."""

import math
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.account import QuotaRule

PACE = 0.998
"""The share of the allowed rate we schedule: what is left absorbs the jitter of departures, so
that no second carries more than the rate."""

BULK_PACE = 0.996
"""The same for bulk calls, where one call that slips into a second brings many mails."""

CHUNK_SECONDS = 0.05
"""How much sending one claim covers. A kill leaves in doubt what is claimed and unanswered: one
chunk waiting, one in the air, one answered and not yet written; together under 250 ms."""

CLAIM_AHEAD_SECONDS = 0.05
"""The next chunk is claimed when the one before has this much left to send."""

SHARED_CLAIM_AHEAD_SECONDS = 0.1
"""The same while several processes claim in turn: each may have to wait for the others' commits."""

SHARED_LEAD_SECONDS = 0.02
"""The first slot of a claim is so far ahead at least then: what is claimed has to be committed,
handed over and rendered before it."""

DAY_SECONDS = 86_400.0

_SLOWEST_LINE = 100_000
"""Bytes a second: a line that carries so few is slow, and no outage."""

_USUAL_BYTES = 500_000

_FURTHEST_AHEAD_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reservation:
    """``count`` evenly spaced slots from ``start`` on, ``interval`` seconds apart."""

    start: Instant
    interval: float
    count: int

    def slot(self, index: int) -> Instant:
        """The instant at which the ``index``-th mail may leave."""
        return self.start + index * self.interval

    @property
    def end(self) -> Instant:
        """The theoretical arrival time after this reservation."""
        return self.start + self.count * self.interval


@dataclass(frozen=True, slots=True)
class Pace:
    """GCRA without burst for one account, and within it for one run with a rate of its own.

    ``tat`` and ``run_tat`` are the theoretical arrival times that earlier reservations left behind;
    rates are recipients a second.
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
        """The first instant at which a mail may leave; None: the rate is zero.

        An arrival time that lies further ahead than any set of processes can have reserved means
        that the wall clock was set back: it is dropped, or sending would stand still until the
        clock catches up.
        """
        if self.allowed <= 0:
            return None
        furthest = now + max(_FURTHEST_AHEAD_SECONDS, 10 / self.allowed)
        return max(now, *(tat for tat in (self.tat, self.run_tat, now) if tat <= furthest))

    def reserve(self, count: int, now: Instant) -> Reservation:
        """``count`` slots spaced by the allowed rate; it must not be zero."""
        start = self.opens_at(now)
        if start is None:
            raise ValueError("no slot can be reserved at a rate of zero")
        return Reservation(start, 1.0 / self.allowed, count)

    def tat_after(self, slots: Reservation) -> Instant:
        """The account's arrival time after ``slots``: a slow run leaves room for others."""
        return slots.start + slots.count / self.rate


def chunk_size(rate: float) -> int:
    """The most deliveries one claim takes at ``rate`` recipients a second; at least one."""
    return max(1, math.ceil(rate * CHUNK_SECONDS))


@dataclass(frozen=True, slots=True)
class Quota:
    """The 24-hour quota as sestui uses it."""

    maximum: float
    """Max24HourSend; −1 is unlimited."""
    limit: float | None
    """What sestui allows itself of it; None is unlimited."""
    used: float
    """Recipients of the last 24 hours, other services' included."""

    @property
    def left(self) -> int | None:
        """Recipients that may still leave now; None is unlimited."""
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
    """The quota from SES's last answer and what was handed over since, under sestui's ``rule``."""
    return Quota(
        maximum=max_24_hour_send,
        limit=rule.limit(max_24_hour_send, now),
        used=sent_24_hours + max(0, taken_since_look),
    )


_BACKOFF_FIRST_SECONDS = 1.0
_BACKOFF_LONGEST_SECONDS = 300.0

FURTHEST_RETRY = 2 * _BACKOFF_LONGEST_SECONDS
"""No retry is ever due later than this many seconds from now."""


def line_seconds(size: int) -> float:
    """Seconds for which a call of so many bytes may be silent because it is still on its way.

    So slow a line is no outage. Calls of a usual size have none.
    """
    return max(0, size - _USUAL_BYTES) / _SLOWEST_LINE


def backoff(attempt: int) -> float:
    """Seconds until a delivery that SES didn't take is tried again, after try ``attempt`` (≥ 1)."""
    return float(min(_BACKOFF_LONGEST_SECONDS, _BACKOFF_FIRST_SECONDS * 2 ** min(attempt - 1, 20)))


@dataclass(frozen=True, slots=True)
class AllowedRate:
    """How fast mail may leave now, and how much of the account's rate throttling has left of it."""

    rate: float
    """Recipients a second."""
    factor: float = 1.0
    """What throttling has left of the account's rate, 0 to 1."""

    def within(self, max_rate: float | None) -> "AllowedRate":
        """The same for a run that allows itself no more than ``max_rate``; None: no limit."""
        return self if max_rate is None else AllowedRate(min(self.rate, max_rate), self.factor)

    def said(self) -> str:
        """What throttling does, as a line for people; '' when it does nothing."""
        if self.factor >= 1:
            return ""
        return f"{self.rate:,.1f} a second: SES throttled, {self.factor:.0%} of its rate is left"


NO_RATE = AllowedRate(0.0)
"""Nobody has asked SES yet."""
