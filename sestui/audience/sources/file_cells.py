"""Types for files of contacts in any format: how they are read, and their cells."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sestui.errors import UsageError

MAX_RECORD = 1024 * 1024
"""The most characters of a record (a row with its quoted line breaks); bounds memory."""

KEEP_BYTES = "sestui.keep"
"""Error handler that keeps an undecodable byte as a lone surrogate, in any encoding."""

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
"""Any JSON value."""

_DELIMITER_WORDS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    r"\t": "\t",
    "bar": "|",
    "pipe": "|",
}
_damaged = re.compile("[\x00\ud800-\udfff]").search
_ADDRESS = r"[^@\s,;|\"<>]+@[^@\s,;|\"<>]+\.[^@\s,;|\"<>]+"
_looks_like_address = re.compile(
    rf"\s*{_ADDRESS}[;,]?\s*|[^<>]*<\s*{_ADDRESS}\s*>[\s;,]*"
).fullmatch


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in lost), error.end


codecs.register_error(KEEP_BYTES, _keep)


@dataclass(frozen=True, slots=True)
class Reading:
    """The user's encoding and delimiter of a file; None is detected.

    Raises:
        UsageError: there is no such encoding, or that can't be a delimiter.
    """

    encoding: str | None = None
    """A Python codec."""
    delimiter: str | None = None
    """One character, or ``comma``, ``semicolon``, ``tab``, ``bar``."""

    def __post_init__(self) -> None:
        if self.encoding is not None:
            _check_encoding(self.encoding)
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", _delimiter(self.delimiter))

    @classmethod
    def typed(cls, text: str) -> "Reading":
        """Encoding and delimiter on one line, in any order, both or one: ``cp1251 ;``.

        Raises:
            UsageError: as above, or there are more words.
        """
        words = text.split()
        delimiters = [word for word in words if word in _DELIMITER_WORDS or not word[0].isalnum()]
        encodings = [word for word in words if word not in delimiters]
        if len(delimiters) > 1 or len(encodings) > 1:
            raise UsageError("Type an encoding, a delimiter, or both, such as: cp1251 ;")
        return cls(next(iter(encodings), None), next(iter(delimiters), None))


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)  # refuses codecs that are not of text, such as base64
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"There is no encoding {name[:40]!a}; utf-8, cp1252, cp1251, gb18030 and "
            "shift_jis are some."
        ) from error


def _delimiter(given: str) -> str:
    delimiter = _DELIMITER_WORDS.get(given.lower(), given)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\\\r\n@.':
        raise UsageError(
            f"{given[:40]!a}: give one character, or comma, semicolon, tab or bar.",
            option="--delimiter",
        )
    return delimiter


@dataclass(frozen=True, slots=True)
class RowFormat:
    """The detected format of a file of rows."""

    kind: str
    """``CSV``, ``JSON``, ``vCard``, ``xlsx`` or ``addresses``."""
    encoding: str
    """A Python codec that also removes the byte order mark; '' if the format determines it."""
    delimiter: str
    """'' if there is none."""
    damaged: bool
    """There may be NUL characters or undecodable bytes, so every cell must be checked."""
    size: int
    """Bytes."""
    lines: int
    """Line ends, including quoted ones."""
    sample: tuple[tuple[str, ...], ...]
    """The first rows, from the header on."""
    titles: int = 0
    """Title rows above the header."""
    notes: tuple[str, ...] = ()
    """Notes of a few words: the sheet, the file of an archive."""
    accented: tuple[str, ...] = ()
    """Sample cells to check the encoding by, if it is uncertain."""
    typed: bool = False
    """Whether there may be :class:`TypedCell` among the cells."""


class ContactSource(Protocol):
    """Rows of one format. The first is the header, if there is one."""

    @property
    def format(self) -> RowFormat:
        """The format."""

    @property
    def bytes_read(self) -> int:
        """The position, out of ``format.size``."""

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """Every record except blank lines: line or row (from 1), length in characters, cells.

        Cells of typed formats are :class:`TypedCell`. No cell is longer than the record's length.
        """

    def close(self) -> None:
        """Close the file."""


class TypedCell(str):
    """A cell with a typed value: its text for people, and the value."""

    __slots__ = ("value",)
    value: Json

    def __new__(cls, text: str, value: Json) -> "TypedCell":
        """A cell with ``text`` and ``value``."""
        cell = super().__new__(cls, text)
        cell.value = value
        return cell


def looks_like_address(cell: str) -> bool:
    """Whether a cell is roughly an address, or ``Name <address>``; for recognising columns."""
    return _looks_like_address(cell) is not None


def is_damaged(cell: str) -> bool:
    """Whether a cell has a NUL or undecodable bytes."""
    return _damaged(cell) is not None


def shown_bytes(cell: str) -> str:
    r"""The cell with undecodable bytes as ``\xe9``, so that it can be written anywhere."""
    return re.sub("[\ud800-\udfff]", lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", cell)
