"""Contacts whose addresses reach one mailbox."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

from sestui.audience.imports.temporary_database import open_temporary, translated
from sestui.core.contact.same_mailbox import shared_mailbox
from sestui.store.contacts.address_keys import AddressKeys, AddressStanding
from sestui.store.db.database import Database

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SharedMailbox:
    """A mailbox with several contacts."""

    address: str
    """The plainest address of it, in small letters, whether it is a contact's or not."""
    contacts: tuple[AddressStanding, ...]


def shared_mailboxes(database: Database, list_name: str | None = None) -> Iterator[SharedMailbox]:
    """The mailboxes that several contacts (of the list) share, in order; memory is flat.

    Raises:
        NotFoundError: there is no such list.
        StorageError: the disk for temporary files is full.
    """
    keys = AddressKeys(database)
    with closing(open_temporary()) as seen, translated():
        seen.execute("CREATE TABLE seen (mailbox TEXT, key TEXT)")
        for batch in keys.batches(list_name):
            known = [(mailbox, key) for key in batch if (mailbox := shared_mailbox(key))]
            seen.execute("BEGIN")
            seen.executemany("INSERT INTO seen VALUES (?, ?)", known)
            seen.execute("COMMIT")
        found = seen.execute("SELECT mailbox, key FROM seen ORDER BY mailbox, key")
        together: list[tuple[str, list[str]]] = []
        for mailbox, group in groupby(found, lambda row: str(row[0])):
            sharing = [str(key) for _, key in group]
            if len(sharing) > 1:
                together.append((mailbox, sharing))
            if len(together) >= _AT_ONCE:
                yield from _of(keys, together)
                together = []
        yield from _of(keys, together)


def _of(keys: AddressKeys, groups: Sequence[tuple[str, list[str]]]) -> Iterator[SharedMailbox]:
    """The groups with their contacts, without those that have gone meanwhile."""
    standings: dict[str, AddressStanding] = {}
    everybody = [key for _, sharing in groups for key in sharing]
    for first in range(0, len(everybody), _AT_ONCE):
        standings |= keys.standings(everybody[first : first + _AT_ONCE])
    for mailbox, sharing in groups:
        contacts = tuple(standings[key] for key in sharing if key in standings)
        if len(contacts) > 1:
            yield SharedMailbox(mailbox, contacts)
