"""Keeping a table's cursor on its row while other rows come before it."""

import asyncio
from typing import Protocol, TypeVar, runtime_checkable

Row_contra = TypeVar("Row_contra", contravariant=True)


@runtime_checkable
class RowLocator(Protocol[Row_contra]):
    """A source whose rows move: the table's cursor stays on its row.

    At the very top the table follows what is new instead.
    """

    def place(self, row: Row_contra, near: int) -> int:
        """The number ``row`` has now, or would have; it was number ``near``. Blocking."""
        ...


async def moved_by(source: object, row: object, number: int) -> int:
    """How many rows further down ``row`` is by now; 0 where the source can't tell."""
    if row is None or not isinstance(source, RowLocator):
        return 0
    return await asyncio.to_thread(source.place, row, number) - number
