"""Delete the JSON of old events; their outcomes stay."""

from sqlalchemy import select, update

from sestui.core.clock import Instant
from sestui.store.db.database import Database
from sestui.store.events.event_tables import EventRow

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


def purge_events(database: Database, before: Instant, most: int) -> int:
    """Delete the JSON of up to ``most`` events received before ``before``; returns their number.

    A queue gives an event out for 14 days at most: its row keeps it from being applied again.
    """
    with database.write_connection() as connection:
        old = (
            select(_EVENT.c.id)
            .where(_EVENT.c.raw.is_not(None), _EVENT.c.received_at < before)
            .order_by(_EVENT.c.id)
            .limit(most)
        )
        return connection.execute(
            update(_EVENT).where(_EVENT.c.id.in_(old)).values(raw=None)
        ).rowcount
