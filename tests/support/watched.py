"""What a statement costs SQLite: counted in its own steps, not in seconds.

SQLite runs a statement as a program for a small virtual machine. To walk one row of an index takes
it some four instructions, so a look that takes fewer than there are rows has not read them all.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from sestui.store.db.database import Database

_GRAIN = 100


class Watched:
    """A SQLite database that counts the steps it takes, and keeps its plans."""

    def __init__(self, path: Path) -> None:
        self.database = Database(f"sqlite:///{path}")
        self.steps = 0
        self.plans: list[str] = []
        event.listen(self.database.engine, "checkout", self._watch)
        event.listen(self.database.engine, "before_cursor_execute", self._explain)

    def _watch(self, connection: Any, *_rest: Any) -> None:
        connection.set_progress_handler(self._count, _GRAIN)

    def _count(self) -> int:
        self.steps += _GRAIN
        return 0

    def _explain(
        self, _connection: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any
    ) -> None:
        if statement.startswith("SELECT"):
            rows = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            self.plans.append("; ".join(row[3] for row in rows))

    def look(self, look: Callable[[], object]) -> tuple[int, str]:
        """The steps ``look`` takes, and its plans."""
        self.steps = 0
        self.plans.clear()
        look()
        return self.steps, "\n".join(self.plans)
