"""CSV from columns, many rows at once: looking at each cell costs several times as much."""

import csv
import io
from collections.abc import Collection, Sequence

from sestui.core.spreadsheet import any_guarded, guarded

_FEW = 16
"""Rows that are written cell by cell when one of them needs quotes."""

Columns = Sequence[Sequence[str]]
"""Equally long columns of cells; at least two."""


def csv_text(columns: Columns, *, free: Collection[int], raw: bool) -> str:
    """The rows as `csv.writer` writes them, with CRLF after each.

    Unless ``raw``, cells of ``free`` columns (by position) that a spreadsheet would run as formulas
    get a leading apostrophe; the other columns must not have such cells.
    """
    count = len(columns[0])
    plain = "\r\n".join(map(",".join, zip(*columns, strict=True))) + "\r\n" if count else ""
    if _is_plain(plain, count, len(columns)) and (
        raw or not any(any_guarded(columns[position]) for position in free)
    ):
        return plain
    if count <= _FEW:
        return _cell_by_cell(columns, free=free, raw=raw)
    middle = count // 2
    parts = ([column[:middle] for column in columns], [column[middle:] for column in columns])
    return "".join(csv_text(part, free=free, raw=raw) for part in parts)


def _is_plain(text: str, rows: int, width: int) -> bool:
    """Whether no cell has a comma, a quotation mark or a line break."""
    return (
        text.count(",") == rows * (width - 1)
        and text.count("\n") == text.count("\r") == rows
        and '"' not in text
    )


def _cell_by_cell(columns: Columns, *, free: Collection[int], raw: bool) -> str:
    out = io.StringIO(newline="")
    guards = set() if raw else set(free)
    csv.writer(out).writerows(
        [guarded(cell) if position in guards else cell for position, cell in enumerate(row)]
        for row in zip(*columns, strict=True)
    )
    return out.getvalue()
