"""Undoing changes to contacts or lists; what has changed since stays as it is."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, case, func, select, update

from sestui.core.clock import Instant
from sestui.errors import ConflictError, NotFoundError, SestuiError, StateError
from sestui.store.contacts.changes.journal import (
    CHANGE,
    ROW,
    UNDO_SECONDS,
    ChangeKind,
    Noted,
    find_change,
)
from sestui.store.contacts.changes.undo_contacts import undo_add, undo_import
from sestui.store.contacts.changes.undo_lists import (
    note_rest,
    undo_memberships,
    undo_removal,
    undo_rename,
)
from sestui.store.contacts.changes.undo_suppressions import undo_suppress, undo_unsuppress
from sestui.store.contacts.changes.undone import Undone, refused
from sestui.store.contacts.erased import hold_off_writers
from sestui.store.contacts.key_queries import CONTACT
from sestui.store.contacts.tags_sql import has_tag, with_tag_at, without_tag
from sestui.store.db.database import Database

_HOURS = f"{UNDO_SECONDS / 3600:.0f} hours"
NOTHING = f"There is nothing to undo: no change of the last {_HOURS} is left."

_REMOVING = frozenset({ChangeKind.IMPORTED, ChangeKind.ADDED})
"""Kinds whose undo removes contacts."""


def undo_change(
    database: Database,
    now: Instant,
    change_id: int | None = None,
    *,
    forget_refusals: bool = False,
    dry_run: bool = False,
) -> Undone:
    """Take back a change, the newest if none is named; in one transaction.

    What others have changed since stays, and is told. So do refusals of mail that an import brought
    (somebody had unsubscribed, bounced or complained), unless ``forget_refusals``; those that came
    since stay always. ``dry_run`` rolls everything back.

    Raises:
        StateError: there is none, or all of it has been changed since.
        NotFoundError: there is no change of that id, or it is too old.
        ConflictError: it has been undone already.
        StorageBusyError: an import or the start of a run is going on.
    """
    with database.write_connection() as connection:
        change = _wanted(connection, now, change_id)
        if change.kind in _REMOVING:
            hold_off_writers(connection)  # no start is under way that has read the contacts
        ours = CHANGE.c.id == change.id, CHANGE.c.undone_at.is_(None)
        if not connection.execute(update(CHANGE).where(*ours).values(undone_at=now)).rowcount:
            raise _missing(connection, change.id)
        done = Undone(change.said, forget_refusals)
        _WAYS[change.kind](connection, change, done, now)
        if dry_run:
            connection.rollback()
    return done


def wanted_change(database: Database, now: Instant, change_id: int | None = None) -> Noted:
    """The change that :func:`undo_change` would take back.

    Raises: StateError, NotFoundError, ConflictError: as there.
    """
    with database.read_connection() as connection:
        return _wanted(connection, now, change_id)


def _wanted(connection: Connection, now: Instant, change_id: int | None) -> Noted:
    change = find_change(connection, now, change_id)
    if change is None:
        raise _missing(connection, change_id)
    return change


def _missing(connection: Connection, change_id: int | None) -> SestuiError:
    if change_id is None:
        return StateError(NOTHING)
    query = select(CHANGE.c.said, CHANGE.c.undone_at).where(CHANGE.c.id == change_id)
    found = connection.execute(query).first()
    if found is not None and found.undone_at is not None:
        return ConflictError(f"This has been undone already: {found.said}.")
    return NotFoundError(f"There is no change {change_id} of the last {_HOURS}.")


def _edited(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    """A contact was edited."""
    contact_id, before, after = (change.detail[name] for name in ("contact_id", "before", "after"))
    names = ("attributes", "tags", "status", "status_reason")
    columns = [CONTACT.c[name] for name in names]
    row = connection.execute(
        select(*columns).where(CONTACT.c.id == contact_id).with_for_update()
    ).first()
    if row is None or dict(zip(names, row, strict=True)) != after:
        raise refused(change, "the contact has been changed since")
    values = dict(before) | {"updated_at": change.detail.get("seen", now)}
    connection.execute(update(CONTACT).where(CONTACT.c.id == contact_id).values(**values))
    done.restored = 1


def _tagged(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    _retag(connection, change, done, now, back_on=False)


def _untagged(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    _retag(connection, change, done, now, back_on=True)


def _retag(
    connection: Connection, change: Noted, done: Undone, now: Instant, *, back_on: bool
) -> None:
    lite = connection.dialect.name == "sqlite"
    rows = ROW.c.change_id == change.id
    for tag in connection.execute(select(ROW.c.value).where(rows).distinct()).scalars().all():
        noted = select(ROW.c.contact_id).where(rows, ROW.c.value == tag)
        has = has_tag(tag, sqlite=lite)
        if back_on:
            place = noted.with_only_columns(ROW.c.at).where(ROW.c.contact_id == CONTACT.c.id)
            tags = with_tag_at(place.scalar_subquery(), tag, sqlite=lite)
        else:
            tags = without_tag(tag, sqlite=lite)
        done.restored += connection.execute(
            update(CONTACT)
            .where(CONTACT.c.id.in_(noted), ~has if back_on else has)
            .values(tags=tags, updated_at=_untouched(change, tag, now))
        ).rowcount
    note_rest(connection, change, done)


def _untouched(change: Noted, tag: str, now: Instant) -> Any:
    """When the contact was changed last, if nobody has changed it since the change."""
    before = select(ROW.c.updated_at).where(
        ROW.c.change_id == change.id,
        ROW.c.contact_id == CONTACT.c.id,
        ROW.c.list_id == 0,
        ROW.c.value == tag,
    )
    return case(
        (CONTACT.c.updated_at == change.at, func.coalesce(before.scalar_subquery(), now)),
        else_=now,
    )


_WAYS: dict[ChangeKind, Callable[[Connection, Noted, Undone, Instant], None]] = {
    ChangeKind.IMPORTED: undo_import,
    ChangeKind.ADDED: undo_add,
    ChangeKind.EDITED: _edited,
    ChangeKind.MEMBERSHIPS: undo_memberships,
    ChangeKind.TAGGED: _tagged,
    ChangeKind.UNTAGGED: _untagged,
    ChangeKind.SUPPRESSED: undo_suppress,
    ChangeKind.UNSUPPRESSED: undo_unsuppress,
    ChangeKind.LIST_RENAMED: undo_rename,
    ChangeKind.LIST_MERGED: undo_removal,
    ChangeKind.LIST_DELETED: undo_removal,
}
