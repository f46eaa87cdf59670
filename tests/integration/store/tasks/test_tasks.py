"""The queue of tasks, on both engines: each occurrence once, whoever comes first."""

import threading
from collections import Counter
from dataclasses import replace

import pytest
from sqlmodel import select

from sestui.core.delivery.states import WorkerRole
from sestui.core.task.fields import MOST_ATTEMPTS, TaskFields
from sestui.core.task.states import Misfire, Overlap, TaskRunState
from sestui.errors import NotFoundError, StateError, UsageError
from sestui.store.db.database import Database
from sestui.store.ledger.workers import Workers
from sestui.store.tasks.runs import LostRun, Program, Runner, RunResult, TakenTaskRun, TaskRuns
from sestui.store.tasks.tables import Task, TaskRun
from sestui.store.tasks.tasks import Tasks
from tests.support.clocks import START, FakeClock

MINUTE = 60.0
MINUTELY = TaskFields("minutely", "purge", "* * * * *", timezone="UTC")
OK = RunResult(TaskRunState.SUCCEEDED, "Done.", {"n": 1}, "12:00:00 done\n")
KILLED = RunResult(TaskRunState.KILLED, "Stopped.", {}, "")


@pytest.fixture
def tasks(database: Database) -> Tasks:
    return Tasks(database)


@pytest.fixture
def runs(database: Database) -> TaskRuns:
    return TaskRuns(database)


@pytest.fixture
def me(database: Database) -> Runner:
    """A process that is registered, hence alive."""
    return Runner(registered(database), "here")


def registered(database: Database) -> str:
    workers = Workers(database, FakeClock())
    return workers.register(host="h", pid=1, process_started_at=0, role=WorkerRole.TASKS)


def nothing_left(_lost: LostRun, _now: float) -> str:
    """Of the programs of runs whose process died."""
    return ""


def states(database: Database) -> Counter[str]:
    with database.read() as session:
        return Counter(session.exec(select(TaskRun.state)).all())


def take(runs: TaskRuns, me: Runner, now: float = START) -> TakenTaskRun:
    taken = runs.take(me, now)
    assert taken is not None
    return taken


def test_a_task_waits_queues_runs_and_waits_again(tasks, runs, me):
    task = tasks.add(MINUTELY, START)
    assert task.next_run_at == START + MINUTE
    assert tasks.due(START + 59) == []
    now = START + 61
    assert tasks.due(now) == [task.id]
    queued = tasks.queue(task.id, now)
    assert queued is not None
    assert [each.at for each in queued.occurrences.run] == [START + MINUTE]
    assert tasks.queue(task.id, now) is None
    taken = take(runs, me, now)
    assert (taken.occurrence, taken.by_hand, taken.attempt) == (START + MINUTE, False, 1)
    assert runs.take(me, now) is None
    assert runs.write_log(taken, me.worker, "so far")
    assert runs.end(taken, me.worker, OK, now + 5)
    assert not runs.end(taken, me.worker, OK, now + 6)
    run = runs.get(taken.run_id)
    assert (run.state, run.detail, run.result, run.finished_at) == (
        "succeeded",
        "Done.",
        {"n": 1},
        now + 5,
    )
    stored = tasks.get("minutely")
    assert (stored.first_run_at, stored.last_run_at) == (now, now)
    assert stored.next_run_at == START + 2 * MINUTE


def test_the_important_goes_first(tasks, runs, me):
    for priority in (1, 9, 5):
        tasks.add(replace(MINUTELY, name=f"p{priority}", priority=priority), START)
    for task_id in tasks.due(START + 61):
        tasks.queue(task_id, START + 61)
    order = [take(runs, me).task.name for _ in range(3)]
    assert order == ["p9", "p5", "p1"]


def test_many_at_the_same_second_share_the_work(database, tasks):
    for number in range(12):
        tasks.add(replace(MINUTELY, name=f"t{number}"), START)
    now = START + 61
    begin = threading.Barrier(4)
    taken: list[str] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            own = Runner(registered(database), "here")
            mine, theirs = Tasks(database), TaskRuns(database)
            begin.wait()
            for task_id in mine.due(now):
                mine.queue(task_id, now)
            while (got := theirs.take(own, now)) is not None:
                taken.append(got.task.name)
                theirs.end(got, own.worker, OK, now)
        except BaseException as error:  # noqa: BLE001 # told to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert sorted(taken) == sorted(f"t{number}" for number in range(12))
    assert states(database) == {"succeeded": 12}


def test_missed_occurrences_are_one_row_that_tells_of_them(database, tasks, runs, me):
    task = tasks.add(replace(MINUTELY, misfire=Misfire.ALL, misfire_bound=2), START)
    queued = tasks.queue(task.id, START + 600)
    assert queued is not None
    assert queued.sentence() == "minutely had missed 8 occurrences"
    assert states(database) == {"missed": 1, "queued": 2}
    first = take(runs, me)
    assert first.occurrence == START + 540
    assert runs.take(me, START + 600) is None, "one after the other"
    runs.end(first, me.worker, OK, START + 601)
    assert take(runs, me).occurrence == START + 600


def test_a_clock_that_was_set_back_repeats_nothing(database, tasks, runs, me):
    task = tasks.add(MINUTELY, START)
    tasks.queue(task.id, START + 61)
    runs.end(take(runs, me), me.worker, OK, START + 62)
    # Now it is a minute earlier, and an edit lets the task wait for what has been run.
    tasks.change("minutely", replace(MINUTELY, schedule="*/1 * * * *"), START + 2)
    assert tasks.queue(task.id, START + 60) is None
    assert states(database) == {"succeeded": 1}
    tasks.queue(task.id, START + 120)
    assert take(runs, me).occurrence == START + 120


def test_neither_does_it_tell_of_the_missed_twice(database, tasks):
    skipping = replace(MINUTELY, misfire=Misfire.SKIP, schedule="*/30 * * * *")
    task = tasks.add(skipping, START)
    late = START + 1_800 + 600
    tasks.queue(task.id, late)
    assert states(database) == {"missed": 1}
    tasks.change("minutely", replace(skipping, schedule="0,30 * * * *"), START)
    assert tasks.queue(task.id, late) is None
    assert states(database) == {"missed": 1}


@pytest.mark.parametrize("overlap", list(Overlap))
def test_an_occurrence_while_the_last_run_is_at_work(database, tasks, runs, me, overlap):
    task = tasks.add(replace(MINUTELY, overlap=overlap), START)
    tasks.queue(task.id, START + 60)
    first = take(runs, me)
    queued = tasks.queue(task.id, START + 120)
    assert queued is not None
    second = runs.take(me, START + 120)
    if overlap is Overlap.SKIP:
        assert (queued.skipped, second) == (True, None)
        assert "was left out" in queued.sentence()
        assert states(database) == {"running": 1, "skipped": 1}
    elif overlap is Overlap.ALLOW:
        assert second is not None
    else:
        assert second is None
        runs.end(first, me.worker, OK, START + 130)
        assert take(runs, me).occurrence == START + 120


def test_a_one_off_switches_itself_off_when_its_run_has_ended(tasks, runs, me):
    task = tasks.add(replace(MINUTELY, schedule="0 9 1 1 * 2030"), START)
    now = task.next_run_at
    assert now is not None
    tasks.queue(task.id, now)
    stored = tasks.get("minutely")
    assert (stored.active, stored.next_run_at) == (True, None)
    runs.end(take(runs, me, now), me.worker, OK, now + 1)
    assert not tasks.get("minutely").active
    assert tasks.due(now + 1e9) == []


@pytest.mark.parametrize("misfire", list(Misfire))
def test_a_run_whose_process_died_follows_its_misfire_rule(database, tasks, runs, misfire):
    task = tasks.add(replace(MINUTELY, misfire=misfire), START)
    tasks.queue(task.id, START + 60)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        dead = Runner(registered(database), f"host{attempt}")
        taken = take(runs, dead)
        assert taken.attempt == attempt
        assert runs.adopt_orphans(START + 70, nothing_left) == [], "it lives"
        Workers(database, FakeClock()).reap(host="h", is_alive=lambda *_: False)
        (orphan,) = runs.adopt_orphans(START + 70, nothing_left)
        assert orphan.host == f"host{attempt}"
        assert runs.adopt_orphans(START + 70, nothing_left) == []
        assert not runs.end(taken, dead.worker, OK, START + 80), "the dead can't speak any more"
        if misfire is Misfire.SKIP:
            break
    run = runs.get(taken.run_id)
    assert (run.state, run.attempt) == ("killed", attempt)
    assert run.log.count("ended before it did") == attempt
    assert not orphan.again


def test_a_run_whose_program_may_be_at_work_waits(database, tasks, runs):
    task = tasks.add(replace(MINUTELY, timeout=900), START)
    tasks.queue(task.id, START + 60)
    dead = Runner(registered(database), "there")
    taken = take(runs, dead, START + 60)
    runs.note_program(taken, Program("there/boot/ns", 4711, 12.5))
    Workers(database, FakeClock()).reap(host="h", is_alive=lambda *_: False)
    asked: list[LostRun] = []

    def may_live(lost: LostRun, _now: float) -> None:
        asked.append(lost)

    assert runs.adopt_orphans(START + 70, may_live) == []
    assert states(database) == {"running": 1}
    until = START + 60 + 900
    program = Program("there/boot/ns", 4711, 12.5)
    assert asked == [LostRun(taken.mark, "there", program, until)]
    (orphan,) = runs.adopt_orphans(START + 70, lambda *_: "it was ended")
    assert orphan.again
    assert "it was ended, it is run again" in orphan.sentence()
    again = take(runs, Runner(registered(database), "here"))
    assert again.mark != taken.mark
    assert runs.get(again.run_id).program_pid is None


def test_a_run_that_is_stopped_with_its_process_is_queued_again(tasks, runs, me):
    task = tasks.add(MINUTELY, START)
    tasks.queue(task.id, START + 60)
    runs.end(take(runs, me), me.worker, KILLED, START + 61)
    again = take(runs, me)
    assert (again.attempt, again.occurrence) == (2, START + 60)


def test_by_hand(tasks, runs, me, database):
    task = tasks.add(replace(MINUTELY, active=False), START)
    taken = runs.by_hand(task.id, me, START + 5)
    assert (taken.by_hand, taken.occurrence) == (True, START + 5)
    with pytest.raises(StateError, match="is running already"):
        runs.by_hand(task.id, me, START + 6)
    runs.end(taken, me.worker, KILLED, START + 7)
    assert states(database) == {"killed": 1}, "whoever asked for it sees that, and asks again"
    assert runs.by_hand(task.id, me, START + 8).run_id != taken.run_id


def test_an_edit_moves_the_next_run_only_if_it_is_about_time(tasks):
    tasks.add(MINUTELY, START)
    assert tasks.change("minutely", replace(MINUTELY, priority=9), START + 300).next_run_at == (
        START + MINUTE
    )
    moved = tasks.change("minutely", replace(MINUTELY, schedule="@daily"), START + 300)
    assert moved.next_run_at > START + 300
    off = tasks.change("minutely", replace(MINUTELY, active=False), START + 300)
    assert (off.active, off.next_run_at) == (False, None)
    back = tasks.change("minutely", MINUTELY, START + 86_400)
    assert back.next_run_at == START + 86_400 + MINUTE, "what was due while it was off is not"


def test_names(tasks):
    tasks.add(MINUTELY, START)
    tasks.add(replace(MINUTELY, name="other"), START)
    with pytest.raises(StateError, match="There is already a task other"):
        tasks.change("minutely", replace(MINUTELY, name="other"), START)
    with pytest.raises(StateError, match="`sestui task edit` changes it"):
        tasks.add(MINUTELY, START)
    with pytest.raises(NotFoundError, match="did you mean minutely"):
        tasks.get("minutly")
    assert [task.name for task in tasks.all()] == ["minutely", "other"]


def test_remove(tasks, runs, me, database):
    task = tasks.add(MINUTELY, START)
    taken = runs.by_hand(task.id, me, START)
    with pytest.raises(StateError, match="is running"):
        tasks.remove("minutely")
    runs.end(taken, me.worker, OK, START)
    tasks.remove("minutely")
    assert tasks.find("minutely") is None
    assert states(database) == {}


def test_one_that_cannot_be_reckoned_is_switched_off_and_told(tasks, database):
    task = tasks.add(MINUTELY, START)
    with database.write() as session:
        session.get_one(Task, task.id).timezone = "Gone/Zone"
    with pytest.raises(UsageError, match="Gone/Zone"):
        tasks.queue(task.id, START + 60)
    assert tasks.switch_off_broken(task.id, "Gone.", START + 60) is not None
    assert tasks.switch_off_broken(task.id, "Gone.", START + 60) is None
    assert tasks.due(START + 1e6) == []
    assert states(database) == {"failed": 1}
