"""The rate of a run, measured from how its answered deliveries grow; pure."""

from bisect import bisect_left
from collections import deque
from itertools import pairwise

KEPT_SECONDS = 62.0
"""A minute for the sparkline and a little for its edges."""

_WINDOW_SECONDS = 5.0


class RateMeter:
    """Takes samples of a growing total; tells the rate now and over the last minute."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, at: float, total: int) -> None:
        """A sample at monotonic second ``at``; a total that shrank starts the measuring anew."""
        if self._samples and total < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((at, total))
        while len(self._samples) > 1 and self._samples[1][0] < at - KEPT_SECONDS:
            self._samples.popleft()

    def rate(self) -> float:
        """Answers a second over the last five seconds, or since the first sample."""
        if len(self._samples) < 2:
            return 0.0
        at, total = self._samples[-1]
        since = max(at - _WINDOW_SECONDS, self._samples[0][0])
        return (total - self._total_at(since)) / (at - since) if at > since else 0.0

    def history(self, seconds: int) -> list[float]:
        """Answers in each of the last ``seconds`` whole seconds that were measured, oldest first.

        Samples come a few times a second: what lies between two is spread evenly, or each second
        would swing by a whole batch.
        """
        if len(self._samples) < 2:
            return []
        first, last = self._samples[0][0], self._samples[-1][0]
        measured = min(seconds, int(last - first))
        edges = [self._total_at(last - back) for back in range(measured, -1, -1)]
        return [after - before for before, after in pairwise(edges)]

    def _total_at(self, at: float) -> float:
        samples = self._samples
        index = bisect_left(samples, at, key=lambda sample: sample[0])
        if index == 0:
            return samples[0][1]
        if index == len(samples):
            return samples[-1][1]
        (left, before), (right, after) = samples[index - 1], samples[index]
        return before + (after - before) * (at - left) / (right - left)
