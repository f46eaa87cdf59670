"""Limit the mails in flight, and those claimed in advance, by measured latency and rate."""

import math
from collections import deque

_FIRST_LATENCY = 0.15
_LATENCY_WEIGHT = 0.05
"""Weight of the latest answer in the average; the first twenty have equal weights, so that the
window is right before an early outage."""
_OUTLIER = 4.0
"""Factor of the average to which slow answers are cut, so that one doesn't widen the window."""

_FEWEST = 4.0
_START = 20.0
"""Calls in flight before the first answer; each answer adds one, up to the window."""

_SPREAD = 1.0
"""Margin for varying latency, times the square root of the mean number in flight."""

_MEASURE_SECONDS = 0.5
_BEHIND = 0.85
_LASTING = 4
_AHEAD_SECONDS = 0.15
"""Seconds' worth of claims that wait for their slots: a chunk and the next one."""

_FEWEST_AHEAD = {False: 16, True: 100}
"""Minimum number of claims in advance, by whether calls are bulk."""


class ConcurrencyLimiter:
    """Limits the mails in flight to rate × latency, so that an outage leaves few in doubt.

    Only mails that left after the last answered one count. So a few hanging calls don't block
    others while answers come, and no more than a window is lost when none come.
    """

    def __init__(self, most: int) -> None:
        """``most`` is the largest number of calls."""
        self._most = most
        self._allowed = _START
        self._sent = self._answered = 0
        self._unanswered: deque[tuple[int, int]] = deque()
        """Numbers and mails of the calls that left after the last answered one, in order."""
        self._mails = 0
        self.rate = 0.0
        """This process's rate in recipients a second."""
        self.burst = 0
        """Mails that it sends together in its turn among several processes."""
        self.per_call = 1
        """Mails of the latest call."""
        self.latency = _FIRST_LATENCY
        """Running average of the seconds from a call to its answer."""

    @property
    def unanswered(self) -> int:
        """Mails that left after the last answered one."""
        return self._mails

    @property
    def oldest(self) -> int:
        """The number of the oldest unanswered call; 0 if there is none."""
        return self._unanswered[0][0] if self._unanswered else 0

    @property
    def calls(self) -> int:
        """How many unanswered calls are allowed."""
        mean = self.rate * self.latency + self.burst
        needed = (mean + _SPREAD * math.sqrt(mean)) / self.per_call
        return math.floor(min(self._most, self._allowed, max(_FEWEST, math.ceil(needed))))

    def room(self) -> bool:
        """Whether another call may be sent."""
        return self._mails < self.calls * self.per_call

    def left(self, mails: int) -> int:
        """Record a call; returns its number for :meth:`answered` and :meth:`lost`."""
        self._sent += 1
        self._unanswered.append((self._sent, mails))
        self._mails += mails
        self.per_call = mails
        return self._sent

    def answered(self, number: int, seconds: float) -> None:
        """Record that a call was answered after ``seconds``."""
        self._pass(number)
        seconds = min(seconds, _OUTLIER * self.latency)
        self._answered += 1
        self.latency += max(_LATENCY_WEIGHT, 1 / (self._answered + 1)) * (seconds - self.latency)
        self._allowed = min(self._most, self._allowed + 1)

    def lost(self, number: int) -> bool:
        """Record that a call will not be answered; returns whether it counted as unanswered."""
        kept = [each for each in self._unanswered if each[0] != number]
        counted = len(kept) < len(self._unanswered)
        self._unanswered = deque(kept)
        self._mails = sum(mails for _, mails in kept)
        return counted

    def reset(self) -> None:
        """Start again with one call in flight."""
        self._allowed = 1.0

    def _pass(self, number: int) -> None:
        while self._unanswered and self._unanswered[0][0] <= number:
            self._mails -= self._unanswered.popleft()[1]


class Backlog:
    """Measures the actual rate, and limits the claims in advance by it.

    If the machine is slower than the account's rate, more claims would only wait, and be in doubt
    after a kill.
    """

    def __init__(self) -> None:
        self._measured_at: float | None = None
        self._total = 0
        self._leaving = 0.0
        self._behind = 0

    @property
    def behind(self) -> bool:
        """Whether less than the rate has been sent for some time."""
        return self._behind >= _LASTING

    def measure(self, now: float, left_total: int, *, backlog: bool, rate: float) -> None:
        """Record that ``left_total`` mails have been sent by ``now`` (monotonic seconds).

        ``backlog``: mails were waiting; ``rate`` is this process's.
        """
        if self._measured_at is None:
            self._measured_at, self._total = now, left_total
            return
        seconds = now - self._measured_at
        if seconds < _MEASURE_SECONDS:
            return
        self._leaving = (left_total - self._total) / seconds
        slow = backlog and self._leaving < _BEHIND * rate
        self._behind = self._behind + 1 if slow else 0
        self._measured_at, self._total = now, left_total

    def ahead(self, rate: float, *, bulk: bool) -> int:
        """How many mails may be claimed but not sent yet."""
        pace = self._leaving if self._behind else rate
        return max(_FEWEST_AHEAD[bulk], math.ceil(pace * _AHEAD_SECONDS))
