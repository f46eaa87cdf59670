"""Read the headers of a raw MIME message, and replace its To header.

Nothing else is parsed or rewritten; all other bytes stay the same.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sestui.core.contact.mailboxes import Mailbox
from sestui.ses_api.addresses import mailboxes_of
from sestui.ses_api.wire import bad_request

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_BREAK = re.compile(r"\r?\n(?=[ \t])")

_BARE_CR = re.compile(rb"\r(?!\n)")

_LONGEST_HEAD = 262_144
"""Bytes; longer headers are not read."""

_SINGLE = (
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Return-Path",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
)
"""Headers that may occur only once (RFC 5322, section 3.6; RFC 2045)."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    """In lower case."""
    start: int
    end: int
    """Start of the next field, after this one's line end."""


class RawMail:
    """A raw message with its header fields."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._fields = tuple(_fields(data))

    @property
    def fault(self) -> str:
        """Why other programs may read different headers, as a sentence; '' if none does.

        Programs differ in how they read a malformed header: where it ends, and which lines count.
        """
        return _fault_of_head(self._data, self._fields)

    @property
    def head(self) -> bytes:
        """The original headers up to the blank line; b'' if they are too long."""
        return self._data[: _head_end(self._data) or 0]

    def check_single(self) -> None:
        """Check that no header is repeated that must be unique.

        Raises:
            ServiceError: one is.
        """
        seen = Counter(field.name for field in self._fields)
        for name in _SINGLE:
            if seen[name.lower()] > 1:
                raise bad_request(f"Duplicate header '{name}'.")

    @property
    def is_signed(self) -> bool:
        """Whether it has a DKIM signature, which a changed header would break."""
        return any(field.name == "dkim-signature" for field in self._fields)

    def mailboxes(self, name: str) -> tuple[Mailbox, ...]:
        """All mailboxes in headers of this name, in order, members of groups included.

        Raises:
            ServiceError: SES could not parse them.
        """
        return tuple(each for value in self.values(name) for each in mailboxes_of(value))

    def values(self, name: str) -> list[str]:
        """All headers of this name, unfolded, encoded words unchanged."""
        found = (self._value(field) for field in self._fields if field.name == name.lower())
        return list(found)

    def _value(self, field: _Field) -> str:
        value = self._data[field.start : field.end].partition(b":")[2]
        return _BREAK.sub("", _decoded(value)).strip()

    def addressed_to(self, written: str) -> bytes:
        """The message with ``written`` as its To header; unchanged if it has no To header."""
        field = next((field for field in self._fields if field.name == "to"), None)
        if field is None:
            return self._data
        old = self._data[field.start : field.end]
        ending = b"\r\n" if old.endswith(b"\r\n") else b"\n" if old.endswith(b"\n") else b""
        header = b"%b: %b%b" % (old.partition(b":")[0], written.encode("ascii"), ending)
        return self._data[: field.start] + header + self._data[field.end :]


def _decoded(value: bytes) -> str:
    """Decode as UTF-8 (RFC 6532), or else as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _head_end(data: bytes) -> int | None:
    """The offset after the headers' last line end; None if they are too long."""
    if data.startswith((b"\n", b"\r\n")):
        return 0
    blank = _BLANK_LINE.search(data, 0, _LONGEST_HEAD)
    if blank is not None:
        return blank.end()
    return len(data) if len(data) <= _LONGEST_HEAD else None


def _fault_of_head(data: bytes, fields: Sequence[_Field]) -> str:
    end = _head_end(data)
    if end is None:
        return f"The mail's headers are longer than {_LONGEST_HEAD} bytes."
    head = data[:end]
    if b"\0" in head or _BARE_CR.search(head):
        return "The mail's headers contain a NUL or a bare carriage return."
    if not fields or fields[0].start:
        return "The mail does not begin with a header."
    ends = [field.end for field in fields]
    if any(field.start != end for field, end in zip(fields[1:], ends, strict=False)):
        return "The mail's headers contain a line that is not a header."
    if data[ends[-1] : end].strip(b"\r\n"):
        return "The mail's headers contain a line that is not a header."
    return ""


def _fields(data: bytes) -> Iterator[_Field]:
    """The header fields with their continuation lines; invalid lines are skipped."""
    head_end = _head_end(data)
    if not head_end:
        return
    name, start, at = "", 0, 0
    while at < head_end:
        newline = data.find(b"\n", at)
        line_end = len(data) if newline < 0 else newline + 1
        if data[at : at + 1] not in {b" ", b"\t"}:
            if name:
                yield _Field(name, start, at)
            match = _FIELD.match(data, at, line_end)
            name, start = (match[1].decode("ascii").lower() if match else ""), at
        at = line_end
    if name:
        yield _Field(name, start, at)
