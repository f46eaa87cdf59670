"""The servers' or SES's diagnostics of mails that did not arrive."""

from collections.abc import Sequence

from sqlalchemy import select

from sestui.core.delivery.events import EventKind
from sestui.store.db.database import Database
from sestui.store.events.event_tables import EventRow

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_SAYING = (
    EventKind.BOUNCE.value,
    EventKind.DELAY.value,
    EventKind.REJECT.value,
    EventKind.RENDERING_FAILURE.value,
)


def diagnostics(database: Database, delivery_ids: Sequence[int]) -> dict[int, str]:
    """The latest diagnostic of each of these deliveries, by id."""
    if not delivery_ids:
        return {}
    statement = (
        select(_EVENT.c.delivery_id, _EVENT.c.detail)
        .where(
            _EVENT.c.delivery_id.in_(delivery_ids),
            _EVENT.c.kind.in_(_SAYING),
            _EVENT.c.detail != "",
        )
        .order_by(_EVENT.c.occurred_at, _EVENT.c.id)
    )
    with database.read_connection() as connection:
        return {row.delivery_id: row.detail for row in connection.execute(statement)}
