"""Programs whose run-due was killed: found and ended before their task runs again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from sestui.sending.process_identity import host_name, this_host
from sestui.store.tasks.runs import LostRun, Program
from sestui.tasks.orphans import PROGRAM_MARK, end_left_over, program
from tests.support.workspaces import until

MARK = "4f5a:17"
ENDED = "its program was still running and has been stopped"
NOW = 1_000.0

STUBBORN = """\
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
print(os.getpid(), flush=True)
time.sleep(600)
"""


class Programs:
    """Starts them as a task does, in a group of their own."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []

    def start(self, code: str = STUBBORN, mark: str = MARK) -> tuple[Program, list[int]]:
        """The program, and the pids of its processes."""
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env={PROGRAM_MARK: mark},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        found = program(process.pid)
        assert found is not None
        assert process.stdout is not None
        return found, [int(process.stdout.readline()) for _ in range(2)]

    def close(self) -> None:
        for process in self._started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with process:
                process.kill()


@pytest.fixture
def programs() -> Iterator[Programs]:
    made = Programs()
    yield made
    made.close()


def lost(started: Program | None, mark: str = MARK) -> LostRun:
    return LostRun(mark, host_name(), started, may_last_until=NOW + 900)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.long
@pytest.mark.ci
def test_its_whole_group_is_ended_though_it_ignores_being_asked(programs):
    started, pids = programs.start()
    assert len(set(pids)) == 2
    assert end_left_over(lost(started), NOW) == ENDED
    assert not any(map(is_alive, pids))
    assert end_left_over(lost(started), NOW) == "", "nothing is left"


@pytest.mark.long
@pytest.mark.ci
def test_one_that_the_database_does_not_know_of_is_found_by_its_mark(programs):
    """Its run-due was killed between its start and the note of it."""
    _, pids = programs.start()
    _, others = programs.start(mark="4f5a:18")
    assert end_left_over(lost(None), NOW) == ENDED
    assert not any(map(is_alive, pids))
    assert all(map(is_alive, others))


@pytest.mark.long
@pytest.mark.ci
def test_a_group_without_its_leader_is_ended_by_its_mark(programs):
    started, pids = programs.start()
    os.kill(started.pid, signal.SIGKILL)
    until(lambda: not is_alive(started.pid), 10)
    assert end_left_over(lost(started), NOW) == ENDED
    assert not any(map(is_alive, pids))


def test_a_later_process_of_its_number_is_no_one_of_it(programs):
    started, pids = programs.start(mark="another")
    earlier = Program(started.host, started.pid, started.started_at - 60)
    assert end_left_over(lost(earlier), NOW) == ""
    assert all(map(is_alive, pids))


def test_on_another_machine_it_is_waited_for_as_long_as_it_may_take():
    elsewhere = Program("elsewhere/boot/ns", 1, 2.5)
    assert end_left_over(lost(elsewhere), NOW + 899) is None
    assert end_left_over(lost(elsewhere), NOW + 1_000) == ""


def test_nothing_is_left_of_what_ran_before_the_machine_was_started_anew():
    name, _, namespace = this_host().split("/")
    assert end_left_over(lost(Program(f"{name}/before/{namespace}", 1, 2.5)), NOW) == ""
