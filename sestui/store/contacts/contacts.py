"""Contacts, lists and memberships."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select
from sqlmodel import col

from sestui.core.contact.address_check import address_key
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.text import printable
from sestui.store.contacts.changes.import_journal import ImportJournal, begin_import
from sestui.store.contacts.upsert import ContactRow, Written, contact_writer
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, ContactList, Membership

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to add; ``email`` and ``email_key`` are those of ``check_address``."""

    email: str
    email_key: str
    attributes: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upserted:
    """The results of writing contacts."""

    imported: int
    """New contacts."""
    updated: int
    """Known contacts that changed."""
    unchanged: int
    """Known contacts that didn't change."""
    joined: int
    """New memberships."""
    no_contacts: int = 0
    """Rows that only suppress an address."""
    suppressed: int = 0
    """Newly suppressed addresses and domains."""
    erased: int = 0
    """Rows that were left out, as their addresses were erased on request."""
    erased_only: int = 0
    """Of these rows, those that only suppress an address."""
    erased_lists: int = 0
    """Lists that these rows name."""
    refused: int = 0
    """Lists newly left, one for each contact."""
    kept_off: int = 0
    """Lists named in rows that the contact had left before, one for each contact."""
    change: int | None = None
    """Its id in the journal; None: it can't be undone, or nothing has changed."""


@dataclass(frozen=True, slots=True)
class ListSize:
    """A list and its number of contacts of any status."""

    name: str
    contacts: int
    created_at: float


class Contacts:
    """The contacts and lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        contacts: Iterable[NewContact],
        *,
        list_name: str,
        now: float,
        on_conflict: OnConflict = OnConflict.UPDATE,
    ) -> Upserted:
        """Add contacts to a list, which is created if need be, in one transaction.

        Addresses may be repeated; later ones count as known contacts.
        """
        return self.apply(
            _packed(contacts),
            list_names=[list_name],
            now=now,
            on_conflict=on_conflict,
            replace_tags=True,
        )

    def apply(
        self,
        batches: Iterable[Sequence[ContactRow]],
        *,
        list_names: Sequence[str],
        now: float,
        on_conflict: OnConflict,
        replace_tags: bool,
        dry_run: bool = False,
        new_lists: Sequence[str] = (),
        said: str = "",
    ) -> Upserted:
        """Like :meth:`add`, for batches of prepared rows and several lists.

        Addresses must be unique within a batch. ``replace_tags``: REPLACE applies to tags too;
        ``dry_run`` rolls everything back; ``new_lists`` are created, even without contacts;
        ``said`` is what the journal says it was, before the lists' names; '' for no entry in it.
        """
        total, change = 0, None
        sums = Written(0, 0, 0)
        with self._database.write_connection() as connection:
            journal = begin_import(connection, now) if said and not dry_run else None
            lists = _Lists(connection, now)
            for name in new_lists:
                lists.id_of(name)
            writer = contact_writer(
                connection,
                list_ids=[lists.id_of(name) for name in list_names],
                list_id=lists.id_of,
                on_conflict=on_conflict,
                replace_tags=replace_tags,
                now=now,
                journal=journal,
            )
            for batch in batches:
                written = writer.write(batch)
                sums = Written(*map(sum, zip(sums, written, strict=True)))
                total += len(batch) - written.no_contacts - written.erased
            if dry_run:
                connection.rollback()
            if journal is not None:
                into = f" into {printable(', '.join(list_names))}" if list_names else ""
                change = _finish(journal, said + into, sums, lists)
        return Upserted(
            imported=sums.imported,
            updated=sums.updated,
            unchanged=total - sums.imported - sums.updated,
            joined=sums.joined,
            no_contacts=sums.no_contacts,
            suppressed=sums.suppressed,
            erased=sums.erased,
            erased_only=sums.erased_only,
            erased_lists=sums.erased_lists,
            refused=sums.refused,
            kept_off=sums.kept_off,
            change=change,
        )

    def count(self) -> int:
        """The number of contacts."""
        with self._database.read() as session:
            return int(session.execute(select(func.count()).select_from(Contact)).scalar_one())

    def get(self, email: str) -> Contact | None:
        """The contact with this address in any case, or None."""
        with self._database.read() as session:
            return session.execute(
                select(Contact).where(col(Contact.email_key) == address_key(email))
            ).scalar_one_or_none()

    def emails(self, contact_ids: Sequence[int]) -> dict[int, str]:
        """The addresses of existing contacts by id, for a few thousand ids at most."""
        query = select(col(Contact.id), col(Contact.email)).where(
            col(Contact.id).in_(list(contact_ids))
        )
        with self._database.read() as session:
            return {int(contact_id): email for contact_id, email in session.execute(query)}

    def lists(self) -> list[ListSize]:
        """All lists by name, with their sizes."""
        sizes = (
            select(col(Membership.list_id), func.count().label("contacts"))
            .group_by(col(Membership.list_id))
            .subquery()
        )
        statement = (
            select(
                col(ContactList.name),
                func.coalesce(sizes.c.contacts, 0),
                col(ContactList.created_at),
            )
            .outerjoin(sizes, sizes.c.list_id == col(ContactList.id))
            .order_by(col(ContactList.name))
        )
        with self._database.read() as session:
            return [ListSize(*row) for row in session.execute(statement)]


class _Lists:
    """Ids of lists by name within one transaction; missing lists are created."""

    def __init__(self, connection: Connection, now: float) -> None:
        self._connection = connection
        self._now = now
        self._ids: dict[str, int] = {}
        self.made: list[int] = []
        """The lists that were created."""

    def ids(self) -> list[int]:
        """All lists that were asked for."""
        return list(self._ids.values())

    def id_of(self, name: str) -> int:
        """The list by that name."""
        if name not in self._ids:
            self._ids[name] = self._found(name)
        return self._ids[name]

    def _found(self, name: str) -> int:
        lists = ContactList.__table__  # type: ignore[attr-defined] # sqlmodel's stubs don't know it
        found = self._connection.execute(select(lists.c.id).where(lists.c.name == name)).scalar()
        if found is None:
            made = insert(lists).values(name=name, created_at=self._now).returning(lists.c.id)
            found = self._connection.execute(made).scalar_one()
            self.made.append(int(found))
        return int(found)


def _finish(journal: ImportJournal, said: str, written: Written, lists: _Lists) -> int | None:
    counts = {
        "new": written.imported,
        "changed": written.updated,
        "suppressed": written.suppressed,
    }
    others = written.joined + written.refused + len(lists.made)
    return journal.finish(said, counts, lists.ids(), lists.made, others)


def _packed(contacts: Iterable[NewContact]) -> Iterator[list[ContactRow]]:
    """Rows in batches without repeated addresses."""
    batch: dict[str, ContactRow] = {}
    for contact in contacts:
        if contact.email_key in batch or len(batch) == _BATCH:
            yield list(batch.values())
            batch = {}
        batch[contact.email_key] = ContactRow(
            contact.email,
            contact.email_key,
            json.dumps(contact.attributes, ensure_ascii=False),
            json.dumps(contact.tags, ensure_ascii=False),
        )
    if batch:
        yield list(batch.values())
