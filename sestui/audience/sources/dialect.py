"""Detect the dialect of a text file: delimiter, escapes, and lines that aren't rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sestui.audience.sources.file_cells import looks_like_address

_SAMPLE_ROWS = 200
_DELIMITERS = ",;\t|"
_MARKED = re.compile(r"""("?)sep=([,;\t|:~^])\1[,;\t|:~^]*[ \t]*(?:\r\n|\n|\r|$)""", re.IGNORECASE)
"""Excel's line ``sep=;``, which other programs may have quoted or padded."""
_ESCAPE = re.compile(r'\\(["\\]?)')


@dataclass(frozen=True, slots=True)
class Dialect:
    """Options for the csv module."""

    delimiter: str
    escapes: bool
    r"""Quotation marks within cells are ``\"``, as of MySQL and PHP."""
    spaced: bool
    """A space before a quoted cell isn't part of it."""
    marked: bool
    """The first line is ``sep=;`` and no row."""


def find_dialect(
    text: str, *, complete: bool, escapes: bool, spaced: bool, delimiter: str | None
) -> tuple[Dialect, list[list[str]]]:
    """Detect the dialect by a file's first chunk; returns the first rows too.

    ``complete``: the chunk is the whole file; ``delimiter`` is the user's.
    """
    mark = _MARKED.match(text)
    if mark:
        text = text[mark.end() :]
    lines = list(io.StringIO(text, newline=""))
    if not complete and len(lines) > 1:
        lines.pop()  # cut short
    found = delimiter or (mark[2] if mark else _delimiter(lines, escapes=escapes, spaced=spaced))
    dialect = Dialect(found, escapes, spaced, mark is not None)
    return dialect, _rows(lines, dialect)


def escaped(line: str) -> str:
    r"""Escape backslashes of a line for a csv reader with ``escapechar='\\'``.

    All but those of ``\"`` and ``\\``, such as ``C:\new``.
    """
    return _ESCAPE.sub(lambda found: found[0] if found[1] else r"\\", line)


def csv_options(dialect: Dialect) -> dict[str, str | bool]:
    """Arguments for ``csv.reader``."""
    options: dict[str, str | bool] = {
        "delimiter": dialect.delimiter,
        "skipinitialspace": dialect.spaced,
    }
    return options | {"escapechar": "\\"} if dialect.escapes else options


def _rows(lines: Iterable[str], dialect: Dialect) -> list[list[str]]:
    """The first rows of a sample, up to an error."""
    rows: list[list[str]] = []
    if dialect.escapes:
        lines = map(escaped, lines)
    try:
        for row in csv.reader(lines, **csv_options(dialect)):  # type: ignore[arg-type] # one option is a bool
            if row:
                rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error:
        return rows  # an over-long field; the full reading names its line
    return rows


def _delimiter(lines: list[str], *, escapes: bool, spaced: bool) -> str:
    """The delimiter by which most rows have an address cell and the same width."""

    def merit(delimiter: str) -> tuple[int, int]:
        rows = _rows(lines, Dialect(delimiter, escapes, spaced, marked=False))
        addressed = sum(any(map(looks_like_address, row)) for row in rows)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        return addressed, max(widths.values(), default=0)

    return max(_DELIMITERS, key=merit)
