"""Read events in the order of their arrival, batch by batch."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select

from sestui.core.clock import Instant
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign
from sestui.store.events.event_tables import EventRow
from sestui.store.ledger.bulk_statements import ids_of, values_text
from sestui.store.ledger.statements import DELIVERY, RUN

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_BATCH = 5_000


class LoggedEvent(NamedTuple):
    """An event with its delivery; there is none for another program's mail."""

    id: int
    campaign: str | None
    run: int | None
    email: str | None
    run_kind: str | None
    """What the run is: tests and runs are numbered by themselves."""
    message_id: str
    kind: str
    type: str
    sub_type: str
    detail: str
    by_machine: bool
    occurred_at: Instant
    mailed_at: Instant
    received_at: Instant


_COLUMNS: tuple[Any, ...] = (
    _EVENT.c.id,
    _CAMPAIGN.c.name,
    func.abs(RUN.c.number),
    DELIVERY.c.email,
    RUN.c.kind,
    *(_EVENT.c[name] for name in LoggedEvent._fields[5:]),
)


_QUERY = (
    select(*_COLUMNS)
    .select_from(_EVENT)
    .outerjoin(DELIVERY, DELIVERY.c.id == _EVENT.c.delivery_id)
    .outerjoin(RUN, RUN.c.id == DELIVERY.c.run_id)
    .outerjoin(_CAMPAIGN, _CAMPAIGN.c.id == RUN.c.campaign_id)
    .order_by(_EVENT.c.id)
)


def events_of(database: Database, delivery_ids: Sequence[int]) -> list[LoggedEvent]:
    """All events of these deliveries."""
    with database.read_connection() as connection:
        found = connection.execute(
            _QUERY.where(_EVENT.c.delivery_id.in_(ids_of(connection))),
            {"b_ids": values_text(list(delivery_ids))},
        ).all()
    return [LoggedEvent(*row) for row in found]


def logged_events(
    database: Database, *, campaign: str | None = None, since: Instant | None = None
) -> Iterator[list[LoggedEvent]]:
    """Events of one campaign or of all, received since an instant.

    Each batch is a separate read, so a slow consumer keeps no transaction open.
    """
    last = 0
    query = _QUERY.limit(_BATCH)
    if campaign is not None:
        query = query.where(_CAMPAIGN.c.name == campaign)
    if since is not None:
        query = query.where(_EVENT.c.received_at >= since)
    while True:
        with database.read_connection() as connection:
            found = connection.execute(query.where(_EVENT.c.id > last)).all()
        if not found:
            return
        last = found[-1].id
        yield [LoggedEvent(*row) for row in found]
