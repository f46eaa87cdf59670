"""Why a mail came back, in words, and what follows from it for the address; pure."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from sestui.core.delivery.outcomes import MESSAGE_BOUNCES, PERMANENT, DeliveryOutcome


class BounceEffect(StrEnum):
    """What a bounce means for the address."""

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    SOFT = "soft"
    """It stays, unless it bounces softly again and again."""
    MESSAGE = "message"
    """It stays: the bounce says something against the message."""


UNSUBSCRIBED_RECIPIENT = "UnsubscribedRecipient"
"""Sub-type of mail that SES did not send: its subscription management knows that they left."""

_REASONS = {
    "Permanent/NoEmail": "the address doesn't exist",
    "Permanent/General": "their mail server refuses it for good",
    "Permanent/Suppressed": "SES knows the address as one that bounces, and didn't try",
    "Permanent/OnAccountSuppressionList": (
        "the address is on your account's suppression list in SES, which didn't try"
    ),
    "Permanent/OnTenantSuppressionList": (
        "the address is on your tenant's suppression list in SES, which didn't try"
    ),
    "Permanent/EmailValidationSuppressed": "SES's validation takes the address for a bad one",
    "Permanent/UnsubscribedRecipient": "they have unsubscribed through SES",
    "Transient/General": "for now: an out-of-office reply comes as this, too",
    "Transient/MailboxFull": "the mailbox was full",
    "Transient/MessageTooLarge": "it was too large for them",
    "Transient/ContentRejected": "their mail server refused its content",
    "Transient/AttachmentRejected": "their mail server refused an attachment",
    "Transient/CustomTimeoutExceeded": "their mail server didn't take it in time",
}
"""Why, by the event's type and sub-type (Amazon SES Developer Guide, "Bounce types")."""


_SAYING = frozenset(
    {
        DeliveryOutcome.BOUNCED,
        DeliveryOutcome.DELAYED,
        DeliveryOutcome.REJECTED,
        DeliveryOutcome.NOT_RENDERED,
    }
)


def has_diagnostic(outcome: str) -> bool:
    """Whether SES says with such an outcome what the receiving server, or it itself, answered."""
    return outcome in _SAYING


def bounce_effect(type: str, sub_type: str) -> BounceEffect:  # noqa: A002 - SES's name for it
    """What follows from a bounce of this type and sub-type."""
    if type == PERMANENT:
        left = sub_type == UNSUBSCRIBED_RECIPIENT
        return BounceEffect.UNSUBSCRIBED if left else BounceEffect.SUPPRESSED
    return BounceEffect.MESSAGE if sub_type in MESSAGE_BOUNCES else BounceEffect.SOFT


def bounce_effects(by_code: Iterable[tuple[str, int]]) -> Counter[BounceEffect]:
    """What follows for how many, from bounces by code (``Permanent/NoEmail``) and their number."""
    found: Counter[BounceEffect] = Counter()
    for code, count in by_code:
        kind, _, sub_type = code.partition("/")
        found[bounce_effect(kind, sub_type)] += count
    return found


_FOLLOWS = {
    BounceEffect.SUPPRESSED: "suppressed",
    BounceEffect.UNSUBSCRIBED: "unsubscribed",
    BounceEffect.SOFT: "soft bounce",
    BounceEffect.MESSAGE: "the address stays",
}


def what_follows(outcome: str, code: str) -> str:
    """What such an outcome has done to the address, in a word or two; '' for nothing."""
    if outcome == DeliveryOutcome.COMPLAINED:
        return "reported as spam, now suppressed"
    kind, _, sub_type = code.partition("/")
    is_bounce = outcome == DeliveryOutcome.BOUNCED
    return _FOLLOWS[bounce_effect(kind, sub_type)] if is_bounce else ""


def bounce_reason(code: str) -> str:
    """Why, by the event's type and sub-type; '' where these tell nothing."""
    return _REASONS.get(code, "")


def outcome_reason(outcome: str, code: str, diagnostic: str = "") -> str:
    """Why a mail did not arrive: in words with the code, then as the receiving server said it."""
    known = bounce_reason(code) if outcome == DeliveryOutcome.BOUNCED else ""
    words = f"{known} ({code})" if known else code
    said = diagnostic if has_diagnostic(outcome) else ""
    return ": ".join(part for part in (words, said) if part)
