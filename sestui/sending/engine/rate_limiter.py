"""Whether a call may leave now: at its slot, and never faster than the rate.

Slots come from the governor, evenly spaced. A busy machine lets some leave late; if the next ones
then left on time, a second of traffic could carry more than the account allows. So the limiter also
remembers when the last second's mails left and holds back whatever would crowd it. It can't see
what other processes send: while there are any, whoever misses his slot has lost it.
"""

import math
from collections import deque

from sestui.core.pacing import BULK_PACE

STALE_SECONDS = 15.0
"""Well under the lease after which other hosts put a silent worker's deliveries in doubt."""

_BULK_SECOND = 1.0 + (1 - BULK_PACE) / 2
"""Between here and the wire lies a moment that varies: a second must hold the rate all the same,
and a bulk call that slips into it is many mails. Half of what the bulk pace leaves goes here."""

_LATENESS_SECONDS = 0.015
"""Other processes send in between: a mail that leaves late crowds theirs, and no limiter sees it.
What the shared pace leaves free (see core.pacing) is room for so much lateness; a mail that is
later goes back to the ledger for another slot."""

_SPELL_SECONDS = 0.25
_SPELL_WEIGHT = 0.1
_LENIENCE = 40.0


class RateLimiter:
    """The departures of one process; for one thread."""

    def __init__(self) -> None:
        self._left: deque[tuple[float, int]] = deque()
        self._in_last_second = 0
        self._lateness = _Lateness()
        self.passed = 0
        """How many mails have left so far."""

    @property
    def lateness(self) -> float:
        """Seconds after its slot at which a mail may still leave between those of others."""
        return self._lateness.seconds

    def wait(
        self, now: float, slot: float, rate: float, mails: int = 1, *, shared: bool = False
    ) -> float | None:
        """Seconds until ``mails`` may leave whose turn is at ``slot``, at ``rate`` a second.

        Both instants are monotonic seconds. 0: now. None: never, because this process stood still
        for so long (stopped, starved, suspended) that others may have taken it for dead; or because
        they have missed their slot while the rate is ``shared`` with other processes.
        """
        if now > slot + (self._lateness.allowed(now, slot) if shared else STALE_SECONDS):
            return None
        return max(0.0, slot - now, self._room_in(now, rate, mails))

    def leave(self, now: float, mails: int) -> None:
        """Note that ``mails`` have left."""
        self._left.append((now, mails))
        self._in_last_second += mails
        self.passed += mails

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


class _Lateness:
    """How long after its slot a mail may leave between those of other processes.

    A machine that is too slow to keep slots at all gets more time, or nothing would ever leave. One
    stall, however many mails miss their slots in it, is no sign of that.
    """

    def __init__(self) -> None:
        self._spell_ends_at = float("-inf")
        self._was_late = False
        self._late_share = 0.0
        """Of the latest spells of time, how many had a mail that was late."""

    def allowed(self, now: float, slot: float) -> float:
        """Seconds; asked at ``now`` for a mail whose slot was ``slot``."""
        if now >= self._spell_ends_at:
            self._late_share += _SPELL_WEIGHT * (self._was_late - self._late_share)
            self._spell_ends_at = now + _SPELL_SECONDS
            self._was_late = False
        self._was_late |= now > slot + _LATENESS_SECONDS
        return self.seconds

    @property
    def seconds(self) -> float:
        """What is allowed now."""
        share = self._late_share
        return _LATENESS_SECONDS * (1 + _LENIENCE * share**2) / (1 - share)
