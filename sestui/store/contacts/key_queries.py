"""Queries for the keys of selected contacts, each along an index.

A :class:`KeyQuery` is a key column with conditions and a direction, used to count, page and search.
To keep query planners from reading a million rows, conditions on other tables are subqueries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, not_, or_, select
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op
from sqlmodel import col

from sestui.core.delivery.states import ContactStatus, Standing
from sestui.core.text import printable
from sestui.errors import NotFoundError
from sestui.store.contacts.address_sql import of_domain
from sestui.store.db.tables import Contact, ContactList, Membership, Suppression

CONTACT = Contact.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
MEMBERSHIP = Membership.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
SUPPRESSION = Suppression.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

OF_ONE_ADDRESS = SUPPRESSION.c.email_key == CONTACT.c.email_key

WHOLE_DOMAIN = SUPPRESSION.alias("whole_domain")
OF_ITS_DOMAIN = WHOLE_DOMAIN.c.email_key == of_domain(CONTACT.c.email_key)

SUPPRESSED = or_(
    select(SUPPRESSION.c.email_key).where(OF_ONE_ADDRESS).exists(),
    select(WHOLE_DOMAIN.c.email_key).where(OF_ITS_DOMAIN).exists(),
)
"""The contact's address is suppressed, or its whole domain."""

_SHORT = 5_000
"""Lists with up to this many members are always scanned by membership."""

_NOT_ACTIVE = CONTACT.c.status != literal_column(f"'{ContactStatus.ACTIVE.value}'")
"""Spelled like the partial index, which SQLite needs to use it."""


@dataclass(frozen=True, slots=True)
class Which:
    """A selection of contacts."""

    list_name: str | None = None
    """Only members of this list; None for all contacts."""
    standing: Standing | None = None
    """Only of this standing; None for any. SUPPRESSED without a list includes addresses without a
    contact."""


class Order(StrEnum):
    """Orders of contacts: those that an index provides."""

    NEWEST = "newest first"
    OLDEST = "oldest first"
    ADDRESS = "by address"
    ADDRESS_BACK = "by address, from the end"


@dataclass(frozen=True, slots=True)
class KeyQuery:
    """Keys in an order: contact ids, their addresses, or addresses of suppressions."""

    key: ColumnElement[Any]
    along: tuple[ColumnElement[bool], ...] = ()
    """Conditions that the scanned index covers."""
    only: tuple[ColumnElement[bool], ...] = ()
    """Conditions on other tables, checked for each key."""
    by_address: bool = False
    """The keys are addresses of suppressions."""
    by_email: bool = False
    """The keys are addresses of contacts."""
    rising: bool = False
    bytewise: bool = False
    """PostgreSQL compares the keys byte by byte: its index of addresses does, too."""

    def keys_from(
        self, connection: Connection, key: Any = None, *, skip: int = 0, limit: int
    ) -> Sequence[Any]:
        """Keys from ``key`` (inclusive), or from the beginning."""
        where = [*self.only] if key is None else [*self.only, self.after_or_at(key)]
        return self._keys(connection, where, skip, limit, rising=self.rising)

    def keys_before(
        self, connection: Connection, key: Any = None, *, skip: int = 0, limit: int
    ) -> Sequence[Any]:
        """The last ``limit`` keys before ``key`` or the end, except the last ``skip``, in order."""
        where = [*self.only] if key is None else [*self.only, ~self.after_or_at(key)]
        return self._keys(connection, where, skip, limit, rising=not self.rising)[::-1]

    def chunk_end(self, connection: Connection, after: Any, size: int) -> Any:
        """The last of the next ``size`` keys of the index; None if fewer are left."""
        where = [] if after is None else [self.after(after)]
        found = self._keys(connection, where, size - 1, 1, rising=self.rising)
        return found[0] if found else None

    def after(self, key: Any) -> ColumnElement[bool]:
        """The condition for keys after ``key``."""
        return ~self.up_to(key)

    def up_to(self, key: Any) -> ColumnElement[bool]:
        """Keys that come before ``key``, and itself."""
        return self._compared("<=" if self.rising else ">=", key)

    def after_or_at(self, key: Any) -> ColumnElement[bool]:
        """Keys that come later than ``key``, and itself."""
        return self._compared(">=" if self.rising else "<=", key)

    def _compared(self, sign: str, key: Any) -> ColumnElement[bool]:
        if self.bytewise:
            return self.key.bool_op(f"~{sign}~")(key)
        compared: ColumnElement[bool] = self.key <= key if sign == "<=" else self.key >= key
        return compared

    def in_order(self, *, rising: bool) -> ColumnElement[Any]:
        """The keys as a query is to order them."""
        if self.bytewise:
            sign = "<" if rising else ">"
            return UnaryExpression(self.key, modifier=custom_op(f"USING ~{sign}~"))
        return self.key.asc() if rising else self.key.desc()

    def _keys(
        self,
        connection: Connection,
        where: Sequence[ColumnElement[bool]],
        skip: int,
        limit: int,
        *,
        rising: bool,
    ) -> Sequence[Any]:
        order = self.in_order(rising=rising)
        return (
            connection.execute(
                select(self.key)
                .where(*self.along, *where)
                .order_by(order)
                .limit(limit)
                .offset(skip)
            )
            .scalars()
            .all()
        )


def key_query_of(connection: Connection, which: Which, order: Order = Order.NEWEST) -> KeyQuery:
    """The way through the contacts that are meant; the suppressed always come by address.

    Raises:
        NotFoundError: there is no such list.
    """
    list_id = list_id_of(connection, which)
    if which.standing is Standing.SUPPRESSED:
        return _of_suppressed(list_id, rising=order is not Order.ADDRESS_BACK)
    if order in {Order.ADDRESS, Order.ADDRESS_BACK}:
        return _by_email(connection, which, list_id, rising=order is Order.ADDRESS)
    rising = order is Order.OLDEST
    if list_id is None:
        return KeyQuery(CONTACT.c.id, *of_standing(which.standing), rising=rising)
    if which.standing in {None, Standing.ACTIVE} or is_short(connection, list_id):
        return _of_members(list_id, which.standing, rising=rising)
    along, only = of_standing(which.standing)
    return KeyQuery(CONTACT.c.id, along, (*only, on_list(list_id, CONTACT.c.id)), rising=rising)


def _by_email(
    connection: Connection, which: Which, list_id: int | None, *, rising: bool
) -> KeyQuery:
    along, only = of_standing(which.standing)
    few = which.standing not in {None, Standing.ACTIVE}
    if list_id is not None:
        few = few or is_short(connection, list_id)
        members = select(MEMBERSHIP.c.contact_id).where(MEMBERSHIP.c.list_id == list_id)
        on_it = CONTACT.c.id.in_(members) if few else on_list(list_id, CONTACT.c.id)
        only = (*only, on_it)
    # Few are read and sorted: walking along the index of all addresses would meet all the others.
    key: ColumnElement[Any] = func.coalesce(CONTACT.c.email_key, "") if few else CONTACT.c.email_key
    bytewise = connection.dialect.name == "postgresql"
    return KeyQuery(key, along, only, by_email=True, rising=rising, bytewise=bytewise)


def list_id_of(connection: Connection, which: Which) -> int | None:
    """The id of the selected list; None if none is selected.

    Raises:
        NotFoundError: there is no such list.
    """
    if which.list_name is None:
        return None
    found = connection.execute(
        select(col(ContactList.id)).where(col(ContactList.name) == which.list_name)
    ).scalar()
    if found is None:
        raise NotFoundError(f"There is no list {printable(which.list_name)!r}.")
    return int(found)


def is_short(connection: Connection, list_id: int) -> bool:
    """Whether the list is short enough to be scanned by membership."""
    members = KeyQuery(MEMBERSHIP.c.contact_id, (MEMBERSHIP.c.list_id == list_id,))
    return not members.keys_from(connection, skip=_SHORT, limit=1)


def on_list(list_id: int, contact_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the contact is on the list."""
    return (
        select(MEMBERSHIP.c.list_id)
        .where(MEMBERSHIP.c.list_id == list_id, MEMBERSHIP.c.contact_id == contact_id)
        .exists()
    )


_Conditions = tuple[ColumnElement[bool], ...]


def of_standing(standing: Standing | None) -> tuple[_Conditions, _Conditions]:
    """Conditions for contacts of this standing: on the contact, and on other tables."""
    if standing is None:
        return (), ()
    of_status = CONTACT.c.status == standing.value
    if standing is not Standing.ACTIVE:
        of_status = and_(of_status, _NOT_ACTIVE)
    return (of_status,), (not_(SUPPRESSED),)


def contact_of_member(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that the member's contact fulfils ``where``."""
    return select(CONTACT.c.id).where(CONTACT.c.id == MEMBERSHIP.c.contact_id, *where).exists()


def contact_of_suppression(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that the suppression's contact fulfils ``where``."""
    return select(CONTACT.c.id).where(OF_ONE_ADDRESS, *where).exists()


def _of_members(list_id: int, standing: Standing | None, *, rising: bool) -> KeyQuery:
    along = (MEMBERSHIP.c.list_id == list_id,)
    by_contact, by_others = of_standing(standing)
    only = (contact_of_member(*by_contact, *by_others),) if standing is not None else ()
    return KeyQuery(MEMBERSHIP.c.contact_id, along, only, rising=rising)


def _of_suppressed(list_id: int | None, *, rising: bool) -> KeyQuery:
    only = () if list_id is None else (contact_of_suppression(on_list(list_id, CONTACT.c.id)),)
    return KeyQuery(SUPPRESSION.c.email_key, only=only, by_address=True, rising=rising)
