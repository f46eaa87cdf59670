"""What every file of contacts has in common, whatever its format: how it is read, and its cells."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sestui.errors import UsageError

MAX_RECORD = 1024 * 1024
"""Characters a record (a row with its quoted line breaks) may have; bounds memory."""

KEEP_BYTES = "sestui.keep"
"""Error handler that keeps an undecodable byte as a lone surrogate, in any encoding."""

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
"""Any value that JSON has."""

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
    """What the user says of a file; None is found out.

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
    """How a file of rows is read."""

    kind: str
    """``CSV``, ``JSON``, ``vCard``, ``xlsx`` or ``addresses``."""
    encoding: str
    """A Python codec that also takes the byte order mark off; '' where the format says it."""
    delimiter: str
    """'' where cells are not parted by one."""
    damaged: bool
    """NUL characters or undecodable bytes may be somewhere in it: look at every cell."""
    size: int
    """Bytes."""
    lines: int
    """Line ends in it, those inside quotation marks included."""
    sample: tuple[tuple[str, ...], ...]
    """The first rows, the header among them, titles above it not."""
    titles: int = 0
    """Records above the header that only say what the file is."""
    notes: tuple[str, ...] = ()
    """What else was found, each a few words: which sheet, which file of an archive."""
    accented: tuple[str, ...] = ()
    """Cells by which the encoding can be judged, if it was not plain."""
    typed: bool = False
    """The format knows more than text: there are :class:`TypedCell` among its cells."""


class ContactSource(Protocol):
    """Rows of one format. The first is the header, if there is one."""

    @property
    def format(self) -> RowFormat:
        """How it is read."""

    @property
    def bytes_read(self) -> int:
        """How far the reading is, out of ``format.size``."""

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """Every record but blank lines: where it starts (line or row, from 1), its characters
        (an upper bound of each cell's), its cells.

        Cells of formats that know types are :class:`TypedCell`.
        """

    def close(self) -> None:
        """Let go of the file."""


class TypedCell(str):
    """A cell of a format that knows types: its text as people read it, and the value itself."""

    __slots__ = ("value",)
    value: Json

    def __new__(cls, text: str, value: Json) -> "TypedCell":
        """``text`` with ``value`` behind it."""
        cell = super().__new__(cls, text)
        cell.value = value
        return cell


def looks_like_address(cell: str) -> bool:
    """Whether a cell is roughly an address, or ``Name <address>``: enough to tell columns apart."""
    return _looks_like_address(cell) is not None


def is_damaged(cell: str) -> bool:
    """Whether a cell holds a NUL or bytes that are not text in the file's encoding."""
    return _damaged(cell) is not None


def shown_bytes(cell: str) -> str:
    r"""The cell with undecodable bytes as ``\xe9``, so that it can be written anywhere."""
    return re.sub("[\ud800-\udfff]", lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", cell)
