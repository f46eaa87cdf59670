"""A clock that tests own: it moves when they say so, or when somebody waits on it."""

import threading

from sestui.core.clock import SystemClock

START = 1_800_000_000.0


class FakeClock:
    """Wall clock and monotonic clock that only go where a test, or a wait, takes them."""

    def __init__(self, instant: float = START) -> None:
        self.instant = instant
        self.seconds = 1_000.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.advance(max(0.0, seconds))
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.instant += seconds
            self.seconds += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back: no time passes."""
        self.instant += seconds


class ShiftedClock(SystemClock):
    """The machine's clock, ahead by what a test says: for threads that wait for real things."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead

    def set(self, instant: float) -> None:
        """Let it be ``instant`` now."""
        self.ahead = instant - super().now()
