"""A mail to one recipient, ready to be handed to SES."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

TOPIC_TAG = "sestui-topic"
"""Tag with the topic of SES's contact list, so that an event tells whether a reader has left it."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class MailAttachment:
    """A file attached to a mail."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    """Its id in the HTML (``cid:…``) if it is shown there; '' for an ordinary attachment."""

    def shown_as(self, content_id: str) -> "MailAttachment":
        """The same file with this id; '' leaves it unchanged."""
        return replace(self, content_id=content_id) if content_id else self


@dataclass(frozen=True, slots=True)
class Pattern:
    """The constant texts that all mails of a message share.

    A part with n variable pieces has n + 1 texts. A mail's pieces are those of its subject, HTML
    and text, in this order.
    """

    subject: tuple[str, ...]
    html: tuple[str, ...]
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """One recipient's mail, as the gateway puts it into a call.

    Addresses are in ASCII: names as encoded words (RFC 2047), domains in punycode.
    """

    from_address: str
    to: str
    subject: str
    html: str
    text: str
    reply_to: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Additional headers such as List-Unsubscribe; SES allows 15."""
    tags: tuple[tuple[str, str], ...] = ()
    """SES message tags, which events return; names and values of [A-Za-z0-9_-] only."""
    attachments: tuple[MailAttachment, ...] = ()
    configuration_set: str = ""
    pattern: Pattern | None = None
    """Shared by all mails of a message, so that a bulk call carries the common texts once."""
    pieces: tuple[str, ...] = ()
    """The variable pieces between the pattern's texts."""
    request: Mapping[str, Any] | None = None
    """For a relayed mail: SendEmail's arguments, sent unchanged."""

    subscription: tuple[str, str] | None = None
    """SES's contact list, and topic or '', whose unsubscribe links SES adds; None for none."""

    def shares_call(self, other: "Mail") -> bool:
        """Whether one bulk call can carry both mails."""
        return (
            self.request is None
            and other.request is None
            and self.subscription is None
            and other.subscription is None
            and self.from_address == other.from_address
            and self.reply_to == other.reply_to
            and self.configuration_set == other.configuration_set
            and self.attachments == other.attachments
        )
