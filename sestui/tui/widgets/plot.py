"""Series over time, drawn with braille dots (two across and four down in each cell).

Labels on the left, an axis with marks and words below, a limit as a line:

    28 ┤╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
       ┤⣀⣤⣶⣿⣿⣿⣿⣿⣿⣿      ⣿⣿⣿⣿⣿⣿⣿⣿⣿
     0 ┼━━━━━━━━━━━ paused ─────── now
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive

from sestui.tui.widgets.drawn import DrawnWidget
from sestui.tui.widgets.format import compact, shorten

_EMPTY = 0x2800
_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""The bits of a cell's left and right column, from the lowest dot up."""
_FILLED = (
    tuple(sum(_DOTS[0][:level]) for level in range(5)),
    tuple(sum(_DOTS[1][:level]) for level in range(5)),
)
"""The bits of a column that is filled up to a level."""
_QUIET = "$text-muted"
_LEAST_PLOT = 4
"""Below so many cells there are no labels."""

Cell = tuple[str, str]
"""A character and its style."""


@dataclass(frozen=True, slots=True)
class Series:
    """What was measured in equal slices of the plot's time, the oldest first; None: not known."""

    values: tuple[float | None, ...]
    style: str = "$primary"
    filled: bool = True
    """An area over the axis; False: a line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of time that is marked on the axis, such as a pause."""

    first: float
    last: float
    label: str
    style: str = "$text-warning"


@dataclass(frozen=True, slots=True)
class PlotData:
    """What a plot shows; ``start``, ``end`` and the marks are in one unit of time, any."""

    start: float
    end: float
    series: tuple[Series, ...]
    limit: float | None = None
    """A value whose height is drawn as a line."""
    marks: tuple[Mark, ...] = ()
    labels: tuple[str, ...] = ()
    """Words below the axis: the first at its left end, the last at its right, others between."""
    least_top: float = 1.0
    """The scale reaches at least so far: what is all zero is a flat line at the bottom."""
    nothing: str = ""
    """A sentence in the middle of a plot in which nothing is above zero."""


def draw(data: PlotData, width: int, height: int) -> list[Content]:
    """The plot as ``height`` lines of ``width`` cells: the last is the axis."""
    if width <= 0 or height <= 0:
        return []
    rows = height - 1
    top = scale(data, rows)
    said = _labels(data, top, rows)
    margin = max(map(len, said.values())) + 2
    if width - margin < _LEAST_PLOT:
        margin, said = 0, {}
    columns = width - margin
    cells = _cells(data, top, columns, rows)
    if data.nothing and not any(value for each in data.series for value in each.values):
        _say(data.nothing, cells)
    lines = []
    for row in range(rows):
        head = f"{said.get(row, ''):>{margin - 2}} ┤" if margin else ""
        lines.append(_line(head, cells[row]))
    head = f"{said.get(rows, ''):>{margin - 2}} ┼" if margin else ""
    return [*lines, _line(head, _axis(data, columns))]


def strip(series: Series, top: float, width: int) -> Content:
    """One line of cells without labels, as high as ``top``: what is going on, at a glance."""
    data = PlotData(0, 1, (series,))
    return _line("", _cells(data, top, width, 1)[0]) if top > 0 else Content(" " * width)


def scale(data: PlotData, rows: int) -> float:
    """The value at the upper edge of ``rows`` rows of cells.

    A limit has the top row to itself while that is enough for what exceeds it: an area that reaches
    it stays below its line.
    """
    known = [value for each in data.series for value in each.values if value is not None]
    peak = max([data.least_top, *known])
    if data.limit:
        spare = data.limit * rows / (rows - 1) if rows > 1 else data.limit
        if peak <= spare:
            return spare
    return _round_up(max(peak, data.limit or 0.0))


def _round_up(value: float) -> float:
    """The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten."""
    power: float = 10.0 ** floor(log10(value))
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(step * power for step in steps if step * power >= value * (1 - 1e-9))


def _labels(data: PlotData, top: float, rows: int) -> dict[int, str]:
    """What stands at which row: the limit or the top, half of it where there is room, and 0."""
    said = {rows: "0"}
    if not rows:
        return said
    highest, at = top, 0
    if data.limit is not None and data.limit <= top:
        highest, at = data.limit, _limit_row(data.limit, top, rows)
    if rows - at >= 6:
        half = highest / 2
        said[_limit_row(half, top, rows)] = compact(half)
    said[at] = compact(highest)
    return said


def _limit_row(value: float, top: float, rows: int) -> int:
    """The row whose lower edge, or whose middle, is the height of ``value``."""
    return min(rows - 1, max(0, ceil(rows - value / top * rows - 1e-6) - 1))


def _cells(data: PlotData, top: float, columns: int, rows: int) -> list[list[Cell]]:
    """The dots of all series, later ones over earlier, and the limit where there are none."""
    if not rows:
        return []
    bits = [[0] * columns for _ in range(rows)]
    styles = [[""] * columns for _ in range(rows)]
    for each in data.series:
        levels = [
            None if value is None else _level(value, top, rows)
            for value in resample(each.values, 2 * columns)
        ]
        for dot, (low, high) in enumerate(_spans(levels, filled=each.filled)):
            cell, side = divmod(dot, 2)
            for row in range(low // 4, ceil(high / 4)):
                here = rows - 1 - row
                from_, to = max(0, low - 4 * row), min(4, high - 4 * row)
                bits[here][cell] |= _FILLED[side][to] & ~_FILLED[side][from_]
                styles[here][cell] = each.style
    at = _limit_row(data.limit, top, rows) if data.limit and data.limit <= top else None
    return [
        [
            (chr(_EMPTY + dots), style) if dots else ("╌" if row == at else " ", _QUIET)
            for dots, style in zip(bits[row], styles[row], strict=True)
        ]
        for row in range(rows)
    ]


def _say(words: str, cells: list[list[Cell]]) -> None:
    """Write ``words`` into the middle, below the limit's line, where they fit whole."""
    middle = len(cells) // 2
    room = len(cells[0]) if middle else 0
    if cell_len(words) == len(words) <= room:
        at = (room - len(words)) // 2
        cells[middle][at : at + len(words)] = [(character, _QUIET) for character in words]


def _level(value: float, top: float, rows: int) -> int:
    """How many dots high; anything above nothing is one at least."""
    level = round(min(1.0, max(0.0, value / top)) * 4 * rows)
    return max(1, level) if value > 0 else level


def _spans(levels: Sequence[int | None], *, filled: bool) -> list[tuple[int, int]]:
    """Of each column of dots, the lowest that is set and the one above the highest."""
    spans = []
    before: int | None = None
    for level in levels:
        if level is None:
            spans.append((0, 0))
        elif filled:
            spans.append((0, level))
        else:
            # The line goes from where it was: a step is drawn too.
            here = max(1, level)
            other = here if before is None else max(1, before)
            low = min(here, other + 1) if here > other else here
            spans.append((low - 1, max(here, other - 1)))
        before = level
    return spans


def resample(values: Sequence[float | None], columns: int) -> list[float | None]:
    """``columns`` values of the same time: means where there are more, repeated where fewer.

    A column is unknown only where nothing in it is known.
    """
    count = len(values)
    if not count:
        return [None] * columns
    found: list[float | None] = []
    for column in range(columns):
        first, last = column * count / columns, (column + 1) * count / columns
        total = weight = 0.0
        for index in range(floor(first + 1e-9), min(count, ceil(last - 1e-9))):
            value = values[index]
            if value is not None:
                part = min(last, index + 1) - max(first, index)
                total += value * part
                weight += part
        found.append(total / weight if weight > 1e-9 else None)
    return found


def _axis(data: PlotData, columns: int) -> list[Cell]:
    """The line below: what is marked, and the words that there is room for."""
    cells: list[Cell] = [("─", _QUIET)] * columns
    taken = [False] * columns
    span = data.end - data.start
    for mark in data.marks:
        if span <= 0 or mark.last < data.start or mark.first > data.end:
            continue
        first = min(columns - 1, max(0, floor((mark.first - data.start) / span * columns)))
        last = min(columns, max(first + 1, ceil((mark.last - data.start) / span * columns)))
        cells[first:last] = [("━", mark.style)] * (last - first)
        taken[first:last] = [True] * (last - first)
        word = f" {shorten(mark.label, columns)} "
        # The word stands in the mark; beside it where that is too short.
        if len(word) + 2 <= last - first:
            inside = first + (last - first - len(word)) // 2
            _write(cells, taken, inside, word, mark.style, over=True)
        elif not _write(cells, taken, last, word, mark.style):
            _write(cells, taken, first - len(word), word, mark.style)
    last_one = len(data.labels) - 1
    for number, label in enumerate(data.labels):
        before, after = " " if number else "", " " if number < last_one else ""
        word = f"{before}{shorten(label, columns)}{after}"
        at = round((columns - len(word)) * number / max(1, last_one))
        _write(cells, taken, at, word, _QUIET)
    return cells


def _write(
    cells: list[Cell], taken: list[bool], at: int, word: str, style: str, *, over: bool = False
) -> bool:
    """Put ``word`` there if it fits and, unless ``over``, nothing else stands there."""
    end = at + len(word)
    if at < 0 or end > len(cells) or cell_len(word) != len(word):
        return False
    if not over and any(taken[at:end]):
        return False
    cells[at:end] = [(character, style) for character in word]
    taken[at:end] = [True] * len(word)
    return True


def _line(head: str, cells: Sequence[Cell]) -> Content:
    parts = [
        Content.styled("".join(character for character, _style in group), style)
        for style, group in groupby(cells, key=lambda cell: cell[1])
    ]
    return Content.assemble(Content.styled(head, _QUIET), *parts)


class Plot(DrawnWidget):
    """Draws :class:`PlotData` over all of its room; nothing before there is any."""

    data: reactive[PlotData | None] = reactive(None, repaint=False)

    def watch_data(self) -> None:
        """A plot of the same looks isn't painted again."""
        self.redraw()

    def draw(self) -> Content:
        """As many lines as it is high."""
        if self.data is None:
            return Content("")
        return Content("\n").join(draw(self.data, self.size.width, self.size.height))
