"""Single members of audiences, and the attributes that members have."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, not_, select

from sestui.core.campaign.audience import Audience
from sestui.core.clock import Clock
from sestui.core.delivery.states import ContactStatus
from sestui.errors import NotFoundError, SegmentError
from sestui.store.contacts.audience_sql import ResolvedAudience, resolved
from sestui.store.contacts.audiences import AudienceMember
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP, SUPPRESSED
from sestui.store.db.database import Database

_WALKED = MEMBERSHIP.alias("walked")
"""Under a name of its own: conditions of segments ask for other memberships of the contact."""


_LOOKED_THROUGH = 200
"""Contacts of each list among whom one is looked for who can be mailed."""


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
    """Reads members of audiences; lists that don't exist are ignored.

    In a segment that doesn't exist, or that names what doesn't, is nobody.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def beside(
        self, audience: Audience, contact_id: int | None, *, back: bool = False
    ) -> AudienceMember | None:
        """The member after (or before) ``contact_id``, cyclically; None if there are none.

        Without a contact, the first (or last) member.
        """
        with self._database.read_connection() as connection:
            walks = self._walks(connection, audience)
            found = _beside(connection, walks, contact_id, back=back)
            if found is None and contact_id is not None:
                found = _beside(connection, walks, None, back=back)
            return None if found is None else _member(connection, CONTACT.c.id == found)

    def stand_in(self, audience: Audience) -> AudienceMember | None:
        """The member for whom a mail is shown unless another one is chosen; None if there are none.

        The first who can be mailed, or else the first: unsubscribed contacts get no mail.
        """
        with self._database.read_connection() as connection:
            walks = self._walks(connection, audience)
            able = [_first_mailable(connection, walk) for walk in walks]
            found = min((each for each in able if each is not None), default=None)
            if found is None:
                found = _beside(connection, walks, None, back=False)
            return None if found is None else _member(connection, CONTACT.c.id == found)

    def by_id(self, audience: Audience, contact_id: int) -> AudienceMember | None:
        """The member with this id, or None."""
        return self._one(audience, CONTACT.c.id == contact_id)

    def by_address(self, audience: Audience, email_key: str) -> AudienceMember | None:
        """The member with this address key, or None."""
        return self._one(audience, CONTACT.c.email_key == email_key)

    def _one(self, audience: Audience, which: ColumnElement[bool]) -> AudienceMember | None:
        with self._database.read_connection() as connection:
            found = self._resolved(connection, audience)
            if found is None:
                return None
            where = found.in_segment(connection)
            if found.list_ids is not None:
                on_them = select(MEMBERSHIP.c.list_id).where(
                    MEMBERSHIP.c.list_id.in_(found.list_ids),
                    MEMBERSHIP.c.contact_id == CONTACT.c.id,
                )
                where.append(on_them.exists())
            return _member(connection, which, *where)

    def attribute_names(self, audience: Audience, *, of: int = 500) -> frozenset[str]:
        """Attributes of any of the first ``of`` members of each list, or of all contacts."""
        names: set[str] = set()
        with self._database.read_connection() as connection:
            for walk in self._walks(connection, audience):
                for attributes in _attributes(connection, walk, of).values():
                    names.update(name for name, value in attributes.items() if value != "")
        return frozenset(names)

    def attribute_use(self, audience: Audience, *, of: int = 4_000) -> AttributeUse:
        """How many of the members have each attribute, by at most ``of`` of them.

        Of lists with more than their share, the first and the last members are looked at.
        """
        found: dict[int, Mapping[str, Any]] = {}
        complete = True
        with self._database.read_connection() as connection:
            walks = self._walks(connection, audience)
            share = max(2, of // max(1, len(walks)))
            for walk in walks:
                first = _attributes(connection, walk, share - share // 2)
                found.update(first)
                if len(first) == share - share // 2:
                    last = _attributes(connection, walk, share // 2, back=True)
                    complete = complete and not last.keys().isdisjoint(first)
                    found.update(last)
        counts = Counter(
            name
            for attributes in found.values()
            for name, value in attributes.items()
            if value != ""
        )
        return AttributeUse(counts, len(found), complete)

    def without(self, audience: Audience, names: Collection[str]) -> frozenset[str]:
        """The ``names`` that no member has as an attribute; reads all members."""
        with self._database.read_connection() as connection:
            walks = self._walks(connection, audience)
            return frozenset(
                name for name in names if not any(_has(connection, walk, name) for walk in walks)
            )

    def _resolved(self, connection: Connection, audience: Audience) -> ResolvedAudience | None:
        try:
            return resolved(connection, audience, self._clock.now())
        except (NotFoundError, SegmentError):
            return None

    def _walks(self, connection: Connection, audience: Audience) -> "list[_Walk]":
        """A walk for each list, or one over all contacts."""
        found = self._resolved(connection, audience)
        if found is None:
            return []
        where = tuple(found.in_segment(connection))
        if found.list_ids is None:
            return [_Walk(CONTACT.c.id, where, of_list=False)]
        on = _WALKED.c.list_id
        return [
            _Walk(_WALKED.c.contact_id, (on == list_id, *where), of_list=True)
            for list_id in found.list_ids
        ]


@dataclass(frozen=True, slots=True)
class _Walk:
    """Contacts in the order of their ids."""

    key: ColumnElement[Any]
    where: tuple[ColumnElement[bool], ...]
    of_list: bool

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """A query for columns of memberships and contacts."""
        query = select(*columns)
        if self.of_list:
            query = query.select_from(_WALKED).join(CONTACT, CONTACT.c.id == self.key)
        return query.where(*self.where)

    def in_order(self, query: Select[Any], *, back: bool) -> Select[Any]:
        """The query along the walk."""
        return query.order_by(self.key.desc() if back else self.key)


def _attributes(
    connection: Connection, walk: _Walk, most: int, *, back: bool = False
) -> dict[int, Mapping[str, Any]]:
    """The attributes of the first (or last) contacts of a walk, by the contact's id."""
    query = walk.in_order(walk.select(walk.key, CONTACT.c.attributes), back=back).limit(most)
    return {contact_id: attributes for contact_id, attributes in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def _beside(
    connection: Connection, walks: Sequence[_Walk], contact_id: int | None, *, back: bool
) -> int | None:
    nearest: list[int] = []
    for walk in walks:
        query = walk.select(walk.key)
        if contact_id is not None:
            query = query.where(walk.key < contact_id if back else walk.key > contact_id)
        found = connection.execute(walk.in_order(query, back=back).limit(1)).scalar()
        if found is not None:
            nearest.append(found)
    if not nearest:
        return None
    return max(nearest) if back else min(nearest)


def _first_mailable(connection: Connection, walk: _Walk) -> int | None:
    first = walk.in_order(walk.select(walk.key.label("id")), back=False)
    looked_through = first.limit(_LOOKED_THROUGH).subquery()
    query = select(func.min(CONTACT.c.id)).where(
        CONTACT.c.id.in_(select(looked_through.c.id)),
        CONTACT.c.status == ContactStatus.ACTIVE.value,
        not_(SUPPRESSED),
    )
    return connection.execute(query).scalar()


def _member(connection: Connection, *where: ColumnElement[bool]) -> AudienceMember | None:
    contact = CONTACT.c
    columns = (contact.id, contact.email, contact.attributes, contact.status)
    row = connection.execute(select(*columns).where(*where)).one_or_none()
    if row is None:
        return None
    return AudienceMember(row.id, row.email, row.attributes, ContactStatus(row.status))


def _has(connection: Connection, walk: _Walk, name: str) -> bool:
    value = CONTACT.c.attributes[name].as_string()
    query = walk.select(CONTACT.c.id).where(func.coalesce(value, "") != "").limit(1)
    return connection.execute(query).first() is not None
