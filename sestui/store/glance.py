"""Is anything to be done at all? Asked every minute for years, so without the ORM's import.

On SQLite this is the standard library alone; where it can't tell (another database, another
schema version, a file that isn't there yet), the way that can takes over.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sestui.core.clock import Instant
from sestui.core.states import Completion, RunState, WaitReason
from sestui.core.task_states import TaskRunState
from sestui.errors import StorageError
from sestui.store.sqlite_logs import check_logs
from sestui.store.version import HEAD

if TYPE_CHECKING:
    from sestui.store.database import Database

_BUSY_SECONDS = 5.0

_LOOKS = (
    "SELECT 1 FROM campaign WHERE next_due_at <= :now LIMIT 1",
    "SELECT 1 FROM run WHERE state = :sending LIMIT 1",
    "SELECT 1 FROM run WHERE state = :waiting AND reason <> :approval LIMIT 1",
    "SELECT 1 FROM run WHERE completion = :owed AND state = :finished LIMIT 1",
    "SELECT 1 FROM task WHERE next_run_at <= :now LIMIT 1",
    "SELECT 1 FROM task_run WHERE state IN (:queued, :running) LIMIT 1",
    "SELECT 1 FROM shared_setting WHERE name = 'backup_taken_at' LIMIT 1",
)
"""Each one step along an index."""


def _values(now: Instant) -> dict[str, object]:
    return {
        "now": now,
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
            return version == [(HEAD,)] and not any(
                connection.execute(look, _values(now)).fetchone() for look in _LOOKS
            )
    except (sqlite3.Error, StorageError):
        return False


def anything_due(database: "Database", now: Instant) -> bool:
    """The same of a database that is open, at its version, on either engine."""
    from sqlalchemy import text  # noqa: PLC0415 - see above

    with database.read_connection() as connection:
        return any(connection.execute(text(look), _values(now)).first() for look in _LOOKS)
