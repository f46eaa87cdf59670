"""Filters of contacts that were saved under a name: in the database, for everybody on it."""

from dataclasses import dataclass

from sqlmodel import col, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import Standing
from sestui.core.text import printable
from sestui.errors import NotFoundError, UsageError
from sestui.store.contacts.key_queries import Which
from sestui.store.contacts.tables import SavedFilter
from sestui.store.db.database import Database

_LONGEST = 60
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """A saved filter."""

    name: str
    which: Which
    text: str
    """Words that are looked for; '' for none."""

    @property
    def note(self) -> str:
        """What it shows, in words."""
        parts = [f"list {self.which.list_name}" if self.which.list_name else "all contacts"]
        parts += [self.which.standing.value] if self.which.standing else []
        parts += [f"“{self.text}”"] if self.text else []
        return printable(", ".join(parts))


class ContactFilters:
    """The saved filters of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[ContactFilter]:
        """Every one, by name."""
        with self._database.read() as session:
            rows = session.exec(select(SavedFilter).order_by(col(SavedFilter.name))).all()
        return [_of(row) for row in rows]

    def save(self, filter_: ContactFilter, now: Instant) -> None:
        """Keep it, in place of one of the same name.

        Raises:
            UsageError: that is no name.
        """
        name = filter_.name.strip()
        if not name or name != printable(name) or len(name) > _LONGEST:
            raise UsageError(f"A filter needs a name of at most {_LONGEST} letters and signs.")
        standing = filter_.which.standing
        with self._database.write() as session:
            session.merge(
                SavedFilter(
                    name=name,
                    list_name=filter_.which.list_name,
                    standing=standing.value if standing is not None else "",
                    words=filter_.text,
                    created_at=now,
                )
            )

    def remove(self, name: str) -> None:
        """Forget it.

        Raises:
            NotFoundError: there is none of that name.
        """
        with self._database.write() as session:
            row = session.get(SavedFilter, name)
            if row is None:
                raise NotFoundError(f"There is no filter {printable(name)!r} any more.")
            session.delete(row)


def _of(row: SavedFilter) -> ContactFilter:
    known = row.standing in set(Standing)
    which = Which(row.list_name, Standing(row.standing) if known else None)
    return ContactFilter(row.name, which, row.words)
