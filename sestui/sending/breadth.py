"""How much may be under way: calls in the air, and mails claimed ahead of them, by measurement."""

import math
import time
from collections.abc import Callable

_MEASURE_SECONDS = 0.5
_FEWEST_CALLS = 4
_SPARE = 1.3
"""Latency varies: so much more than its average is allowed for."""

_BUSY = 0.8
"""This much of a processor used means that more threads would only fight for it."""

_BEHIND = 0.85
_LASTING = 4
_AHEAD_SECONDS = 0.15
"""Claims wait this much sending for their slots: a chunk, and what is claimed ahead of it."""

_FEWEST_AHEAD = {False: 16, True: 100}
"""By whether calls are bulk: at least a few calls' worth."""


class Breadth:
    """Watches how many mails really leave, and bounds what is under way by that.

    Where the account's rate is what limits, calls in the air are rate × latency. Where this machine
    is (its processor, or the calls that ``most`` allows), claims beyond what leaves would only
    wait, and be in doubt after a kill.
    """

    def __init__(self, most: int, cpu: Callable[[], float] = time.process_time) -> None:
        self._most = most
        self._cpu = cpu
        self._measured_at: float | None = None
        self._total = 0
        self._cpu_total = 0.0
        self._leaving = 0.0
        self._load = 0.0
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
            self._measured_at, self._total, self._cpu_total = now, left_total, self._cpu()
            return
        seconds = now - self._measured_at
        if seconds < _MEASURE_SECONDS:
            return
        cpu = self._cpu()
        self._leaving = (left_total - self._total) / seconds
        self._load = (cpu - self._cpu_total) / seconds
        slow = backlog and self._leaving < _BEHIND * rate
        self._behind = self._behind + 1 if slow else 0
        self._measured_at, self._total, self._cpu_total = now, left_total, cpu

    def calls(self, calls_per_second: float, latency: float) -> int:
        """How many calls may be in the air; ``latency`` in seconds as measured."""
        if self._behind:
            return _FEWEST_CALLS if self._load > _BUSY else self._most
        needed = math.ceil(_SPARE * calls_per_second * latency) + _FEWEST_CALLS
        return max(_FEWEST_CALLS, min(self._most, needed))

    def ahead(self, rate: float, *, bulk: bool) -> int:
        """How many mails may be claimed that have not left yet."""
        pace = self._leaving if self._behind else rate
        return max(_FEWEST_AHEAD[bulk], math.ceil(pace * _AHEAD_SECONDS))
