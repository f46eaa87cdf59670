"""Rate limiter: calls leave at their slots, but never faster than the rate.

The governor spaces slots evenly. If some calls leave late on a busy machine and the next ones on
time, a second could exceed the rate. So departures are spaced too, and the last second's mails are
counted. The limiter can't see other processes: if there are any, a missed slot is lost, and the
mail takes the next one.
"""

import math
from collections import deque

from sestui.core.delivery.pacing import BULK_PACE

STALE_SECONDS = 15.0
"""Well below the lease after which other hosts put a silent worker's deliveries in doubt."""

_BULK_SECOND = 1.0 + (1 - BULK_PACE) / 2
"""Window for bulk calls: a margin for the varying delay to the wire, of half of what the bulk pace
leaves."""

_CATCH_UP_SECONDS = 0.005
"""Lateness that is caught up at once; more would cause a burst, and gaps every second after it."""

_MISSED_MAILS, _SHORTEST_MISS, _LONGEST_MISS = 2, 0.003, 0.02
"""With several processes a slot is missed after the time of this many mails, within these limits in
seconds, as their lateness adds up."""

_LATE_SECONDS = 0.25
"""A mail that is this late goes back to the ledger, as it would get later and later."""


class RateLimiter:
    """Limits one process's departures; for one thread, except for :meth:`grant`."""

    def __init__(self) -> None:
        self._left: deque[tuple[float, int]] = deque()
        self._in_last_second = 0
        self._free_at = float("-inf")
        self._slots: deque[tuple[float, int]] = deque()
        """Granted slots, neither used nor missed."""
        self.passed = 0
        """Number of mails sent so far."""

    def grant(self, slot: float, mails: int) -> None:
        """Record a slot at ``slot`` (monotonic seconds) for ``mails`` mails."""
        self._slots.append((slot, mails))

    def wait(
        self, now: float, slot: float, rate: float, mails: int = 1, *, shared: bool = False
    ) -> float | None:
        """Seconds until ``mails`` with a turn at ``slot`` may leave, at ``rate`` a second.

        Instants are monotonic seconds. None: they must go back, because this process stood still
        for so long that others may have presumed it dead, or because they are late and the rate is
        ``shared``.
        """
        if now > slot + STALE_SECONDS:
            return None
        if slot > now:
            return slot - now
        wait = max(self._free_at - now, self._room_in(now, rate, mails), 0.0)
        if not shared:
            return wait
        if now > slot + _LATE_SECONDS:
            # A machine that is always late must still send something.
            return None if self._in_last_second else wait
        return max(wait, self._slot_in(now, rate, mails))

    def leave(self, now: float, rate: float, mails: int) -> None:
        """Record that ``mails`` have left."""
        self._left.append((now, mails))
        self._in_last_second += mails
        self.passed += mails
        self._free_at = max(self._free_at, now - _CATCH_UP_SECONDS) + mails / rate
        if self._slots and self._slots[0][0] <= now:
            self._slots.popleft()

    def _slot_in(self, now: float, rate: float, mails: int) -> float:
        """Seconds until this process has a valid slot for ``mails``."""
        good_for = min(_LONGEST_MISS, max(_SHORTEST_MISS, _MISSED_MAILS / rate))
        slots = self._slots
        # Sizes of bulk calls vary by one.
        while slots and (slots[0][0] < now - good_for or slots[0][1] + 1 < mails):
            slots.popleft()
        return max(0.0, slots[0][0] - now) if slots else good_for

    def _room_in(self, now: float, rate: float, mails: int) -> float:
        """Seconds until ``mails`` more don't exceed ``rate`` in the last second."""
        second = 1.0 if mails == 1 else _BULK_SECOND
        while self._left and self._left[0][0] <= now - second:
            self._in_last_second -= self._left.popleft()[1]
        excess = self._in_last_second + mails - max(mails, math.floor(rate))
        if excess <= 0:
            return 0.0
        leaving = 0
        for at, count in self._left:
            leaving += count
            if leaving >= excess:
                return at + second - now
        return 0.0
