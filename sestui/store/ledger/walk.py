"""Scan the ledger run by run along its index (run, state, id).

Newest first means the newest run first, and within it the highest id. The index holds each state in
order; several states are merged. Numbers come from the runs' counters. Nothing sorts or counts the
whole table.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
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

from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import DeliveryState, RunKind
from sestui.store.db.tables import Campaign, Delivery, Run
from sestui.store.ledger.binary_search import first_newer

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_SINCE: ColumnElement[float] = bindparam("since", type_=_DELIVERY.c.queued_at.type)

EVERY_STATE = frozenset(DeliveryState)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A filter of deliveries; defaults match everything."""

    campaign: str | None = None
    run_id: int | None = None
    states: frozenset[DeliveryState] = EVERY_STATE
    since: Instant | None = None
    """Queued at or after this instant."""
    find: str = ""
    """A part of the address, ignoring case; '' matches all."""
    code: str = ""
    """SES's code, or why it was skipped, or of its outcome; as ``find``, it is for searches."""
    outcome: str = ""
    """What became of it after SES took it; as ``code``."""

    @property
    def is_search(self) -> bool:
        """Whether the deliveries have to be looked through: no index leads to them."""
        return bool(self.find or self.code or self.outcome)


class DeliveryRow(NamedTuple):
    """A delivery, cheaper than the model for reading many."""

    id: int
    run_id: int
    contact_id: int | None
    email: str
    state: str
    message_id: str
    attempts: int
    code: str
    reason: str
    queued_at: Instant
    claimed_at: Instant | None
    sent_at: Instant | None
    outcome: str
    outcome_at: Instant | None
    outcome_code: str = ""
    opened_at: Instant | None = None
    clicked_at: Instant | None = None


_COLUMNS = tuple(_DELIVERY.c[name] for name in DeliveryRow._fields)


class LogRow(NamedTuple):
    """A delivery with its run."""

    campaign: str
    run: int
    """The run's number."""
    kind: str
    delivery: DeliveryRow


@dataclass(frozen=True, slots=True)
class RunSlice:
    """The deliveries of a run that match a filter, regardless of ``find``."""

    run_id: int
    campaign: str
    number: int
    kind: str
    counts: RunCounts
    count: int
    """Deliveries in the wanted states."""
    lowest: int | None = None
    """The first matching id, if earlier deliveries of the run don't match."""

    def row(self, delivery: DeliveryRow) -> LogRow:
        """The log row of a delivery of this run."""
        return LogRow(self.campaign, self.number, self.kind, delivery)


def parts_of(connection: Connection, wanted: LogFilter) -> list[RunSlice]:
    """The runs with matching deliveries, newest first."""
    counters = [_RUN.c[state.value] for state in DeliveryState]
    query = (
        select(_RUN.c.id, _CAMPAIGN.c.name, _RUN.c.number, _RUN.c.kind, _RUN.c.created_at)
        .add_columns(*counters)
        .join(_CAMPAIGN, _CAMPAIGN.c.id == _RUN.c.campaign_id)
        .order_by(_RUN.c.id.desc())
    )
    if wanted.campaign is not None:
        query = query.where(_CAMPAIGN.c.name == wanted.campaign)
    if wanted.run_id is not None:
        query = query.where(_RUN.c.id == wanted.run_id)
    if wanted.since is not None:
        # Campaigns' deliveries are queued when the run is created, the relay's during the day.
        goes_on = or_(_RUN.c.finished_at.is_(None), _RUN.c.finished_at >= wanted.since)
        relayed = and_(_RUN.c.kind == RunKind.RELAY.value, goes_on)
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
    for run_id, campaign, number, kind, created_at, *counters in rows:
        by_state = dict(zip(DeliveryState, counters, strict=True))
        if since is not None and created_at < since:
            by_state = {state: counted.get((run_id, state.value), 0) for state in DeliveryState}
        counts = RunCounts(**{state.value: count for state, count in by_state.items()})
        count = sum(by_state[state] for state in wanted.states)
        if count:
            first_id = lowest.get(run_id)
            parts.append(RunSlice(run_id, campaign, number, kind, counts, count, first_id))
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


def walk(
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
        return walk(connection, part.run_id, states, offset=offset, limit=limit)
    ids = walk(
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


def rows_of(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[DeliveryRow]:
    """The deliveries under these conditions, unordered."""
    return map(DeliveryRow._make, connection.execute(select(*_COLUMNS).where(*conditions)))


def rows_by_id(connection: Connection, ids: Sequence[int]) -> dict[int, DeliveryRow]:
    """The deliveries by id."""
    if not ids:
        return {}
    return {row.id: row for row in rows_of(connection, _DELIVERY.c.id.in_(ids))}


class WalkChunk(NamedTuple):
    """A bounded chunk of a scan: several small runs, or a range of ids of a large one."""

    parts: tuple[RunSlice, ...]
    lowest: int | None = None
    """None for the run's beginning."""
    highest: int | None = None

    def conditions(self, wanted: LogFilter, *, sqlite: bool) -> list[ColumnElement[bool]]:
        """The SQL conditions for the chunk's matching deliveries."""
        runs = [part.run_id for part in self.parts]
        found: list[ColumnElement[bool]] = [
            _DELIVERY.c.run_id.in_(runs),
            _DELIVERY.c.state.in_(sorted(wanted.states)),
        ]
        if self.lowest is not None:
            found.append(_DELIVERY.c.id >= self.lowest)
        if self.highest is not None:
            found.append(_DELIVERY.c.id <= self.highest)
        if wanted.since is not None:
            found.append(_DELIVERY.c.queued_at >= wanted.since)
        if wanted.code:
            column = _DELIVERY.c.outcome_code if wanted.outcome else _DELIVERY.c.code
            found.append(column == wanted.code)
        if wanted.outcome:
            found.append(_DELIVERY.c.outcome == wanted.outcome)
        if wanted.find:
            place = func.instr if sqlite else func.strpos
            found.append(place(func.lower(_DELIVERY.c.email), wanted.find.lower()) > 0)
        return found

    def ids(
        self, connection: Connection, wanted: LogFilter, *, sqlite: bool, limit: int
    ) -> list[int]:
        """Up to ``limit`` matching ids, newest first."""
        query = (
            select(_DELIVERY.c.id)
            .where(*self.conditions(wanted, sqlite=sqlite))
            .order_by(_DELIVERY.c.run_id.desc(), _DELIVERY.c.id.desc())
            .limit(limit)
        )
        return list(connection.execute(query).scalars())


def stretches(
    connect: Callable[[], AbstractContextManager[Connection]],
    parts: Sequence[RunSlice],
    states: frozenset[DeliveryState],
    *,
    size: int,
    newest_first: bool,
) -> Iterator[WalkChunk]:
    """Divide a scan over ``parts`` (in order) into chunks of about ``size`` deliveries.

    The database is only read to find the next chunk; no transaction is open between chunks.
    """
    small: list[RunSlice] = []
    room = size
    for part in parts:
        if part.count > room and small:
            yield WalkChunk(tuple(small))
            small, room = [], size
        if part.count <= room:
            small.append(part)
            room -= part.count
            continue
        beyond = None if newest_first or part.lowest is None else part.lowest - 1
        while True:
            with connect() as connection:
                edge = walk(
                    connection,
                    part.run_id,
                    states,
                    offset=size - 1,
                    limit=1,
                    newest_first=newest_first,
                    beyond=beyond,
                )
            last = edge[0] if edge else None
            low, high = (last, beyond) if newest_first else (beyond, last)
            yield WalkChunk(
                (part,),
                lowest=low if newest_first or low is None else low + 1,
                highest=high if not newest_first or high is None else high - 1,
            )
            if last is None or (newest_first and last <= (part.lowest or 0)):
                break
            beyond = last
    if small:
        yield WalkChunk(tuple(small))
