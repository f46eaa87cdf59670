"""A raw MIME message by its bytes: who is in its headers, and the same message to one of them.

Nothing is parsed and written again: what isn't the To header stays byte for byte as it was.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_BREAK = re.compile(r"\r?\n(?=[ \t])")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_LONGEST_HEAD = 262_144
"""Bytes; a mail whose headers don't end before has none worth reading."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    """In lower case."""
    start: int
    end: int
    """Where the next field begins: the field's own line end is included."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One recipient as a header names it."""

    written: str
    """The header's own text, unfolded; bytes read as Latin-1."""
    address: str
    """``ada@example.org``; '' where the text holds none."""


class RawMail:
    """The headers of a raw message, found once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._fields = tuple(_fields(data))

    @property
    def is_signed(self) -> bool:
        """Whether a DKIM signature would break if a header changed."""
        return any(field.name == "dkim-signature" for field in self._fields)

    def mailboxes(self, name: str) -> list[Mailbox]:
        """Everybody in the headers of that name (``To``), members of groups too, in order."""
        return [
            Mailbox(written, parseaddr(written)[1])
            for value in self.values(name)
            for written in _split(value)
        ]

    def values(self, name: str) -> list[str]:
        """The headers of that name, unfolded; bytes read as Latin-1."""
        found = (self._value(field) for field in self._fields if field.name == name.lower())
        return list(found)

    def _value(self, field: _Field) -> str:
        text = self._data[field.start : field.end].decode("latin-1").partition(":")[2]
        return _CONTROL.sub(" ", _BREAK.sub("", text)).strip()

    def addressed_to(self, written: str) -> bytes:
        """The message with ``written`` in its To header in place of everybody who was there.

        A message that has no To header is left as it is.
        """
        found = [field for field in self._fields if field.name == "to"]
        if not found:
            return self._data
        first, *others = found
        old = self._data[first.start : first.end]
        ending = b"\r\n" if old.endswith(b"\r\n") else b"\n" if old.endswith(b"\n") else b""
        name = old.partition(b":")[0]
        pieces = [self._data[: first.start], name, b": ", _one_line(written), ending]
        at = first.end
        for field in others:
            pieces.append(self._data[at : field.start])
            at = field.end
        pieces.append(self._data[at:])
        return b"".join(pieces)


def _one_line(written: str) -> bytes:
    return _CONTROL.sub(" ", written).encode("latin-1", "replace")


def _fields(data: bytes) -> Iterator[_Field]:
    """The header's fields with their continuation lines; lines that are none are passed over."""
    blank = _BLANK_LINE.search(data, 0, _LONGEST_HEAD)
    if data.startswith((b"\n", b"\r\n")):
        return
    head_end = len(data) if blank is None else blank.start()
    if head_end > _LONGEST_HEAD:
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


def _split(value: str) -> list[str]:
    """The mailboxes of an address list: commas within quotes, comments and brackets don't part.

    Of a group (``friends: a@x, b@x;``) the members, which may be none.
    """
    found: list[str] = []
    current: list[str] = []
    quoted = escaped = bracketed = False
    depth = 0
    for character in value:
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif not quoted and character == "(":
            depth += 1
        elif not quoted and character == ")":
            depth = max(0, depth - 1)
        elif not quoted and not depth:
            if character in "<>":
                bracketed = character == "<"
            elif not bracketed and character in ",;":
                found.append("".join(current))
                current = []
                continue
            elif not bracketed and character == ":":
                current = []  # a group's name
                continue
        current.append(character)
    found.append("".join(current))
    return [text for text in map(str.strip, found) if text]
