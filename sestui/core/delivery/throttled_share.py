"""The share of throttled answers, and what a cut of the rate shows of its cause.

SES refuses a call with its throttle error for two reasons that a single answer doesn't tell apart:
the rate is beyond what is left of the account's, or a share of the calls is refused whatever the
rate. Counted are mails that SES accepted and mails that it throttled by rate: a refusal, a lost
answer, the daily quota or a throttled bulk call say nothing of the rate.
"""

import math
from dataclasses import dataclass

from sestui.core.clock import Instant

_WINDOW_SECONDS = 1.0
_WINDOW_ANSWERS = 20

OUTAGE = 0.9
"""From this share on a window tells that SES took nothing, not how much it would take."""
_ACCEPTED_AGAIN = 5
"""So many that are accepted, and none throttled, end an outage without a full window."""

_LEAST_SHARE = 0.005
"""No share is taken to be less likely than this, or its opposite."""


@dataclass(frozen=True, slots=True)
class ShareWindow:
    """Answers that are being counted."""

    accepted: int = 0
    throttled: int = 0
    seconds: float = 0.0
    """Time in which they came, without pauses."""
    at: Instant | None = None
    """When the last ones came; None: the window has not opened yet."""

    @property
    def answers(self) -> int:
        """How many."""
        return self.accepted + self.throttled

    @property
    def share(self) -> float:
        """The share that was throttled, 0 to 1."""
        return self.throttled / self.answers if self.answers else 0.0

    @property
    def offered(self) -> float:
        """Answers a second, which is how fast mail really left."""
        return self.answers / self.seconds

    @property
    def goodput(self) -> float:
        """Accepted mails a second."""
        return self.accepted / self.seconds

    @property
    def is_full(self) -> bool:
        """Whether there is enough of it to be judged."""
        return self.seconds >= _WINDOW_SECONDS and self.answers >= _WINDOW_ANSWERS

    def z_score(self, share: float, known_from: int) -> float:
        """By how many standard z_score more were throttled than a ``share`` leads to expect.

        ``known_from`` is the number of answers in which the share was seen: few leave it vague.
        """
        expected = _possible(share)
        variance = self.answers * expected * (1 - expected) * (1 + self.answers / known_from)
        return (self.throttled - self.answers * expected) / math.sqrt(variance)


@dataclass(frozen=True, slots=True)
class Trial:
    """A cut that has yet to show whether it lowers the share."""

    limit: float | None
    """The limit before it, to go back to."""
    share: float
    """The share of throttled answers before it: what remains if it is background."""
    goodput: float
    """Accepted mails a second before it: what remains if it is a limit."""
    answers: int
    """In how many answers the share was seen."""
    second: bool = False
    """The first one found a background, or the end of an outage, and this one has to confirm it."""

    def is_over(self, window: ShareWindow) -> bool:
        """Whether an outage has ended: a few that SES took tell as much as many would."""
        took = window.accepted >= _ACCEPTED_AGAIN and not window.throttled
        return self.share >= OUTAGE and took and window.seconds >= _WINDOW_SECONDS

    def pooled_share(self, window: ShareWindow) -> float:
        """The share before the cut and since, pooled."""
        throttled = self.share * self.answers + window.throttled
        return throttled / (self.answers + window.answers)

    def log_odds(self, window: ShareWindow) -> float:
        """The logarithm of the odds that the share is background rather than a limit's."""
        background = _possible(self.share)
        limited = _possible(1 - self.goodput / window.offered)
        return window.throttled * math.log(background / limited) + window.accepted * math.log(
            (1 - background) / (1 - limited)
        )


def _possible(share: float) -> float:
    """The share as a chance that is neither impossible nor certain."""
    return min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)
