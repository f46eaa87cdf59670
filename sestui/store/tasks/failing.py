"""Tasks whose newest execution went wrong: small rows, without the logs."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from sestui.core.clock import Instant
from sestui.core.task.states import BAD_TASK_STATES, TaskRunState
from sestui.store.db.database import Database
from sestui.store.tasks.tables import Task, TaskRun

_MOST = 20
_BAD = sorted(state.value for state in BAD_TASK_STATES)


class FailingTask(NamedTuple):
    """A task that is switched on, and how its newest execution ended."""

    name: str
    state: TaskRunState
    finished_at: Instant | None
    detail: str


def failing_tasks(database: Database) -> Sequence[FailingTask]:
    """Those that ended badly last time, the newest first: an index step for each task."""
    other = aliased(TaskRun)
    newest = (
        select(func.max(col(other.id)))
        .where(col(other.task_id) == col(Task.id))
        .correlate(Task)
        .scalar_subquery()
    )
    query = (
        select(Task.name, TaskRun.state, TaskRun.finished_at, TaskRun.detail)
        .join(TaskRun, col(TaskRun.id) == newest)
        .where(col(Task.active), col(TaskRun.state).in_(_BAD))
        .order_by(col(TaskRun.id).desc())
        .limit(_MOST)
    )
    with database.read() as session:
        return [
            FailingTask(name, TaskRunState(state), at, detail)
            for name, state, at, detail in session.exec(query)
        ]
