"""Which runs have deliveries that match a filter of the log, and how many.

The numbers come from the runs' counters; nothing counts the whole table.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import DeliveryState, RunKind
from sestui.store.db.tables import Campaign, Delivery, Run
from sestui.store.ledger.binary_search import first_newer
from sestui.store.ledger.log_rows import EVERY_STATE, LogFilter, RunSlice

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


_DAILY = (RunKind.RELAY.value, RunKind.CONFIRMATION.value)


_SINCE: ColumnElement[float] = bindparam("since", type_=_DELIVERY.c.queued_at.type)


def slices_of(connection: Connection, wanted: LogFilter) -> list[RunSlice]:
    """The runs with matching deliveries, newest first."""
    # Who is unchecked counts as pending and is no delivery yet.
    made = {DeliveryState.PENDING: _RUN.c.pending - _RUN.c.unchecked}
    counters = [made.get(state, _RUN.c[state.value]) for state in DeliveryState]
    query = (
        select(_RUN.c.id, _CAMPAIGN.c.name, _RUN.c.number, _RUN.c.kind, _RUN.c.created_at)
        .add_columns(_RUN.c.winner, *counters)
        .join(_CAMPAIGN, _CAMPAIGN.c.id == _RUN.c.campaign_id)
        .order_by(_RUN.c.id.desc())
    )
    if wanted.campaign is not None:
        query = query.where(_CAMPAIGN.c.name == wanted.campaign)
    if wanted.run_id is not None:
        query = query.where(_RUN.c.id == wanted.run_id)
    if wanted.since is not None:
        # Campaigns' deliveries are queued when the run is created, others during the day.
        goes_on = or_(_RUN.c.finished_at.is_(None), _RUN.c.finished_at >= wanted.since)
        relayed = and_(_RUN.c.kind.in_(_DAILY), goes_on)
        query = query.where(or_(_RUN.c.created_at >= wanted.since, relayed))
    rows = connection.execute(query).all()
    since = wanted.since
    # In runs that began before, count only deliveries that were queued since.
    lowest: dict[int, int] = {}
    counted: dict[tuple[int, str], int] = {}
    older = [] if since is None else [row.id for row in rows if row.created_at < since]
    if older:
        for run_id, state, first_id, count in connection.execute(
            _COUNTS_SINCE, {"run_ids": older, "since": since}
        ):
            lowest[run_id] = first_id
            counted[run_id, state] = count
    parts = []
    for run_id, campaign, number, kind, created_at, winner, *counters in rows:
        by_state = dict(zip(DeliveryState, counters, strict=True))
        if since is not None and created_at < since:
            by_state = {state: counted.get((run_id, state.value), 0) for state in DeliveryState}
        counts = RunCounts(**{state.value: count for state, count in by_state.items()})
        count = sum(by_state[state] for state in wanted.states)
        if count:
            first_id = lowest.get(run_id)
            slice_ = (run_id, campaign, abs(number), kind, counts, count, first_id, winner)
            parts.append(RunSlice(*slice_))
    return parts


def _of_states(
    pick: Callable[[ColumnElement[int]], ColumnElement[int]],
    of: FromClause,
    run_id: ColumnElement[int],
    *beyond: ColumnElement[bool],
) -> ScalarSelect[Any]:
    """The smallest or greatest id of a run's deliveries, by an index step for each state."""
    arms = (
        select(pick(_DELIVERY.c.id).label("id"))
        .where(_DELIVERY.c.run_id == run_id, _DELIVERY.c.state == state.value, *beyond)
        .correlate(of)
        for state in DeliveryState
    )
    ids = union_all(*arms).subquery()
    return select(pick(ids.c.id)).correlate(of).scalar_subquery()


def _last_old(search: CTE, middle: ColumnElement[int]) -> ScalarSelect[Any]:
    first = _of_states(func.min, search, search.c.run_id, _DELIVERY.c.id >= middle)
    return (
        select(_DELIVERY.c.id)
        .where(_DELIVERY.c.id == first, _DELIVERY.c.queued_at < _SINCE)
        .correlate(search)
        .scalar_subquery()
    )


def _counts_since() -> Select[Any]:
    """Select where deliveries queued ``:since`` begin in some runs, and their numbers by state.

    ``queued_at`` rises with the ids.
    """
    last = _of_states(func.max, _RUN, _RUN.c.id)
    runs = select(_RUN.c.id.label("run_id"), func.coalesce(last + 1, 0).label("past_end")).where(
        _RUN.c.id.in_(bindparam("run_ids", expanding=True))
    )
    found = first_newer(runs, _last_old)
    return (
        select(found.c.run_id, _DELIVERY.c.state, found.c.first_id, func.count())
        .join(
            _DELIVERY,
            and_(
                _DELIVERY.c.run_id == found.c.run_id,
                _DELIVERY.c.state.in_(sorted(EVERY_STATE)),  # so that the index is used
                _DELIVERY.c.id >= found.c.first_id,
            ),
        )
        .group_by(found.c.run_id, _DELIVERY.c.state, found.c.first_id)
    )


_COUNTS_SINCE = _counts_since()
