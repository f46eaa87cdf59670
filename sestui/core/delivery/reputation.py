"""Bounces and complaints of the newest mails, beside the lines at which SES acts; pure."""

from dataclasses import dataclass
from typing import Any

from sestui.core.delivery.breaker import SES_LINES, BreakerRule, Sample, SesLines
from sestui.core.percent import rate_percent, set_percent


@dataclass(frozen=True, slots=True)
class KnownRate:
    """How many of the newest mails whose outcome is known bounced, or were complained of."""

    what: str
    """``bounced`` or ``complained``."""
    count: int
    mails: int
    """The sample's size; 0: nothing is known yet."""
    ses: SesLines
    warns_at: float
    """The share from which the breaker warns; 0: never."""
    pauses_at: float
    """The share from which the breaker pauses runs; 0: never."""

    @property
    def share(self) -> float:
        """Of 1."""
        return self.count / self.mails if self.mails else 0.0

    def sentence(self) -> str:
        """``0.42 % of the last 10,000 mails (42); SES reviews accounts at 5 % and …``."""
        if not self.mails:
            return "no delivery events yet"
        review, pause = set_percent(self.ses.review), set_percent(self.ses.pause)
        lines = f"SES reviews accounts at {review} and pauses them at {pause}"
        acts = [
            f"{verb} at {set_percent(line)}"
            for verb, line in (("warns", self.warns_at), ("pauses runs", self.pauses_at))
            if line
        ]
        breaker = f", sestui {' and '.join(acts)}" if acts else ", the breaker is off"
        sample = f"the last {self.mails:,} mails ({self.count:,})"
        return f"{rate_percent(self.share)} of {sample}; {lines}{breaker}"

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``; shares are of 1."""
        return {
            "count": self.count,
            "mails": self.mails,
            "rate": self.share if self.mails else None,
            "ses_review": self.ses.review,
            "ses_pause": self.ses.pause,
            "breaker_warning": self.warns_at or None,
            "breaker_pause": self.pauses_at or None,
        }


def known_rates(sample: Sample, rule: BreakerRule) -> tuple[KnownRate, KnownRate]:
    """The rates of bounces and of complaints."""
    return (
        KnownRate("bounced", sample.bounced, sample.mails, SES_LINES["bounced"],
                  rule.bounce_warning, rule.bounce_pause),
        KnownRate("complained", sample.complained, sample.complaint_mails, SES_LINES["complained"],
                  rule.complaint_warning, rule.complaint_pause),
    )  # fmt: skip
