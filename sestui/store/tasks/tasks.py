"""Tasks, and queueing of their occurrences."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_
from sqlmodel import Session, col, delete, select

from sestui.core.clock import Instant
from sestui.core.schedule.cron import Occurrence, occurrence_at
from sestui.core.schedule.zones import due_at
from sestui.core.suggestions import did_you_mean
from sestui.core.task.fields import (
    MOST_COUNTED,
    TASK_FIELDS,
    Occurrences,
    TaskFields,
    occurrences,
)
from sestui.core.task.states import OPEN_TASK_STATES, Overlap, TaskRunState
from sestui.core.text import printable
from sestui.errors import NotFoundError, StateError
from sestui.store.db.database import Database
from sestui.store.db.row_values import from_row, to_row
from sestui.store.tasks.occurrences import distinct_instant, due_ids, later_than
from sestui.store.tasks.one_schedule import refuse_second_way_by_task, starts_by_itself
from sestui.store.tasks.tables import Task, TaskRun

_OPEN = sorted(state.value for state in OPEN_TASK_STATES)


@dataclass(frozen=True, slots=True)
class Queued:
    """The result of queueing a due task's occurrences."""

    task: str
    occurrences: Occurrences
    skipped: bool
    """Whether it was left out because the previous run had not ended."""

    def sentence(self) -> str:
        """A sentence about anything unusual; or ''."""
        if self.skipped:
            return f"{self.task} was left out: its previous run had not ended"
        if self.occurrences.missed:
            return f"{self.task} had missed {counted(self.occurrences.missed)}"
        return ""


def coming(task: Task) -> Instant | None:
    """The instant of the task's next occurrence, by its zone's current rules."""
    if task.next_run_at is None:
        return None
    return due_at(task.next_run_at, task.next_occurrence, task.timezone)


def fields_of_task(task: Task) -> TaskFields:
    """The row's fields, for comparison.

    Invalid rules, from manual edits of the database, become those that run least often.
    """
    return TaskFields(
        **{
            name: each.kind.of_row(from_row(getattr(task, name)))
            for name, each in TASK_FIELDS.items()
        }
    )


class Tasks:
    """The tasks; rows are returned detached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # reading

    def find(self, name: str) -> Task | None:
        """The task of that name, or None."""
        with self._database.read() as session:
            return session.exec(select(Task).where(Task.name == name)).one_or_none()

    def get(self, name: str) -> Task:
        """The task of that name.

        Raises:
            NotFoundError: there is none; similar names are suggested.
        """
        task = self.find(name)
        if task is not None:
            return task
        with self._database.read() as session:
            names = session.exec(select(Task.name)).all()
        hint = (
            did_you_mean(name, names, most=3)
            or "`sestui task list` shows all, `sestui task add` adds one."
        )
        raise NotFoundError(f"There is no task {printable(name)!r}; {hint}")

    def in_the_way(self, fields: TaskFields) -> str:
        """Why such a task can't start its campaign, as a sentence; '' if it can."""
        with self._database.read() as session:
            return starts_by_itself(session, fields)

    def all(self) -> Sequence[Task]:
        """All tasks by name."""
        with self._database.read() as session:
            return session.exec(select(Task).order_by(col(Task.name))).all()

    def due(self, now: Instant) -> Sequence[int]:
        """Ids of due tasks by priority."""
        due = due_ids(self._database, now, tasks=True)
        if not due:
            return []
        with self._database.read() as session:
            return session.exec(
                select(Task.id)
                .where(col(Task.id).in_(due), col(Task.next_run_at) <= now)
                .order_by(col(Task.priority).desc(), col(Task.next_run_at), col(Task.id))
            ).all()

    # changing

    def add(self, fields: TaskFields, now: Instant) -> Task:
        """Add a task.

        Raises:
            StateError: the name is taken, or the campaign that it starts has its own schedule.
        """
        with self._database.write() as session:
            if session.exec(select(Task.id).where(Task.name == fields.name)).first() is not None:
                raise StateError(
                    f"There is already a task {fields.name}; `sestui task edit` changes it."
                )
            task = Task(
                name=fields.name,
                type=fields.type,
                schedule=fields.schedule,
                created_at=now,
                updated_at=now,
            )
            _take_over(session, task, fields, now)
            session.add(task)
            session.flush()
            return task

    def change(self, name: str, fields: TaskFields, now: Instant) -> Task:
        """Update the task, including its name.

        The next occurrence only changes with the timing. Raises: NotFoundError: there is no such
        task. StateError: the new name is taken, or the campaign that it now starts has its own
        schedule.
        """
        with self._database.write() as session:
            task = session.exec(
                select(Task).where(Task.name == name).with_for_update()
            ).one_or_none()
            if task is None:
                raise NotFoundError(f"The task {printable(name)!r} no longer exists.")
            taken = session.exec(select(Task.id).where(Task.name == fields.name)).first()
            if taken not in {None, task.id}:
                raise StateError(f"There is already a task {fields.name}; choose another name.")
            _take_over(session, task, fields, now)
            task.updated_at = now
            session.add(task)
            session.flush()
            return task

    def remove(self, name: str) -> None:
        """Delete the task and its runs.

        Raises:
            NotFoundError: there is none.
            StateError: it is running.
        """
        task = self.get(name)
        with self._database.write() as session:
            session.get(Task, task.id, with_for_update=True)
            if _has(session, task.id, [TaskRunState.RUNNING.value]):
                raise StateError(f"The task {name} is running; remove it when it has ended.")
            session.exec(delete(TaskRun).where(col(TaskRun.task_id) == task.id))
            session.exec(delete(Task).where(col(Task.id) == task.id))

    # time

    def queue(self, task_id: int, now: Instant) -> Queued | None:
        """Queue the task's due occurrences and set its next one, in one transaction.

        None if nothing is due (any more).

        Raises:
            UsageError: its schedule is invalid, or its zone is gone.
        """
        with self._database.write() as session:
            task = session.get(Task, task_id, with_for_update=True)
            if task is None or (at := coming(task)) is None or at > now:
                return None
            fields = fields_of_task(task)
            waited_for = occurrence_at(fields.schedule, fields.timezone, at)
            if task.next_occurrence:
                waited_for = Occurrence(at, task.next_occurrence)
            due = _new(session, task, occurrences(fields, waited_for, now))
            _wait_for(task, fields.next_after(now))
            skipped = (
                bool(due.run) and task.overlap == Overlap.SKIP and _has(session, task.id, _OPEN)
            )
            session.add(task)
            for row in _rows(task, due, now, skipped=skipped):
                _add(session, task, row)
            if task.next_run_at is None and not due.run:
                task.active = False
            return Queued(task.name, due, skipped)

    def switch_off_broken(self, task_id: int, why: str, now: Instant) -> tuple[int, str] | None:
        """Switch off a task whose occurrences can't be calculated, with a failed run.

        Returns the run's id and the task's name; None if another process was first.
        """
        with self._database.write() as session:
            task = session.get(Task, task_id, with_for_update=True)
            if task is None or task.next_run_at is None:
                return None
            due = Occurrence(task.next_run_at, "")
            run = _ended(task, due, now, TaskRunState.FAILED, why.rstrip("."))
            run.occurrence = None  # it may still run once the task is corrected
            task.active = False
            _wait_for(task, None)
            session.add(task)
            _add(session, task, run)
            session.flush()
            return run.id, task.name


def _take_over(session: Session, task: Task, fields: TaskFields, now: Instant) -> None:
    before = fields_of_task(task) if task.id is not None else None
    if fields.schedules_anew(before):
        refuse_second_way_by_task(session, fields)
    for name in TASK_FIELDS:
        setattr(task, name, to_row(getattr(fields, name)))
    if before is None or before.timing != fields.timing:
        # From now on: nothing was missed while it was switched off.
        after = now if before is None else later_than(session, task, fields.timezone, now)
        _wait_for(task, fields.next_after(after) if fields.active else None)


def _wait_for(task: Task, occurrence: Occurrence | None) -> None:
    task.next_run_at = None if occurrence is None else occurrence.at
    task.next_occurrence = "" if occurrence is None else occurrence.name


def _has(session: Session, task_id: int, states: list[str]) -> bool:
    found = session.exec(
        select(TaskRun.id)
        .where(TaskRun.task_id == task_id, col(TaskRun.state).in_(states))
        .limit(1)
    ).first()
    return found is not None


def counted(missed: int) -> str:
    """``1 occurrence``, ``1,000 or more occurrences``."""
    if missed == 1:
        return "1 occurrence"
    return f"{missed:,}{' or more' if missed >= MOST_COUNTED else ''} occurrences"


def _new(session: Session, task: Task, due: Occurrences) -> Occurrences:
    """``due`` without occurrences that have been run already.

    They may come up again after an edit if a clock was set back or differs between hosts.
    """
    told = [*due.run, *([due.newest_missed] if due.newest_missed else [])]
    names = [each.name for each in told]
    rows = session.exec(
        select(TaskRun.occurrence, TaskRun.scheduled_for).where(
            TaskRun.task_id == task.id,
            or_(
                col(TaskRun.occurrence).in_(names),
                # A run from before occurrences had names.
                col(TaskRun.occurrence).is_(None)
                & col(TaskRun.scheduled_for).in_([each.at for each in told]),
            ),
        )
    ).all()
    by_name, by_instant = {name for name, _ in rows}, {at for name, at in rows if name is None}
    new = [each for each in told if each.name not in by_name and each.at not in by_instant]
    run = tuple(each for each in due.run if each in new)
    if due.newest_missed not in new:
        return Occurrences(run, 0, None)
    return replace(due, run=run)


def _rows(task: Task, due: Occurrences, now: Instant, *, skipped: bool) -> list[TaskRun]:
    """Rows of runs to queue, and of those that were missed or skipped."""
    rows = []
    if due.newest_missed is not None:
        why = f"Nothing was running: {counted(due.missed)} missed"
        rows.append(_ended(task, due.newest_missed, now, TaskRunState.MISSED, why))
    for occurrence in due.run:
        if skipped:
            why = "The previous run had not ended"
            rows.append(_ended(task, occurrence, now, TaskRunState.SKIPPED, why))
        else:
            rows.append(_row(task, occurrence, now))
    return rows


def _row(task: Task, occurrence: Occurrence, now: Instant) -> TaskRun:
    return TaskRun(
        task_id=task.id,
        scheduled_for=occurrence.at,
        occurrence=occurrence.name,
        queued_at=now,
    )


def _add(session: Session, task: Task, run: TaskRun) -> None:
    run.scheduled_for = distinct_instant(session, task, run.scheduled_for or 0.0)
    session.add(run)
    session.flush()


def _ended(
    task: Task, occurrence: Occurrence, now: Instant, state: TaskRunState, why: str
) -> TaskRun:
    return TaskRun(
        task_id=task.id,
        scheduled_for=occurrence.at,
        occurrence=occurrence.name,
        state=state.value,
        queued_at=now,
        finished_at=now,
        detail=f"{why}.",
    )
