"""The last door before the network: each mail leaves at its slot, and never faster than the rate.

Slots come from the governor, evenly spaced. A busy machine lets some leave late; if the next ones
then left on time, a second of traffic could carry more than the account allows. So the gate also
remembers when the last second's mails left and holds back whatever would crowd it.
"""

import math
import threading
from collections import deque

from sestui.core.clock import Clock

STALE_SECONDS = 15.0
"""Well under the lease after which other hosts put a silent worker's deliveries in doubt."""


class Gate:
    """Lets mails pass one by one; shared by all threads of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._passed: deque[float] = deque()
        self._closed = threading.Event()

    def pass_at(self, slot: float, rate: float) -> bool:
        """Wait until ``slot`` (monotonic seconds) and for room at ``rate`` per second.

        True: go now. False: the mail must not leave, because the gate was closed or because this
        process stood still for so long (stopped, starved) that others may have taken it for dead.
        """
        wait = slot - self._clock.monotonic()
        while True:
            if wait > 0:
                self._clock.wait(self._closed, wait)
            if self._closed.is_set():
                return False
            with self._lock:
                now = self._clock.monotonic()
                if now > slot + STALE_SECONDS:
                    return False
                wait = max(slot - now, self._room_in(now, rate))
                if wait <= 0:
                    self._passed.append(now)
                    return True

    def close(self) -> None:
        """Let nothing pass any more; those who wait are turned away at once."""
        self._closed.set()

    def _room_in(self, now: float, rate: float) -> float:
        """Seconds until one more mail keeps the last second at ``rate`` or below."""
        while self._passed and self._passed[0] <= now - 1.0:
            self._passed.popleft()
        most = max(1, math.floor(rate))
        if len(self._passed) < most:
            return 0.0
        return self._passed[-most] + 1.0 - now
