"""What runs sent since an instant, found without looking at what they sent before.

A run's deliveries are claimed in the order of their ids, so the instants of their acceptance rise
with the ids, but for two things: answers come in the disorder of their latencies, and what was
tried again was sent later than its neighbours. Hence a search by halves over the ids, along the
index of (run, state, id), in which a stretch of neighbours counts as old when one of them is: late
ones among them lead nobody astray. The end is looked at row by row. All of that is one statement,
for however many runs.

Exact where the instants rise with the ids, or nearly so. A stretch that was sent later as a whole
(more neighbours in a row than are looked at came back and were tried again) may be taken for where
the newer ones begin: then the instant is too late by no more than they were late.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    ScalarSelect,
    Select,
    bindparam,
    func,
    select,
    union_all,
)

from sestui.core.delivery.states import DeliveryState
from sestui.store.db.tables import Delivery, Run
from sestui.store.ledger.binary_search import first_newer

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_STRETCH = 32
"""So many neighbours are looked at together."""
_DISORDER = 256
"""So far apart neighbours may have changed places: as many mails as are in flight, and some."""

_SINCE: ColumnElement[float] = bindparam("since", type_=_DELIVERY.c.sent_at.type)


def first_sent(*runs: ColumnElement[bool]) -> Select[Any]:
    """When the first mail was accepted after ``:since``, of each run with these conditions.

    Rows of ``run_id``, ``first_id`` and ``first_at``, the latter two NULL if nothing was accepted
    then: none of the run's that were has a smaller id, or is from before.
    """
    past_end = select(func.max(_DELIVERY.c.id) + 1).where(*_accepted(_RUN.c.id))
    begun = select(
        _RUN.c.id.label("run_id"),
        func.coalesce(past_end.scalar_subquery(), 0).label("past_end"),
    ).where(*runs)
    found = first_newer(begun, _last_old)
    return select(
        found.c.run_id,
        _least(found, "id").label("first_id"),
        _least(found, "sent_at").label("first_at"),
    )


def count_sent(*runs: ColumnElement[bool]) -> Select[Any]:
    """How many were accepted after ``:since`` in all of the runs with these conditions.

    What it looks at are those, not the older ones.
    """
    first = first_sent(*runs).cte()
    newer = select(func.count()).where(
        *_accepted(first.c.run_id), _DELIVERY.c.id >= first.c.first_id, _DELIVERY.c.sent_at > _SINCE
    )
    return select(func.coalesce(func.sum(newer.scalar_subquery()), 0)).select_from(first)


def _accepted(run_id: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    return _DELIVERY.c.run_id == run_id, _DELIVERY.c.state == DeliveryState.ACCEPTED.value


def _last_old(search: CTE, middle: ColumnElement[int]) -> ScalarSelect[Any]:
    near = _neighbours(search, _DELIVERY.c.id >= middle, _DELIVERY.c.id, _STRETCH).subquery()
    return (
        select(func.max(near.c.id))
        .where(near.c.sent_at <= _SINCE)
        .correlate(search)
        .scalar_subquery()
    )


def _least(found: CTE, column: str) -> ScalarSelect[Any]:
    """The least id or instant of the newer ones around where they seem to begin."""
    here = found.c.first_id
    sides = (
        _neighbours(found, _DELIVERY.c.id < here, _DELIVERY.c.id.desc(), _DISORDER).subquery(),
        _neighbours(found, _DELIVERY.c.id >= here, _DELIVERY.c.id, _DISORDER).subquery(),
    )
    around = union_all(
        *(select(side.c.id, side.c.sent_at).correlate(found) for side in sides)
    ).subquery()
    return (
        select(func.min(around.c[column]))
        .where(around.c.sent_at > _SINCE)
        .correlate(found)
        .scalar_subquery()
    )


def _neighbours(
    of: CTE, beyond: ColumnElement[bool], order: ColumnElement[Any], most: int
) -> Select[Any]:
    # One that the operator takes for sent is as old as its claim, which every one has.
    return (
        select(_DELIVERY.c.id, _DELIVERY.c.sent_at)
        .where(*_accepted(of.c.run_id), beyond)
        .order_by(order)
        .limit(most)
        .correlate(of)
    )
