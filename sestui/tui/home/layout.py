"""The layout of Home's panels for a given size; pure.

What there is no room for is dropped in a fixed order: first what was, then what comes, then the
account. What needs somebody and what is being sent stay to the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.geometry import Region

NEEDS, SENDING, STANDING, COMING, LATELY = "needs", "sending", "standing", "coming", "lately"
DROPPED = (LATELY, COMING, STANDING, NEEDS)
"""In this order, where there is no room; :data:`SENDING` stays whatever happens."""
_LEAST = {NEEDS: 1, SENDING: 4, STANDING: 3, COMING: 1, LATELY: 1}
"""Lines without the frame below which a panel says nothing."""
_WIDE = 100
"""From so many cells on there are two columns."""
_TALL = 32
"""From so many lines on the right column holds three panels."""
_SIDE = (40, 64)
"""The right column's least and greatest width."""
_BESIDE = 72
"""From so many cells on what comes and what was stand side by side in one column."""

Places = dict[str, Region]


@dataclass(frozen=True, slots=True)
class Wants:
    """How many lines each panel would like, borders included; a panel with none isn't there."""

    lines: Mapping[str, int]
    frame: int = 2
    """How many of them are frame and padding."""

    def least(self, name: str) -> int:
        """With fewer lines the panel says nothing."""
        return _LEAST[name] + self.frame

    def of(self, name: str) -> int:
        """Of one panel; 0: it has nothing to show."""
        lines = self.lines.get(name, 0)
        return max(lines, self.least(name)) if lines else 0


def arrange(width: int, height: int, wants: Wants) -> Places:
    """A region for each panel that there is room for; together they fill the size."""
    if width <= 0 or height <= 0:
        return {}
    if width >= _WIDE:
        return _two_columns(width, height, wants)
    return _one_column(width, height, wants)


def _one_column(width: int, height: int, wants: Wants) -> Places:
    rows = [[NEEDS], [SENDING], [STANDING], *_low_rows(width)]
    kept = _fitting(rows, height, wants)
    return _stacked(kept, Region(0, 0, width, height), wants)


def _two_columns(width: int, height: int, wants: Wants) -> Places:
    side = min(_SIDE[1], max(_SIDE[0], width * 2 // 5))
    left = Region(0, 0, width - side, height)
    right = Region(width - side, 0, side, height)
    if height >= _TALL:
        first = _fitting([[SENDING], [COMING]], height, wants)
        second = _fitting([[NEEDS], [STANDING], [LATELY]], height, wants)
    else:
        first = _fitting([[SENDING], [COMING, LATELY]], height, wants)
        second = _fitting([[NEEDS], [STANDING]], height, wants)
    if not second:
        left = Region(0, 0, width, height)
    return _stacked(first, left, wants) | _stacked(second, right, wants)


def _low_rows(width: int) -> list[list[str]]:
    return [[COMING, LATELY]] if width >= _BESIDE else [[COMING], [LATELY]]


def _fitting(rows: list[list[str]], height: int, wants: Wants) -> list[list[str]]:
    """The rows without the panels that have nothing to show, or no room even at their least."""
    kept = [[name for name in row if wants.of(name)] for row in rows]
    for name in DROPPED:
        if sum(_least(row, wants) for row in kept) <= height:
            break
        kept = [[each for each in row if each != name] for row in kept]
    return [row for row in kept if row]


def _least(row: list[str], wants: Wants) -> int:
    return max((wants.least(name) for name in row), default=0)


def _stacked(rows: list[list[str]], room: Region, wants: Wants) -> Places:
    """Rows from the top down: each as high as it would like, if all can be, the last to the end.

    What is left over goes to what is being sent, else to the last row.
    """
    if not rows:
        return {}
    heights = [_least(row, wants) for row in rows]
    left = room.height - sum(heights)
    for number, row in enumerate(rows):
        more = min(max(0, left), max(wants.of(name) for name in row) - heights[number])
        heights[number] += more
        left -= more
    grows = next((number for number, row in enumerate(rows) if SENDING in row), len(rows) - 1)
    heights[grows] += left
    places: Places = {}
    y = room.y
    for row, high in zip(rows, heights, strict=True):
        x = room.x
        for number, name in enumerate(row):
            wide = (room.right - x) // (len(row) - number)
            places[name] = Region(x, y, wide, max(1, high))
            x += wide
        y += high
    return places
