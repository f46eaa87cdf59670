"""The journal of changes to contacts and lists: written in the transaction of each change."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, tuple_, update

from sestui.core.clock import Instant
from sestui.store.contacts.tables import ContactChange, ContactChangeRow
from sestui.store.db.database import Database

CHANGE = ContactChange.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
ROW = ContactChangeRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

UNDO_SECONDS = 86_400.0
"""How long a change can be undone. Later changes of others make it mean less and less."""

QUICKLY_FORGOTTEN = 1_000
"""Rows of old changes that a small change may clear away without being felt."""


class ChangeKind(StrEnum):
    """What a change did, which says how it is undone."""

    IMPORTED = "imported"
    ADDED = "added"
    EDITED = "edited"
    MEMBERSHIPS = "memberships"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    LIST_RENAMED = "list renamed"
    LIST_MERGED = "list merged"
    LIST_DELETED = "list deleted"


@dataclass(frozen=True, slots=True)
class Noted:
    """A change in the journal."""

    id: int
    kind: ChangeKind
    at: Instant
    said: str
    size: int
    detail: Mapping[str, Any]


def begin(connection: Connection, kind: ChangeKind, now: Instant) -> int:
    """Begin a change, before its rows; :func:`finish` ends it. Returns its id."""
    made = insert(CHANGE).values(kind=kind.value, at=now, said="", size=0, detail={})
    return int(connection.execute(made.returning(CHANGE.c.id)).scalar_one())


def finish(
    connection: Connection,
    change_id: int,
    said: str,
    size: int,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Complete a change; one without any effect is deleted."""
    if not size:
        connection.execute(delete(ROW).where(ROW.c.change_id == change_id))
        connection.execute(delete(CHANGE).where(CHANGE.c.id == change_id))
        return
    values = {"said": said, "size": size, "detail": dict(detail or {})}
    connection.execute(update(CHANGE).where(CHANGE.c.id == change_id).values(**values))


def record(
    connection: Connection, kind: ChangeKind, said: str, now: Instant, detail: Mapping[str, Any]
) -> None:
    """Note a change of one contact, address or list, which needs no rows."""
    forget_old(connection, now, most=QUICKLY_FORGOTTEN)
    finish(connection, begin(connection, kind, now), said, 1, detail)


def forget_old(connection: Connection, now: Instant, *, most: int | None = None) -> None:
    """Delete changes that can no longer be undone; at most ``most`` rows of each, if given."""
    old = select(CHANGE.c.id).where(CHANGE.c.at < now - UNDO_SECONDS)
    if most is not None:
        old = old.where(CHANGE.c.size <= most)
    ids = list(connection.execute(old.order_by(CHANGE.c.id).limit(100)).scalars())
    if ids:
        connection.execute(delete(ROW).where(ROW.c.change_id.in_(ids)))
        connection.execute(delete(CHANGE).where(CHANGE.c.id.in_(ids)))


def forget_batch(database: Database, now: Instant, batch: int) -> int:
    """Delete about ``batch`` rows of changes that can no longer be undone; returns how many."""
    with database.write_connection() as connection:
        old = select(CHANGE.c.id).where(CHANGE.c.at < now - UNDO_SECONDS)
        change_id = connection.execute(old.order_by(CHANGE.c.id).limit(1)).scalar()
        if change_id is None:
            return 0
        of_it = ROW.c.change_id == change_id
        # Not by contact alone: a million suppressed addresses are no contact's.
        place = (ROW.c.contact_id, ROW.c.list_id, ROW.c.value)
        up_to = connection.execute(
            select(*place).where(of_it).order_by(*place).offset(batch).limit(1)
        ).first()
        if up_to is not None:
            some = delete(ROW).where(of_it, tuple_(*place) <= tuple_(*up_to))
            return connection.execute(some).rowcount
        rows = connection.execute(delete(ROW).where(of_it)).rowcount
        connection.execute(delete(CHANGE).where(CHANGE.c.id == change_id))
        return rows + 1


def last_change(database: Database, now: Instant) -> Noted | None:
    """The newest change that has not been undone and still can be; None: there is none."""
    with database.read_connection() as connection:
        return find_change(connection, now)


def changes(database: Database, now: Instant) -> list[Noted]:
    """All changes that can be undone, the newest first."""
    with database.read_connection() as connection:
        return [_noted(row) for row in connection.execute(_undoable(now))]


def find_change(connection: Connection, now: Instant, change_id: int | None = None) -> Noted | None:
    """The change of that id, or the newest; None: there is none that can be undone."""
    query = _undoable(now).limit(1)
    if change_id is not None:
        query = query.where(CHANGE.c.id == change_id)
    row = connection.execute(query).first()
    return None if row is None else _noted(row)


def _undoable(now: Instant) -> Select[Any]:
    where = CHANGE.c.undone_at.is_(None), CHANGE.c.at >= now - UNDO_SECONDS
    return select(CHANGE).where(*where).order_by(CHANGE.c.id.desc())


def _noted(row: Row[Any]) -> Noted:
    return Noted(row.id, ChangeKind(row.kind), row.at, row.said, row.size, row.detail)
