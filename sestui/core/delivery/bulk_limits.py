"""Size limits of bulk calls, in bytes of the request's JSON."""

from collections.abc import Sequence

from sestui.core.delivery.mail import MailAttachment, Pattern

CALL_BYTES = 800_000
"""SES limits a call with an inline template to 1 MB of JSON, presumably attachments included
(docs/ses.md). The rest is room for JSON escapes."""

TEMPLATE_BYTES = 400_000
"""SES limits a template to 500 KB (docs/ses.md); mails with more shared text are sent singly."""

ENTRY_BYTES = 200_000
"""SES limits an entry's data to 262,144 bytes (docs/ses.md); larger mails are sent singly."""

_FILE_FRAME = 256
"""Room for an attachment's JSON apart from its name, type and content."""


def text_bytes(text: str) -> int:
    """Approximate length as JSON, in which non-ASCII characters take six bytes."""
    return len(text) if text.isascii() else 6 * len(text)


def shared_bytes(pattern: Pattern | None, attachments: Sequence[MailAttachment]) -> int | None:
    """Bytes of the content that mails share, which a bulk call carries once.

    None if that leaves no room for the largest entry.
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
