"""Whether a call may leave now: at its slot, and never faster than the rate.

Slots come from the governor, evenly spaced. A busy machine lets some leave late; if the next ones
then left on time, a second of traffic could carry more than the account allows. So the limiter also
remembers when the last second's mails left and holds back whatever would crowd it. It can't see
what other processes send: while there are any, no second may carry more than this process had slots
in it, so that what all of them send adds up to no more than all the slots.
"""

import math
from collections import deque

from sestui.core.pacing import BULK_PACE

STALE_SECONDS = 15.0
"""Well under the lease after which other hosts put a silent worker's deliveries in doubt."""

_BULK_SECOND = 1.0 + (1 - BULK_PACE) / 2
"""Between here and the wire lies a moment that varies: a second must hold the rate all the same,
and a bulk call that slips into it is many mails. Half of what the bulk pace leaves goes here."""

_LATE_SECONDS = 0.25
"""Between those of other processes a mail that is later than this goes back to the ledger for
another slot: what was held up in a stall must not be late for good, and in doubt after a kill."""


class _Second:
    """Instants with numbers of mails, of which those within the last second are counted."""

    def __init__(self) -> None:
        self._counted: deque[tuple[float, int]] = deque()
        self.mails = 0

    def add(self, at: float, mails: int) -> None:
        self._counted.append((at, mails))
        self.mails += mails

    def drop(self, until: float) -> None:
        """Forget what was at ``until`` or before."""
        while self._counted and self._counted[0][0] <= until:
            self.mails -= self._counted.popleft()[1]

    def when_left(self, mails: int) -> float:
        """The instant up to which at least ``mails`` of those that are counted were."""
        total = 0
        for at, count in self._counted:
            total += count
            if total >= mails:
                return at
        return float("inf")


class RateLimiter:
    """The departures of one process; for one thread, but for :meth:`grant`."""

    def __init__(self) -> None:
        self._left = _Second()
        self._slots = _Second()
        self._coming: deque[tuple[float, int]] = deque()
        """Slots that are still to come."""
        self.passed = 0
        """How many mails have left so far."""

    def grant(self, slot: float, mails: int) -> None:
        """This process has the slots of ``mails``, from ``slot`` (monotonic seconds) on."""
        self._coming.append((slot, mails))

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
        second = 1.0 if mails == 1 else _BULK_SECOND
        self._left.drop(now - second)
        wait = self._room_in(now, second, max(mails, math.floor(rate)) - mails)
        if not shared:
            return wait
        if now > slot + _LATE_SECONDS and self._left.mails:
            return None  # a machine that is always late still sends something
        self._see_slots(now, second)
        if now > slot + _LATE_SECONDS or self._left.mails + mails <= self._slots.mails:
            return wait
        next_slot = self._coming[0][0] - now if self._coming else float("inf")
        return max(wait, min(next_slot, self._room_in(now, second, self._slots.mails - mails)))

    def leave(self, now: float, mails: int) -> None:
        """Note that ``mails`` have left."""
        self._left.add(now, mails)
        self.passed += mails

    def _see_slots(self, now: float, second: float) -> None:
        while self._coming and self._coming[0][0] <= now:
            self._slots.add(*self._coming.popleft())
        self._slots.drop(now - second)

    def _room_in(self, now: float, second: float, most: int) -> float:
        """Seconds until the last ``second`` holds ``most`` mails or fewer."""
        excess = self._left.mails - most
        if excess <= 0:
            return 0.0
        return max(0.0, min(self._left.when_left(excess) + second - now, second))
