"""Draw a row's cells in its columns."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from sestui.tui.widgets.column_widths import GAP, Widths
from sestui.tui.widgets.format import shorten, shorten_address

KINDS = ("good", "busy", "warning", "bad", "quiet")
"""What a cell may mean; '' is plain. The stylesheet gives each its colour."""

Cell = tuple[str, str]
"""Text (any text: it is made harmless) and one of :data:`KINDS` or ''."""


class Pieces(NamedTuple):
    """A cell of several colours."""

    cells: tuple[Cell, ...]
    """One behind the other; together they fit their column."""


def row_strip(
    cells: Mapping[str, Cell | Pieces],
    columns: Widths,
    width: int,
    base: Style,
    style_of: Callable[[str], Style],
) -> Strip:
    """The row's cells, in ``width``; ``base`` is the style between them, ``style_of`` a kind's."""
    segments = [Segment(" ", base)]
    for number, (column, room) in enumerate(columns):
        cell = cells.get(column.key, ("", ""))
        if number:
            segments.append(Segment(" " * GAP, base))
        if isinstance(cell, Pieces):
            drawn = [Segment(text, style_of(kind)) for text, kind in cell.cells]
            segments += Segment.adjust_line_length(drawn, room, base)
            continue
        text, kind = cell
        shown = shorten_address(text, room) if column.whole else shorten(text, room)
        fill = " " * max(0, room - cell_len(shown))
        shown = fill + shown if column.right else shown + fill
        segments.append(Segment(shown, style_of(kind)))
    return Strip(segments).adjust_cell_length(width, base)
