"""Divide a long scan of the ledger into chunks, each a short read of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    func,
    select,
)

from sestui.core.delivery.states import DeliveryState
from sestui.store.db.tables import Delivery
from sestui.store.ledger.log_rows import (
    EVERY_STATE,
    LogFilter,
    RunSlice,
)
from sestui.store.ledger.ordered_ids import ordered_ids

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


class LogChunk(NamedTuple):
    """A bounded chunk of a scan: several small runs, or a range of ids of a large one."""

    parts: tuple[RunSlice, ...]
    lowest: int | None = None
    """None for the run's beginning."""
    highest: int | None = None
    by_id: bool = False
    """Read all of the run's deliveries along their ids, not by states."""

    def conditions(self, wanted: LogFilter, *, sqlite: bool) -> list[ColumnElement[bool]]:
        """The SQL conditions for the chunk's matching deliveries."""
        runs = [part.run_id for part in self.parts]
        found: list[ColumnElement[bool]] = [
            _DELIVERY.c.run_id.in_(runs),
            _DELIVERY.c.state.in_(sorted(wanted.states)),
        ]
        if self.by_id:
            # As a sum no index has it: the planner must not take the one of runs and states.
            found = [_DELIVERY.c.run_id + 0 == runs[0]]
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

    @property
    def order(self) -> list[ColumnElement[int]]:
        """By runs and ids, as the reading goes."""
        return [_DELIVERY.c.id] if self.by_id else [_DELIVERY.c.run_id, _DELIVERY.c.id]

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


def chunks_of(
    connect: Callable[[], AbstractContextManager[Connection]],
    parts: Sequence[RunSlice],
    states: frozenset[DeliveryState],
    *,
    size: int,
    newest_first: bool,
) -> Iterator[LogChunk]:
    """Divide a scan over ``parts`` (in order) into chunks of about ``size`` deliveries.

    The database is only read to find the next chunk; no transaction is open between chunks.
    """
    small: list[RunSlice] = []
    room = size
    for part in parts:
        if part.count > room and small:
            yield LogChunk(tuple(small))
            small, room = [], size
        if part.count <= room:
            small.append(part)
            room -= part.count
            continue
        if states == EVERY_STATE and not newest_first:
            yield from _along_ids(connect, part, size)
            continue
        beyond = None if newest_first or part.lowest is None else part.lowest - 1
        while True:
            with connect() as connection:
                edge = ordered_ids(
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
            yield LogChunk(
                (part,),
                lowest=low if newest_first or low is None else low + 1,
                highest=high if not newest_first or high is None else high - 1,
            )
            if last is None or (newest_first and last <= (part.lowest or 0)):
                break
            beyond = last
    if small:
        yield LogChunk(tuple(small))


def _along_ids(
    connect: Callable[[], AbstractContextManager[Connection]], part: RunSlice, size: int
) -> Iterator[LogChunk]:
    """A run's deliveries by ranges of ids, which follow each other but for the relay's."""
    with connect() as connection:
        first, last = (
            ordered_ids(connection, part.run_id, EVERY_STATE, limit=1, newest_first=newest)[0]
            for newest in (False, True)
        )
    for lowest in range(max(first, part.lowest or 0), last + 1, size):
        yield LogChunk((part,), lowest, min(lowest + size - 1, last), by_id=True)
