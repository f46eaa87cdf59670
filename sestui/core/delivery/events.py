"""What a delivery's events add up to: a pure function of their set, in any order."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sestui.core.clock import Instant
from sestui.core.delivery.bounces import BounceEffect, bounce_effect
from sestui.core.delivery.machine_opens import is_prompt
from sestui.core.delivery.outcomes import (
    AUTO_REPLY,
    OWN_SUPPRESSIONS,
    PERMANENT,
    TRANSIENT,
    DeliveryOutcome,
    ReportedOutcome,
    stronger,
)


class EventKind(StrEnum):
    """What an event of SES reports, in SES's spelling."""

    SEND = "Send"
    DELIVERY = "Delivery"
    DELAY = "DeliveryDelay"
    BOUNCE = "Bounce"
    COMPLAINT = "Complaint"
    REJECT = "Reject"
    RENDERING_FAILURE = "Rendering Failure"
    OPEN = "Open"
    CLICK = "Click"
    SUBSCRIPTION = "Subscription"


NOT_SPAM = "not-spam"
"""Feedback type of a "complaint" by which somebody took a mail out of the spam folder."""

OUTCOME_OF = {
    EventKind.DELIVERY: DeliveryOutcome.DELIVERED,
    EventKind.DELAY: DeliveryOutcome.DELAYED,
    EventKind.BOUNCE: DeliveryOutcome.BOUNCED,
    EventKind.COMPLAINT: DeliveryOutcome.COMPLAINED,
    EventKind.REJECT: DeliveryOutcome.REJECTED,
    EventKind.RENDERING_FAILURE: DeliveryOutcome.NOT_RENDERED,
}
"""The other kinds say nothing of what became of the mail, but that it was sent."""


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event of one delivery, as far as its facts depend on it."""

    kind: EventKind
    at: Instant
    type: str = ""
    """Of bounces, complaints and delays: see ``ses_api.events``."""
    sub_type: str = ""
    detail: str = ""
    """Bounce and the like: the diagnostic, else its status. Click: the link."""
    by_machine: bool = False
    """Open and click: the agent is no person's."""
    unsubscribes: bool = False
    """Subscription: they want no more mail."""


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What is known of one accepted mail."""

    reported: ReportedOutcome | None = None
    opened_at: Instant | None = None
    """When a person first opened it, or followed a link in it; None: nobody is known to have."""
    clicked_at: Instant | None = None
    """When a person first followed a link."""


def facts_of(events: Iterable[MailEvent], accepted_at: Instant | None) -> MailFacts:
    """The facts that a delivery's events add up to.

    Clicks are judged by their distance to the delivery, or to ``accepted_at`` while no delivery
    has been reported.
    """
    given = list(events)
    reported: ReportedOutcome | None = None
    for event in given:
        if (found := _outcome_of(event)) is not None:
            reported = stronger(reported, found)
    delivered = [event.at for event in given if event.kind is EventKind.DELIVERY]
    since = min(delivered, default=accepted_at)
    clicks = [
        event.at
        for event in given
        if event.kind is EventKind.CLICK and not event.by_machine and not is_prompt(event.at, since)
    ]
    opens = [event.at for event in given if event.kind is EventKind.OPEN and not event.by_machine]
    # Who follows a link has opened the mail, with pictures or without.
    return MailFacts(reported, min([*opens, *clicks], default=None), min(clicks, default=None))


def _outcome_of(event: MailEvent) -> ReportedOutcome | None:
    outcome, kind = OUTCOME_OF.get(event.kind), event.type
    if outcome is None or _is_not_spam(event) or is_auto_reply(event):
        return None
    if event.kind is EventKind.COMPLAINT and event.sub_type in OWN_SUPPRESSIONS:
        # They complained of an earlier mail. SES has not sent this one, and says so by a complaint.
        outcome, kind = DeliveryOutcome.BOUNCED, PERMANENT
    return ReportedOutcome(outcome, event.at, kind, event.sub_type, event.detail)


def _is_not_spam(event: MailEvent) -> bool:
    """Feedback types are the same in capitals (RFC 5965)."""
    return event.kind is EventKind.COMPLAINT and event.type.lower() == NOT_SPAM


class RefusalReason(StrEnum):
    """By what somebody has said that they take no more mail: the reason of their suppression."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    """Not suppressed: their contact's status."""


_REFUSALS = {
    BounceEffect.SUPPRESSED: RefusalReason.BOUNCED,
    BounceEffect.UNSUBSCRIBED: RefusalReason.UNSUBSCRIBED,
}


def refusal_of(event: MailEvent) -> RefusalReason | None:
    """Whether an event means that its recipients must not be mailed any more, and why."""
    if event.kind is EventKind.SUBSCRIPTION:
        return RefusalReason.UNSUBSCRIBED if event.unsubscribes else None
    if event.kind is EventKind.COMPLAINT:
        return None if _is_not_spam(event) else RefusalReason.COMPLAINED
    if event.kind is EventKind.BOUNCE:
        return _REFUSALS.get(bounce_effect(event.type, event.sub_type))
    return None


def is_soft_bounce(event: MailEvent) -> bool:
    """Whether the mailbox takes no mail for now: it is full, or its server is down."""
    is_bounce = event.kind is EventKind.BOUNCE and not is_auto_reply(event)
    return is_bounce and bounce_effect(event.type, event.sub_type) is BounceEffect.SOFT


def is_auto_reply(event: MailEvent) -> bool:
    """Whether a "bounce" is an automatic reply, such as an out-of-office note, as far as one can
    tell: a mail server that bounces says why, and a reply has no such report.

    By event publishing a delivery is reported beside it; feedback of an identity may have it alone.
    Source: "Bounce types" in the SES developer guide, which says that SES doesn't count them.
    """
    is_general = event.type == TRANSIENT and event.sub_type in {"", AUTO_REPLY}
    return event.kind is EventKind.BOUNCE and is_general and not event.detail
