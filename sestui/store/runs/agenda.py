"""All that starts by itself, in one look; and when `run-due` was at work last."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, text
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import AUDIENCES
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run, SharedSetting
from sestui.store.tasks.tables import Task, TaskRun

_RAN_AT = "run_due_at"
_NOTE = text(
    "INSERT INTO shared_setting (name, value) VALUES (:name, :value) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True, slots=True)
class AgendaRows:
    """Rows of one transaction."""

    tasks: Sequence[tuple[Task, TaskRun | None]]
    """Every task, each with its newest run if it has one (and runs were asked for)."""
    campaigns: Sequence[tuple[Campaign, Run | None]]
    """Campaigns with a start to come by their own schedule, so too; tests are no such runs."""
    ran_at: Instant | None
    """When `run-due` was last at work on something; None: never."""


def read_agenda(database: Database, *, with_runs: bool = True) -> AgendaRows:
    """Tasks and scheduled campaigns as they are: three statements, an index step for each run."""
    with database.read() as session:
        mark = session.get(SharedSetting, _RAN_AT)
        return AgendaRows(
            tasks=_tasks(session, with_runs=with_runs),
            campaigns=_campaigns(session, with_runs=with_runs),
            ran_at=mark.value["at"] if mark is not None else None,
        )


def note_run_due(database: Database, now: Instant) -> None:
    """Note that `run-due` is at work, on whatever is due."""
    with database.write_connection() as connection:
        connection.execute(_NOTE, {"name": _RAN_AT, "value": json.dumps({"at": now})})


def _tasks(session: Session, *, with_runs: bool) -> Sequence[tuple[Task, TaskRun | None]]:
    if not with_runs:
        return [(task, None) for task in session.exec(select(Task)).all()]
    other: Any = aliased(TaskRun)
    newest = (
        select(func.max(other.id)).where(other.task_id == Task.id).correlate(Task).scalar_subquery()
    )
    query = select(Task, TaskRun).outerjoin(TaskRun, col(TaskRun.id) == newest)
    return [(task, run) for task, run in session.exec(query)]


def _campaigns(session: Session, *, with_runs: bool) -> Sequence[tuple[Campaign, Run | None]]:
    scheduled = col(Campaign.next_due_at).is_not(None)
    if not with_runs:
        return [(each, None) for each in session.exec(select(Campaign).where(scheduled)).all()]
    other: Any = aliased(Run)
    newest = (
        select(func.max(other.id))
        .where(other.campaign_id == Campaign.id, other.kind.in_(AUDIENCES))
        .correlate(Campaign)
        .scalar_subquery()
    )
    query = select(Campaign, Run).outerjoin(Run, col(Run.id) == newest).where(scheduled)
    return [(campaign, run) for campaign, run in session.exec(query)]
