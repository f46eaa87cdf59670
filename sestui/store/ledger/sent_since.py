"""Find what runs have sent since an instant, without scanning older deliveries.

Deliveries are claimed in order of their ids, so times of acceptance rise with the ids, except that
answers come out of order and retries are later. So this is a binary search over ids along the index
(run, state, id). Each probe looks at several neighbours and counts them as old if one of them is,
so that a few late ones don't mislead it. Around the result rows are compared one by one. All of it
is a single statement for any number of runs.

The result is exact if times nearly rise with ids. If more neighbours than a probe sees were
retried, the found instant may be too late by as much as they were late.
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
"""Neighbours that one probe looks at."""
_DISORDER = 256
"""How far deliveries may be out of order: the mails in flight, and some more."""

_SINCE: ColumnElement[float] = bindparam("since", type_=_DELIVERY.c.sent_at.type)


def first_sent(*runs: ColumnElement[bool]) -> Select[Any]:
    """Select the first mail accepted after ``:since`` of each run that fulfils ``runs``.

    Rows of ``run_id``, ``first_id`` and ``first_at`` (the smallest id and instant); NULL if there
    are none.
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
    """Count mails accepted after ``:since`` in all runs that fulfil ``runs``."""
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
    """The smallest id or instant of newer ones around the found id."""
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
    # ``sent_at`` is never NULL here: assumed ones have that of their claim.
    return (
        select(_DELIVERY.c.id, _DELIVERY.c.sent_at)
        .where(*_accepted(of.c.run_id), beyond)
        .order_by(order)
        .limit(most)
        .correlate(of)
    )
