"""The last door before the network: each call leaves at its slot, and never faster than the rate.

Slots come from the governor, evenly spaced. A busy machine lets some leave late; if the next ones
then left on time, a second of traffic could carry more than the account allows. So the gate also
remembers when the last second's mails left and holds back whatever would crowd it. It can't see
what other processes send: while there are any, who misses his slot has lost it.
"""

import math
import threading
from collections import deque

from sestui.core.clock import Clock
from sestui.core.pacing import BULK_PACE

STALE_SECONDS = 15.0
"""Well under the lease after which other hosts put a silent worker's deliveries in doubt."""

_BULK_SECOND = 1.0 + (1 - BULK_PACE) / 2
"""Between here and the wire lies a moment that varies: a second must hold the rate all the same,
and a bulk call that slips into it is many mails. Half of what the bulk pace leaves goes here."""


_LATENESS_SECONDS = 0.015
"""Other processes send in between: a mail that leaves late crowds theirs, and no gate sees it. What
the shared pace leaves free (see core.pacing) is room for so much lateness; a mail that is later
goes back to the ledger for another slot."""

_SPELL_SECONDS = 0.25
_SPELL_WEIGHT = 0.1
_LENIENCE = 40.0


class Gate:
    """Lets calls pass one by one; shared by all threads of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._passed: deque[tuple[float, int]] = deque()
        self._in_last_second = 0
        self._total = 0
        self._lateness = _Lateness()
        self._closed = threading.Event()

    @property
    def passed(self) -> int:
        """How many mails have passed so far."""
        return self._total

    def pass_at(self, slot: float, rate: float, mails: int = 1, *, shared: bool = False) -> bool:
        """Wait until ``slot`` (monotonic seconds) and for room for ``mails`` at ``rate`` a second.

        True: go now. False: the mails must not leave, because the gate was closed; because this
        process stood still for so long (stopped, starved) that others may have taken it for dead;
        or because they have missed their slot while the rate is ``shared`` with other processes.
        """
        wait = slot - self._clock.monotonic()
        while True:
            if wait > 0:
                self._clock.wait(self._closed, wait)
            if self._closed.is_set():
                return False
            with self._lock:
                now = self._clock.monotonic()
                if now > slot + (self._lateness.allowed(now, slot) if shared else STALE_SECONDS):
                    return False
                wait = max(slot - now, self._room_in(now, rate, mails))
                if wait <= 0:
                    self._passed.append((now, mails))
                    self._in_last_second += mails
                    self._total += mails
                    return True

    def close(self) -> None:
        """Let nothing pass any more; those who wait are turned away at once."""
        self._closed.set()

    def _room_in(self, now: float, rate: float, mails: int) -> float:
        """Seconds until ``mails`` more keep the last second at ``rate`` or below."""
        second = 1.0 if mails == 1 else _BULK_SECOND
        while self._passed and self._passed[0][0] <= now - second:
            self._in_last_second -= self._passed.popleft()[1]
        excess = self._in_last_second + mails - max(mails, math.floor(rate))
        if excess <= 0:
            return 0.0
        leaving = 0
        for at, count in self._passed:
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
        share = self._late_share
        return _LATENESS_SECONDS * (1 + _LENIENCE * share**2) / (1 - share)
