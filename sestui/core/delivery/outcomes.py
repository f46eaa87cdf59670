"""What became of a mail after SES took it: one outcome, whatever order the events come in.

Outcomes are facts beside a delivery's state, never instead of it. Events arrive late, twice and out
of order, so an outcome is the greatest of all that was reported, by the order of :func:`weight`.
"""

from dataclasses import dataclass
from enum import StrEnum

from sestui.core.clock import Instant


class DeliveryOutcome(StrEnum):
    """What is known of an accepted mail."""

    DELAYED = "delayed"
    """The receiving server has put it off; SES goes on trying."""
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    """Delivered, and reported as spam."""
    REJECTED = "rejected"
    """SES found a virus in it."""
    NOT_RENDERED = "not_rendered"
    """SES could not fill in its template: no mail was made."""

    @property
    def label(self) -> str:
        """The outcome as people read it: ``not rendered``, not ``not_rendered``."""
        return self.value.replace("_", " ")


PERMANENT = "Permanent"
TRANSIENT = "Transient"
OWN_SUPPRESSIONS = frozenset({"OnAccountSuppressionList", "OnTenantSuppressionList"})
"""Sub-types of mail to addresses on one's own suppression lists at SES, which it does not send."""
MESSAGE_BOUNCES = frozenset({"MessageTooLarge", "ContentRejected", "AttachmentRejected"})
"""Sub-types of bounces that say something against the message, and nothing of the mailbox."""
AUTO_REPLY = "General"
"""Sub-type of the transient bounces that out-of-office replies come as, among others."""


@dataclass(frozen=True, slots=True)
class ReportedOutcome:
    """An outcome as one event reports it."""

    outcome: DeliveryOutcome
    at: Instant
    type: str = ""
    """Bounce: Permanent, Transient or Undetermined. Complaint: abuse, fraud and so on."""
    sub_type: str = ""
    diagnostic: str = ""
    """What the receiving server or SES said."""

    @property
    def code(self) -> str:
        """``Permanent/NoEmail``; '' where there is no type."""
        return "/".join(part for part in (self.type, self.sub_type) if part)


def weight(reported: ReportedOutcome) -> int:
    """How much an outcome tells: of two events the one with the greater weight is the outcome.

    A mail that was delivered can still bounce or be complained of. A transient bounce of the sort
    that out-of-office replies cause says nothing against a delivery.
    """
    if reported.outcome is DeliveryOutcome.BOUNCED:
        if reported.type == PERMANENT:
            return 6
        is_reply = reported.type == TRANSIENT and reported.sub_type in {"", AUTO_REPLY}
        return 2 if is_reply else 4
    return _WEIGHTS[reported.outcome]


_WEIGHTS = {
    DeliveryOutcome.DELAYED: 1,
    DeliveryOutcome.DELIVERED: 3,
    DeliveryOutcome.REJECTED: 5,
    DeliveryOutcome.NOT_RENDERED: 5,
    DeliveryOutcome.COMPLAINED: 7,
}


def stronger(first: ReportedOutcome | None, second: ReportedOutcome | None) -> ReportedOutcome:
    """The one of two that holds; of equals the earlier, so that the order of arrival is no matter.

    Raises:
        ValueError: there is neither.
    """
    given = [each for each in (first, second) if each is not None]
    if not given:
        raise ValueError("There is no outcome to choose from.")
    return min(given, key=lambda each: (-weight(each), each.at, each.code, each.diagnostic))
