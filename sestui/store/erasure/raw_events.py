"""Events and messages that name a person, or hold what a server said of them.

The JSON is compressed, so each has to be read.
"""

from sqlalchemy import ColumnElement, Connection, Update, select, update

from sestui.core.contact.address_in_text import ERASED, AddressInText
from sestui.core.delivery.events import EventKind
from sestui.store.db.database import Database
from sestui.store.events.event_tables import EventRow, QuarantinedEvent
from sestui.store.events.raw import uncompressed

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_QUARANTINED = QuarantinedEvent.__table__  # type: ignore[attr-defined] # as above
_BATCH = 2_000


def events_naming(database: Database, address: AddressInText) -> tuple[list[int], int]:
    """Ids of events whose JSON has the address, and the id up to which all were read.

    In short reads, about 10 s for a million events, so that no writer waits.
    """
    found: list[int] = []
    after = 0
    while True:
        with database.read_connection() as connection:
            ids, last = _batch(connection, address, after, _BATCH)
        found += ids
        if last is None:
            return found, after
        after = last


def newer_events_naming(connection: Connection, address: AddressInText, after: int) -> list[int]:
    """The same for those that have come since, within a transaction."""
    return _batch(connection, address, after, None)[0]


def quarantined_naming(connection: Connection, address: AddressInText) -> list[int]:
    """Ids of quarantined messages with the address."""
    rows = connection.execute(select(_QUARANTINED.c.id, _QUARANTINED.c.raw))
    return [row.id for row in rows if address.is_in(uncompressed(row.raw))]


def words_blanked(theirs: ColumnElement[bool]) -> Update:
    """Blank what servers said in these events, but for whether they said anything.

    Without any words a soft bounce would become an automatic reply, and counts would change. Which
    link was followed stays.
    """
    said = update(_EVENT).where(theirs, _EVENT.c.kind != EventKind.CLICK.value)
    return said.where(_EVENT.c.detail != "").values(detail=ERASED)


def _batch(
    connection: Connection, address: AddressInText, after: int, most: int | None
) -> tuple[list[int], int | None]:
    """Ids within a batch, and its last id; None: there are no more."""
    query = select(_EVENT.c.id, _EVENT.c.raw).where(_EVENT.c.id > after, _EVENT.c.raw.is_not(None))
    rows = connection.execute(query.order_by(_EVENT.c.id).limit(most)).all()
    found = [row.id for row in rows if address.is_in(uncompressed(row.raw))]
    return found, rows[-1].id if rows else None
