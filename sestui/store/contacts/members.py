"""Single members of lists, and the attributes that members have."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import Session, col

from sestui.core.delivery.states import ContactStatus
from sestui.store.contacts.contacts import AudienceMember
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact, ContactList, Membership


@dataclass(frozen=True, slots=True)
class AttributeUse:
    """Which attributes contacts have, and how many of them."""

    counts: Mapping[str, int]
    """Attribute name to the contacts that have a value for it."""
    of: int
    """Contacts looked at."""
    complete: bool
    """Whether these are all there are."""


class Members:
    """Reads members of lists by the lists' names; unknown names are ignored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beside(
        self, list_names: Sequence[str], contact_id: int | None, *, back: bool = False
    ) -> AudienceMember | None:
        """The member after (or before) ``contact_id``, cyclically; None if there are none.

        Without a contact, the first (or last) member.
        """
        with self._database.read() as session:
            ids = _ids(session, list_names)
            found = _beside(session, ids, contact_id, back=back)
            if found is None and contact_id is not None:
                found = _beside(session, ids, None, back=back)
            return None if found is None else _member(session, col(Contact.id) == found)

    def by_id(self, list_names: Sequence[str], contact_id: int) -> AudienceMember | None:
        """The member with this id, or None."""
        return self._one(list_names, col(Contact.id) == contact_id)

    def by_address(self, list_names: Sequence[str], email_key: str) -> AudienceMember | None:
        """The member with this address key, or None."""
        return self._one(list_names, col(Contact.email_key) == email_key)

    def _one(self, list_names: Sequence[str], which: ColumnElement[bool]) -> AudienceMember | None:
        with self._database.read() as session:
            ids = _ids(session, list_names)
            on_them = select(col(Membership.list_id)).where(
                col(Membership.list_id).in_(ids), col(Membership.contact_id) == col(Contact.id)
            )
            return _member(session, which, on_them.exists())

    def attribute_names(self, list_names: Sequence[str], *, of: int = 500) -> frozenset[str]:
        """Attributes of any of the first ``of`` members of each list."""
        names: set[str] = set()
        with self._database.read() as session:
            for list_id in _ids(session, list_names):
                first = (
                    select(col(Membership.contact_id))
                    .where(col(Membership.list_id) == list_id)
                    .order_by(col(Membership.contact_id))
                    .limit(of)
                )
                rows = session.execute(
                    select(col(Contact.attributes)).where(col(Contact.id).in_(first))
                )
                for (attributes,) in rows:
                    names.update(name for name, value in attributes.items() if value != "")
        return frozenset(names)

    def attribute_use(self, list_names: Sequence[str], *, of: int = 4_000) -> AttributeUse:
        """How many of the members have each attribute, by at most ``of`` of them.

        Of lists with more than their share, the first and the last members are looked at.
        """
        found: dict[int, Mapping[str, Any]] = {}
        complete = True
        with self._database.read() as session:
            ids = _ids(session, list_names)
            share = max(2, of // max(1, len(ids)))
            for list_id in ids:
                first = _attributes(session, list_id, share - share // 2)
                found.update(first)
                if len(first) == share - share // 2:
                    last = _attributes(session, list_id, share // 2, back=True)
                    complete = complete and not last.keys().isdisjoint(first)
                    found.update(last)
        counts = Counter(
            name
            for attributes in found.values()
            for name, value in attributes.items()
            if value != ""
        )
        return AttributeUse(counts, len(found), complete)

    def without(self, list_names: Sequence[str], names: Collection[str]) -> frozenset[str]:
        """The ``names`` that no member has as an attribute; reads all members."""
        with self._database.read() as session:
            ids = _ids(session, list_names)
            return frozenset(name for name in names if not _has(session, ids, name))


def _ids(session: Session, names: Sequence[str]) -> list[int]:
    found = session.execute(select(col(ContactList.id)).where(col(ContactList.name).in_(names)))
    return [int(list_id) for list_id in found.scalars()]


def _attributes(
    session: Session, list_id: int, most: int, *, back: bool = False
) -> dict[int, Mapping[str, Any]]:
    """The attributes of the first (or last) members of a list, by the contact's id."""
    key = col(Membership.contact_id)
    rows = session.execute(
        select(key, col(Contact.attributes))
        .join(Contact, col(Contact.id) == key)
        .where(col(Membership.list_id) == list_id)
        .order_by(key.desc() if back else key)
        .limit(most)
    )
    return {contact_id: attributes for contact_id, attributes in rows}  # noqa: C416 - rows are no pairs to mypy


def _beside(
    session: Session, ids: Sequence[int], contact_id: int | None, *, back: bool
) -> int | None:
    key = col(Membership.contact_id)
    nearest: list[int] = []
    for list_id in ids:
        walk: Select[Any] = select(key).where(col(Membership.list_id) == list_id)
        if contact_id is not None:
            walk = walk.where(key < contact_id if back else key > contact_id)
        found = session.execute(walk.order_by(key.desc() if back else key).limit(1)).scalar()
        if found is not None:
            nearest.append(found)
    if not nearest:
        return None
    return max(nearest) if back else min(nearest)


def _member(session: Session, *where: Any) -> AudienceMember | None:
    row = session.execute(
        select(
            col(Contact.id), col(Contact.email), col(Contact.attributes), col(Contact.status)
        ).where(*where)
    ).one_or_none()
    if row is None:
        return None
    contact_id, email, attributes, status = row
    return AudienceMember(contact_id, email, attributes, ContactStatus(status))


def _has(session: Session, ids: Sequence[int], name: str) -> bool:
    value = col(Contact.attributes)[name].as_string()
    found = session.execute(
        select(col(Contact.id))
        .join(Membership, col(Membership.contact_id) == col(Contact.id))
        .where(col(Membership.list_id).in_(ids), func.coalesce(value, "") != "")
        .limit(1)
    )
    return found.first() is not None
