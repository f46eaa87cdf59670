"""Tasks as they are defined, and which of their occurrences are put in the queue."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, col, delete, select

from sestui.core.clock import Instant
from sestui.core.task import MOST_COUNTED, Occurrences, TaskFields, occurrences
from sestui.core.task_states import OPEN_TASK_STATES, Misfire, Overlap, TaskRunState
from sestui.core.text import printable
from sestui.errors import NotFoundError, StateError
from sestui.store.database import Database
from sestui.store.task_tables import Task, TaskRun

_OPEN = sorted(state.value for state in OPEN_TASK_STATES)


@dataclass(frozen=True, slots=True)
class Queued:
    """What putting a due task's occurrences in the queue came to."""

    task: str
    occurrences: Occurrences
    skipped: bool
    """The run before was still at work, and the task's overlap rule leaves this one out."""

    def sentence(self) -> str:
        """What is worth telling; '' if all is as it should be."""
        if self.skipped:
            return f"{self.task} was left out: its run before had not ended"
        if self.occurrences.missed:
            return f"{self.task} had missed {counted(self.occurrences.missed)}"
        return ""


def fields_of_task(task: Task) -> TaskFields:
    """The row as values that compare."""
    return TaskFields(
        name=task.name,
        type=task.type,
        schedule=task.schedule,
        description=task.description,
        timezone=task.timezone,
        parameters=dict(task.parameters),
        active=task.active,
        priority=task.priority,
        starts_at=task.starts_at,
        ends_at=task.ends_at,
        misfire=Misfire(task.misfire),
        misfire_bound=task.misfire_bound,
        timeout=task.timeout,
        overlap=Overlap(task.overlap),
    )


class Tasks:
    """Every task in the database; rows come back detached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # looking

    def find(self, name: str) -> Task | None:
        """The task of that name, or None."""
        with self._database.read() as session:
            return session.exec(select(Task).where(Task.name == name)).one_or_none()

    def get(self, name: str) -> Task:
        """The task of that name.

        Raises:
            NotFoundError: there is none; names that are close are offered.
        """
        task = self.find(name)
        if task is not None:
            return task
        with self._database.read() as session:
            names = session.exec(select(Task.name)).all()
        close = difflib.get_close_matches(name, names, n=3)
        hint = (
            f"did you mean {' or '.join(close)}?"
            if close
            else "`sestui task list` shows all, `sestui task add` adds one."
        )
        raise NotFoundError(f"There is no task {printable(name)!r}; {hint}")

    def all(self) -> Sequence[Task]:
        """Every task, by name."""
        with self._database.read() as session:
            return session.exec(select(Task).order_by(col(Task.name))).all()

    def due(self, now: Instant) -> Sequence[int]:
        """Ids of the tasks of which an occurrence has come: higher priority first."""
        with self._database.read() as session:
            return session.exec(
                select(Task.id)
                .where(col(Task.next_run_at) <= now)
                .order_by(col(Task.priority).desc(), col(Task.next_run_at), col(Task.id))
            ).all()

    # changing

    def add(self, fields: TaskFields, now: Instant) -> Task:
        """A new task.

        Raises:
            StateError: there is one of that name.
        """
        with self._database.write() as session:
            if session.exec(select(Task.id).where(Task.name == fields.name)).first() is not None:
                raise StateError(
                    f"There is a task {fields.name} already; `sestui task edit` changes it."
                )
            task = Task(
                name=fields.name,
                type=fields.type,
                schedule=fields.schedule,
                created_at=now,
                updated_at=now,
            )
            _take_over(task, fields, now)
            session.add(task)
            session.flush()
            return task

    def change(self, name: str, fields: TaskFields, now: Instant) -> Task:
        """Let the task of that name be as ``fields`` say, its name included.

        An edit that doesn't touch the timing doesn't move the next occurrence.

        Raises:
            NotFoundError: there is none.
            StateError: another one has the new name.
        """
        with self._database.write() as session:
            task = session.exec(
                select(Task).where(Task.name == name).with_for_update()
            ).one_or_none()
            if task is None:
                raise NotFoundError(f"There is no task {printable(name)!r} any more.")
            taken = session.exec(select(Task.id).where(Task.name == fields.name)).first()
            if taken not in {None, task.id}:
                raise StateError(f"There is a task {fields.name} already; choose another name.")
            _take_over(task, fields, now)
            task.updated_at = now
            session.add(task)
            session.flush()
            return task

    def remove(self, name: str) -> None:
        """Forget the task and its runs.

        Raises:
            NotFoundError: there is none.
            StateError: one of its runs is at work.
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
        """Put what is due of the task in the queue, and let it wait for its next occurrence.

        One transaction: whoever comes second, in this or another process, finds nothing due. None:
        so did we.
        """
        with self._database.write() as session:
            task = session.get(Task, task_id, with_for_update=True)
            if task is None or task.next_run_at is None or task.next_run_at > now:
                return None
            fields = fields_of_task(task)
            due = _new(session, task, occurrences(fields, task.next_run_at, now))
            task.next_run_at = fields.next_after(now)
            skipped = (
                bool(due.run) and task.overlap == Overlap.SKIP and _has(session, task.id, _OPEN)
            )
            session.add(task)
            session.add_all(_rows(task, due, now, skipped=skipped))
            if task.next_run_at is None and not due.run:
                task.active = False
            return Queued(task.name, due, skipped)

    def switch_off_broken(self, task_id: int, why: str, now: Instant) -> tuple[int, str] | None:
        """Switch a task off whose occurrences can't be told, and note that as a failed run.

        The run's id and the task's name; None if somebody else was first.
        """
        with self._database.write() as session:
            task = session.get(Task, task_id, with_for_update=True)
            if task is None or task.next_run_at is None:
                return None
            run = _ended(task, task.next_run_at, now, TaskRunState.FAILED, why.rstrip("."))
            task.active, task.next_run_at = False, None
            session.add_all([task, run])
            session.flush()
            return run.id, task.name


def _take_over(task: Task, fields: TaskFields, now: Instant) -> None:
    before = fields_of_task(task) if task.id is not None else None
    task.name = fields.name
    task.description = fields.description
    task.type = fields.type
    task.schedule = fields.schedule
    task.timezone = fields.timezone
    task.parameters = dict(fields.parameters)
    task.active = fields.active
    task.priority = fields.priority
    task.starts_at = fields.starts_at
    task.ends_at = fields.ends_at
    task.misfire = fields.misfire.value
    task.misfire_bound = fields.misfire_bound
    task.timeout = fields.timeout
    task.overlap = fields.overlap.value
    if before is None or _timing(before) != _timing(fields):
        # From now on: while it was switched off, nothing was missed.
        task.next_run_at = fields.next_after(now) if fields.active else None


def _timing(fields: TaskFields) -> tuple[object, ...]:
    return (fields.schedule, fields.timezone, fields.active, fields.starts_at, fields.ends_at)


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
    """``due`` without what has been dealt with already.

    A clock that was set back, or that of another host, lets an edit wait for an occurrence again
    that has been run: each is run once.
    """
    told = {*due.run, due.missed_at}
    known = session.exec(
        select(TaskRun.scheduled_for).where(
            TaskRun.task_id == task.id, col(TaskRun.scheduled_for).in_(told)
        )
    ).all()
    run = tuple(occurrence for occurrence in due.run if occurrence not in known)
    if due.missed_at in known:
        return Occurrences(run, 0, None)
    return replace(due, run=run)


def _rows(task: Task, due: Occurrences, now: Instant, *, skipped: bool) -> list[TaskRun]:
    """Rows for what is to be run, and one that tells of what is not."""
    rows = []
    if due.missed_at is not None:
        why = f"Nobody was there: {counted(due.missed)} missed"
        rows.append(_ended(task, due.missed_at, now, TaskRunState.MISSED, why))
    for occurrence in due.run:
        if skipped:
            why = "The run before had not ended"
            rows.append(_ended(task, occurrence, now, TaskRunState.SKIPPED, why))
        else:
            rows.append(TaskRun(task_id=task.id, scheduled_for=occurrence, queued_at=now))
    return rows


def _ended(task: Task, occurrence: Instant, now: Instant, state: TaskRunState, why: str) -> TaskRun:
    return TaskRun(
        task_id=task.id,
        scheduled_for=occurrence,
        state=state.value,
        queued_at=now,
        finished_at=now,
        detail=f"{why}.",
    )
