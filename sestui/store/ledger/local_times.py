"""When the recipients of a run with a local time are due."""

import math

from sqlalchemy import Connection

from sestui.core.clock import Instant
from sestui.core.schedule.local_time import FURTHEST_LOCAL_TIME
from sestui.store.db.database import Database
from sestui.store.ledger import statements as sql


def due_until(connection: Connection, run_id: int, now: Instant) -> Instant:
    """Up to which local time the run's pending recipients may be claimed: ``now``.

    All of them if even the first is further ahead than any local time: the clock was set back.
    """
    return math.inf if _is_stranded(_first(connection, run_id), now) else now


def _first(connection: Connection, run_id: int) -> Instant | None:
    found = connection.execute(sql.FIRST_DUE, {"run_id": run_id}).scalar()
    return None if found is None else float(found)


def _is_stranded(first: Instant | None, now: Instant) -> bool:
    return first is not None and first > now + FURTHEST_LOCAL_TIME


class LocalTimes:
    """Reads when pending deliveries are due."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first(self, run_id: int, now: Instant) -> Instant | None:
        """When the local time of the run's first pending recipient comes, or has come; None: it has
        none, or nobody is pending. One step of an index."""
        with self._database.read_connection() as connection:
            first = _first(connection, run_id)
        return now if _is_stranded(first, now) else first

    def pending(self, run_id: int) -> list[tuple[Instant, int]]:
        """The instants at which pending recipients are due, in order, with their number.

        A tenth of a second for a million of them.
        """
        with self._database.read_connection() as connection:
            return [
                (float(due), int(count))
                for due, count in connection.execute(sql.DUES, {"run_id": run_id})
            ]
