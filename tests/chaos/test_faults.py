"""Faults of every kind, mixed: doubt only where an answer was lost, and nobody lost or twice."""

import threading

import pytest

from sestui.core.delivery.states import RunState, WaitReason
from sestui.sending.engine.batching import MOST_ENTRIES
from sestui.simulator.api.faults import checked_fault
from tests.support.seeding import checked_counts

NOT_TAKEN = ("throttle", "error_500", "error_503")
ANSWER_LOST = ("reset_before", "reset_after", "truncated", "gateway_502", "hang_after")
KINDS = (*NOT_TAKEN, *ANSWER_LOST)


MODES = pytest.mark.parametrize("mode", ["single", "bulk"])
SHARES = pytest.mark.parametrize("share", [0.01, pytest.param(0.1, marks=pytest.mark.ci), 0.5])

SECONDS = {"hang_after": 0.5, "slow": 1.0}


def spoil(made, kinds, share):
    for kind in kinds:
        made.world.account.add_fault(
            checked_fault(kind, probability=share / len(kinds), seconds=SECONDS.get(kind))
        )


def check(made, *, most=20):
    made.finish(most=most)
    made.check_accounts()
    fired = {fault["kind"]: fault["fired"] for fault in made.world.account.faults()}
    counts = checked_counts(made.runtime.database, made.run.id)
    unanswered = sum(fired.get(kind, 0) for kind in ANSWER_LOST)
    if made.mode == "single":
        # In doubt is exactly what went unanswered: no more and no less. Nobody is rejected but by
        # SES, however often it failed.
        assert (counts.in_doubt, counts.rejected) == (unanswered, 0)
    else:
        assert unanswered <= counts.in_doubt <= unanswered * MOST_ENTRIES
        assert counts.rejected <= fired.get("mixed_bulk", 0)
    return fired


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("mode", "share", "kinds"),
    [("single", 0.1, 3), ("bulk", 0.2, 2)],  # bulk makes a dozen calls
)
def test_one_call_in_some_goes_wrong_somehow(scene, mode, share, kinds):
    made = scene(200, rate=300, latency=0.01, mode=mode)
    spoil(made, KINDS, share)
    if mode == "bulk":
        spoil(made, ["mixed_bulk"], 0.1)
    fired = check(made)
    assert len([kind for kind, times in fired.items() if times]) >= kinds


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("mode", ["single"])
def test_connections_are_refused_for_a_while(scene, mode):
    refused_for_a_while(scene(200, rate=100, mode=mode), times=1)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@MODES
def test_connections_are_refused_again_and_again(scene, mode):
    refused_for_a_while(scene(1_500, rate=100, mode=mode), times=5)


def refused_for_a_while(made, *, times):
    made.serve()
    process = made.process("send", "news")
    for _ in range(times):
        made.until_sending(process)
        made.hang_up()
        threading.Event().wait(2)
        assert process.poll() is None, made.said()  # it waits for SES to come back
        made.serve()
    assert process.wait(120) in {0, 3}, made.said()
    made.check_accounts()
    assert "SES can't accept mail at the moment" in made.said()
    # Answers that were on their way when the connections broke, no more.
    doubts = checked_counts(made.runtime.database, made.run.id).in_doubt
    assert doubts <= times * made.rate * made.latency + 2


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("mode", ["single"])
def test_the_quota_ends_on_the_way(scene, mode):
    days_of_quota(scene(250, rate=300, latency=0.01, mode=mode, quota=125), days=2)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@MODES
def test_the_quota_ends_again_and_again(scene, mode):
    days_of_quota(scene(1_050, rate=300, latency=0.01, mode=mode, quota=125), days=10)


def days_of_quota(made, *, days):
    """As many days as it takes, each with the 80 % of the quota that sestui allows itself."""
    for day in range(1, days + 1):
        assert made.process("run-due").wait(60) == 0, made.said()
        run = made.runtime.runs.get(made.run.id)
        assert (run.state, run.reason) == (RunState.WAITING, WaitReason.QUOTA)
        assert made.accepted() == run.accepted == 100 * day
        made.world.account.advance(86_401)
    made.finish()
    made.check_accounts()
    assert made.world.account.account().over_quota == 0


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("kind", [*KINDS, "slow", "daily_quota", "mixed_bulk"])
@SHARES
@MODES
def test_each_fault_at_each_share(scene, kind, share, mode):
    # Where half of the tries fail, somebody's tenth comes many minutes after his first.
    made = scene(150 if share == 0.5 else 600, rate=300, latency=0.01, mode=mode)
    spoil(made, [kind], share)
    # Each process ends when SES says that the quota is used up: at one call in two, that is soon.
    check(made, most=300 if kind in {"daily_quota", "mixed_bulk"} else 20)
