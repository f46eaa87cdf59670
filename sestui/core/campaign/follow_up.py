"""Follow-ups: which part of an audience a new run is for."""

from dataclasses import dataclass
from enum import StrEnum


class Only(StrEnum):
    """The part of an audience that a new run is for, by the results of earlier runs.

    None includes contacts who got the campaign, or may have (in doubt or in flight).
    """

    FAILED = "failed"
    """SES rejected the mail to them."""
    UNRECEIVED = "unreceived"
    """They have not got it, for whatever reason."""
    JOINED = "joined"
    """They have no delivery in any earlier run."""


@dataclass(frozen=True, slots=True)
class MailedBefore:
    """How many of those who would be mailed now may have the campaign already."""

    recipients: int = 0
    """All of them, whichever runs mailed them: who was mailed twice counts once."""
    run: int = 0
    """The number of the run that mailed most of them; 0: none did."""
    by_run: int = 0
    """How many that run mailed."""

    def sentence(self, audience: int) -> str:
        """How many of the ``audience`` get it once more, and where they have it from."""
        if not self.recipients:
            return "It has been sent before, but to nobody who would get it now."
        if audience == self.recipients == 1:
            return f"It has been sent before: this recipient has been mailed by run {self.run}."
        whole = f"{self.recipients:,} of these {audience:,} recipients"
        if self.recipients >= audience:
            whole = f"all {audience:,} recipients"
        have = "has" if self.recipients == 1 else "have"
        most = f" by run {self.run}"
        if self.by_run < self.recipients:
            most = f", {self.by_run:,} of them{most}"
        again = "That one gets" if self.recipients == 1 else "They get"
        return f"It has been sent before: {whole} {have} been mailed{most}. {again} it again."
