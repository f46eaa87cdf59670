"""Several processes at once on one database share rate, quota and run."""

import pytest

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import RunState, WaitReason
from tests.support.seeding import checked_counts
from tests.support.workspaces import check_pace

FOUR = [("run-due",), ("send", "news")] * 2


def all_ended(made, processes, code=0):
    for process in processes:
        assert process.wait(120) in {0, code}, made.said()


@pytest.mark.long
@pytest.mark.ci
def test_four_processes_at_once_send_everybody_one_mail_within_the_rate(scene):
    rate = 100
    made = scene(500, rate=rate)
    made.note_departures()
    all_ended(made, [made.process(*command) for command in FOUR])
    made.check_accounts()
    assert checked_counts(made.runtime.database, made.run.id) == RunCounts(accepted=500)
    rows = made.runtime.deliveries.of_run(made.run.id, limit=1_000)
    assert len({row.worker for row in rows}) > 1  # they did share it
    left = made.departures()
    assert sum(mails for _, mails in left) == 500
    check_pace(left, rate)
    assert made.world.account.account().throttled == 0


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("mode", ["single", pytest.param("bulk", marks=pytest.mark.long)])
def test_four_processes_at_once_use_the_quota_to_its_last_mail(scene, mode):
    made = scene(300, rate=100, mode=mode, quota=226, max_quota_usage=0.8)
    all_ended(made, [made.process(*command) for command in FOUR], code=75)
    run = made.runtime.runs.get(made.run.id)
    assert (run.state, run.reason) == (RunState.WAITING, WaitReason.QUOTA)
    assert made.accepted() == 180  # 80 % of 226
    counts = checked_counts(made.runtime.database, made.run.id)
    assert counts == RunCounts(pending=120, accepted=180)
    assert made.world.account.account().over_quota == 0
    made.world.account.advance(86_401)
    made.finish()
    made.check_accounts()
    assert checked_counts(made.runtime.database, made.run.id) == RunCounts(accepted=300)
