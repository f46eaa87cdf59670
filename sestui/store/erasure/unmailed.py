"""Forget contacts that have got no mail for long: as an erasure, but they may come in again."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, delete, func, or_, select, update

from sestui.core.clock import Instant
from sestui.core.delivery.states import OPEN_STATES, ContactStatus, DeliveryState
from sestui.store.contacts.changes.journal import ROW
from sestui.store.contacts.erased import hold_off_writers
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP
from sestui.store.contacts.refusals import REFUSAL
from sestui.store.contacts.unchecked import unchecked_among
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import GovernorRow
from sestui.store.erasure.raw_events import words_blanked
from sestui.store.events.event_tables import EventRow
from sestui.store.ledger.bulk_statements import ids_of, values_text
from sestui.store.ledger.statements import DELIVERY
from sestui.store.tasks.tables import ContactCheck
from sestui.store.web.tables import PreferenceChange

_CHECK = ContactCheck.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CHOICE = PreferenceChange.__table__  # type: ignore[attr-defined] # as above
_EVENT = EventRow.__table__  # type: ignore[attr-defined] # as above
_GOVERNOR = GovernorRow.__table__  # type: ignore[attr-defined] # as above

_UNSETTLED = sorted({*OPEN_STATES, DeliveryState.IN_DOUBT})


class Forgotten(NamedTuple):
    """One step through the contacts."""

    contacts: int
    """How many were forgotten."""
    last: int | None
    """The id up to which all were looked at; None: these were the last."""


def forget_unmailed(database: Database, before: Instant, *, after: int, most: int) -> Forgotten:
    """Forget those of the next ``most`` contacts after id ``after`` that neither got mail nor
    changed since ``before``, in one transaction.

    Runs keep their deliveries, without address. Who has unsubscribed, left a list or is invalid is
    kept, as an old file would bring them back else; so is whoever a run is not done with.

    Raises:
        StorageBusyError: an import or the start of a run is going on.
    """
    with database.write_connection() as connection:
        hold_off_writers(connection)
        connection.execute(select(_GOVERNOR.c.account).order_by("account").with_for_update())
        page = select(CONTACT.c.id).where(CONTACT.c.id > after).order_by(CONTACT.c.id).limit(most)
        last = connection.execute(select(func.max(page.subquery().c.id))).scalar()
        if last is None:
            return Forgotten(0, None)
        found = set(connection.execute(_unmailed(before, after, last)).scalars())
        ids = sorted(found - unchecked_among(connection, found))
        if ids:
            _forget(connection, ids)
        return Forgotten(len(ids), last)


def _unmailed(before: Instant, after: int, last: int) -> Select[Any]:
    mailed = select(DELIVERY.c.id).where(
        DELIVERY.c.contact_id == CONTACT.c.id,
        or_(DELIVERY.c.queued_at >= before, DELIVERY.c.state.in_(_UNSETTLED)),
    )
    left = select(REFUSAL.c.list_id).where(REFUSAL.c.contact_id == CONTACT.c.id)
    return select(CONTACT.c.id).where(
        CONTACT.c.id > after,
        CONTACT.c.id <= last,
        CONTACT.c.status == ContactStatus.ACTIVE.value,
        CONTACT.c.created_at < before,
        CONTACT.c.updated_at < before,
        ~mailed.exists(),
        ~left.exists(),
    )


def _forget(connection: Connection, ids: list[int]) -> None:
    given = {"b_ids": values_text(ids)}
    theirs = DELIVERY.c.contact_id.in_(ids_of(connection))
    of_theirs = _EVENT.c.delivery_id.in_(select(DELIVERY.c.id).where(theirs))
    connection.execute(update(_EVENT).where(of_theirs).values(raw=None), given)
    connection.execute(words_blanked(of_theirs), given)
    blank = update(DELIVERY).where(theirs).values(email="", reason="", contact_id=None)
    connection.execute(blank, given)
    of_contact = _CHOICE.c.contact_id.in_(ids_of(connection))
    connection.execute(update(_CHOICE).where(of_contact).values(contact_id=None, detail={}), given)
    for table in (MEMBERSHIP, _CHECK, ROW):
        connection.execute(delete(table).where(table.c.contact_id.in_(ids_of(connection))), given)
    connection.execute(delete(CONTACT).where(CONTACT.c.id.in_(ids_of(connection))), given)
