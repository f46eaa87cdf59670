"""Delete old task runs in small transactions."""

from sqlmodel import col, delete, func, select

from sestui.core.clock import Instant
from sestui.core.task.states import OPEN_TASK_STATES
from sestui.store.db.database import Database
from sestui.store.tasks.tables import TaskRun

_OPEN = sorted(state.value for state in OPEN_TASK_STATES)


def purge_task_runs(database: Database, before: Instant, most: int) -> int:
    """Delete up to ``most`` runs that ended before ``before``, except each task's newest."""
    newest = select(func.max(TaskRun.id)).group_by(col(TaskRun.task_id))
    old = (
        select(TaskRun.id)
        .where(
            col(TaskRun.finished_at) < before,
            col(TaskRun.state).not_in(_OPEN),
            col(TaskRun.id).not_in(newest),
        )
        .limit(most)
    )
    with database.write() as session:
        ids = session.exec(old).all()
        session.exec(delete(TaskRun).where(col(TaskRun.id).in_(ids)))
    return len(ids)
