"""Frequency limits: how many mails of campaigns a contact gets at most in a rolling period."""

import re
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.errors import UsageError

_HOUR = 3_600
_SECONDS = {"hour": _HOUR, "day": 24 * _HOUR, "week": 168 * _HOUR, "month": 720 * _HOUR}
"""A month is 30 days, so that a limit means the same in all of them."""
_LONGEST = 366 * 24 * _HOUR
_LIMIT = re.compile(r"(\d{1,4})\s+per\s+(?:(\d{1,4})\s+)?(hour|day|week|month)s?")


@dataclass(frozen=True, slots=True)
class FrequencyLimit:
    """At most so many mails in any period of that length."""

    mails: int
    periods: int
    unit: str
    """``hour``, ``day``, ``week`` or ``month``."""

    @property
    def text(self) -> str:
        """As campaigns have it: ``2 per week``, ``1 per 3 days``."""
        period = self.unit if self.periods == 1 else f"{self.periods} {self.unit}s"
        return f"{self.mails} per {period}"

    def since(self, now: Instant) -> Instant:
        """Mails handed over after this count at ``now``."""
        return now - self.periods * _SECONDS[self.unit]


@dataclass(frozen=True, slots=True)
class OverLimit:
    """How many of an audience have been sent as much as a campaign's limit allows."""

    recipients: int = 0
    at_most: str = ""
    """The limit; '' for none."""

    def sentence(self) -> str:
        """What that means for a run that starts now; '' if it is nobody."""
        if not self.recipients:
            return ""
        one = self.recipients == 1
        who = "1 recipient has" if one else f"{self.recipients:,} recipients have"
        return (
            f"{who} already been sent as much as at_most ({self.at_most}) allows: they are "
            "skipped unless that has changed when their turn comes."
        )


def parse_frequency(text: str) -> FrequencyLimit:
    """Parse ``2 per week``; units are hours, days, weeks and months of 30 days.

    Raises:
        UsageError: it isn't one.
    """
    found = _LIMIT.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(
            f"{text!r} is not a limit; write how many mails in which time, as in 2 per week, "
            "1 per day, 5 per month or 1 per 3 days."
        )
    limit = FrequencyLimit(int(found[1]), int(found[2] or 1), found[3])
    if not limit.mails or not limit.periods:
        raise UsageError(f"{text!r} would let nobody have any mail; write 1 or more.")
    if limit.since(0) < -_LONGEST:
        raise UsageError(f"{text!r} is too long a time; a limit looks back a year at most.")
    return limit
