"""A cheap check, every minute, whether there is anything to do.

On SQLite it imports only the standard library. If it can't tell (another engine or schema version,
a missing file), the full check takes over.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sestui.core.clock import Instant
from sestui.core.delivery.states import Completion, PauseReason, RunKind, RunState, WaitReason
from sestui.core.delivery.waits import LONGEST_WAIT_SECONDS
from sestui.core.schedule.zones import LONGEST_SHIFT, due_at
from sestui.core.task.states import TaskRunState
from sestui.errors import StorageError
from sestui.store.db.sqlite_logs import check_logs
from sestui.store.db.version import HEAD

if TYPE_CHECKING:
    from sestui.store.db.database import Database

_BUSY_SECONDS = 5.0

_LOOKS = (
    "SELECT 1 FROM run WHERE state = :sending LIMIT 1",
    "SELECT 1 FROM run WHERE state = :waiting AND reason NOT IN (:approval, :winner) AND NOT "
    "(reason IN (:local_time, :split) AND resume_at > :now AND resume_at <= :longest_wait) LIMIT 1",
    "SELECT 1 FROM run WHERE completion = :owed AND state = :finished LIMIT 1",
    "SELECT 1 FROM task_run WHERE state IN (:queued, :running) LIMIT 1",
    "SELECT 1 FROM shared_setting WHERE name = 'backup_taken_at' LIMIT 1",
)
"""Each takes one index step."""

_WAITING = (
    "SELECT next_due_at, next_occurrence, timezone FROM campaign WHERE next_due_at <= :soon",
    "SELECT next_run_at, next_occurrence, timezone FROM task WHERE next_run_at <= :soon",
)
"""Due soon; changes of a zone's rules may move the instants."""


_UNTOLD = (
    "NOT EXISTS (SELECT 1 FROM reminder WHERE reminder.subject = 'run' "
    "AND reminder.subject_id = run.id AND reminder.told_at > :told_before)"
)
_REMINDERS = tuple(
    f"SELECT 1 FROM run WHERE {need} AND run.kind <> :test AND {_UNTOLD} LIMIT 1"  # noqa: S608 - our own words
    for need in (
        "state = :paused AND reason <> :operator",
        "state = :waiting AND reason IN (:approval, :winner)",
        "in_doubt > 0",
        "state IN (:sending, :waiting) AND warning <> ''",
    )
)
"""Runs that need attention without a reminder, each by an index of few rows."""


_DOUBTS = (
    "SELECT 1 FROM run WHERE in_doubt > 0 AND NOT EXISTS (SELECT 1 FROM shared_setting "
    "WHERE name = 'doubts_looked_at' "
    "AND CAST(CAST(value AS TEXT) AS DOUBLE PRECISION) > :looked_before) LIMIT 1"
)
"""Something is in doubt, and nobody looked within the hour whether SES has to be asked."""
_HOUR = 3_600.0


def _looks(told_before: Instant | None) -> tuple[str, ...]:
    looks = (*_LOOKS, _DOUBTS)
    return looks if told_before is None else (*looks, *_REMINDERS)


def _values(now: Instant, told_before: Instant | None) -> dict[str, object]:
    return {
        "soon": now + LONGEST_SHIFT,
        "told_before": told_before,
        "looked_before": now - _HOUR,
        "paused": RunState.PAUSED.value,
        "operator": PauseReason.OPERATOR.value,
        "test": RunKind.TEST.value,
        "sending": RunState.SENDING.value,
        "waiting": RunState.WAITING.value,
        "approval": WaitReason.APPROVAL.value,
        "local_time": WaitReason.LOCAL_TIME.value,
        "now": now,
        "longest_wait": now + LONGEST_WAIT_SECONDS,
        "winner": WaitReason.WINNER.value,
        "split": WaitReason.SPLIT.value,
        "owed": Completion.OWED.value,
        "finished": RunState.FINISHED.value,
        "queued": TaskRunState.QUEUED.value,
        "running": TaskRunState.RUNNING.value,
    }


def surely_nothing_due(file: Path, now: Instant, told_before: Instant | None = None) -> bool:
    """Whether the SQLite database certainly holds nothing to do; False if unknown.

    Reminders not sent after ``told_before`` count as something to do, unless it is None.
    """
    values = _values(now, told_before)
    try:
        check_logs(file)  # opening it would replay them
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
            waiting = [row for look in _WAITING for row in connection.execute(look, values)]
            return not _any_due(waiting, now) and not any(
                connection.execute(look, values).fetchone() for look in _looks(told_before)
            )
    except (sqlite3.Error, StorageError):
        return False


def anything_due(database: "Database", now: Instant, told_before: Instant | None = None) -> bool:
    """Whether an open database of either engine holds anything to do."""
    from sqlalchemy import text  # noqa: PLC0415 - see above

    values = _values(now, told_before)
    with database.read_connection() as connection:
        waiting = [
            (at, name, zone)
            for look in _WAITING
            for at, name, zone in connection.execute(text(look), values)
        ]
        return _any_due(waiting, now) or any(
            connection.execute(text(look), values).first() for look in _looks(told_before)
        )


def _any_due(waiting: Iterable[tuple[Instant, str, str]], now: Instant) -> bool:
    return any(due_at(at, name, zone) <= now for at, name, zone in waiting)
