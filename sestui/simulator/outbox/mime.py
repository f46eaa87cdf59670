"""Parse MIME messages as mail programs do."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from sestui.core.contact.encoded_words import decoded_words
from sestui.ses_api.wire import Pairs


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A part of a mail other than its text: an attachment or an inline image."""

    name: str
    """The unchecked name in the mail; '' for none."""
    content_type: str
    content_id: str
    """The target of ``cid:`` links in the HTML; '' for none."""
    content: bytes


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail as its recipient's program parses it."""

    source: bytes
    """The whole MIME message."""
    headers: Pairs
    """Decoded, in order."""
    html: str
    text: str
    files: tuple[ParsedFile, ...]

    def header(self, name: str) -> str:
        """The first header of that name; '' if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def opened(source: bytes) -> ParsedMail:
    """Parse ``source``; of a broken mail, the readable parts."""
    try:
        message = BytesParser(policy=compat32).parsebytes(source)
        parts = list(_leaves(message))
    except RecursionError:  # deeply nested parts
        return ParsedMail(source, (), "", "", ())
    bodies = {"text/html": "", "text/plain": ""}
    files = []
    for part in parts:
        kind = part.get_content_type()
        name = decoded_words(part.get_filename() or "")
        attached = bool(name) or part.get_content_disposition() == "attachment"
        if kind in bodies and not attached and not bodies[kind]:
            bodies[kind] = _decoded(part)
        else:
            content_id = str(part.get("Content-ID", "")).strip().strip("<>")
            files.append(ParsedFile(name, kind, content_id, _content(part)))
    return ParsedMail(
        source=source,
        headers=tuple((name, decoded_words(str(value))) for name, value in message.items()),
        html=bodies["text/html"],
        text=bodies["text/plain"],
        files=tuple(files),
    )


def _leaves(part: Message) -> "list[Message]":
    """The parts without multipart containers; an attached mail is one part."""
    payload = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(payload, list):
        return [leaf for each in payload if isinstance(each, Message) for leaf in _leaves(each)]
    return [part]


def _content(part: Message) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):  # an attached mail
        return b"".join(each.as_bytes() for each in payload if isinstance(each, Message))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _decoded(part: Message) -> str:
    data = _content(part)
    try:
        return data.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a charset Python doesn't know
        return data.decode("utf-8", "replace")
