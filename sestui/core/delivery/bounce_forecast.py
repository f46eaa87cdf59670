"""Forecast how many of an audience will bounce; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sestui.core.delivery.breaker import LEAST_MAILS, Sample
from sestui.core.percent import rate_percent


class BounceRisk(StrEnum):
    """How likely a contact bounces, by what is known of it; the first group that applies."""

    INVALID = "invalid"
    """By the last check of its address; contacts whose status says so aren't mailed at all."""
    BOUNCED = "bounced"
    """The last mail to it bounced, and it may be mailed all the same."""
    NEW = "new"
    """Never mailed."""
    SILENT = "silent"
    """Nothing is known of it for :data:`SILENT_DAYS`: mailboxes are given up."""
    KNOWN = "known"
    """Mailed since, and it didn't bounce."""


SILENT_DAYS = 180

_SHARES = {
    BounceRisk.INVALID: 0.9,
    BounceRisk.BOUNCED: 0.25,
    BounceRisk.NEW: 0.03,
    BounceRisk.SILENT: 0.02,
    BounceRisk.KNOWN: 0.003,
}
"""Expected shares that bounce: rules of thumb, not measurements. Lists of unknown origin bounce at
several per cent, mailboxes are given up at 2 to 3 % in half a year, and what took the last mail
takes the next one."""

_MEASURED_FROM = 10 * LEAST_MAILS
"""From so many mails on, the account's own rate replaces the share of those who are known."""


@dataclass(frozen=True, slots=True)
class BounceForecast:
    """Expected bounces of a run."""

    groups: Mapping[BounceRisk, int]
    """Recipients by what is known of them."""
    expected: float
    sampled: bool = False
    """Whether the groups are scaled up from a sample of the audience."""

    @property
    def recipients(self) -> int:
        """How many they are."""
        return sum(self.groups.values())

    @property
    def share(self) -> float:
        """The expected bounces' share of the recipients."""
        return self.expected / self.recipients if self.recipients else 0.0

    def sentence(self) -> str:
        """``About 90 of 3,000 may bounce (3.0 %): 2,900 have never been mailed.``

        '' if there is nobody to be mailed.
        """
        if not self.recipients:
            return ""
        count = round(self.expected)
        whom = f"{self.recipients:,}"
        said = f"About {count:,} of {whom} may bounce" if count else f"None of {whom} should bounce"
        share = f" ({rate_percent(self.share)})" if count else ""
        about = "about " if self.sampled else ""
        why = [
            f"{about}{number:,} {_SAID[group][number != 1]}"
            for group in _SAID
            if (number := self.groups.get(group, 0))
        ]
        reasons = f": {', '.join(why)}" if why else ""
        return f"{said}{share}{reasons}."


_SAID = {
    BounceRisk.NEW: ("has never been mailed", "have never been mailed"),
    BounceRisk.SILENT: (
        f"has not been heard of for {SILENT_DAYS} days",
        f"have not been heard of for {SILENT_DAYS} days",
    ),
    BounceRisk.BOUNCED: ("bounced the last time", "bounced the last time"),
    BounceRisk.INVALID: ("failed its address check", "failed their address check"),
}


def bounce_forecast(
    groups: Mapping[BounceRisk, int], account: Sample, *, sampled: bool = False
) -> BounceForecast:
    """Expect bounces of ``groups``; ``account`` is what the newest mails did."""
    shares = dict(_SHARES)
    if account.mails >= _MEASURED_FROM:
        shares[BounceRisk.KNOWN] = account.bounced / account.mails
    expected = sum(count * shares[group] for group, count in groups.items())
    return BounceForecast(groups, expected, sampled)
