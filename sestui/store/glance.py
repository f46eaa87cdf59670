"""Is anything to be done at all? Asked every minute for years, so without the ORM's import.

On SQLite this is the standard library alone; where it can't tell (another database, another
schema version, a file that isn't there yet), the way that can takes over.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sestui.core.clock import Instant
from sestui.core.states import Completion, RunState, WaitReason
from sestui.core.task_states import TaskRunState
from sestui.core.zones import LONGEST_SHIFT, due_at
from sestui.errors import StorageError
from sestui.store.sqlite_logs import check_logs
from sestui.store.version import HEAD

if TYPE_CHECKING:
    from sestui.store.database import Database

_BUSY_SECONDS = 5.0

_LOOKS = (
    "SELECT 1 FROM run WHERE state = :sending LIMIT 1",
    "SELECT 1 FROM run WHERE state = :waiting AND reason <> :approval LIMIT 1",
    "SELECT 1 FROM run WHERE completion = :owed AND state = :finished LIMIT 1",
    "SELECT 1 FROM task_run WHERE state IN (:queued, :running) LIMIT 1",
    "SELECT 1 FROM shared_setting WHERE name = 'backup_taken_at' LIMIT 1",
)
"""Each one step along an index."""

_WAITING = (
    "SELECT next_due_at, next_occurrence, timezone FROM campaign WHERE next_due_at <= :soon",
    "SELECT next_run_at, next_occurrence, timezone FROM task WHERE next_run_at <= :soon",
)
"""What is due soon, which a zone whose rules were changed may have moved."""


def _values(now: Instant) -> dict[str, object]:
    return {
        "soon": now + LONGEST_SHIFT,
        "sending": RunState.SENDING.value,
        "waiting": RunState.WAITING.value,
        "approval": WaitReason.APPROVAL.value,
        "owed": Completion.OWED.value,
        "finished": RunState.FINISHED.value,
        "queued": TaskRunState.QUEUED.value,
        "running": TaskRunState.RUNNING.value,
    }


def surely_nothing_due(file: Path, now: Instant) -> bool:
    """Whether the SQLite database is at this program's version and holds nothing to be done.

    False when there is something, and when this can't tell.
    """
    try:
        check_logs(file)  # whatever opens it would replay them
        with closing(
            sqlite3.connect(
                f"file:{quote(str(file))}?mode=rw",
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
            )
        ) as connection:
            version = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            if version != [(HEAD,)]:
                return False
            values = _values(now)
            waiting = [row for look in _WAITING for row in connection.execute(look, values)]
            return not _any_due(waiting, now) and not any(
                connection.execute(look, values).fetchone() for look in _LOOKS
            )
    except (sqlite3.Error, StorageError):
        return False


def anything_due(database: "Database", now: Instant) -> bool:
    """The same of a database that is open, at its version, on either engine."""
    from sqlalchemy import text  # noqa: PLC0415 - see above

    values = _values(now)
    with database.read_connection() as connection:
        waiting = [
            (at, name, zone)
            for look in _WAITING
            for at, name, zone in connection.execute(text(look), values)
        ]
        return _any_due(waiting, now) or any(
            connection.execute(text(look), values).first() for look in _LOOKS
        )


def _any_due(waiting: Iterable[tuple[Instant, str, str]], now: Instant) -> bool:
    return any(due_at(at, name, zone) <= now for at, name, zone in waiting)
