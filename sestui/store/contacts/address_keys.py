"""The addresses of all contacts, or of those on a list, and nothing else of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from sestui.core.delivery.states import Standing
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP, SUPPRESSED, Which, list_id_of
from sestui.store.db.database import Database


@dataclass(frozen=True, slots=True)
class AddressStanding:
    """A contact's address as it is written, and whether it gets mail."""

    email: str
    standing: Standing


class AddressKeys:
    """Reads addresses by their keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def batches(self, list_name: str | None, size: int = 10_000) -> Iterator[Sequence[str]]:
        """The keys, each batch a separate read, so that a slow consumer keeps no transaction open.

        Raises:
            NotFoundError: there is no such list.
        """
        with self._database.read_connection() as connection:
            list_id = list_id_of(connection, Which(list_name))
        # Of all contacts the index of the addresses has everything: the contacts aren't read.
        key: Any = CONTACT.c.email_key if list_id is None else MEMBERSHIP.c.contact_id
        last: Any = "" if list_id is None else 0
        query = select(key, CONTACT.c.email_key).order_by(key).limit(size)
        if list_id is not None:
            query = query.join(CONTACT, CONTACT.c.id == key).where(MEMBERSHIP.c.list_id == list_id)
        while True:
            with self._database.read_connection() as connection:
                rows = connection.execute(query.where(key > last)).all()
            if not rows:
                return
            yield [row[1] for row in rows]
            last = rows[-1][0]

    def standings(self, keys: Sequence[str]) -> dict[str, AddressStanding]:
        """By key, for a thousand at most; those that are no contact's are left out."""
        query = select(CONTACT.c.email_key, CONTACT.c.email, CONTACT.c.status, SUPPRESSED).where(
            CONTACT.c.email_key.in_(keys)
        )
        with self._database.read_connection() as connection:
            return {
                key: AddressStanding(email, Standing.SUPPRESSED if held else Standing(status))
                for key, email, status, held in connection.execute(query)
            }
