"""A simulated SES that throttles, and senders that share one rate control; time is a number.

No threads, no sleeping, no database: what a governor's row does to several processes, reduced to
claims, slots and answers. Mails leave at their slots, SES decides then, and answers come in when
the process that claimed them next writes what it was told.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sestui.core.delivery.pacing import CHUNK_SECONDS, CLAIM_AHEAD_SECONDS, PACE, chunk_size
from sestui.core.delivery.rate_control import RateControl

BEGINS = 1_800_000_000.0

OfTime = Callable[[float], float]
"""A figure at so many seconds after the beginning."""


def constant(value: float) -> OfTime:
    return lambda _: value


def phases(*parts: tuple[float, float]) -> OfTime:
    """(seconds, value) one after the other; the last goes on for ever."""

    def at(seconds: float) -> float:
        for length, value in parts:
            if seconds < length:
                return value
            seconds -= length
        return parts[-1][1]

    return at


@dataclass
class SimulatedSES:
    """Refuses a share of the calls at random, and what is beyond a rate.

    ``rate`` is what is left of the account's, None: all of it; ``burst`` is how many seconds of it
    the bucket holds, and a call is refused while it is in debt.
    """

    chance: random.Random
    rate: OfTime | None = None
    share: OfTime = field(default_factory=lambda: constant(0))
    burst: float = 0.0
    _level: float = 1.0
    _at: float = 0.0

    def takes(self, seconds: float) -> bool:
        if self.rate is not None:
            rate = self.rate(seconds)
            most = max(1.0, rate * self.burst)
            self._level = min(most, self._level + (seconds - self._at) * rate)
            self._at = seconds
            if self._level < 0:
                return False
        if self.chance.random() < self.share(seconds):
            return False
        self._level -= 1
        return True


@dataclass
class Sending:
    """Senders at work; what came of it is in ``accepted`` and ``throttled``, by second."""

    ses: SimulatedSES
    account_rate: OfTime
    chance: random.Random
    processes: int = 1
    latency: float = 0.08
    jitter: float = 0.04
    demand: OfTime = field(default_factory=lambda: constant(float("inf")))
    """The most that the runs let leave, recipients a second."""
    stops_at: float = float("inf")
    """When the last of the processes ends; its answers are lost with it."""
    control: RateControl = field(default_factory=RateControl)
    accepted: list[int] = field(default_factory=list)
    throttled: list[int] = field(default_factory=list)
    allowed: list[float] = field(default_factory=list)
    """By second, as it began."""

    def run(self, seconds: float) -> "Sending":
        self.accepted = [0] * (int(seconds) + 1)
        self.throttled = [0] * (int(seconds) + 1)
        waiting: list[list[tuple[float, float, bool]]] = [[] for _ in range(self.processes)]
        ticks = [(self.chance.uniform(0, 0.06), process) for process in range(self.processes)]
        heapq.heapify(ticks)
        tat = 0.0
        while (now := ticks[0][0]) < seconds:
            _, process = heapq.heappop(ticks)
            if process == self.processes - 1 and now >= self.stops_at:
                continue
            heapq.heappush(ticks, (now + self.chance.uniform(0.025, 0.06), process))
            self._answer(waiting[process], now)
            tat = self._claim(waiting[process], now, tat)
        return self

    def _answer(self, waiting: list[tuple[float, float, bool]], now: float) -> None:
        told: tuple[list[float], list[float]] = ([], [])
        while waiting and waiting[0][0] <= now:
            _, claimed_at, taken = heapq.heappop(waiting)
            told[not taken].append(BEGINS + claimed_at)
        self.control = self.control.observe(*told, rate=self.account_rate(now), now=BEGINS + now)
        while len(self.allowed) <= now:
            self.allowed.append(self.control.allowed(self.account_rate(now), BEGINS + now))

    def _claim(self, waiting: list[tuple[float, float, bool]], now: float, tat: float) -> float:
        rate = min(self.control.allowed(self.account_rate(now), BEGINS + now), self.demand(now))
        if rate <= 0:
            return tat
        for _ in range(4):
            tat = max(tat, now)
            if tat > now + CHUNK_SECONDS + CLAIM_AHEAD_SECONDS:
                break
            for _ in range(chunk_size(rate)):
                taken = self.ses.takes(tat)
                (self.accepted if taken else self.throttled)[
                    min(int(tat), len(self.accepted) - 1)
                ] += 1
                latency = self.latency + self.chance.uniform(-self.jitter, self.jitter)
                heapq.heappush(waiting, (tat + latency, now, taken))
                tat += 1 / (rate * PACE)
        return tat

    def goodput(self, begin: int = 0, end: int | None = None) -> float:
        """Accepted mails a second."""
        part = self.accepted[begin:-1][: None if end is None else end - begin]
        return sum(part) / len(part)

    def throttled_share(self, begin: int = 0, end: int | None = None) -> float:
        """The share of the mails that was throttled."""
        last = len(self.throttled) - 1 if end is None else end
        refused = sum(self.throttled[begin:last])
        return refused / max(1, refused + sum(self.accepted[begin:last]))
