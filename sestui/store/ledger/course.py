"""How a run went: its answers over time, its holds, and SES's answer times; bounded reads.

The database adds slices up to as many as there is room for on a screen, whatever the run's length.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Double,
    Insert,
    Integer,
    bindparam,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.core.delivery.handover import Answer
from sestui.core.delivery.series import COARSE, FINE_SECONDS, Hold, RunSeries, Slice, step_of
from sestui.store.db.database import Database
from sestui.store.ledger.tables import AnsweredSlice, AnswerTime, RunHold

_SLICE = AnsweredSlice.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_TIME = AnswerTime.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_HOLD = RunHold.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_MOST_SLICES = 400
"""Of a series: more than a screen has columns."""
_MOST_HOLDS = 50
_WRITE_SECONDS = 1.0
_ADD_SECONDS = 0.1
_MOST_AT_ONCE = 32
"""Answers are timed ten times a second, about so many each time."""


def _adding(insert: Any) -> Insert:
    row = insert(_TIME)
    more = {_TIME.c["count"]: _TIME.c["count"] + row.excluded["count"]}
    statement: Insert = row.on_conflict_do_update(index_elements=["run_id", "step"], set_=more)
    return statement


_ADD = {"sqlite": _adding(sqlite.insert), "postgresql": _adding(postgresql.insert)}


class AnswerTimes:
    """Answer times of one worker that are not written yet: a second of them at the most.

    They are written with a settling transaction about once a second, so that they cost the sender
    nothing that could be measured. A process that is killed takes its last second of them along.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, int]] = Counter()
        self._written_at = self._added_at = 0.0

    def add(self, answers: Sequence[Answer], moved: Iterable[Any], now: Instant) -> None:
        """Count ``answers``, or some of very many: percentiles need no more.

        ``moved`` are the rows of the deliveries that they changed.
        """
        if abs(now - self._added_at) < _ADD_SECONDS:
            return
        self._added_at = now
        some = answers[:: max(1, len(answers) // _MOST_AT_ONCE)]
        seconds = {each.delivery_id: each.seconds for each in some if each.seconds is not None}
        for row in moved if seconds else ():
            taken = seconds.get(row.id)
            if taken is not None:
                self._counts[row.run_id, step_of(taken)] += 1

    def write(self, connection: Connection, now: Instant, *, at_once: bool) -> None:
        """Write what there is in a transaction of the caller's: now and then, or ``at_once``."""
        if not self._counts or not (at_once or abs(now - self._written_at) >= _WRITE_SECONDS):
            return
        rows = [
            {"run_id": run_id, "step": step, "count": count}
            for (run_id, step), count in sorted(self._counts.items())
        ]
        connection.execute(_ADD[connection.dialect.name], rows)
        self._counts.clear()
        self._written_at = now


def note_hold(connection: Connection, run_id: int, label: str, at: Instant) -> None:
    """Note that the run is held from an instant on, and why."""
    there = select(_HOLD.c.at).where(_HOLD.c.run_id == run_id, _HOLD.c.at == at)
    if connection.execute(there).first() is None:
        connection.execute(_HOLD.insert().values(run_id=run_id, at=at, label=label))


_START, _WIDTH = bindparam("start", type_=Integer), bindparam("width", type_=Integer)
_OF_RUN = _SLICE.c.run_id == bindparam("run_id")
_SPAN = select(func.min(_SLICE.c.at), func.max(_SLICE.c.at)).where(_OF_RUN)
_BIN = ((_SLICE.c.at - _START) // _WIDTH).label("bin")
_COUNTS = tuple(_SLICE.c[name] for name in ("accepted", "rejected", "in_doubt", "throttled"))
_SUMS = select(_BIN, *map(func.sum, _COUNTS)).where(_OF_RUN).group_by(_BIN)
_ANSWERED_AGAIN = (
    select(func.min(_SLICE.c.at))
    .where(
        _SLICE.c.run_id == _HOLD.c.run_id,
        _SLICE.c.at > _HOLD.c.at,
        _SLICE.c.accepted + _SLICE.c.rejected + _SLICE.c.in_doubt > 0,
    )
    .scalar_subquery()
)
_HOLDS = (
    select(
        _HOLD.c.at.label("first"),
        _ANSWERED_AGAIN.label("second"),
        _HOLD.c.label,
    )
    .where(_HOLD.c.run_id == bindparam("run_id"))
    .order_by(_HOLD.c.at.desc())
    .limit(_MOST_HOLDS)
    .subquery()
)
_NO_LABEL = ""
_NOTED = union_all(
    select(_HOLDS.c.first, _HOLDS.c.second, _HOLDS.c.label),
    select(cast(_TIME.c.step, Double), _TIME.c["count"], literal(_NO_LABEL)).where(
        _TIME.c.run_id == bindparam("run_id")
    ),
)
"""Holds with the slice in which it went on, and answer times with their count and no label."""


class RunCourse:
    """How runs went, as far as it was noted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def series(self, run_id: int) -> RunSeries | None:
        """How the run went; None: no answer was noted. Three statements."""
        given = {"run_id": run_id}
        with self._database.read_connection() as connection:
            first, last = connection.execute(_SPAN, given).one()
            if first is None:
                return None
            width = _width(last - first + 1)
            sums = connection.execute(_SUMS, given | {"start": first, "width": width}).all()
            noted = connection.execute(_NOTED, given).all()
        found = {int(number): Slice(*map(int, counts)) for number, *counts in sums}
        count = (last - first) // width + 1
        times = {int(step): int(many) for step, many, label in noted if label == _NO_LABEL}
        holds = sorted(
            (Hold(*row) for row in noted if row[2] != _NO_LABEL), key=lambda each: each.since
        )
        return RunSeries(
            start=float(first),
            width=width,
            slices=tuple(found.get(number, Slice()) for number in range(count)),
            holds=tuple(holds),
            times=times or None,
        )


def _width(span: int) -> int:
    """Seconds of the slices in which so many seconds are drawn."""
    width = -(-span // _MOST_SLICES)
    return width if span <= FINE_SECONDS else -(-width // COARSE) * COARSE
