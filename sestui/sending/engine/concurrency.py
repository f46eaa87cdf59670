"""How much may be under way: mails in the air, and mails claimed ahead of them, by measurement."""

import math
from collections import deque

_FIRST_LATENCY = 0.15
_LATENCY_WEIGHT = 0.05
"""Of the newest answer in the average. The first twenty make a plain one: a window that stays too
wide for long would be lost in an outage that comes early."""
_OUTLIER = 4.0
"""An answer that took longer than so many times the average counts as that: one that takes a
second must not open the window for all."""

_FEWEST = 4.0
_START = 20.0
"""Calls in the air before any answer is there; each answer then adds one, up to the window."""

_SPREAD = 1.0
"""Latency varies: the window has room for so many times the root of what is usually in the
air."""

_MEASURE_SECONDS = 0.5
_BEHIND = 0.85
_LASTING = 4
_AHEAD_SECONDS = 0.15
"""Claims wait this much sending for their slots: a chunk, and what is claimed ahead of it."""

_FEWEST_AHEAD = {False: 16, True: 100}
"""By whether calls are bulk: at least a few calls' worth."""


class ConcurrencyLimiter:
    """Bounds the mails in the air by rate x latency, so that an outage takes few of them.

    What counts is the mails that left after the newest one that was answered: while answers come,
    a few calls that hang hold nobody up, and when none come, no more than a window is lost.
    """

    def __init__(self, most: int) -> None:
        """``most`` calls may be counted at once."""
        self._most = most
        self._allowed = _START
        self._sent = self._answered = 0
        self._unanswered: deque[tuple[int, int]] = deque()
        """Number and mails of the calls that left after the newest answered one, in order."""
        self._mails = 0
        self.rate = 0.0
        """Recipients a second that this process may send."""
        self.burst = 0
        """Mails that it sends at the rate of all processes, in its turn between them."""
        self.per_call = 1
        """Mails of the call that left last."""
        self.latency = _FIRST_LATENCY
        """Seconds from a call's leaving to its answer, a running average."""

    @property
    def unanswered(self) -> int:
        """Mails in the air that left after the newest answered one."""
        return self._mails

    @property
    def oldest(self) -> int:
        """The number of the first call that is counted so; 0: there is none."""
        return self._unanswered[0][0] if self._unanswered else 0

    @property
    def calls(self) -> int:
        """How many calls may be in the air so."""
        mean = self.rate * self.latency + self.burst
        needed = (mean + _SPREAD * math.sqrt(mean)) / self.per_call
        return math.floor(min(self._most, self._allowed, max(_FEWEST, math.ceil(needed))))

    def room(self) -> bool:
        """Whether one more call may leave."""
        return self._mails < self.calls * self.per_call

    def left(self, mails: int) -> int:
        """Note a call of so many ``mails``; the number to give to the other two."""
        self._sent += 1
        self._unanswered.append((self._sent, mails))
        self._mails += mails
        self.per_call = mails
        return self._sent

    def answered(self, number: int, seconds: float) -> None:
        """That call was answered after ``seconds``."""
        self._pass(number)
        seconds = min(seconds, _OUTLIER * self.latency)
        self._answered += 1
        self.latency += max(_LATENCY_WEIGHT, 1 / (self._answered + 1)) * (seconds - self.latency)
        self._allowed = min(self._most, self._allowed + 1)

    def lost(self, number: int) -> bool:
        """That call will never be answered; whether it was among the :attr:`unanswered`."""
        kept = [each for each in self._unanswered if each[0] != number]
        counted = len(kept) < len(self._unanswered)
        self._unanswered = deque(kept)
        self._mails = sum(mails for _, mails in kept)
        return counted

    def reset(self) -> None:
        """Start again with one call in the air."""
        self._allowed = 1.0

    def _pass(self, number: int) -> None:
        while self._unanswered and self._unanswered[0][0] <= number:
            self._mails -= self._unanswered.popleft()[1]


class Backlog:
    """Watches how many mails really leave, and bounds by that how many are claimed ahead.

    Where this machine is the limit and not the account's rate, claims beyond what leaves would only
    wait, and be in doubt after a kill.
    """

    def __init__(self) -> None:
        self._measured_at: float | None = None
        self._total = 0
        self._leaving = 0.0
        self._behind = 0

    @property
    def behind(self) -> bool:
        """Whether less has left than is allowed, and for longer than a start takes."""
        return self._behind >= _LASTING

    def measure(self, now: float, left_total: int, *, backlog: bool, rate: float) -> None:
        """Take in that ``left_total`` mails have left by ``now`` (monotonic seconds).

        ``backlog``: mails were waiting for their turn; ``rate``: what this process may send.
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
        """How many mails may be claimed that have not left yet."""
        pace = self._leaving if self._behind else rate
        return max(_FEWEST_AHEAD[bulk], math.ceil(pace * _AHEAD_SECONDS))
