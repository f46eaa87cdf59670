"""What a run sent since an instant, found without looking at what it sent before.

A run's deliveries are claimed in the order of their ids, so the instants of their acceptance rise
with the ids, but for two things: answers come in the disorder of their latencies, and what was
tried again was sent later than its neighbours. Hence a search by halves over the ids, along the
index of (run, state, id), in which a stretch of neighbours counts as old when one of them is: late
ones among them lead nobody astray. The end is looked at row by row.

Exact where the instants rise with the ids, or nearly so. A stretch that was sent later as a whole
(more neighbours in a row than are looked at came back and were tried again) may be taken for where
the newer ones begin: then the instant is too late by no more than they were late.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import DeliveryState
from sestui.store.db.tables import Delivery

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_STRETCH = 32
"""So many neighbours are looked at together."""
_DISORDER = 256
"""So far apart neighbours may have changed places: as many mails as are in the air, and some."""

_ACCEPTED = (
    _DELIVERY.c.run_id == bindparam("run_id"),
    _DELIVERY.c.state == DeliveryState.ACCEPTED.value,
)
_FROM = (
    select(_DELIVERY.c.id, _DELIVERY.c.sent_at)
    .where(*_ACCEPTED, _DELIVERY.c.id >= bindparam("first_id"))
    .order_by(_DELIVERY.c.id)
    .limit(bindparam("most"))
)
_BEFORE = (
    select(_DELIVERY.c.id, _DELIVERY.c.sent_at)
    .where(*_ACCEPTED, _DELIVERY.c.id < bindparam("first_id"))
    .order_by(_DELIVERY.c.id.desc())
    .limit(bindparam("most"))
)
_LAST = select(func.max(_DELIVERY.c.id)).where(*_ACCEPTED)
_COUNT = select(func.count()).where(
    *_ACCEPTED, _DELIVERY.c.id >= bindparam("first_id"), _DELIVERY.c.sent_at > bindparam("since")
)


@dataclass(frozen=True, slots=True)
class SentSince:
    """What a run sent since the instant that was asked for."""

    first_id: int
    """No delivery with a smaller id is among them."""
    first_at: Instant
    """When the first of them was accepted."""


def first_sent(connection: Connection, run_id: int, since: Instant) -> SentSince | None:
    """The first that was accepted after ``since``; None if nothing was."""
    last = connection.execute(_LAST, {"run_id": run_id}).scalar()
    if last is None:
        return None
    # What is below ``low`` is old; from ``high`` on, there are newer ones only.
    low, high = 0, last + 1
    while low < high:
        middle = (low + high) // 2
        rows = _rows(connection, _FROM, run_id, middle, _STRETCH)
        old = [each for each, at in rows if at <= since]
        if old:
            low = max(old) + 1
        else:
            high = middle
    around = [
        *_rows(connection, _BEFORE, run_id, low, _DISORDER),
        *_rows(connection, _FROM, run_id, low, _DISORDER),
    ]
    found = [(each, at) for each, at in around if at > since]
    if not found:
        return None
    return SentSince(min(each for each, _ in found), min(at for _, at in found))


def count_sent(connection: Connection, run_id: int, since: Instant) -> int:
    """How many were accepted after ``since``: what it looks at are those, not the older ones."""
    first = first_sent(connection, run_id, since)
    if first is None:
        return 0
    given = {"run_id": run_id, "first_id": first.first_id, "since": since}
    return int(connection.execute(_COUNT, given).scalar_one())


def _rows(
    connection: Connection, look: Select[Any], run_id: int, first_id: int, most: int
) -> list[tuple[int, Instant]]:
    rows = connection.execute(look, {"run_id": run_id, "first_id": first_id, "most": most})
    # One that the operator takes for sent is as old as its claim, which every one has.
    return [(each, at) for each, at in rows if at is not None]
