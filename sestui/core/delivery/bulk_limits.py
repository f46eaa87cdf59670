"""What a bulk call may carry; sizes are bytes of its JSON as it goes over the wire."""

from collections.abc import Sequence

from sestui.core.delivery.mail import MailAttachment, Pattern

CALL_BYTES = 800_000
"""SES takes 1 MB of JSON in a call with an inline template (docs/ses.md). Its guide says so of the
whole input: it excepts no attachments, so they count. JSON's escapes need the rest."""

TEMPLATE_BYTES = 400_000
"""SES takes a template of 500 KB (docs/ses.md); mails that have more text in common go singly."""

ENTRY_BYTES = 200_000
"""SES takes 262,144 bytes of data an entry (docs/ses.md); a larger mail goes singly."""

_FILE_FRAME = 256
"""Room for the names of an attachment's members and their values other than text."""


def text_bytes(text: str) -> int:
    """About how long JSON makes it: what isn't ASCII is escaped, six bytes a letter."""
    return len(text) if text.isascii() else 6 * len(text)


def shared_bytes(pattern: Pattern | None, attachments: Sequence[MailAttachment]) -> int | None:
    """The bytes of what mails have in common, which a bulk call carries once.

    None if that is more than a bulk call takes together with an entry of the largest size.
    """
    texts = (*pattern.subject, *pattern.html, *pattern.text) if pattern else ()
    template = sum(map(text_bytes, texts))
    whole = template + sum(map(_attached_bytes, attachments))
    if template > TEMPLATE_BYTES or whole > CALL_BYTES - ENTRY_BYTES:
        return None
    return whole


def _attached_bytes(file: MailAttachment) -> int:
    in_base64 = (len(file.content) + 2) // 3 * 4
    return in_base64 + text_bytes(file.name) + text_bytes(file.content_type) + _FILE_FRAME
