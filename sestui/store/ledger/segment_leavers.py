"""Recipients who are no longer in a run's segment when their turn comes."""

from collections.abc import Sequence, Set
from typing import Any

from sqlalchemy import Connection, Row, Select, case, select

from sestui.core.clock import Instant
from sestui.core.schedule.zones import zone_named
from sestui.core.segments.present import Present
from sestui.store.contacts.key_queries import CONTACT
from sestui.store.ledger.bulk_statements import ids_of, values_text
from sestui.store.ledger.statements import RUN
from sestui.store.segments.frozen_segments import thawed
from sestui.store.segments.segments_sql import SegmentSql

_MOST_RUNS = 16
"""Runs whose statements are kept."""

_FROZEN = (RUN.c.frozen_segment, RUN.c.created_at)


class SegmentLeavers:
    """Asks the segments with which runs have started about those whose turn it is.

    Relative days are relative to the start, and the run's own mail is no history. A run's statement
    is built once, as building it costs more than running it.
    """

    def __init__(self) -> None:
        self._statements: dict[tuple[int, Instant], Select[Any]] = {}
        """By the run's id and start: a restored database may give an id anew."""

    def who_left(
        self, connection: Connection, run_id: int, started_at: Instant, rows: Sequence[Row[Any]]
    ) -> Set[int | None]:
        """The contacts of ``rows``, which are claimable, who are not in the run's segment."""
        ids = [row.contact_id for row in rows if row.contact_id is not None]
        left: set[int | None] = {None}  # contacts that are gone
        if ids:
            statement = self._statement(connection, run_id, started_at)
            left.update(connection.execute(statement, {"b_ids": values_text(ids)}).scalars())
        return left

    def _statement(self, connection: Connection, run_id: int, started_at: Instant) -> Select[Any]:
        key = run_id, started_at
        if key not in self._statements:
            if len(self._statements) >= _MOST_RUNS:
                self._statements.clear()
            self._statements[key] = _statement(connection, run_id)
        return self._statements[key]


def _statement(connection: Connection, run_id: int) -> Select[Any]:
    """Which of the contacts ``b_ids`` are not in the run's segment."""
    run = connection.execute(select(*_FROZEN).where(RUN.c.id == run_id)).one()
    segment, timezone = thawed(run.frozen_segment)
    present = Present(run.created_at, zone_named(timezone))
    sqlite = connection.dialect.name == "sqlite"
    sql = SegmentSql(segment, present, sqlite=sqlite, without_run=run_id)
    # A planner can't begin with everybody who fulfils what is within CASE.
    outside = case((sql.holds(segment.root), 0), else_=1) == 1
    return select(CONTACT.c.id).where(CONTACT.c.id.in_(ids_of(connection)), outside)
