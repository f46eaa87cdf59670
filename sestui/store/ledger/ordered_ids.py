"""Ids of a run's deliveries in order, along the index (run, state, id).

The index holds each state in order; several states are merged. Nothing sorts the whole table.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    func,
    select,
    union_all,
)

from sestui.core.delivery.states import DeliveryState
from sestui.store.db.tables import Delivery
from sestui.store.ledger.log_rows import RunSlice

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


def ordered_ids(
    connection: Connection,
    run_id: int,
    states: frozenset[DeliveryState],
    *,
    offset: int = 0,
    limit: int,
    newest_first: bool = True,
    beyond: int | None = None,
) -> Sequence[int]:
    """Ids of a run's deliveries in these states, in order, after ``beyond`` (exclusive)."""
    column = _DELIVERY.c.id
    order = column.desc() if newest_first else column
    arms = []
    for state in sorted(states):
        arm = select(column).where(_DELIVERY.c.run_id == run_id, _DELIVERY.c.state == state.value)
        if beyond is not None:
            arm = arm.where(column < beyond if newest_first else column > beyond)
        arms.append(arm)
    if not arms:
        return []
    statement: Select[Any] | CompoundSelect[Any]
    if len(arms) == 1:
        statement = arms[0].order_by(order)
    else:
        if connection.dialect.name != "sqlite":
            # SQLite merges sorted arms itself, but not limited ones; PostgreSQL needs order and
            # limit in each arm.
            arms = [
                select(arm.order_by(order).limit(offset + limit).subquery().c.id) for arm in arms
            ]
        merged = union_all(*arms)
        together = merged.selected_columns.id
        statement = merged.order_by(together.desc() if newest_first else together)
    return connection.execute(statement.offset(offset).limit(limit)).scalars().all()


def ids_at(
    connection: Connection,
    part: RunSlice,
    states: frozenset[DeliveryState],
    offset: int,
    limit: int,
) -> Sequence[int]:
    """A run's ids from ``offset``, newest first, scanned from the nearer end."""
    limit = min(limit, part.count - offset)
    from_end = part.count - offset - limit
    if offset <= from_end:
        return ordered_ids(connection, part.run_id, states, offset=offset, limit=limit)
    ids = ordered_ids(
        connection,
        part.run_id,
        states,
        offset=from_end,
        limit=limit,
        newest_first=False,
        beyond=None if part.lowest is None else part.lowest - 1,
    )
    return ids[::-1]


def count_newer(
    connection: Connection, part: RunSlice, states: frozenset[DeliveryState], delivery_id: int
) -> int:
    """The number of the run's deliveries with a higher id."""
    return _count(connection, part, states, _DELIVERY.c.id > delivery_id)


def count_older(
    connection: Connection, part: RunSlice, states: frozenset[DeliveryState], delivery_id: int
) -> int:
    """The number of the run's deliveries up to this id."""
    return _count(connection, part, states, _DELIVERY.c.id <= delivery_id)


def _count(
    connection: Connection,
    part: RunSlice,
    states: frozenset[DeliveryState],
    condition: ColumnElement[bool],
) -> int:
    query = (
        select(func.count())
        .select_from(_DELIVERY)
        .where(_DELIVERY.c.run_id == part.run_id, _DELIVERY.c.state.in_(sorted(states)), condition)
    )
    if part.lowest is not None:
        query = query.where(_DELIVERY.c.id >= part.lowest)
    return int(connection.execute(query).scalar_one())
