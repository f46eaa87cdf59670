"""What runs tasks: threads, logs, timeouts, and types that go wrong."""

import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest
from sqlmodel import select

from sestui.core.clock import SystemClock
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import TaskRunState
from sestui.errors import UsageError
from sestui.store.tasks.tables import Task, TaskRun
from sestui.tasks.context import MOST_LOGGED, RunLog
from sestui.tasks.execution import GRACE_SECONDS
from sestui.tasks.worker_pool import WorkerPool
from tests.support.tasks import ran
from tests.support.threads import refuse_threads
from tests.support.workspaces import until


def make_due(runtime, *names):
    """Let tasks have their time a moment ago."""
    with runtime.database.write() as session:
        for name in names:
            task = session.exec(select(Task).where(Task.name == name)).one()
            task.next_run_at, task.next_occurrence = runtime.clock.now() - 1, ""


@contextmanager
def at_work(runtime):
    worker_pool = runtime.worker_pool()
    assert not worker_pool.idle
    worker_pool.start()
    try:
        yield worker_pool
        worker_pool.finish()
        assert worker_pool.join(30)
    finally:
        worker_pool.stop()


def rows(runtime):
    with runtime.database.read() as session:
        return session.exec(select(TaskRun).order_by(TaskRun.id)).all()


def test_a_type_of_somebody_elses_package(runtime, shop):
    run = ran(runtime, "note", {"file": str(shop)})
    assert (run.state, run.detail) == (TaskRunState.SUCCEEDED, "Noted.")
    assert run.result == {"bytes": len(shop.read_text())}
    assert [line[9:] for line in run.log.splitlines()] == ["begins", "Noted."]
    assert run.host
    assert run.seconds is not None
    types = runtime.tasks.types()
    assert types["note"] == "Note that it ran."
    assert "can't be loaded: ModuleNotFoundError" in types["broken"]
    assert types["backup"].startswith("Copy the database")


def test_a_failure_is_a_sentence(runtime, shop):
    assert ran(runtime, "failing", {"file": str(shop)}).detail == "The shop is closed."
    crashed = ran(runtime, "crashing", {"file": str(shop)})
    assert crashed.state is TaskRunState.FAILED
    assert crashed.detail == "ZeroDivisionError: division by \\x1b[31mzero"


def test_a_type_that_ends_its_thread_ends_its_run(runtime, shop):
    run = ran(runtime, "exiting", {"file": str(shop)})
    assert (run.state, run.detail) == (TaskRunState.FAILED, "SystemExit: 3")


def due_note(runtime, shop, **parameters):
    """A task that is due now."""
    fields = TaskFields("t", "note", "@yearly", parameters={"file": str(shop), **parameters})
    runtime.tasks.add(fields)
    make_due(runtime, "t")


@pytest.mark.long
@pytest.mark.ci
def test_a_run_whose_thread_cannot_be_started_yet_is_started_later(runtime, shop, monkeypatch):
    refused = refuse_threads(monkeypatch, "sestui-task-", 2)
    due_note(runtime, shop)
    with at_work(runtime) as worker_pool:
        until(lambda: bool(worker_pool.ended))
    assert worker_pool.ended[0].state is TaskRunState.SUCCEEDED
    assert refused() == 2


def test_a_run_whose_thread_can_never_be_started_fails(runtime, shop, monkeypatch):
    monkeypatch.setattr("sestui.core.threads.PATIENCE_SECONDS", 0.0)
    refuse_threads(monkeypatch, "sestui-task-", float("inf"))
    due_note(runtime, shop)
    with at_work(runtime) as worker_pool:
        until(lambda: bool(worker_pool.ended))
    [row] = rows(runtime)
    assert row.state == TaskRunState.FAILED
    assert "can't start more threads" in row.detail


class FailingClock(SystemClock):
    """The machine's clock, which fails once for a thread of this name."""

    fails = ""

    def monotonic(self):
        if threading.current_thread().name == self.fails:
            self.fails = ""
            raise MemoryError
        return super().monotonic()


@pytest.mark.long
@pytest.mark.ci
def test_when_what_looks_after_tasks_fails_no_run_stays_at_work(runtime, shop, caplog):
    due_note(runtime, shop, seconds=60)
    clock = FailingClock()
    worker_pool = WorkerPool(runtime.database, runtime, clock)
    worker_pool.start()
    until(shop.exists)
    clock.fails = "sestui-tasks"
    assert worker_pool.join(30)
    assert "(MemoryError, see the log: `sestui log`)" in str(worker_pool.error)
    assert "Traceback" in caplog.text
    assert [each.state for each in worker_pool.ended] == [TaskRunState.KILLED]
    [row] = rows(runtime)
    assert row.state == TaskRunState.QUEUED, "the next process runs it again"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("nothing", "There is no task type 'nothing'; there are backup, broken, campaign"),
        ("bakcup", "There is no task type 'bakcup'; did you mean backup?"),
        ("", "Choose a task type: there are backup, broken, campaign"),
        ("broken", "The task type broken (of shop) can't be loaded: ModuleNotFoundError"),
        ("gone", "The task type gone (of shop) can't be loaded: AttributeError"),
        ("no-type", "The task type no-type (of shop) is not a sestui.tasks.task_type.TaskType."),
    ],
)
def test_a_type_that_is_none_is_refused(runtime, shop, kind, said):
    with pytest.raises(Exception, match="task type") as caught:
        runtime.tasks.add(TaskFields("t", kind, "@daily"))
    assert str(caught.value).startswith(said)


def test_parameters_are_checked_when_a_task_is_made(runtime, shop):
    def refused(**parameters):
        with pytest.raises(UsageError) as caught:
            runtime.tasks.add(TaskFields("t", "note", "@daily", parameters=parameters))
        return str(caught.value)

    assert refused() == "The parameters of t are wrong: file: field required."
    assert "there is no parameter fiel (did you mean file)" in refused(file="x", fiel="y")
    assert "seconds: input should be a valid number" in refused(file="x", seconds="soon")


def test_a_type_whose_package_is_gone_fails_with_a_sentence(runtime, shop, tmp_path):
    runtime.tasks.add(TaskFields("t", "note", "* * * * *", parameters={"file": str(shop)}))
    (tmp_path / "site" / "shop-1.0.dist-info" / "entry_points.txt").unlink()
    make_due(runtime, "t")
    with at_work(runtime) as worker_pool:
        until(lambda: bool(worker_pool.ended))
    assert worker_pool.ended[0].state is TaskRunState.FAILED
    assert "is the package that provides it still installed?" in worker_pool.ended[0].detail


@pytest.mark.long
@pytest.mark.ci
def test_what_takes_too_long_is_ended(runtime, shop):
    run = ran(runtime, "note", {"file": str(shop), "seconds": 60}, timeout=1)
    assert run.state is TaskRunState.TIMED_OUT
    assert run.detail == "It took longer than its limit of 1 s."
    assert run.seconds < GRACE_SECONDS


@pytest.mark.long
def test_what_does_not_listen_is_left_behind(runtime, shop):
    began = time.monotonic()
    run = ran(runtime, "stubborn", {"file": str(shop)}, timeout=1)
    assert run.state is TaskRunState.TIMED_OUT
    assert time.monotonic() - began < 1 + GRACE_SECONDS + 10
    assert "sleeps" in run.log
    (thread,) = [t for t in threading.enumerate() if t.name == f"sestui-task-{run.id}"]
    assert thread.daemon, "it doesn't keep the process alive"


@pytest.mark.long
@pytest.mark.ci
def test_due_tasks_run_beside_each_other_and_the_queue_empties(runtime, shop):
    fields = TaskFields("", "note", "@daily", parameters={"file": str(shop)})
    names = [f"t{number}" for number in range(10)]
    for name in names:
        runtime.tasks.add(replace(fields, name=name))
    make_due(runtime, *names)
    with at_work(runtime) as worker_pool:
        until(lambda: worker_pool.idle)
    assert sorted(line.split()[0] for line in shop.read_text().splitlines()) == names
    assert {row.state for row in rows(runtime)} == {"succeeded"}
    assert not runtime.tasks.get("t0").fields.name.endswith("1")


@pytest.mark.long
@pytest.mark.ci
def test_a_long_run_keeps_its_crew_which_takes_others_meanwhile(runtime, shop):
    note = TaskFields("long", "note", "@daily", parameters={"file": str(shop), "seconds": 3})
    runtime.tasks.add(note)
    runtime.tasks.add(replace(note, name="short", parameters={"file": str(shop)}))
    make_due(runtime, "long")
    with at_work(runtime) as worker_pool:
        until(shop.exists)
        worker_pool.finish()
        make_due(runtime, "short")
        assert worker_pool.join(30)
    assert [ended.task for ended in worker_pool.ended] == ["short", "long"]


def test_when_a_task_was_at_work_last_is_known_after_it_too(runtime, shop):
    """A process that it kept beyond its time has its last words from then on."""
    runtime.tasks.add(TaskFields("note", "note", "@daily", parameters={"file": str(shop)}))
    before = runtime.clock.monotonic()
    with at_work(runtime) as worker_pool:
        assert worker_pool.worked_until == float("-inf")
        make_due(runtime, "note")
        until(lambda: worker_pool.ended and not worker_pool.at_work)
        assert before < worker_pool.worked_until <= runtime.clock.monotonic()
    assert before < worker_pool.worked_until <= runtime.clock.monotonic()


def test_a_crew_that_is_stopped_gives_its_runs_back(runtime, shop):
    note = TaskFields("long", "note", "@daily", parameters={"file": str(shop), "seconds": 60})
    runtime.tasks.add(note)
    make_due(runtime, "long")
    with at_work(runtime) as worker_pool:
        until(shop.exists)
        worker_pool.stop()
        assert worker_pool.join(10)
    (run,) = rows(runtime)
    assert (run.state, run.attempt) == ("queued", 1)
    assert "It was stopped before it was done." in run.log


@pytest.mark.long
@pytest.mark.ci
def test_a_task_that_cannot_be_reckoned_keeps_nobody_else_from_working(runtime, shop):
    note = TaskFields("", "note", "@daily", parameters={"file": str(shop)})
    for name in ("bad", "good"):
        runtime.tasks.add(replace(note, name=name))
    with runtime.database.write() as session:
        session.exec(select(Task).where(Task.name == "bad")).one().timezone = "Gone/Zone"
    make_due(runtime, "bad", "good")
    with at_work(runtime) as worker_pool:
        until(lambda: worker_pool.idle)
    told = {ended.task: ended.state for ended in worker_pool.ended}
    assert told == {"bad": TaskRunState.FAILED, "good": TaskRunState.SUCCEEDED}
    assert not runtime.tasks.get("bad").fields.active


def test_a_log_without_end_keeps_its_begin_and_its_end():
    log = RunLog("", lambda: datetime(2026, 1, 1))
    for number in range(20_000):
        log.add(f"line {number}")
    log.add("\x1b[31mred\r\nand more")
    text = log.text()
    assert len(text) < MOST_LOGGED + 100
    assert text.startswith("00:00:00 line 0\n")
    assert "lines are left out)" in text
    assert text.endswith("00:00:00 \\x1b[31mred\n00:00:00 and more\n")
