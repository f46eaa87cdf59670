"""Export contacts as a stream, with flat memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlmodel import col

from sestui.core.clock import Instant
from sestui.store.contacts.changes.selection import Selection, id_chunks, id_values
from sestui.store.contacts.key_queries import (
    CONTACT,
    MEMBERSHIP,
    OF_ONE_ADDRESS,
    SUPPRESSION,
    KeyQuery,
    Which,
    key_query_of,
)
from sestui.store.db.database import Database
from sestui.store.db.tables import ContactList

_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class ExportedContact:
    """A contact, or a suppressed address without a contact, whose status is ''."""

    email: str
    status: str
    status_reason: str
    suppressed: str
    """Reason and detail of its suppression; '' for none."""
    suppressed_at: Instant | None
    tags: list[str]
    lists: list[str]
    created_at: Instant | None
    updated_at: Instant | None
    attributes: dict[str, Any]


def attribute_names(database: Database, which: Which) -> list[str]:
    """The names of all attributes of these contacts, sorted.

    Raises:
        NotFoundError: there is no such list.
    """
    with database.read_connection() as connection:
        query = key_query_of(connection, which)
        meant = select(query.key).where(*query.along, *query.only)
        of_contact = CONTACT.c.email_key if query.by_address else CONTACT.c.id
        statement = _names(database).where(of_contact.in_(meant))
        return sorted(connection.execute(statement).scalars())


def _names(database: Database) -> Select[Any]:
    keys: ColumnElement[Any] = func.json_object_keys(CONTACT.c.attributes)
    if database.is_sqlite:
        each = func.json_each(CONTACT.c.attributes)
        keys = each.table_valued("key", joins_implicitly=True).c.key
    return select(keys.label("name")).distinct()


def export_contacts(database: Database, which: Which) -> Iterator[list[ExportedContact]]:
    """The selected contacts in batches, oldest first; suppressions by address.

    Each batch is a separate read, so a slow consumer keeps no transaction open.

    Raises:
        NotFoundError: there is no such list.
    """
    last: Any = None
    while True:
        with database.read_connection() as connection:
            query = key_query_of(connection, which)
            keys = _next_keys(connection, query, last)
            batch = _read(connection, query, keys)
        if not keys:
            return
        yield batch
        last = keys[-1]


def selected_attribute_names(database: Database, selection: Selection) -> list[str]:
    """The names of all attributes that any of these contacts has, sorted."""
    names: set[str] = set()
    for ids in _selected(database, selection):
        with database.read_connection() as connection:
            where = CONTACT.c.id.in_(id_values(connection, ids))
            names.update(connection.execute(_names(database).where(where)).scalars())
    return sorted(names)


def export_selected(database: Database, selection: Selection) -> Iterator[list[ExportedContact]]:
    """The chosen contacts in batches, the oldest first; each batch is a read of its own."""
    for ids in _selected(database, selection):
        for first in range(0, len(ids), _BATCH):
            with database.read_connection() as connection:
                yield _read(connection, KeyQuery(CONTACT.c.id), ids[first : first + _BATCH])


def _selected(database: Database, selection: Selection) -> Iterator[list[int]]:
    """The ids of the chosen contacts; nothing is held while the reader is at work."""
    after = 0
    while True:
        with database.read_connection() as connection:
            ids = next(id_chunks(connection, selection, after=after), None)
        if ids is None:
            return
        yield ids
        after = ids[-1]


def _next_keys(connection: Connection, query: KeyQuery, last: Any) -> Sequence[Any]:
    if query.by_address:
        return query.keys_from(connection, last, skip=last is not None, limit=_BATCH)
    # The query is by falling id, so the oldest are at its end.
    return query.keys_before(connection, last, limit=_BATCH)[::-1]


def _read(connection: Connection, query: KeyQuery, keys: Sequence[Any]) -> list[ExportedContact]:
    if query.by_address:
        joined, key = SUPPRESSION.outerjoin(CONTACT, OF_ONE_ADDRESS), SUPPRESSION.c.email_key
    else:
        joined, key = CONTACT.outerjoin(SUPPRESSION, OF_ONE_ADDRESS), CONTACT.c.id
    rows = connection.execute(
        select(
            CONTACT,
            SUPPRESSION.c.email_key.label("suppressed"),
            SUPPRESSION.c.reason,
            SUPPRESSION.c.detail,
            SUPPRESSION.c.created_at.label("suppressed_at"),
        )
        .select_from(joined)
        .where(key.in_(keys))
        .order_by(key)
    ).all()
    lists = _lists_of(connection, [row.id for row in rows if row.id is not None])
    return [
        ExportedContact(
            email=row.email or row.suppressed,
            status=row.status or "",
            status_reason=row.status_reason or "",
            suppressed=": ".join(part for part in (row.reason, row.detail) if part),
            suppressed_at=row.suppressed_at,
            tags=row.tags or [],
            lists=lists.get(row.id, []),
            created_at=row.created_at,
            updated_at=row.updated_at,
            attributes=row.attributes or {},
        )
        for row in rows
    ]


def _lists_of(connection: Connection, contact_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of each contact's lists, sorted."""
    found: dict[int, list[str]] = {}
    rows = connection.execute(
        select(MEMBERSHIP.c.contact_id, col(ContactList.name))
        .join(ContactList, col(ContactList.id) == MEMBERSHIP.c.list_id)
        .where(MEMBERSHIP.c.contact_id.in_(contact_ids))
        .order_by(col(ContactList.name))
    )
    for contact_id, name in rows:
        found.setdefault(contact_id, []).append(name)
    return found
