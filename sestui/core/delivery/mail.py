"""One mail to one recipient, ready to be handed to SES."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, weakref_slot=True)
class MailAttachment:
    """A file that travels with the mail."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    """What the HTML names it by (``cid:…``) where it is shown in it; '' for a file to be saved."""

    def shown_as(self, content_id: str) -> "MailAttachment":
        """The same file, shown in the HTML by this name; '' leaves it as it is."""
        return replace(self, content_id=content_id) if content_id else self


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the mails of one message have in common: the texts around their pieces.

    Each part with n pieces has n + 1 texts. A mail's pieces are those of its subject, its HTML and
    its text, in this order.
    """

    subject: tuple[str, ...]
    html: tuple[str, ...]
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """What one recipient gets; the gateway puts it into a call as it is.

    Addresses are as SES takes them: ASCII, names as RFC 2047 words, domains in punycode.
    """

    from_address: str
    to: str
    subject: str
    html: str
    text: str
    reply_to: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Extra headers, at most 15 (SES), such as List-Unsubscribe."""
    tags: tuple[tuple[str, str], ...] = ()
    """SES message tags: names and values of [A-Za-z0-9_-] only; events carry them back."""
    attachments: tuple[MailAttachment, ...] = ()
    configuration_set: str = ""
    pattern: Pattern | None = None
    """One object for all mails of a message, so that a bulk call can carry what they share once."""
    pieces: tuple[str, ...] = ()
    """What makes subject, HTML and text of the pattern's texts."""
    request: Mapping[str, Any] | None = None
    """A relayed mail: the whole of SendEmail's arguments, which are sent as they are."""

    def shares_call(self, other: "Mail") -> bool:
        """Whether one bulk call can carry both: it says once what this compares."""
        return (
            self.request is None
            and other.request is None
            and self.from_address == other.from_address
            and self.reply_to == other.reply_to
            and self.configuration_set == other.configuration_set
            and self.attachments == other.attachments
        )
