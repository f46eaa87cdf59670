"""When the recipients of a run with a local time are due."""

from sestui.core.clock import Instant
from sestui.store.db.database import Database
from sestui.store.ledger import statements as sql


class LocalTimes:
    """Reads when pending deliveries are due."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first(self, run_id: int) -> Instant | None:
        """When the local time of the run's first pending recipient comes, or has come; None: it has
        none, or nobody is pending. One step of an index."""
        with self._database.read_connection() as connection:
            found = connection.execute(sql.FIRST_DUE, {"run_id": run_id}).scalar()
        return None if found is None else float(found)

    def pending(self, run_id: int) -> list[tuple[Instant, int]]:
        """The instants at which pending recipients are due, in order, with their number.

        A tenth of a second for a million of them.
        """
        with self._database.read_connection() as connection:
            return [
                (float(due), int(count))
                for due, count in connection.execute(sql.DUES, {"run_id": run_id})
            ]
