"""`run-due --max-seconds N` is over within N + 2 seconds, start-up included, whatever happens."""

import subprocess
import sys
import time

import pytest

from sestui.core.delivery.states import RunState
from sestui.errors import EXIT_DONE, EXIT_NEEDS_OPERATOR, EXIT_TRY_AGAIN
from sestui.simulator.api.faults import checked_fault
from tests.support.processes import locked
from tests.support.seeding import checked_counts
from tests.support.workspaces import until


class Timed:
    """A run-due with so many seconds, more on a machine that is busy with other things."""

    def __init__(self, made, seconds=7):
        self._busy = _seconds_to_start()
        self._made = made
        self._seconds = seconds + round(8 * self._busy)
        self._began = time.monotonic()
        self.process = made.process("run-due", "--max-seconds", str(self._seconds))

    def exit_code(self):
        """How it ended, which was in time."""
        code = self.process.wait(self._seconds + 20)
        late = time.monotonic() - self._began - self._seconds
        if late > 2:
            late -= 2 * (self._busy + _seconds_to_start())
        assert late <= 2, (late, self._seconds, self._made.said())
        return code


def _seconds_to_start():
    """What starting and ending a process takes just now, beyond what it usually does."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "sestui", "--version"], check=True, capture_output=True)
    return max(0.0, time.monotonic() - began - 0.5)


def goes_on(made):
    run = made.runtime.runs.get(made.run.id)
    assert (run.state, run.sending, run.in_doubt) == (RunState.SENDING, 0, 0)
    assert run.accepted == made.accepted() > 0


@pytest.mark.long
@pytest.mark.parametrize("mode", ["single", "bulk"])
def test_with_a_slow_ses_it_stops_early_enough_to_hear_every_answer(scene, mode):
    made = scene(3_000, rate=100, latency=1.2, mode=mode)
    assert Timed(made).exit_code() == EXIT_DONE, made.said()
    goes_on(made)


@pytest.mark.long
def test_with_an_ses_that_takes_three_seconds(scene):
    made = scene(3_000, rate=100, latency=3.0)
    assert Timed(made, 15).exit_code() == EXIT_DONE, made.said()
    goes_on(made)


@pytest.mark.parametrize(
    "recipients",
    [
        pytest.param(5_000, marks=[pytest.mark.long, pytest.mark.ci]),
        pytest.param(100_000, marks=pytest.mark.long),
    ],
)
def test_with_a_backlog(scene, recipients):
    made = scene(recipients, rate=200)
    assert Timed(made).exit_code() == EXIT_DONE, made.said()
    goes_on(made)


@pytest.mark.long
def test_calls_that_hang_are_not_waited_for(scene):
    made = scene(2_000, rate=100, latency=0.01)
    made.world.account.add_fault(checked_fault("hang_after", probability=0.05, count=5))
    assert Timed(made).exit_code() == EXIT_NEEDS_OPERATOR, made.said()
    assert "in doubt" in made.said()
    doubts = checked_counts(made.runtime.database, made.run.id).in_doubt
    assert doubts == made.world.account.faults()[0]["fired"] > 0
    made.world.account.configure(rate=1_000)
    made.finish()
    made.check_accounts()


@pytest.mark.long
def test_a_database_that_stays_locked_is_not_waited_for(scene, tmp_path):
    made = scene(1_000, rate=100, workspace=tmp_path / "workspace")
    made.serve()
    timed = Timed(made)
    until(lambda: made.accepted() >= 20, 60)
    with locked(made):
        assert timed.exit_code() == EXIT_TRY_AGAIN, made.said()
    (said,) = made.said().splitlines()
    assert said.startswith("sestui: ")
    assert "seconds are up" in said
    made.finish()
    made.check_accounts()
    assert 0 < checked_counts(made.runtime.database, made.run.id).in_doubt <= 100 * 0.25 + 2
