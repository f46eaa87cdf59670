"""Contacts' tags and lists, as templates use them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select
from sqlmodel import col

from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, ContactList, Delivery, Membership

Belonging = Mapping[str, tuple[str, ...]]
"""``tags`` and ``lists``, both by name and in order."""


class Memberships:
    """Reads ``tags`` and ``lists`` of several contacts at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_contacts(self, contact_ids: Sequence[int]) -> dict[int, Belonging]:
        """By contact id; unknown ids are left out."""
        with self._database.read_connection() as connection:
            tags = connection.execute(
                select(col(Contact.id), col(Contact.tags)).where(col(Contact.id).in_(contact_ids))
            ).all()
            return _belonging(connection, [(each.id, each.tags) for each in tags])

    def of_deliveries(self, delivery_ids: Sequence[int]) -> dict[str, Belonging]:
        """By the delivery's address, for the contact that its mail shows, if any."""
        shown = func.coalesce(col(Delivery.shown_as), col(Delivery.contact_id))
        with self._database.read_connection() as connection:
            rows = connection.execute(
                select(col(Delivery.email), col(Contact.id), col(Contact.tags))
                .join(Contact, col(Contact.id) == shown)
                .where(col(Delivery.id).in_(delivery_ids))
            ).all()
            found = _belonging(connection, {row.id: row.tags for row in rows}.items())
        return {row.email: found[row.id] for row in rows}


def _belonging(
    connection: Connection, tags: Iterable[tuple[int, Sequence[Any]]]
) -> dict[int, Belonging]:
    known = dict(tags)
    lists: dict[int, list[str]] = {contact_id: [] for contact_id in known}
    rows = connection.execute(
        select(col(Membership.contact_id), col(ContactList.name))
        .join(ContactList, col(ContactList.id) == col(Membership.list_id))
        .where(col(Membership.contact_id).in_(list(known)))
        .order_by(col(ContactList.name))
    )
    for contact_id, name in rows:
        lists[contact_id].append(name)
    return {
        contact_id: {"tags": tuple(str(tag) for tag in given), "lists": tuple(lists[contact_id])}
        for contact_id, given in known.items()
    }
