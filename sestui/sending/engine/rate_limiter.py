"""Whether a call may leave now: at its slot, and never faster than the rate.

Slots come from the governor, evenly spaced. A busy machine lets some leave late; if the next ones
then left on time, a second of traffic could carry more than the account allows. So the limiter also
remembers when the last second's mails left and holds back whatever would crowd it. It can't see
what other processes send: while there are any, a slot that was missed is lost, and the mail takes
the next one.
"""

import math
from collections import deque

from sestui.core.pacing import BULK_PACE

STALE_SECONDS = 15.0
"""Well under the lease after which other hosts put a silent worker's deliveries in doubt."""

_BULK_SECOND = 1.0 + (1 - BULK_PACE) / 2
"""Between here and the wire lies a moment that varies: a second must hold the rate all the same,
and a bulk call that slips into it is many mails. Half of what the bulk pace leaves goes here."""

_MISSED_SECONDS = 0.02
"""A slot between those of other processes is missed when this process's next one has come, at the
latest after so long: what the processes are late adds up in the second that follows."""

_LATE_SECONDS = 0.25
"""A mail that has lost so much in slots goes back to the ledger for another: it would be later and
later, and in doubt after a kill."""


class RateLimiter:
    """The departures of one process; for one thread, but for :meth:`grant`."""

    def __init__(self) -> None:
        self._left: deque[tuple[float, int]] = deque()
        self._in_last_second = 0
        self._slots: deque[tuple[float, int]] = deque()
        """Granted, and not come yet or not used; of those that have come only the last is good."""
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
        wait = self._room_in(now, rate, mails)
        if not shared:
            return wait
        if now > slot + _LATE_SECONDS:
            # A machine that is always late still sends something.
            return None if self._in_last_second else wait
        return max(wait, self._slot_in(now, mails))

    def leave(self, now: float, mails: int) -> None:
        """Note that ``mails`` have left."""
        self._left.append((now, mails))
        self._in_last_second += mails
        self.passed += mails
        self._see_slots(now)
        if self._slots and self._slots[0][0] <= now:
            self._slots.popleft()

    def _slot_in(self, now: float, mails: int) -> float:
        """Seconds until this process has a slot that is good for ``mails``."""
        self._see_slots(now)
        if not self._slots:
            return _MISSED_SECONDS
        slot, size = self._slots[0]
        # Sizes of bulk calls alternate by one.
        good = slot <= now <= slot + _MISSED_SECONDS and mails <= size + 1
        following = self._slots[1][0] - now if len(self._slots) > 1 else _MISSED_SECONDS
        return 0.0 if good else max(slot - now, 0.0) or following

    def _see_slots(self, now: float) -> None:
        """Forget the slots that were missed."""
        while len(self._slots) > 1 and self._slots[1][0] <= now:
            self._slots.popleft()

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
