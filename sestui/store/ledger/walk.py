"""Walking the ledger run by run along its index, however many rows there are.

Newest first is: the newest run first, and in it the highest id first. A campaign's deliveries are
all inserted by the transaction that starts their run, so that is the order of their ids; the relay
adds to the run of its day. Within a run the index on (run, state, id) gives each state in order;
several states are merged. How many there are is what the run's counters say. Nothing here sorts or
counts the whole table.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    func,
    or_,
    select,
    union_all,
)

from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import DeliveryState, RunKind
from sestui.store.db.tables import Campaign, Delivery, Run

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

EVERY_STATE = frozenset(DeliveryState)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which deliveries; what is left out is any."""

    campaign: str | None = None
    run_id: int | None = None
    states: frozenset[DeliveryState] = EVERY_STATE
    since: Instant | None = None
    """Queued at or after this instant."""
    find: str = ""
    """A part of the address, in whatever case; '' is any."""


class DeliveryRow(NamedTuple):
    """A delivery as it is read in great numbers."""

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


_COLUMNS = tuple(_DELIVERY.c[name] for name in DeliveryRow._fields)


class LogRow(NamedTuple):
    """One delivery with the run it is of."""

    campaign: str
    run: int
    """The run's number."""
    kind: str
    delivery: DeliveryRow


@dataclass(frozen=True, slots=True)
class RunSlice:
    """What of a run matches a filter, its ``find`` left aside."""

    run_id: int
    campaign: str
    number: int
    kind: str
    counts: RunCounts
    count: int
    """Deliveries in the wanted states."""
    lowest: int | None = None
    """The first delivery's id where earlier ones of the run don't match."""

    def row(self, delivery: DeliveryRow) -> LogRow:
        """A delivery of this run."""
        return LogRow(self.campaign, self.number, self.kind, delivery)


def parts_of(connection: Connection, wanted: LogFilter) -> list[RunSlice]:
    """The runs with deliveries that match, newest first."""
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
        # A campaign's deliveries are queued when their run is created, the relay's all day long.
        goes_on = or_(_RUN.c.finished_at.is_(None), _RUN.c.finished_at >= wanted.since)
        relayed = and_(_RUN.c.kind == RunKind.RELAY.value, goes_on)
        query = query.where(or_(_RUN.c.created_at >= wanted.since, relayed))
    parts = []
    for run_id, campaign, number, kind, created_at, *counted in connection.execute(query):
        by_state = dict(zip(DeliveryState, counted, strict=True))
        lowest = None
        if wanted.since is not None and created_at < wanted.since:
            lowest = _first_since(connection, run_id, wanted.since)
            if lowest is None:
                continue
            by_state = _count_from(connection, run_id, lowest)
        counts = RunCounts(**{state.value: count for state, count in by_state.items()})
        count = sum(by_state[state] for state in wanted.states)
        if count:
            parts.append(RunSlice(run_id, campaign, number, kind, counts, count, lowest))
    return parts


def _first_since(connection: Connection, run_id: int, since: Instant) -> int | None:
    """An id that parts a run's deliveries by when they were queued, which grows with their ids."""

    def first_from(lowest: int) -> tuple[int, Instant]:
        (found,) = walk(
            connection, run_id, EVERY_STATE, limit=1, newest_first=False, beyond=lowest - 1
        )
        query = select(_DELIVERY.c.queued_at).where(_DELIVERY.c.id == found)
        return found, connection.execute(query).scalar_one()

    last = walk(connection, run_id, EVERY_STATE, limit=1)
    if not last or first_from(last[0])[1] < since:
        return None
    low, high = 0, last[0]
    while low < high:
        middle = (low + high) // 2
        found, queued_at = first_from(middle)
        if queued_at < since:
            low = found + 1
        else:
            high = middle
    return low


def _count_from(connection: Connection, run_id: int, lowest: int) -> dict[DeliveryState, int]:
    query = (
        select(_DELIVERY.c.state, func.count())
        .where(_DELIVERY.c.run_id == run_id, _DELIVERY.c.id >= lowest)
        .group_by(_DELIVERY.c.state)
    )
    counted = {row[0]: row[1] for row in connection.execute(query)}
    return {state: counted.get(state.value, 0) for state in DeliveryState}


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
    """Ids of a run's deliveries in these states, in order; from ``beyond`` on, without it."""
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
            # SQLite merges arms that an index has in order by itself, and sorts those that are
            # cut; PostgreSQL sorts them unless each arm says its order and how far one will go.
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
    """Ids ``offset`` to ``offset + limit`` of a run's, newest first; walked from the nearer end."""
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
    """How many of the run's deliveries have a higher id."""
    return _count(connection, part, states, _DELIVERY.c.id > delivery_id)


def count_older(
    connection: Connection, part: RunSlice, states: frozenset[DeliveryState], delivery_id: int
) -> int:
    """How many of the run's deliveries have a lower id, or this one."""
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
    """The deliveries under these conditions, in no order."""
    return map(DeliveryRow._make, connection.execute(select(*_COLUMNS).where(*conditions)))


def rows_by_id(connection: Connection, ids: Sequence[int]) -> dict[int, DeliveryRow]:
    """The deliveries with these ids, by id."""
    if not ids:
        return {}
    return {row.id: row for row in rows_of(connection, _DELIVERY.c.id.in_(ids))}


class WalkChunk(NamedTuple):
    """A bounded piece of a walk: several small runs whole, or some ids of a large one."""

    parts: tuple[RunSlice, ...]
    lowest: int | None = None
    """None: from the run's first delivery on, as for small runs."""
    highest: int | None = None

    def conditions(self, wanted: LogFilter, *, sqlite: bool) -> list[ColumnElement[bool]]:
        """What its deliveries that match the filter fulfil."""
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
        if wanted.find:
            place = func.instr if sqlite else func.strpos
            found.append(place(func.lower(_DELIVERY.c.email), wanted.find.lower()) > 0)
        return found

    def ids(
        self, connection: Connection, wanted: LogFilter, *, sqlite: bool, limit: int
    ) -> list[int]:
        """Ids of those that match, newest first, at most ``limit``."""
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
    """Cut a walk over ``parts`` (in its order) into pieces of about ``size`` deliveries.

    The database is asked with ``connect`` only while the next piece is being cut: nothing is held
    open while a piece is worked on.
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
