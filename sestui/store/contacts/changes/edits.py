"""Changes to single contacts by a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from sestui.core.clock import Instant
from sestui.core.contact.address_check import Address
from sestui.core.delivery.states import ContactStatus
from sestui.core.text import printable
from sestui.errors import NotFoundError, StateError
from sestui.store.contacts.changes.bulk import At, Join, Leave, find_list, forget_refusal
from sestui.store.contacts.changes.journal import ChangeKind, begin, finish, record
from sestui.store.contacts.erased import hold_off_erasure, refuse_erased
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, Membership


@dataclass(frozen=True, slots=True)
class ContactFields:
    """The editable fields of a contact."""

    attributes: Mapping[str, Any]
    tags: Sequence[str]
    status: ContactStatus
    status_reason: str


class ContactEdits:
    """Changes to single contacts, each in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        address: Address,
        attributes: Mapping[str, Any],
        now: Instant,
        *,
        list_name: str = "",
    ) -> int:
        """Add a contact, optionally to a list, which is created if need be; returns its id.

        Raises: StateError: the contact exists, or the address was erased on request.
        """
        with self._database.write() as session:
            hold_off_erasure(session.connection())
            refuse_erased(session.connection(), address.key)
            known = session.exec(
                select(Contact.id).where(col(Contact.email_key) == address.key)
            ).one_or_none()
            if known is not None:
                raise StateError(f"{address.email} is already a contact.")
            contact = Contact(
                email=address.email,
                email_key=address.key,
                attributes=dict(attributes),
                created_at=now,
                updated_at=now,
            )
            session.add(contact)
            session.flush()
            made: list[int] = []
            if list_name:
                join = Join(list_name)
                made = join.prepare(session.connection(), now).get("made", [])
                session.add(Membership(list_id=join.list_id, contact_id=contact.id, joined_at=now))
            detail = {"contact_id": contact.id, "email": address.email, "made": made}
            said = f"Added the contact {printable(address.email)}"
            record(session.connection(), ChangeKind.ADDED, said, now, detail)
            return contact.id

    def save(self, contact_id: int, fields: ContactFields, now: Instant, *, seen: Instant) -> None:
        """Write all ``fields``; ``seen`` is ``updated_at`` of the version that was edited.

        Raises:
            NotFoundError: the contact no longer exists. StateError: it has been changed meanwhile.
        """
        with self._database.write() as session:
            contact = _locked(session, contact_id)
            if contact.updated_at != seen:
                raise StateError(
                    f"{contact.email} has been changed by someone else in the meantime; nothing "
                    "has been saved. Go back and edit the current version."
                )
            before = _fields(contact)
            contact.attributes = dict(fields.attributes)
            contact.tags = list(fields.tags)
            contact.status = fields.status.value
            contact.status_reason = fields.status_reason
            contact.updated_at = now
            session.add(contact)
            after = _fields(contact)
            detail = {"contact_id": contact_id, "before": before, "after": after, "seen": seen}
            said = f"Edited {printable(contact.email)}"
            record(session.connection(), ChangeKind.EDITED, said, now, detail)

    def change_lists(
        self, contact_id: int, *, join: Iterable[str], leave: Iterable[str], now: Instant
    ) -> None:
        """Add the contact to lists, which are created if need be, and remove it from others.

        Raises: NotFoundError: the contact no longer exists.
        """
        with self._database.write() as session:
            contact = _locked(session, contact_id)
            connection = session.connection()
            at = At(begin(connection, ChangeKind.MEMBERSHIPS, now), now)
            made: list[int] = []
            changed = 0
            for action in (*map(Join, join), *map(Leave, leave)):
                if isinstance(action, Leave) and find_list(connection, action.list_name) is None:
                    continue  # it is gone, and they have left it so
                made += action.prepare(connection, now).get("made", [])
                if isinstance(action, Join):  # one person, by hand: on that person's word
                    forget_refusal(connection, at, action.list_id, contact_id)
                changed += action.step(connection, at, [contact_id])
            said = f"Changed the lists of {printable(contact.email)}"
            finish(connection, at.change_id, said, changed, {"made": made})


def _fields(contact: Contact) -> dict[str, Any]:
    """What a person may change, as the journal keeps it."""
    return {
        "attributes": dict(contact.attributes),
        "tags": list(contact.tags),
        "status": contact.status,
        "status_reason": contact.status_reason,
    }


def _locked(session: Session, contact_id: int) -> Contact:
    contact = session.get(Contact, contact_id, with_for_update=True)
    if contact is None:
        raise NotFoundError("The contact no longer exists.")
    return contact
