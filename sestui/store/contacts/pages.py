"""Count contacts and read them in pages, for tables of any length.

Contacts come newest first, by falling id, or in another order that an index gives; the suppressed
come by address. A page is found by the
key of one of its neighbours, or by a query along an index from the nearer end.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from sestui.core.contact.address_check import address_key
from sestui.core.delivery.states import Standing
from sestui.store.contacts.address_sql import of_domain
from sestui.store.contacts.key_queries import (
    CONTACT,
    MEMBERSHIP,
    OF_ITS_DOMAIN,
    OF_ONE_ADDRESS,
    SUPPRESSION,
    WHOLE_DOMAIN,
    KeyQuery,
    Order,
    Which,
    contact_of_suppression,
    key_query_of,
    list_id_of,
    on_list,
)
from sestui.store.db.database import Database

_COLUMNS = (
    CONTACT.c.id,
    CONTACT.c.email,
    CONTACT.c.attributes,
    CONTACT.c.status,
    CONTACT.c.status_reason,
    SUPPRESSION.c.email_key,
    SUPPRESSION.c.reason,
    SUPPRESSION.c.detail,
    WHOLE_DOMAIN.c.email_key.label("domain"),
    WHOLE_DOMAIN.c.reason.label("domain_reason"),
    WHOLE_DOMAIN.c.detail.label("domain_detail"),
)


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact in a table, or a suppressed address without a contact."""

    id: int | None
    """None if there is no contact."""
    email: str
    attributes: dict[str, Any]
    standing: Standing
    reason: str
    """Why it is not active; '' if unknown."""


class ContactPages:
    """The contacts selected by ``which``, counted and read in pages; thread-safe.

    It caches the keys at the edges of pages until it counts again. New contacts come first, so
    :meth:`place` shifts all others.
    """

    def __init__(self, database: Database, which: Which, order: Order = Order.NEWEST) -> None:
        self._database = database
        self._which = which
        self._order = order
        self._lock = threading.Lock()
        self._keys: dict[int, Any] = {}
        self._first: Any = None
        self._count: int | None = None

    def count(self) -> int:
        """Their current number.

        Raises:
            NotFoundError: there is no such list.
        """
        with self._database.read_connection() as connection:
            count = count_of(connection, self._which)
            first = key_query_of(connection, self._which, self._order).keys_from(
                connection, limit=1
            )
        with self._lock:
            self._keys.clear()
            self._first = first[0] if first else None
            self._count = count
        return count

    def page(self, offset: int, limit: int) -> Sequence[ContactLine]:
        """Up to ``limit`` of them from ``offset``.

        Raises:
            NotFoundError: there is no such list.
        """
        with self._database.read_connection() as connection:
            query = key_query_of(connection, self._which, self._order)
            keys = self._page_of_keys(connection, query, offset, limit)
            return lines_of(connection, query, keys)

    def place(self, row: ContactLine, near: int) -> int:
        """The current index of ``row``, or where it would be; it was at ``near``."""
        with self._lock:
            first = self._first
        with self._database.read_connection() as connection:
            query = key_query_of(connection, self._which, self._order)
            if query.by_address or query.by_email:
                return _counted(connection, query, ~query.after_or_at(address_key(row.email)))
            if first is None or query.rising:
                return near
            came = _counted(connection, query, ~query.after_or_at(first))
        if came:
            with self._lock:
                self._keys = {place + came: key for place, key in self._keys.items()}
                self._first = None
                self._count = None if self._count is None else self._count + came
        return near + came

    def _page_of_keys(
        self, connection: Connection, query: KeyQuery, offset: int, limit: int
    ) -> Sequence[Any]:
        with self._lock:
            known, count = dict(self._keys), self._count
        behind = max((place for place in known if place <= offset), default=0)
        ahead = min((place for place in known if place >= offset + limit), default=count)
        rows = limit if ahead is None else min(limit, ahead - offset)
        if ahead is not None and rows > 0 and ahead - offset - rows < offset - behind:
            skip = ahead - offset - rows
            keys = query.keys_before(connection, known.get(ahead), skip=skip, limit=rows)
        else:
            keys = query.keys_from(connection, known.get(behind), skip=offset - behind, limit=limit)
        with self._lock:
            if keys and offset:  # at the top, new contacts may come before them
                self._keys[offset] = keys[0]
                self._keys[offset + len(keys) - 1] = keys[-1]
            elif keys:
                self._first = keys[0]
        return keys


def lines_of(connection: Connection, query: KeyQuery, keys: Sequence[Any]) -> list[ContactLine]:
    """The contacts with these keys, in the same order."""
    if query.by_address:
        joined = SUPPRESSION.outerjoin(CONTACT, OF_ONE_ADDRESS)
        key: ColumnElement[Any] = SUPPRESSION.c.email_key
    else:
        joined = CONTACT.outerjoin(SUPPRESSION, OF_ONE_ADDRESS)
        key = CONTACT.c.email_key if query.by_email else CONTACT.c.id
    joined = joined.outerjoin(WHOLE_DOMAIN, OF_ITS_DOMAIN)
    rows = connection.execute(
        select(key.label("walked"), *_COLUMNS).select_from(joined).where(key.in_(list(keys)))
    )
    found = {row.walked: _line_of(row) for row in rows}
    return [found[key] for key in keys if key in found]


def _line_of(row: Row[*tuple[Any, ...]]) -> ContactLine:
    """The line for a contact with its suppression."""
    if row.email_key is not None:
        reason = ": ".join(part for part in (row.reason, row.detail) if part)
        attributes = row.attributes or {}
        return ContactLine(
            row.id, row.email or row.email_key, attributes, Standing.SUPPRESSED, reason
        )
    if row.domain is not None:
        said = (f"all of {row.domain[1:]}", row.domain_reason, row.domain_detail)
        reason = ": ".join(part for part in said if part)
        return ContactLine(row.id, row.email, row.attributes, Standing.SUPPRESSED, reason)
    standing = Standing(row.status)
    reason = "" if standing is Standing.ACTIVE else row.status_reason
    return ContactLine(row.id, row.email, row.attributes, standing, reason)


def count_of(connection: Connection, which: Which) -> int:
    """The number of selected contacts, counted by an index where there may be many.

    Raises:
        NotFoundError: there is no such list.
    """
    list_id = list_id_of(connection, which)
    if which.standing is None:
        return _everybody(connection, list_id)
    if which.standing is not Standing.ACTIVE:
        return _counted(connection, key_query_of(connection, which))
    # Nearly all are active, so the others are counted.
    others = sum(
        _counted(connection, key_query_of(connection, Which(which.list_name, standing)))
        for standing in (Standing.UNSUBSCRIBED, Standing.INVALID)
    )
    suppressed = _suppressed_contacts(connection, list_id) + _of_domains(connection, list_id)
    return _everybody(connection, list_id) - others - suppressed


def _everybody(connection: Connection, list_id: int | None) -> int:
    if list_id is None:
        statement = select(func.count()).select_from(CONTACT)
    else:
        statement = (
            select(func.count()).select_from(MEMBERSHIP).where(MEMBERSHIP.c.list_id == list_id)
        )
    return int(connection.execute(statement).scalar_one())


def _suppressed_contacts(connection: Connection, list_id: int | None) -> int:
    listed = [] if list_id is None else [on_list(list_id, CONTACT.c.id)]
    return _counted(
        connection, KeyQuery(SUPPRESSION.c.email_key, only=(contact_of_suppression(*listed),))
    )


def _of_domains(connection: Connection, list_id: int | None) -> int:
    """The number of contacts at suppressed domains that are not suppressed themselves.

    Reads all contacts if there is such a domain.
    """
    domains = select(SUPPRESSION.c.email_key).where(SUPPRESSION.c.email_key.like("@%"))
    if connection.execute(domains.limit(1)).scalar() is None:
        return 0
    listed = [] if list_id is None else [on_list(list_id, CONTACT.c.id)]
    own = select(SUPPRESSION.c.email_key).where(OF_ONE_ADDRESS).exists()
    at_them = select(func.count()).where(of_domain(CONTACT.c.email_key).in_(domains), ~own, *listed)
    return int(connection.execute(at_them.select_from(CONTACT)).scalar_one())


def _counted(connection: Connection, query: KeyQuery, *where: ColumnElement[bool]) -> int:
    meant = select(query.key).where(*query.along, *where, *query.only).subquery()
    return int(connection.execute(select(func.count()).select_from(meant)).scalar_one())
