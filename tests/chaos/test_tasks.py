"""Tasks run by real processes: many of them at the same second, and one killed in the middle."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlmodel import select

from sestui.core.clock import SystemClock
from sestui.core.task.fields import MOST_ATTEMPTS, TaskFields
from sestui.core.task.states import Misfire, TaskRunState
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.db.database import Database
from sestui.store.tasks.tables import TaskRun
from sestui.store.tasks.tasks import Tasks
from sestui.tasks.agenda import read_agenda_now
from tests.support.environment import bare_environment
from tests.support.tasks import install_shop, make_due
from tests.support.workspaces import until

pytestmark = pytest.mark.parametrize(
    "database",
    # What engines do differently is proved by short tests of the store, on both of them.
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)],
    indirect=True,
)


class Shop:
    """A workspace whose tasks note in a file that they ran, and processes that run them."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.site = install_shop(folder / "site")
        self.notes = folder / "notes.txt"
        self.settings = {
            "data_dir": str(folder / "data"),
            "database_url": database.url.render_as_string(hide_password=False),
            "timezone": "UTC",
            "allow_commands": "true",
        }
        self.runtime = Runtime(load_settings(**self.settings), database, SystemClock())
        self._processes: list[subprocess.Popen[str]] = []

    def close(self) -> None:
        for process in self._processes:
            with process:
                process.kill()

    def task(self, name: str, *, seconds: float = 0, misfire: Misfire = Misfire.ONCE) -> None:
        parameters = {"file": str(self.notes), "seconds": seconds}
        fields = TaskFields(
            name, "note", "@yearly", timezone="UTC", parameters=parameters, misfire=misfire
        )
        Tasks(self.runtime.database).add(fields, self.runtime.clock.now())

    def hurry(self, name: str) -> None:
        """Let the task take no time from now on."""
        fields = self.runtime.tasks.get(name).fields
        parameters = fields.parameters | {"seconds": 0}
        self.runtime.tasks.change(name, replace(fields, parameters=parameters))

    def make_due(self) -> float:
        """Let every task wait for an occurrence a moment ago."""
        occurrence = float(int(self.runtime.clock.now()) - 5)
        make_due(self.runtime.database, occurrence)
        return occurrence

    def run_due(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sestui", "run-due", *arguments],
            env={
                **bare_environment(self.folder),
                "PYTHONPATH": str(self.site),
                "SESTUI_CONFIG": os.devnull,
                **{f"SESTUI_{name.upper()}": value for name, value in self.settings.items()},
            },
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def noted(self) -> list[tuple[str, float, int]]:
        """Task, occurrence and process of each time that one ran, by the tasks' own account."""
        if not self.notes.exists():
            return []
        lines = (line.split() for line in self.notes.read_text().splitlines())
        return [(task, float(occurrence), int(pid)) for task, occurrence, pid in lines]

    def rows(self) -> list[TaskRun]:
        with self.runtime.database.read() as session:
            return list(session.exec(select(TaskRun).order_by(TaskRun.id)).all())


@pytest.fixture
def shop(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An empty one."""
    made = Shop(tmp_path, database)
    monkeypatch.syspath_prepend(str(made.site))
    yield made
    made.close()


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a run-due with ``--json`` reports that ended well and said nothing else."""
    out, err = process.communicate(timeout=90)
    assert (process.returncode, err) == (0, ""), err
    said: dict[str, Any] = json.loads(out)
    return said


def raced(shop: Shop, tasks: int, processes: int) -> int:
    """Many processes over the same due tasks; how many of them had a share in the work."""
    for number in range(tasks):
        shop.task(f"t{number:03}", seconds=0.02)
    occurrence = shop.make_due()
    reports = [ended(p) for p in [shop.run_due("--json") for _ in range(processes)]]
    everything = {f"t{number:03}": 1 for number in range(tasks)}
    assert Counter(task for task, _, _ in shop.noted()) == everything, "each ran once"
    assert {when for _, when, _ in shop.noted()} == {occurrence}
    rows = shop.rows()
    assert len(rows) == tasks
    assert {(row.state, row.attempt, row.scheduled_for) for row in rows} == {
        (TaskRunState.SUCCEEDED.value, 1, occurrence)
    }
    assert all("Noted." in row.log and row.finished_at is not None for row in rows)
    told = Counter(each["task"] for report in reports for each in report["tasks"])
    assert told == everything, "each is in one report"
    return len({pid for _, _, pid in shop.noted()})


@pytest.mark.long
@pytest.mark.ci
def test_four_at_the_same_second_share_fifty_tasks(shop: Shop) -> None:
    raced(shop, 50, 4)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_eight_at_the_same_second_share_four_hundred_tasks(shop: Shop) -> None:
    assert raced(shop, 400, 8) > 1


def killed_in(shop: Shop, attempt: int) -> None:
    """Kill -9 a run-due in the middle of all of its tasks, in their ``attempt``-th runs."""
    process = shop.run_due()
    rows = len(read_agenda_now(shop.runtime.database, shop.runtime.clock).items)
    until(lambda: len(shop.noted()) == rows * attempt)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    states = [(row.state, row.attempt) for row in shop.rows()]
    assert states == [(TaskRunState.RUNNING, attempt)] * rows


@pytest.mark.long
def test_one_that_is_killed_is_told_of_and_its_tasks_follow_their_rules(shop: Shop) -> None:
    shop.task("copy", seconds=60)
    shop.task("ping", seconds=60, misfire=Misfire.SKIP)
    occurrence = shop.make_due()
    killed_in(shop, 1)
    shop.hurry("copy")
    out, err = (process := shop.run_due("--json")).communicate(timeout=60)
    said = json.loads(out)
    copy, ping = shop.rows()
    lost = f"the process that ran it on {copy.host} ended before it did"
    assert (process.returncode, err) == (1, f"ping: {lost}, it is not run again\n")
    told = [f"copy: {lost}, it is run again", f"ping: {lost}, it is not run again"]
    assert sorted(said["notes"]) == told
    assert [(each["task"], each["state"]) for each in said["tasks"]] == [("copy", "succeeded")]
    assert (copy.state, copy.attempt, copy.scheduled_for) == ("succeeded", 2, occurrence)
    assert (ping.state, ping.attempt, ping.scheduled_for) == ("killed", 1, occurrence)
    assert f"{lost.capitalize()}; it is run again.\n" in copy.log
    assert f"{lost.capitalize()}.\n" in ping.log
    assert sorted(task for task, _, _ in shop.noted()) == ["copy", "copy", "ping"]


@pytest.mark.long
def test_one_that_dies_each_time_is_given_up(shop: Shop) -> None:
    shop.task("copy", seconds=60)
    shop.make_due()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        killed_in(shop, attempt)
    _, err = (process := shop.run_due()).communicate(timeout=60)
    assert process.returncode == 1
    assert err.endswith("it is not run again\n")
    (row,) = shop.rows()
    assert (row.state, row.attempt) == ("killed", MOST_ATTEMPTS)
    assert row.log.count("ended before it did") == MOST_ATTEMPTS


@pytest.mark.long
def test_one_that_is_asked_to_stop_gives_its_task_back(shop: Shop) -> None:
    shop.task("copy", seconds=60)
    occurrence = shop.make_due()
    process = shop.run_due()
    until(lambda: len(shop.noted()) == 1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    (row,) = shop.rows()
    assert (row.state, row.attempt) == (TaskRunState.QUEUED, 1)
    assert "It was stopped before it was done." in row.log
    shop.hurry("copy")
    assert ended(shop.run_due("--json"))["notes"] == []
    (row,) = shop.rows()
    assert (row.state, row.attempt, row.scheduled_for) == ("succeeded", 2, occurrence)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_whenever_a_long_task_ends_its_run_due_says_what_came_of_it(shop: Shop) -> None:
    """The watch over its time looks now and then: it must not cut off the last words."""
    for number in range(8):
        name = f"t{number}"
        shop.task(name, seconds=6 + number * 0.23)
        make_due(shop.runtime.database, shop.runtime.clock.now() - 1, name)
        said = ended(shop.run_due("--max-seconds", "5", "--json"))
        assert [(each["task"], each["state"]) for each in said["tasks"]] == [(name, "succeeded")]


@pytest.mark.long
def test_the_program_of_one_that_is_killed_is_ended_before_it_runs_again(shop: Shop) -> None:
    """It ignores being asked, and says nothing, so that no closed pipe ends it."""
    code = (
        "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "note = lambda what: open(sys.argv[1], 'a').write(f'{what} 0 {os.getpid()}\\n')\n"
        "note('begins'); time.sleep(float(sys.argv[2])); note('ends')"
    )
    parameters = {"argv": [sys.executable, "-c", code, str(shop.notes), "600"]}
    fields = TaskFields("copy", "command", "@yearly", timezone="UTC", parameters=parameters)
    shop.runtime.tasks.add(fields)
    shop.make_due()
    process = shop.run_due()
    until(lambda: len(shop.noted()) == 1)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    ((_, _, first),) = shop.noted()
    assert psutil.pid_exists(first)
    argv = [*parameters["argv"][:-1], "0"]
    shop.runtime.tasks.change("copy", replace(fields, parameters={"argv": argv}))
    said = ended(shop.run_due("--json"))
    assert not psutil.pid_exists(first)
    assert "its program was still running and has been stopped" in said["notes"][0]
    (_, again, over) = shop.noted()
    assert [again[0], over[0]] == ["begins", "ends"]
    assert again[2] == over[2] != first
