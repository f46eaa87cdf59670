"""Read everything that starts by itself, and when `run-due` last worked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, null, text
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import AUDIENCES
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import SharedSetting
from sestui.store.db.tables import Campaign, Run
from sestui.store.tasks.tables import Task, TaskRun

_RAN_AT = "run_due_at"
_NOTE = text(
    "INSERT INTO shared_setting (name, value) VALUES (:name, :value) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True, slots=True)
class AgendaRows:
    """Tasks and scheduled campaigns, read in one transaction."""

    tasks: Sequence[tuple[Task, TaskRun | None]]
    """All tasks, each with its newest run (if requested)."""
    campaigns: Sequence[tuple[Campaign, Run | None]]
    """Scheduled campaigns, likewise; tests don't count as runs."""
    ran_at: Instant | None
    """When `run-due` last worked on something; None if never."""


def read_agenda(database: Database, *, with_runs: bool = True) -> AgendaRows:
    """Read tasks and scheduled campaigns by two statements."""
    # Only needed if there are any tasks or campaigns.
    ran_at = select(SharedSetting.value).where(SharedSetting.name == _RAN_AT).scalar_subquery()
    tasks, campaigns = select(Task, ran_at), select(Campaign, ran_at)
    with database.read() as session:
        scheduled = campaigns.where(col(Campaign.next_due_at).is_not(None))
        found = [
            session.execute(_with_run(tasks, TaskRun, _newest_of_task(), with_runs)).all(),
            session.execute(_with_run(scheduled, Run, _newest_of_campaign(), with_runs)).all(),
        ]
    return AgendaRows(
        tasks=[(task, run) for task, _, run in found[0]],
        campaigns=[(campaign, run) for campaign, _, run in found[1]],
        ran_at=next((mark["at"] for rows in found for _, mark, _ in rows if mark), None),
    )


def note_run_due(database: Database, now: Instant) -> None:
    """Record that `run-due` is working on something."""
    with database.write_connection() as connection:
        connection.execute(_NOTE, {"name": _RAN_AT, "value": json.dumps({"at": now})})


def _with_run(query: Any, run: type[TaskRun | Run], newest: Any, with_runs: bool) -> Any:
    """``query`` with each one's newest run, or with NULL."""
    if not with_runs:
        return query.add_columns(null())
    return query.add_columns(run).outerjoin(run, col(run.id) == newest)


def _newest_of_task() -> Any:
    other: Any = aliased(TaskRun)
    return (
        select(func.max(other.id)).where(other.task_id == Task.id).correlate(Task).scalar_subquery()
    )


def _newest_of_campaign() -> Any:
    other: Any = aliased(Run)
    return (
        select(func.max(other.id))
        .where(other.campaign_id == Campaign.id, other.kind.in_(AUDIENCES))
        .correlate(Campaign)
        .scalar_subquery()
    )
