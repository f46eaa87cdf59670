"""Subscriptions confirmed by the link in a mail: each carried out once, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.delivery.confirm_token import ConfirmLink, digest_of
from sestui.core.delivery.events import RefusalReason
from sestui.core.delivery.states import ContactStatus
from sestui.store.contacts.erased import forget_erased, hold_off_erasure
from sestui.store.contacts.refusals import REFUSAL
from sestui.store.db.database import Database
from sestui.store.db.tables import ContactList
from sestui.store.web.recipients import CHANGE, CONTACT, MEMBERSHIP, SUPPRESSION
from sestui.store.web.subscriptions import REQUEST

_LIST = ContactList.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

# Built once, as building them costs more than running them.
_LINKED = select(REQUEST).where(
    REQUEST.c.id == bindparam("id"), REQUEST.c.email_key == bindparam("key")
)
_LOCKED = _LINKED.with_for_update()
_SUPPRESSED = select(SUPPRESSION.c.email_key, SUPPRESSION.c.reason, SUPPRESSION.c.kept).where(
    SUPPRESSION.c.email_key.in_([bindparam("key"), bindparam("domain")])
)


@dataclass(frozen=True, slots=True)
class LinkedRequest:
    """What a link's page shows."""

    email: str = field(repr=False)
    lists: tuple[str, ...]
    """The lists that were asked for, and may still be joined."""
    confirmed: bool
    suppressed: bool
    """The address bounced, complained, or was suppressed by the operator since the mail left."""


@dataclass(frozen=True, slots=True)
class ReceivedConfirmation:
    """A confirmation as it was received."""

    link: ConfirmLink
    text: str
    """What the page said, by which the person consented."""
    at: Instant


class Confirmations:
    """The requests of one database, as their links see them; ``offered`` may be joined."""

    def __init__(self, database: Database, offered: Sequence[str]) -> None:
        self._database = database
        self._offered = frozenset(offered)

    def read(self, links: Sequence[ConfirmLink]) -> Sequence[LinkedRequest | None]:
        """What is known of links' requests, in order; None for one that is no longer kept."""
        with self._database.read_connection() as connection:
            return [self._linked(connection, each) for each in links]

    def confirm(self, received: Sequence[ReceivedConfirmation]) -> None:
        """Carry out confirmations in one transaction.

        One that came before, too late, or for a suppressed address changes nothing. Who was erased
        on request comes back by it: it is their own word, and the newer one.
        """
        with self._database.write_connection() as connection:
            hold_off_erasure(connection)
            for each in received:
                self._confirm(connection, each)

    def _linked(self, connection: Connection, link: ConfirmLink) -> LinkedRequest | None:
        row = _request(connection, link)
        if row is None:
            return None
        return LinkedRequest(
            email=row.email,
            lists=tuple(each for each in row.lists if each in self._offered),
            confirmed=row.confirmed_at is not None,
            suppressed=_is_suppressed(connection, row.email_key),
        )

    def _confirm(self, connection: Connection, received: ReceivedConfirmation) -> None:
        row = _request(connection, received.link, lock=True)
        if row is None or row.confirmed_at is not None or received.link.has_expired(received.at):
            return
        names = [each for each in row.lists if each in self._offered]
        if not names or _is_suppressed(connection, row.email_key):
            return
        forget_erased(connection, row.email_key)
        connection.execute(delete(SUPPRESSION).where(SUPPRESSION.c.email_key == row.email_key))
        joined = [_list_id(connection, name, received.at) for name in names]
        contact = _contact(connection, row, received.at)
        left = _left(connection, contact, joined, received.at)
        _join(connection, contact.id, joined, received.at)
        _note(connection, contact, row, received, names=names, joined=joined, left=left)
        confirmed = update(REQUEST).where(REQUEST.c.id == row.id)
        connection.execute(confirmed.values(confirmed_at=received.at))


def _request(connection: Connection, link: ConfirmLink, *, lock: bool = False) -> Any:
    """The link's request; None if it is gone, or its number belongs to another by now."""
    given = {"id": link.request_id, "key": link.address_key}
    row = connection.execute(_LOCKED if lock else _LINKED, given).first()
    return row if row is not None and digest_of(row.lists) == link.lists else None


def _is_suppressed(connection: Connection, key: str) -> bool:
    """Whether more than their own word stands against mail to the address.

    A mailbox that bounced, a complaint and the operator's decision outlast a form that anybody may
    fill in. Having unsubscribed doesn't: confirming is their own word too, and the newer one.
    """
    given = {"key": key, "domain": f"@{key.rpartition('@')[2]}"}
    rows = connection.execute(_SUPPRESSED, given).all()
    own_word = (key, RefusalReason.UNSUBSCRIBED.value, False)
    return any((row.email_key, row.reason, row.kept) != own_word for row in rows)


def _list_id(connection: Connection, name: str, now: Instant) -> int:
    """The list's id; it is created if need be."""
    _insert_new(connection, _LIST, {"name": name, "created_at": now})
    found = connection.execute(select(_LIST.c.id).where(_LIST.c.name == name)).scalar_one()
    return int(found)


def _contact(connection: Connection, row: Any, now: Instant) -> Any:
    """The contact as it was before, locked; created, or active again, if need be."""
    named = {"first_name": row.name} if row.name else {}
    fresh = {
        "email": row.email,
        "email_key": row.email_key,
        "attributes": named,
        "tags": [],
        "status": ContactStatus.ACTIVE.value,
        "status_reason": "",
        "created_at": now,
        "updated_at": now,
    }
    _insert_new(connection, CONTACT, fresh)
    found = select(CONTACT).where(CONTACT.c.email_key == row.email_key).with_for_update()
    contact = connection.execute(found).one()
    is_named = bool(contact.attributes.get("first_name"))
    values = {
        "attributes": contact.attributes if is_named else {**contact.attributes, **named},
        "status": ContactStatus.ACTIVE.value,
        "status_reason": "",
        "paused_until": None,
        "updated_at": now,
    }
    connection.execute(update(CONTACT).where(CONTACT.c.id == contact.id).values(**values))
    return contact


def _left(
    connection: Connection, contact: Any, joined: Sequence[int], now: Instant
) -> Sequence[int]:
    """The lists that a contact who had unsubscribed from all doesn't come back to."""
    if contact.status != ContactStatus.UNSUBSCRIBED:
        return ()
    others = (
        delete(MEMBERSHIP)
        .where(MEMBERSHIP.c.contact_id == contact.id, MEMBERSHIP.c.list_id.not_in(joined))
        .returning(MEMBERSHIP.c.list_id)
    )
    left = list(connection.execute(others).scalars())
    for list_id in left:
        refused = {"list_id": list_id, "contact_id": contact.id, "at": now}
        _insert_new(connection, REFUSAL, refused)
    return left


def _join(connection: Connection, contact_id: int, joined: Sequence[int], now: Instant) -> None:
    connection.execute(
        delete(REFUSAL).where(REFUSAL.c.contact_id == contact_id, REFUSAL.c.list_id.in_(joined))
    )
    for list_id in joined:
        member = {"list_id": list_id, "contact_id": contact_id, "joined_at": now}
        _insert_new(connection, MEMBERSHIP, member)


def _note(
    connection: Connection,
    contact: Any,
    row: Any,
    received: ReceivedConfirmation,
    *,
    names: Sequence[str],
    joined: Sequence[int],
    left: Sequence[int],
) -> None:
    """Record the consent: when and how it was asked for and given, to what, by which text."""
    connection.execute(
        insert(CHANGE).values(
            contact_id=contact.id,
            delivery_id=row.delivery_id,
            at=received.at,
            choice=ReaderChoice.SUBSCRIBE.value,
            source=Source.FORM.value,
            detail={
                "before": {
                    "status": contact.status,
                    "status_reason": contact.status_reason,
                    "paused_until": contact.paused_until,
                },
                "after": {"joined": list(joined), "left": list(left)},
                "mail": "",
                "asked_at": row.asked_at,
                "lists": list(names),
                "text": received.text,
                "lang": row.lang,
            },
        )
    )


def _insert_new(connection: Connection, table: Any, values: dict[str, Any]) -> None:
    """Insert a row unless there is one; another process may have inserted it."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).values(**values).on_conflict_do_nothing())
