"""What kind of text a file is: regular, readable, its encoding, its damage, its delimiter.

The whole file is looked at once before it is parsed, in pieces of fixed size: only so is UTF-8
told apart from the Windows code page when the first accent comes after a million rows, and only
then do undamaged files, nearly all, need no check of every cell.
"""

import codecs
import csv
import io
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sestui.core.text import printable
from sestui.errors import BadFileError

MAX_RECORD = 1024 * 1024
"""Characters a record (a row with its quoted line breaks) may have; bounds memory."""

KEEP_BYTES = "sestui.keep"
"""Error handler that keeps an undecodable byte as a lone surrogate, in any encoding."""

_PIECE = 1024 * 1024
_SAMPLE_ROWS = 200
_DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGICS = {
    b"PK\x03\x04": "a spreadsheet or an archive; save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Office document; save it as CSV",
    b"\x1f\x8b": "compressed; unpack it first",
    b"%PDF": "a PDF",
    b"SQLite format 3\x00": "a database",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a")) + b"\x7f"
_damaged = re.compile("[\x00\ud800-\udfff]").search
_looks_like_address = re.compile(r"\s*[^@\s,;|\"<>]+@[^@\s,;|\"<>]+\.[^@\s,;|\"<>]+\s*").fullmatch


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in lost), error.end


codecs.register_error(KEEP_BYTES, _keep)


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How to read a file of rows."""

    encoding: str
    """A Python codec that also takes the byte order mark off."""
    delimiter: str
    skipped_lines: int
    """1 if the first line is Excel's ``sep=;``, which is no row."""
    damaged: bool
    """NUL characters or undecodable bytes are somewhere in it: look at every cell."""
    size: int
    """Bytes."""
    lines: int
    """Line ends in it, those inside quotation marks included."""
    sample: tuple[tuple[str, ...], ...]
    """The first rows, the header among them."""


def looks_like_address(cell: str) -> bool:
    """Whether a cell is roughly an address: good enough to tell columns apart."""
    return _looks_like_address(cell) is not None


def is_damaged(cell: str) -> bool:
    """Whether a cell holds a NUL or bytes that are not text in the file's encoding."""
    return _damaged(cell) is not None


def shown_bytes(cell: str) -> str:
    r"""The cell with undecodable bytes as ``\xe9``, so that it can be written anywhere."""
    return re.sub("[\ud800-\udfff]", lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", cell)


def open_regular(path: Path) -> BinaryIO:
    """Open a file to be read twice.

    Raises:
        BadFileError: it is missing, a folder, a pipe, or this user may not read it.
    """
    name = printable(str(path))
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise BadFileError(f"{name} is a folder; name a CSV file in it.")
        if not stat.S_ISREG(mode):
            raise BadFileError(f"{name} is not a regular file; save it to one first.")
        return path.open("rb")
    except FileNotFoundError as error:
        raise BadFileError(f"There is no file {name}.") from error
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "that is no file name"
        raise BadFileError(f"{name} can't be read: {said}.") from error


def examine(file: BinaryIO, path: Path) -> TextFormat:
    """Find out how to read ``file``; leaves it at its start.

    Raises:
        BadFileError: it is empty, not text, or its first line has no end.
    """
    name = printable(str(path))
    head = file.read(_PIECE)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise BadFileError(f"{name} is empty.")
    encoding = next((codec for bom, codec in _BOMS if head.startswith(bom)), None)
    if encoding is None:
        _refuse_binary(head, name)
    size = os.fstat(file.fileno()).st_size
    if size > len(head) and b"\n" not in head and b"\r" not in head:
        raise BadFileError(
            f"{name}, line 1 is longer than {MAX_RECORD:,} characters; this is no file of rows."
        )
    encoding, damaged, ends = _scan(file, encoding)
    text = head.decode(encoding, KEEP_BYTES)
    skipped = 0
    marked = re.match(r"sep=([,;\t|])\r?\n?", text, re.IGNORECASE)
    if marked:
        text, skipped = text[marked.end() :], 1
    lines = list(io.StringIO(text, newline=""))
    if size > len(head):
        lines.pop()  # cut short
    delimiter = marked[1] if marked else _delimiter(lines)
    sample = tuple(map(tuple, _rows(lines, delimiter)))
    return TextFormat(encoding, delimiter, skipped, damaged, size, ends, sample)


def _refuse_binary(head: bytes, name: str) -> None:
    for magic, what in _MAGICS.items():
        if head.startswith(magic):
            raise BadFileError(f"{name} is not text but {what}.")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    # A stray NUL spoils a row, not the file.
    if controls >= 4 and controls * 20 > len(head):
        raise BadFileError(f"{name} is not a text file; export the contacts as CSV.")


def _scan(file: BinaryIO, encoding: str | None) -> tuple[str, bool, int]:
    """The encoding, whether the file holds anything undecodable or NUL, and its line ends."""
    guess = encoding or "utf-8"
    try:
        found = _decode_all(file, guess, "strict")
    except UnicodeDecodeError:
        found = _decode_all(file, guess, KEEP_BYTES)
    else:
        return guess, found.has_nul, found.lines
    if encoding is None and found.undecodable > found.multibyte:
        # Bytes above 127 that hardly ever form UTF-8 characters: the Windows code page.
        found = _decode_all(file, "cp1252", KEEP_BYTES)
        return "cp1252", found.has_nul or found.undecodable > 0, found.lines
    return guess, True, found.lines


class _Decoded(NamedTuple):
    undecodable: int
    """Bytes that are no characters."""
    multibyte: int
    """Bytes beyond the first of characters that take several."""
    has_nul: bool
    lines: int


def _decode_all(file: BinaryIO, encoding: str, errors: str) -> _Decoded:
    """Decode the whole file and leave it at its start."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    undecodable = multibyte = lines = returns = 0
    has_nul = False
    last = False
    while not last:
        piece = file.read(_PIECE)
        last = not piece
        text = decoder.decode(piece, final=last)
        has_nul = has_nul or "\0" in text
        lines += text.count("\n")
        returns += text.count("\r")
        if errors != "strict" and not text.isascii():
            undecodable += len(re.findall("[\ud800-\udfff]", text))
            multibyte += len(piece) - len(text)
    file.seek(0)
    return _Decoded(undecodable, multibyte, has_nul, max(lines, returns))


def _rows(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    """The first rows of a sample; it stops at what can't be parsed."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error:
        return rows  # an over-long field; the full reading names its line
    return rows


def _delimiter(lines: list[str]) -> str:
    """The delimiter under which most rows hold an address cell and as many cells as the first."""

    def merit(delimiter: str) -> tuple[int, int]:
        rows = _rows(lines, delimiter)
        width = len(rows[0]) if rows else 1
        addressed = sum(any(map(looks_like_address, row)) for row in rows)
        regular = sum(len(row) == width for row in rows) if width > 1 else 0
        return addressed, regular

    return max(_DELIMITERS, key=merit)
