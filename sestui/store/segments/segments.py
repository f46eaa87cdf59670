"""Named segments: saved, listed, removed, and renamed with what they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from sestui.core.clock import Instant
from sestui.core.segments.chosen import NO_NAME
from sestui.core.segments.expression import SegmentExpression, Together
from sestui.core.segments.names import Refers
from sestui.core.segments.parse import parse
from sestui.core.text import printable
from sestui.errors import StateError, UsageError
from sestui.store.db.database import Database
from sestui.store.segments.campaign_segments import campaigns_naming
from sestui.store.segments.segment_indexes import keep_index
from sestui.store.segments.segment_names import SEGMENT, name_not_found, resolve
from sestui.store.segments.segments_sql import ResolvedSegment

_LONGEST = 100
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class NamedSegment:
    """A segment that was saved."""

    id: int
    name: str
    expression: str
    created_at: Instant
    updated_at: Instant


class Segments:
    """The segments of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[NamedSegment]:
        """Every one, by name."""
        with self._database.read_connection() as connection:
            rows = connection.execute(select(SEGMENT).order_by(SEGMENT.c.name)).all()
        return [_of(row) for row in rows]

    def find(self, name: str) -> NamedSegment | None:
        """The segment by that name, or None."""
        with self._database.read_connection() as connection:
            return _found(connection, name)

    def get(self, name: str) -> NamedSegment:
        """The segment by that name.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.read_connection() as connection:
            return _existing(connection, name)

    def save(self, name: str, text: str, now: Instant, *, replace: bool = False) -> NamedSegment:
        """Save an expression under a name; with ``replace``, in place of what had it.

        Raises:
            SegmentError: that is no expression, or it would use itself.
            NotFoundError: a list, campaign or segment that it names doesn't exist.
            StateError: there is one of that name, and ``replace`` is false.
            UsageError: that is no name.
        """
        name, expression = _checked(name), parse(text)
        with self._database.write_connection() as connection:
            before = _found(connection, name)
            if before is not None and not replace:
                raise StateError(
                    f"There is already a segment {printable(name)!r}; choose another name.",
                    by_option="--replace changes it.",
                )
            resolve(connection, expression, called=name)
            _write(connection, name, expression, now)
            saved = _existing(connection, name)
        keep_index(self._database)
        return saved

    def check(self, name: str, expression: SegmentExpression, together: Together) -> None:
        """Check that the segment could be saved with what ``together`` has.

        Raises:
            NotFoundError: a list, campaign or segment that it names doesn't exist.
            SegmentError: it would use itself, or be too big with all that it uses.
            UsageError: that is no name.
        """
        _checked(name)
        with self._database.read_connection() as connection:
            resolve(connection, expression, called=name, together=together)

    def save_together(self, texts: Mapping[str, str], now: Instant) -> None:
        """Save expressions by name in place of what has the names, all of them or none.

        Raises:
            SegmentError: one is no expression, or would use itself.
            NotFoundError: a list, campaign or segment that one names doesn't exist.
            UsageError: one is no name.
        """
        together = {_checked(name): parse(text) for name, text in texts.items()}
        with self._database.write_connection() as connection:
            for name, expression in together.items():
                resolve(connection, expression, called=name, together=Together(together))
                _write(connection, name, expression, now)
        keep_index(self._database)

    def remove(self, name: str) -> NamedSegment:
        """Delete a segment that no campaign and no other segment uses.

        Raises:
            NotFoundError: there is none.
            StateError: one uses it.
        """
        with self._database.write_connection() as connection:
            segment = _existing(connection, name)
            if users := users_of(connection, name):
                raise StateError(f"The segment {printable(name)!r} can't be removed: {users}.")
            connection.execute(delete(SEGMENT).where(SEGMENT.c.name == name))
        keep_index(self._database)
        return segment

    def used_by(self, name: str) -> list[str]:
        """The names of the segments that use it themselves."""
        with self._database.read_connection() as connection:
            return [each.name for each in segments_naming(connection, Refers.SEGMENT, name)]

    def campaigns_of(self, name: str) -> list[str]:
        """The names of the campaigns whose own segments use it."""
        with self._database.read_connection() as connection:
            found = campaigns_naming(connection, Refers.SEGMENT, name)
        return [each.campaign for each in found]

    def resolve(self, expression: SegmentExpression) -> ResolvedSegment:
        """The expression with what its names mean now.

        Raises:
            NotFoundError: a list, campaign or segment that it names doesn't exist.
            SegmentError: it uses itself, or is too big with all that it uses.
        """
        with self._database.read_connection() as connection:
            return resolve(connection, expression)


def _write(connection: Connection, name: str, expression: SegmentExpression, now: Instant) -> None:
    if not write_expression(connection, SEGMENT.c.name == name, expression.text, now):
        values = {"expression": expression.text, "created_at": now, "updated_at": now}
        connection.execute(insert(SEGMENT).values(name=name, **values))


def users_of(connection: Connection, name: str) -> str:
    """``the campaign november uses it``: what uses the segment; '' for nothing."""
    by_kind = {
        "campaign": [e.campaign for e in campaigns_naming(connection, Refers.SEGMENT, name)],
        "segment": [e.name for e in segments_naming(connection, Refers.SEGMENT, name)],
    }
    parts = [
        f"the {kind}{' ' if len(names) == 1 else 's '}{', '.join(map(printable, names))} "
        f"{'uses' if len(names) == 1 else 'use'} it"
        for kind, names in by_kind.items()
        if names
    ]
    return " and ".join(parts)


def segments_naming(connection: Connection, kind: Refers, name: str) -> list[NamedSegment]:
    """The segments whose own expressions name this list, campaign or segment; by name."""
    rows = connection.execute(select(SEGMENT).order_by(SEGMENT.c.name)).all()
    return [_of(row) for row in rows if name in parse(row.expression).names(kind)]


def rename_in_segments(
    connection: Connection, kind: Refers, name: str, new_name: str, now: Instant
) -> list[str]:
    """Let segments that name a list or campaign name it as it is called now; returns theirs."""
    naming = segments_naming(connection, kind, name)
    for each in naming:
        text = parse(each.expression).renamed(kind, name, new_name)
        write_expression(connection, SEGMENT.c.name == each.name, text, now)
    return [each.name for each in naming]


def write_expression(connection: Connection, which: Any, text: str, now: Instant) -> bool:
    """Change the expression of the segment that ``which`` chooses; False: there is none."""
    changed = update(SEGMENT).where(which).values(expression=text, updated_at=now)
    return bool(connection.execute(changed).rowcount)


def _found(connection: Connection, name: str) -> NamedSegment | None:
    row = connection.execute(select(SEGMENT).where(SEGMENT.c.name == name)).first()
    return None if row is None else _of(row)


def _existing(connection: Connection, name: str) -> NamedSegment:
    found = _found(connection, name)
    if found is None:
        names: Sequence[str] = connection.execute(select(SEGMENT.c.name)).scalars().all()
        raise name_not_found(Refers.SEGMENT, name, names)
    return found


def _of(row: Row[Any]) -> NamedSegment:
    return NamedSegment(row.id, row.name, row.expression, row.created_at, row.updated_at)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or name != printable(name) or len(name) > _LONGEST:
        raise UsageError(
            f"A segment needs a name of at most {_LONGEST} letters, digits and signs, such as "
            "adults."
        )
    if set(name) & NO_NAME:
        raise UsageError(
            f"{name}: the name of a segment has no brackets, quotation marks or comparisons, which "
            "expressions have."
        )
    return name
