"""kill -9 at random instants: nobody lost, nobody twice, few in doubt."""

import random
import signal
from statistics import mean

import pytest

from sestui.core.delivery.states import RunState

IN_DOUBT_SECONDS = 0.25
"""What a kill may leave in doubt, in seconds of sending (docs/architecture.md)."""

BUSY = 2.0
"""On a machine that has other work, calls are in flight for longer and answers are written later:
a single kill may then leave this many times as much, the mean of them may not."""


def check(scene, kills, *, worst):
    scene.finish()
    told = kills.told(scene.world.outbox())
    print(f"\n{told} (at {scene.rate:g}/s and {scene.latency:g} s latency)")  # noqa: T201
    scene.check_accounts()
    most = scene.rate * IN_DOUBT_SECONDS + 2
    assert mean(kills.sizes) <= most, told
    assert max(kills.sizes) <= worst * most, told
    doubts = scene.runtime.runs.get(scene.run.id).in_doubt
    assert doubts == sum(kills.sizes)  # what was in flight at the kills, and nothing else


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(("mode", "times"), [("single", 3), ("bulk", 2)])
def test_a_few_kills_of_a_short_run(scene, mode, times):
    made = scene(220 * times, rate=200, mode=mode)
    kills = made.kill_at_random(times, random.Random(7), longest=0.7)
    assert len(kills.left) >= times - 1
    check(made, kills, worst=BUSY)


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(
    ("times", "worst"), [pytest.param(40, BUSY, marks=pytest.mark.ci), (200, 1.0)]
)
@pytest.mark.parametrize("mode", ["single", "bulk"])
def test_many_kills_of_a_long_run(scene, mode, times, worst):
    made = scene(100 * times, rate=200, mode=mode)
    kills = made.kill_at_random(times, random.Random(11), longest=0.5)
    assert len(kills.left) == times
    check(made, kills, worst=worst)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.timeout(900)
def test_kills_while_the_mails_of_a_large_run_are_checked(scene):
    made = scene(20_000, rate=1_000)
    kills = made.kill_at_random(1, random.Random(13), longest=0.3)
    assert 0 < made.runtime.runs.get(made.run.id).unchecked < 20_000
    kills.left += made.kill_at_random(9, random.Random(17), longest=0.5).left
    made.finish()
    print(f"\n{kills.told(made.world.outbox())}")  # noqa: T201
    made.check_accounts()


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_leaves_nothing_in_doubt(scene, number):
    made = scene(600, rate=150, latency=0.2)
    process = made.process("send", "news")
    made.until_sending(process)
    process.send_signal(number)
    process.wait(10)
    run = made.runtime.runs.get(made.run.id)
    assert (run.state, run.sending, run.in_doubt) == (RunState.SENDING, 0, 0)
    assert run.accepted == made.accepted() > 0


@pytest.mark.long
def test_a_second_ctrl_c_ends_at_once_and_is_as_safe_as_a_kill(scene):
    made = scene(120, rate=100, latency=1.5)
    process = made.process("send", "news")
    made.until_sending(process)
    process.send_signal(signal.SIGINT)
    with pytest.raises(Exception, match="timed out"):
        process.wait(0.5)  # it waits for what is in flight
    process.send_signal(signal.SIGINT)
    process.wait(3)
    made.latency = 0.02
    made.finish()
    made.check_accounts()
