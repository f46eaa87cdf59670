"""Where a table's rows come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)


class RowSource(Protocol[Row_co]):
    """Where rows come from; blocking, called off the UI thread. Errors are SestuiErrors."""

    def count(self) -> int:
        """How many rows there are now."""
        ...

    def page(self, offset: int, limit: int) -> Sequence[Row_co]:
        """At most ``limit`` rows from row ``offset`` on."""
        ...


@dataclass(frozen=True)  # slots and generic classes don't go together in Python 3.11
class Listed(Generic[Row]):
    """A source over rows that are all here already."""

    rows: Sequence[Row]

    def count(self) -> int:
        """How many there are."""
        return len(self.rows)

    def page(self, offset: int, limit: int) -> Sequence[Row]:
        """A slice of them."""
        return self.rows[offset : offset + limit]
