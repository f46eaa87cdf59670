"""How fast runs were answered over time, in slices of ten seconds; by the second at first.

Written by the transactions that settle answers, so that nothing counts twice or is lost; read with
one statement along an index. At 500 mails a second the last hour is 360 rows, not 1.8 million.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Insert, Select, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.core.delivery.series import COARSE, slice_at
from sestui.core.delivery.states import DeliveryState
from sestui.store.db.database import Database
from sestui.store.ledger.tables import AnsweredSlice

SECONDS = COARSE
"""How long a slice is."""

_SLICE = AnsweredSlice.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_COUNTS = ("accepted", "rejected", "in_doubt", "throttled")
_COUNTED = {
    DeliveryState.ACCEPTED.value: "accepted",
    DeliveryState.REJECTED.value: "rejected",
    DeliveryState.IN_DOUBT.value: "in_doubt",
}


class AnswerCounts(NamedTuple):
    """Answers that came within some seconds."""

    at: int
    """The start in seconds since the epoch."""
    accepted: int
    rejected: int
    in_doubt: int
    throttled: int

    @property
    def answered(self) -> int:
        """Mails that were handed over for good."""
        return self.accepted + self.rejected + self.in_doubt


def note_answers(
    connection: Connection,
    moves: Mapping[tuple[int, str, str], int],
    throttled: Mapping[int, int],
    runs: Mapping[int, Any],
    now: Instant,
) -> None:
    """Count answers in the slices of ``now``, in a transaction that holds the governor's row.

    ``moves`` is (run id, from state, to state) → how many; ``throttled`` run id → how many;
    ``runs`` the runs' rows with ``started_at`` by their id.
    """
    found: dict[int, dict[str, int]] = {}
    for (run_id, _before, after), count in moves.items():
        if name := _COUNTED.get(after):
            counts = found.setdefault(run_id, dict.fromkeys(_COUNTS, 0))
            counts[name] += count
    for run_id, count in throttled.items():
        found.setdefault(run_id, dict.fromkeys(_COUNTS, 0))["throttled"] += count
    if found:
        rows = [
            {"run_id": run_id, "at": slice_at(now, runs[run_id].started_at)} | found[run_id]
            for run_id in sorted(found)
        ]
        connection.execute(_add(connection.dialect.name), rows)


@cache
def _add(dialect: str) -> Insert:
    insert_here = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = insert_here(_SLICE)
    return row.on_conflict_do_update(
        index_elements=["run_id", "at"],
        set_={name: _SLICE.c[name] + row.excluded[name] for name in _COUNTS},
    )


def _sums(at: Any, *wanted: Any) -> Select[Any]:
    sums = (func.sum(_SLICE.c[name]) for name in _COUNTS)
    return select(at, *sums).where(*wanted).group_by(at).order_by(at)


_SINCE = _SLICE.c.at >= bindparam("since")
_COARSE = _sums(_SLICE.c.at - _SLICE.c.at % bindparam("width"), _SINCE)
_OF_RUN = _SLICE.c.run_id == bindparam("run_id")
_ONE_RUN = _sums(_SLICE.c.at - _SLICE.c.at % bindparam("width"), _SINCE, _OF_RUN)


class AnsweredSlices:
    """Reads the slices; every read is one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_all(self, since: Instant, *, seconds: int = SECONDS) -> list[AnswerCounts]:
        """Of all runs together, the oldest first; ``seconds`` a multiple of :data:`SECONDS`."""
        return self._read(_COARSE, {"since": int(since), "width": seconds})

    def of_run(self, run_id: int, since: Instant = 0.0) -> list[AnswerCounts]:
        """Of one run, the oldest first."""
        return self._read(_ONE_RUN, {"run_id": run_id, "since": int(since), "width": SECONDS})

    def _read(self, query: Select[Any], given: Mapping[str, int]) -> list[AnswerCounts]:
        with self._database.read_connection() as connection:
            return [AnswerCounts(*map(int, row)) for row in connection.execute(query, given)]


def rates(
    found: Iterable[AnswerCounts], start: int, end: Instant, *, seconds: int = SECONDS
) -> tuple[float | None, ...]:
    """Answers a second in each slice from ``start`` (a multiple of ``seconds``) to ``end``.

    The slice that ``end`` lies in is measured over what is past of it; it is None, not known yet,
    while that is less than half.
    """
    whole = int((end - start) // seconds)
    values: list[float | None] = [0.0] * whole
    rest = end - start - whole * seconds
    values.append(0.0 if rest >= seconds / 2 else None)
    for each in found:
        index = (each.at - start) // seconds
        if 0 <= index < whole:
            values[index] = each.answered / seconds
        elif index == whole and values[whole] is not None:
            values[whole] = each.answered / rest
    return tuple(values)
