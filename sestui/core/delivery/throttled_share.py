"""The share of throttled answers, and statistics to find its cause.

SES throttles calls for two reasons that a single answer doesn't distinguish: the rate is too high,
or a share of calls is refused at any rate. Only accepted mails and those throttled by rate are
counted, as other results say nothing about the rate.
"""

import math
from dataclasses import dataclass

from sestui.core.clock import Instant

_WINDOW_SECONDS = 1.0
_WINDOW_ANSWERS = 20

OUTAGE = 0.9
"""From this share on, SES accepts nothing, and a window doesn't show how much it would."""
_ACCEPTED_AGAIN = 5
"""Accepted answers, with none throttled, that end an outage before the window is full."""

_LEAST_SHARE = 0.005
"""Lowest probability, and highest for its complement."""


@dataclass(frozen=True, slots=True)
class ShareWindow:
    """Counts of answers in a window of time."""

    accepted: int = 0
    throttled: int = 0
    seconds: float = 0.0
    """Duration without pauses."""
    at: Instant | None = None
    """When the last answers came; None if the window has not opened yet."""

    @property
    def answers(self) -> int:
        """Number of answers."""
        return self.accepted + self.throttled

    @property
    def share(self) -> float:
        """The throttled share, 0 to 1."""
        return self.throttled / self.answers if self.answers else 0.0

    @property
    def offered(self) -> float:
        """Answers a second: the actual rate of sending."""
        return self.answers / self.seconds

    @property
    def goodput(self) -> float:
        """Accepted mails a second."""
        return self.accepted / self.seconds

    @property
    def is_full(self) -> bool:
        """Whether it holds enough answers to be judged."""
        return self.seconds >= _WINDOW_SECONDS and self.answers >= _WINDOW_ANSWERS

    def z_score(self, share: float, known_from: int) -> float:
        """Standard deviations by which the throttled answers exceed ``share``.

        ``known_from`` is the number of answers from which the share was estimated.
        """
        expected = _possible(share)
        variance = self.answers * expected * (1 - expected) * (1 + self.answers / known_from)
        return (self.throttled - self.answers * expected) / math.sqrt(variance)


@dataclass(frozen=True, slots=True)
class Trial:
    """A cut of the rate, to see whether it lowers the throttled share."""

    limit: float | None
    """The limit before the cut."""
    share: float
    """The throttled share before the cut, which stays the same if it is background."""
    goodput: float
    """Accepted mails a second before the cut, which stay the same under a limit."""
    answers: int
    """Number of answers behind the share."""
    second: bool = False
    """Whether it is to confirm what a first trial found."""

    def is_over(self, window: ShareWindow) -> bool:
        """Whether an outage has ended; a few accepted answers are enough."""
        took = window.accepted >= _ACCEPTED_AGAIN and not window.throttled
        return self.share >= OUTAGE and took and window.seconds >= _WINDOW_SECONDS

    def pooled_share(self, window: ShareWindow) -> float:
        """The share before the cut and since, pooled."""
        throttled = self.share * self.answers + window.throttled
        return throttled / (self.answers + window.answers)

    def log_odds(self, window: ShareWindow) -> float:
        """Log odds that the share is background rather than caused by a limit."""
        background = _possible(self.share)
        limited = _possible(1 - self.goodput / window.offered)
        return window.throttled * math.log(background / limited) + window.accepted * math.log(
            (1 - background) / (1 - limited)
        )


def _possible(share: float) -> float:
    """The share as a probability strictly between 0 and 1."""
    return min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)
