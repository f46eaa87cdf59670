"""When bounces and complaints are too many to go on: rates as SES counts them, and their lines.

The breaker's lines lie below :data:`SES_LINES`. Chance alone crosses none: what counts is the lower
end of the rate's confidence interval (Wilson's), and samples under a least size are not judged.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from sestui.core.delivery.outcomes import OWN_SUPPRESSIONS, PERMANENT, DeliveryOutcome
from sestui.core.percent import rate_percent, set_percent


@dataclass(frozen=True, slots=True)
class SesLines:
    """Shares of 1 at which SES acts."""

    review: float
    """It puts the account under review."""
    pause: float
    """It may pause the account."""


SES_LINES = {"bounced": SesLines(0.05, 0.10), "complained": SesLines(0.001, 0.005)}
"""As in "Reputation metrics" of SES's developer guide."""

MAILBOX_SIMULATOR = "@simulator.amazonses.com"
"""Mail to SES's test mailboxes counts in no rate."""

LEAST_MAILS = 100
"""Smaller samples are not judged."""
_LEAST = {"bounced": 10, "complained": 5}
"""So many bounces and complaints there must be, however small the sample."""

COMPLAINT_VOLUMES = 10
"""Complaints are so rare that their sample is so many times as large."""

_SURE = 3.0
"""Standard deviations by which a rate must be above its line for a pause: once in some 700 looks at
a rate that is on the line, and never in practice at one that is well below."""
_LIKELY = 1.645
"""The same for a warning: once in 20."""


def counts_as_bounce(outcome: str, code: str) -> bool:
    """Whether SES counts it in the bounce rate: permanent, and not by one's own suppression."""
    kind, _, sub_type = code.partition("/")
    is_hard = outcome == DeliveryOutcome.BOUNCED and kind == PERMANENT
    return is_hard and sub_type not in OWN_SUPPRESSIONS


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """The lines, as shares of 1; 0 switches one off."""

    bounce_warning: float = 0.04
    bounce_pause: float = 0.08
    complaint_warning: float = 0.0008
    complaint_pause: float = 0.004
    volume: int = 10_000
    """The newest mails that a bounce rate is of; complaints: :data:`COMPLAINT_VOLUMES` times."""

    @property
    def is_off(self) -> bool:
        """Whether nothing can trip it."""
        return not (
            self.bounce_warning
            or self.bounce_pause
            or self.complaint_warning
            or self.complaint_pause
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """Mails whose outcome is known, newest first until there are enough."""

    mails: int = 0
    bounced: int = 0
    complaint_mails: int = 0
    """The larger sample, of which ``complained`` is a part."""
    complained: int = 0


class Level(StrEnum):
    """What a rate calls for."""

    WARNING = "warning"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Crossing:
    """A line that a rate has crossed."""

    level: Level
    what: str
    """``bounced`` or ``complained``."""
    count: int
    mails: int
    line: float

    @property
    def rate(self) -> float:
        """The share of the sample."""
        return self.count / self.mails

    def sentence(self, whose: str) -> str:
        """``9.3 % of the last 1,240 mails of this run have bounced (115; …).``"""
        sample = f"the last {self.mails:,} mails {whose}"
        done = "have bounced" if self.what == "bounced" else "have been reported as spam"
        ends = set_percent(SES_LINES[self.what].pause)
        return (
            f"{rate_percent(self.rate)} of {sample} {done} ({self.count:,}; the line is "
            f"{rate_percent(self.line)}, and SES pauses accounts at {ends})."
        )


def crossing(sample: Sample, rule: BreakerRule) -> Crossing | None:
    """The worst line that the sample has crossed; None: none, or it is too small to tell."""
    bounced = ("bounced", sample.bounced, sample.mails)
    complained = ("complained", sample.complained, sample.complaint_mails)
    for level, z, lines in (
        (Level.PAUSE, _SURE, (rule.bounce_pause, rule.complaint_pause)),
        (Level.WARNING, _LIKELY, (rule.bounce_warning, rule.complaint_warning)),
    ):
        for (what, count, mails), line in zip((bounced, complained), lines, strict=True):
            if not line or mails < LEAST_MAILS or count < _LEAST[what]:
                continue
            if lower_bound(count, mails, z) >= line:
                return Crossing(level, what, count, mails, line)
    return None


def contributes(sample: Sample, rule: BreakerRule, what: str) -> bool:
    """Whether mail at this rate makes worse what others have caused: it is above the warning line.

    Cleaner mail lowers the account's rate, so nothing is won by holding it.
    """
    if what == "bounced":
        line = rule.bounce_warning or rule.bounce_pause
        return sample.mails >= LEAST_MAILS and sample.bounced >= line * sample.mails
    line = rule.complaint_warning or rule.complaint_pause
    mails = sample.complaint_mails
    return mails >= LEAST_MAILS and sample.complained >= max(2.0, line * mails)


def lower_bound(count: int, mails: int, z: float) -> float:
    """The lower end of Wilson's interval: a rate that the true one is above, almost surely.

    Raises:
        ValueError: there are no mails.
    """
    if mails <= 0:
        raise ValueError("There is no rate of no mails.")
    count = min(count, mails)
    share, square = count / mails, z * z
    middle = share + square / (2 * mails)
    spread = z * sqrt(share * (1 - share) / mails + square / (4 * mails * mails))
    return max(0.0, (middle - spread) / (1 + square / mails))
