"""Whether a call may leave now: at its slot, and never faster than the rate.

Slots come from the governor, evenly spaced. A busy machine lets some leave late; if the next ones
then left on time, a second of traffic could carry more than the account allows. So departures keep
their distance too, and the limiter remembers when the last second's mails left. It can't see what
other processes send: while there are any, a slot that was missed is lost, and the mail takes the
next one.
"""

import math
from collections import deque

from sestui.core.delivery.pacing import BULK_PACE

STALE_SECONDS = 15.0
"""Well under the lease after which other hosts put a silent worker's deliveries in doubt."""

_BULK_SECOND = 1.0 + (1 - BULK_PACE) / 2
"""Between here and the wire lies a moment that varies: a second must hold the rate all the same,
and a bulk call that slips into it is many mails. Half of what the bulk pace leaves goes here."""

_CATCH_UP_SECONDS = 0.005
"""So much lateness is made good at once. More is kept: a burst would leave a gap a second later,
as the second before it has room for no more, and again, and again."""

_MISSED_MAILS, _SHORTEST_MISS, _LONGEST_MISS = 2, 0.003, 0.02
"""Between those of other processes a slot is missed after the time of so many mails, within these
bounds in seconds: what processes are late adds up in the second that follows."""

_LATE_SECONDS = 0.25
"""A mail that has lost so much in slots goes back to the ledger for another: it would be later and
later, and in doubt after a kill."""


class RateLimiter:
    """The departures of one process; for one thread, but for :meth:`grant`."""

    def __init__(self) -> None:
        self._left: deque[tuple[float, int]] = deque()
        self._in_last_second = 0
        self._free_at = float("-inf")
        self._slots: deque[tuple[float, int]] = deque()
        """Granted, and neither used nor missed."""
        self.passed = 0
        """How many mails have left so far."""

    def grant(self, slot: float, mails: int) -> None:
        """This process has a slot at ``slot`` (monotonic seconds), for so many ``mails``."""
        self._slots.append((slot, mails))

    def wait(
        self, now: float, slot: float, rate: float, mails: int = 1, *, shared: bool = False
    ) -> float | None:
        """Seconds until ``mails`` may leave whose turn is at ``slot``, at ``rate`` a second.

        Both instants are monotonic seconds. 0: now. None: never, because this process stood still
        for so long (stopped, starved, suspended) that others may have taken it for dead; or because
        they are late and the rate is ``shared`` with other processes.
        """
        if now > slot + STALE_SECONDS:
            return None
        if slot > now:
            return slot - now
        wait = max(self._free_at - now, self._room_in(now, rate, mails), 0.0)
        if not shared:
            return wait
        if now > slot + _LATE_SECONDS:
            # A machine that is always late still sends something.
            return None if self._in_last_second else wait
        return max(wait, self._slot_in(now, rate, mails))

    def leave(self, now: float, rate: float, mails: int) -> None:
        """Note that ``mails`` have left."""
        self._left.append((now, mails))
        self._in_last_second += mails
        self.passed += mails
        self._free_at = max(self._free_at, now - _CATCH_UP_SECONDS) + mails / rate
        if self._slots and self._slots[0][0] <= now:
            self._slots.popleft()

    def _slot_in(self, now: float, rate: float, mails: int) -> float:
        """Seconds until this process has a slot that is good for ``mails``."""
        good_for = min(_LONGEST_MISS, max(_SHORTEST_MISS, _MISSED_MAILS / rate))
        slots = self._slots
        # Sizes of bulk calls alternate by one.
        while slots and (slots[0][0] < now - good_for or slots[0][1] + 1 < mails):
            slots.popleft()
        return max(0.0, slots[0][0] - now) if slots else good_for

    def _room_in(self, now: float, rate: float, mails: int) -> float:
        """Seconds until ``mails`` more keep the last second at ``rate`` or below."""
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
