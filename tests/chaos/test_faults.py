"""Faults of every kind, mixed: doubt only where an answer was lost, and nobody lost or twice."""

import pytest
from seeding import checked_counts

from sestui.sending.batching import MOST_ENTRIES
from sestui.simulator.faults import checked_fault

NOT_TAKEN = ("throttle", "error_500", "error_503")
ANSWER_LOST = ("reset_before", "reset_after", "truncated", "gateway_502", "hang_after")
KINDS = (*NOT_TAKEN, *ANSWER_LOST)


def spoil(made, kinds, share):
    for kind in kinds:
        seconds = 0.5 if kind == "hang_after" else None
        made.world.account.add_fault(
            checked_fault(kind, probability=share / len(kinds), seconds=seconds)
        )


def check(made):
    made.finish()
    made.check_accounts()
    fired = {fault["kind"]: fault["fired"] for fault in made.world.account.faults()}
    counts = checked_counts(made.runtime.database, made.run.id)
    unanswered = sum(fired.get(kind, 0) for kind in ANSWER_LOST)
    if made.mode == "single":
        # In doubt is exactly what went unanswered: no more and no less.
        assert (counts.in_doubt, counts.rejected) == (unanswered, 0)
    else:
        assert unanswered <= counts.in_doubt <= unanswered * MOST_ENTRIES
    return fired


@pytest.mark.parametrize(("mode", "share"), [("single", 0.1), ("bulk", 0.2)])
def test_one_call_in_some_goes_wrong_somehow(scene, mode, share):
    made = scene(300, rate=300, latency=0.01, mode=mode)
    spoil(made, KINDS, share)
    if mode == "bulk":
        spoil(made, ["mixed_bulk"], 0.1)
    fired = check(made)
    assert len([kind for kind, times in fired.items() if times]) >= 3


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("mode", ["single", "bulk"])
def test_each_fault_at_each_share(scene, kind, share, mode):
    made = scene(600, rate=300, latency=0.01, mode=mode)
    spoil(made, [kind], share)
    check(made)
