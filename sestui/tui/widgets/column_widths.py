"""Who gets a table's room: the texts that must not be cut first, then everybody's share."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from sestui.tui.widgets.format import shorten

if TYPE_CHECKING:
    from sestui.tui.widgets.lazy_table import Column

GAP = 2
"""Cells between columns."""
WHOLE_ADDRESS = 40
"""Cells up to which an address is shown whole: nearly every one is no longer."""

Widths = list[tuple["Column", int]]
"""The columns there is room for, each with its width in cells."""


class ColumnWidths:
    """Shares a width out among columns, and remembers how long the texts are that must be whole.

    What was seen once still counts when it is out of sight: columns that come and go while one
    scrolls would be worse than a cut name.
    """

    def __init__(self) -> None:
        self._longest: dict[str, int] = {}

    def forget(self) -> None:
        """Other rows are shown now."""
        self._longest.clear()

    def note(
        self,
        columns: Sequence["Column"],
        rows: Sequence[Any],
        cells: Callable[[Any], Mapping[str, Any]],
    ) -> None:
        """These rows are among those that are shown."""
        whole = [column for column in columns if column.whole]
        for drawn in map(cells, rows) if whole else ():
            for column in whole:
                text = drawn.get(column.key, ("",))[0]
                room = cell_len(shorten(text, column.whole))
                self._longest[column.key] = max(room, self._longest.get(column.key, 0))

    def share_out(self, columns: Sequence["Column"], total: int) -> Widths:
        """The columns in ``total`` cells; those that yield go, in their order, if need be."""
        left = [column for column in columns if total >= column.from_width]
        while True:
            shared = _shared(left, total, {})
            cut = [column for column, room in shared if room < self._longest.get(column.key, 0)]
            if not cut:
                return shared
            wanted = _shared(left, total, {each.key: self._longest[each.key] for each in cut})
            if sum(room for _, room in wanted) + _gaps(left) <= total:
                return wanted
            yielding = [column for column in left if column.yields]
            if not yielding:
                others = sum(each.width for each in left if each not in cut)
                return _shared(left, total, self._fair(cut, total - others - _gaps(left)))
            left.remove(min(yielding, key=lambda column: column.yields))

    def _fair(self, columns: Sequence["Column"], total: int) -> dict[str, int]:
        """``total`` cells among columns that want more: a short one leaves the rest to others."""
        granted = {}
        short_first = sorted(columns, key=lambda each: self._longest[each.key])
        for number, each in enumerate(short_first):
            share = max(0, total) // (len(columns) - number)
            granted[each.key] = max(each.width, min(self._longest[each.key], share))
            total -= granted[each.key]
        return granted


def _gaps(columns: Sequence["Column"]) -> int:
    return GAP * (len(columns) - 1) + 2


def _shared(columns: Sequence["Column"], total: int, granted: Mapping[str, int]) -> Widths:
    """Each column's own cells and its share of what is left; those in ``granted`` get no share."""
    own = {column.key: granted.get(column.key, column.width) for column in columns}
    open_shares = {column.key: column.share for column in columns if column.key not in granted}
    left = max(0, total - sum(own.values()) - _gaps(columns))
    shares = max(1, sum(open_shares.values()))
    return [
        (column, own[column.key] + left * open_shares.get(column.key, 0) // shares)
        for column in columns
    ]
