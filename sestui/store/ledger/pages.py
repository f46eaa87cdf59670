"""Read deliveries in pages, newest first, by short index scans."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import DeliveryState
from sestui.store.db.database import Database
from sestui.store.ledger.chunks import LogChunk, chunks_of
from sestui.store.ledger.log_rows import (
    EVERY_STATE,
    LogFilter,
    LogRow,
    RunSlice,
    rows_by_id,
    rows_of,
)
from sestui.store.ledger.ordered_ids import count_newer, count_older, ids_at
from sestui.store.ledger.run_slices import slices_of

_STEP = 20_000
"""Deliveries scanned by one step of a search, in about 50 ms."""

MOST_FOUND = 10_000
"""Matches after which a search ends."""


class DeliveryPages:
    """Counts deliveries of any filter and reads them in pages; :meth:`search` handles ``find``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, wanted: LogFilter) -> RunCounts:
        """Numbers by state from the runs' counters, regardless of the filter's states."""
        with self._database.read_connection() as connection:
            parts = slices_of(connection, replace(wanted, states=EVERY_STATE))
        return RunCounts(
            **{
                state.value: sum(getattr(part.counts, state.value) for part in parts)
                for state in DeliveryState
            }
        )

    def count(self, wanted: LogFilter) -> int:
        """The number of matching deliveries."""
        with self._database.read_connection() as connection:
            return sum(part.count for part in slices_of(connection, wanted))

    def page(self, wanted: LogFilter, offset: int, limit: int) -> list[LogRow]:
        """Up to ``limit`` of them from ``offset``, newest first."""
        with self._database.read_connection() as connection:
            cut: list[int] = []
            whole: dict[int, RunSlice] = {}
            by_run: dict[int, RunSlice] = {}
            left = limit
            for part in slices_of(connection, wanted):
                if not left:
                    break
                if offset >= part.count:
                    offset -= part.count
                    continue
                by_run[part.run_id] = part
                if not offset and part.count <= left:
                    whole[part.run_id] = part
                    left -= part.count
                    continue
                ids = ids_at(connection, part, wanted.states, offset, left)
                cut += ids
                left -= len(ids)
                offset = 0
            rows = list(rows_by_id(connection, cut).values())
            if whole:
                conditions = LogChunk(tuple(whole.values())).conditions(
                    wanted, sqlite=self._database.is_sqlite
                )
                rows += rows_of(connection, *conditions)
        rows.sort(key=lambda row: (row.run_id, row.id), reverse=True)
        return [by_run[row.run_id].row(row) for row in rows[:limit]]

    def place(self, wanted: LogFilter, row: LogRow, near: int) -> int:
        """A delivery's current index, or where it would be; ``near`` is about where it was."""
        run_id, delivery_id = row.delivery.run_id, row.delivery.id
        with self._database.read_connection() as connection:
            before = 0
            for part in slices_of(connection, wanted):
                if part.run_id > run_id:
                    before += part.count
                elif part.run_id == run_id:
                    if near - before <= part.count // 2:
                        newer = count_newer(connection, part, wanted.states, delivery_id)
                        return before + newer
                    older = count_older(connection, part, wanted.states, delivery_id)
                    return before + part.count - older
        return before

    def search(self, wanted: LogFilter) -> "Search":
        """A new search for ``wanted.find``."""
        return Search(self._database, wanted)


class Search:
    """Searches for the newest deliveries by a part of the address, in bounded steps.

    It can be abandoned at any step. Matches so far can be counted and paged from any thread.
    """

    def __init__(self, database: Database, wanted: LogFilter) -> None:
        self._database = database
        self._wanted = wanted
        self._by_run: dict[int, RunSlice] = {}
        self._ids = array("q")
        self._chunks: Iterator[LogChunk] | None = None
        self._total = 0
        self._looked_at = 0
        self.done = False
        """Whether everything has been scanned, or enough found."""
        self.more = False
        """Whether there may be more matches."""

    @property
    def share(self) -> float:
        """The scanned share, 0 to 1."""
        return 1.0 if self.done else min(1.0, self._looked_at / max(1, self._total))

    def step(self) -> None:
        """Scan the next few thousand deliveries."""
        if self._chunks is None:
            self._chunks = self._all_chunks()
        chunk = next(self._chunks, None)
        if chunk is None:
            self.done = True
            return
        room = MOST_FOUND - len(self._ids)
        with self._database.read_connection() as connection:
            found = chunk.ids(
                connection, self._wanted, sqlite=self._database.is_sqlite, limit=room + 1
            )
        self._ids.extend(found[:room])
        if len(found) > room:
            self.done = self.more = True
        whole = sum(part.count for part in chunk.parts)
        self._looked_at += min(whole, _STEP)

    def _all_chunks(self) -> Iterator[LogChunk]:
        with self._database.read_connection() as connection:
            parts = slices_of(connection, self._wanted)
        self._by_run = {part.run_id: part for part in parts}
        self._total = sum(part.count for part in parts)
        states = self._wanted.states
        connect = self._database.read_connection
        return chunks_of(connect, parts, states, size=_STEP, newest_first=True)

    def count(self) -> int:
        """The number of matches so far."""
        return len(self._ids)

    def page(self, offset: int, limit: int) -> Sequence[LogRow]:
        """Matches so far, in their current state, newest first."""
        ids = self._ids[offset : offset + limit].tolist()
        with self._database.read_connection() as connection:
            rows = rows_by_id(connection, ids)
        return [self._by_run[rows[key].run_id].row(rows[key]) for key in ids if key in rows]
