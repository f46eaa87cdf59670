"""Executions of tasks: take them from the queue, log, end, and adopt orphans."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select, update

from sestui.core.clock import Instant
from sestui.core.task.fields import TaskFields, may_retry
from sestui.core.task.states import Misfire, Overlap, TaskRunState
from sestui.errors import NotFoundError, StateError
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import Worker
from sestui.store.tasks.tables import Task, TaskRun
from sestui.store.tasks.tasks import fields_of_task

_LOOKED_AT = 20
"""Queued runs to consider, as others may take the first ones."""


@dataclass(frozen=True, slots=True)
class Runner:
    """A process that runs tasks."""

    worker: str
    """The id under which the process is registered."""
    host: str
    """The machine's name for people."""


@dataclass(frozen=True, slots=True)
class TakenTaskRun:
    """An execution taken by this worker."""

    run_id: int
    task_id: int
    task: TaskFields
    occurrence: Instant
    """The occurrence, or when it was requested."""
    occurrence_name: str
    """The occurrence's name; '' for a manual run."""
    by_hand: bool
    attempt: int
    log: str
    """The log of an earlier attempt."""
    mark: str
    """Globally unique name of the execution."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process group's leader that a run has started."""

    host: str
    """Machine, boot and process namespace, within which pids can be compared."""
    pid: int
    started_at: float
    """Start time by ``sending.process_identity``, to detect a reused pid."""


@dataclass(frozen=True, slots=True)
class LostRun:
    """An execution whose process has died; a program that it started may be running."""

    mark: str
    """See :class:`TakenTaskRun`."""
    host: str
    """The name of the machine that ran it."""
    program: Program | None
    may_last_until: Instant
    """When its time is up."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run."""

    state: TaskRunState
    detail: str
    """A sentence."""
    figures: dict[str, Any]
    log: str


@dataclass(frozen=True, slots=True)
class Orphan:
    """An adopted execution whose process had died."""

    run_id: int
    task: str
    host: str
    again: bool
    """Whether it is queued again."""
    remark: str = ""
    """What happened to its program; '' if there was none."""

    def sentence(self) -> str:
        """A sentence for people, without its full stop."""
        after = "it is run again" if self.again else "it is not run again"
        words = (self.remark, after)
        said = ", ".join(each for each in words if each)
        return f"{self.task}: the process that ran it on {self.host} ended before it did, {said}"


class TaskRuns:
    """The executions of tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # reading

    def get(self, run_id: int) -> TaskRun:
        """The run with this id.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.read() as session:
            run = session.get(TaskRun, run_id)
        if run is None:
            raise NotFoundError(f"There is no task run {run_id}.")
        return run

    def of_task(self, task_id: int, *, limit: int = 20) -> Sequence[TaskRun]:
        """The task's newest runs, newest first."""
        with self._database.read() as session:
            return session.exec(
                select(TaskRun)
                .where(TaskRun.task_id == task_id)
                .order_by(col(TaskRun.id).desc())
                .limit(limit)
            ).all()

    def newest(self, task_ids: Sequence[int]) -> dict[int, TaskRun]:
        """The newest run of each task."""
        found = {}
        with self._database.read() as session:
            for task_id in task_ids:  # one index step each
                run = session.exec(
                    select(TaskRun)
                    .where(TaskRun.task_id == task_id)
                    .order_by(col(TaskRun.id).desc())
                    .limit(1)
                ).first()
                if run is not None:
                    found[task_id] = run
        return found

    # working

    def by_hand(self, task_id: int, by: Runner, now: Instant) -> TakenTaskRun:
        """Start a manual run.

        Raises:
            StateError: the task is running and doesn't allow overlap.
        """
        with self._database.write() as session:
            task = session.get_one(Task, task_id, with_for_update=True)
            run = TaskRun(task_id=task_id, queued_at=now)
            session.add(run)
            session.flush()
            if not _is_free(session, task, run):
                session.delete(run)
                raise StateError(f"The task {task.name} is running already.")
            return _start(session, task, run, by, now)

    def take(self, by: Runner, now: Instant) -> TakenTaskRun | None:
        """Take the next queued run for a worker; None if there is none.

        Runs go by priority and then by occurrence; overlap only if the task allows it.
        """
        with self._database.read() as session:
            queued = session.exec(
                select(TaskRun.id, TaskRun.task_id)
                .join(Task, col(Task.id) == col(TaskRun.task_id))
                .where(
                    TaskRun.state == TaskRunState.QUEUED.value,
                    or_(col(Task.overlap) == Overlap.ALLOW.value, ~_another_at_work().exists()),
                )
                .order_by(col(Task.priority).desc(), col(TaskRun.scheduled_for), col(TaskRun.id))
                .limit(_LOOKED_AT)
            ).all()
        for run_id, task_id in queued:
            with self._database.write() as session:
                task = session.get_one(Task, task_id, with_for_update=True)
                run = session.get(TaskRun, run_id, with_for_update=True)
                if (
                    run is not None
                    and run.state == TaskRunState.QUEUED
                    and _is_free(session, task, run)
                ):
                    return _start(session, task, run, by, now)
        return None

    def write_log(self, taken: TakenTaskRun, worker: str, log: str) -> bool:
        """Store the log so far; False if the run no longer belongs to this worker."""
        with self._database.write() as session:
            return bool(
                session.exec(update(TaskRun).where(*_mine(taken, worker)).values(log=log)).rowcount
            )

    def note_program(self, taken: TakenTaskRun, program: Program) -> None:
        """Store the program that the run has started, in case this process dies."""
        with self._database.write() as session:
            session.exec(
                update(TaskRun)
                .where(col(TaskRun.id) == taken.run_id, col(TaskRun.attempt) == taken.attempt)
                .values(
                    program_host=program.host,
                    program_pid=program.pid,
                    program_started_at=program.started_at,
                )
            )

    def end(self, taken: TakenTaskRun, worker: str, result: RunResult, now: Instant) -> bool:
        """Store the result; False if the run no longer belongs to this worker.

        A killed run is queued again if its misfire rule says so. A task without further occurrences
        is switched off by its last run.
        """
        with self._database.write() as session:
            # Lock the task's row first, as in take(), to avoid deadlocks.
            task = session.get_one(Task, taken.task_id, with_for_update=True)
            run = session.exec(
                select(TaskRun).where(*_mine(taken, worker)).with_for_update()
            ).one_or_none()
            if run is None:
                return False
            run.log, run.detail, run.result = result.log, result.detail, result.figures
            if result.state is TaskRunState.KILLED and _may_go_again(task, run):
                _queue_again(run)
            else:
                run.state, run.finished_at = result.state.value, now
                if task.next_run_at is None and not taken.by_hand:
                    task.active = False
            session.add_all([run, task])
            return True

    def adopt_orphans(
        self, now: Instant, end_left_over: Callable[[LostRun, Instant], str | None]
    ) -> list[Orphan]:
        """Find runs whose process has died, and apply their misfire rules.

        Call it after dead workers were reaped, as workers without a registration are dead.
        ``end_left_over`` ends what is left of a run's program and returns what it did ('' if there
        was nothing); None means that it may still be running, and the run stays.
        """
        with self._database.read() as session:
            found = session.exec(
                select(TaskRun, Task).join(Task, col(Task.id) == TaskRun.task_id).where(*_lost())
            ).all()
            lost = {run.id: _lost_run(task, run) for run, task in found}
        orphans = []
        for run_id, each in lost.items():
            # Outside the transaction, as a program takes time to end; several processes may do it.
            remark = end_left_over(each, now)
            if remark is None:
                continue
            with self._database.write() as session:
                run = session.exec(
                    select(TaskRun)
                    .where(TaskRun.id == run_id, *_lost())
                    .with_for_update(of=TaskRun, skip_locked=True)
                ).one_or_none()
                if run is None:
                    continue
                task = session.get_one(Task, run.task_id)
                again = _may_go_again(task, run)
                said = f"The process that ran it on {run.host} ended before it did"
                said += f"; {remark}" if remark else ""
                run.detail = f"{said}."
                run.log += f"{said}{'; it is run again' if again else ''}.\n"
                if again:
                    _queue_again(run)
                else:
                    run.state, run.finished_at = TaskRunState.KILLED.value, now
                session.add(run)
                orphans.append(Orphan(run.id, task.name, run.host, again, remark))
        return orphans


def _mark(worker: str, run_id: int) -> str:
    return f"{worker}:{run_id}"


def _lost_run(task: Task, run: TaskRun) -> LostRun:
    program = None
    if run.program_pid is not None and run.program_started_at is not None:
        program = Program(run.program_host, run.program_pid, run.program_started_at)
    return LostRun(
        mark=_mark(run.worker, run.id),
        host=run.host,
        program=program,
        may_last_until=(run.started_at or 0.0) + task.timeout,
    )


def _mine(taken: TakenTaskRun, worker: str) -> tuple[Any, ...]:
    return (
        col(TaskRun.id) == taken.run_id,
        col(TaskRun.state) == TaskRunState.RUNNING.value,
        col(TaskRun.worker) == worker,
        col(TaskRun.attempt) == taken.attempt,
    )


def _may_go_again(task: Task, run: TaskRun) -> bool:
    """Whether the misfire rule repeats a killed run; never for manual runs."""
    return run.scheduled_for is not None and may_retry(Misfire(task.misfire), run.attempt)


def _queue_again(run: TaskRun) -> None:
    run.state, run.worker = TaskRunState.QUEUED.value, ""
    run.started_at = run.finished_at = None


def _lost() -> tuple[Any, ...]:
    return (
        TaskRun.state == TaskRunState.RUNNING.value,
        col(TaskRun.worker).not_in(select(Worker.id)),
    )


def _another_at_work() -> Select[Any]:
    other = aliased(TaskRun)
    return select(other.id).where(
        other.task_id == TaskRun.task_id, other.state == TaskRunState.RUNNING.value
    )


def _is_free(session: Session, task: Task, run: TaskRun) -> bool:
    """Whether no other run of the task excludes this one."""
    if task.overlap == Overlap.ALLOW:
        return True
    other = session.exec(
        select(TaskRun.id)
        .where(
            TaskRun.task_id == task.id,
            TaskRun.state == TaskRunState.RUNNING.value,
            TaskRun.id != run.id,
        )
        .limit(1)
    ).first()
    return other is None


def _start(session: Session, task: Task, run: TaskRun, by: Runner, now: Instant) -> TakenTaskRun:
    run.state = TaskRunState.RUNNING.value
    run.attempt += 1
    run.worker, run.host = by.worker, by.host
    run.program_host, run.program_pid, run.program_started_at = "", None, None
    run.started_at, run.finished_at = now, None
    run.detail = ""
    task.first_run_at = task.first_run_at or now
    task.last_run_at = now
    session.add_all([run, task])
    session.flush()
    return TakenTaskRun(
        run_id=run.id,
        task_id=task.id,
        task=fields_of_task(task),
        occurrence=run.scheduled_for if run.scheduled_for is not None else now,
        occurrence_name=run.occurrence or "",
        by_hand=run.scheduled_for is None,
        attempt=run.attempt,
        log=run.log,
        mark=_mark(by.worker, run.id),
    )
