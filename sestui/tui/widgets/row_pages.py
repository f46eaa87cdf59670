"""The rows of a long table that have been read, page by page."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")

PAGE = 100
"""Rows asked for at once."""
_MOST_PAGES = 30


class RowPages(Generic[Row]):
    """The pages that were read last."""

    def __init__(self) -> None:
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()

    def __contains__(self, number: int) -> bool:
        return number in self._pages

    def add(self, number: int, rows: Sequence[Row]) -> None:
        """Keep a page instead of the one that was read first, if there are too many."""
        self._pages[number] = rows
        while len(self._pages) > _MOST_PAGES:
            self._pages.popitem(last=False)

    def clear(self) -> None:
        """Forget all pages."""
        self._pages.clear()

    def row(self, index: int) -> Row | None:
        """The row with this index; None if it has not been read."""
        page = self._pages.get(index // PAGE)
        place = index % PAGE
        return page[place] if page is not None and place < len(page) else None
