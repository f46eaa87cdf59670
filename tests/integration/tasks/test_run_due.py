from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import RunState
from sestui.tasks.run_due import RunDue
from tests.support.seeding import addresses, checked_counts


def test_one_whose_time_was_up_before_it_could_begin_sends_nothing(world):
    runtime = world.runtime()
    run = world.started(runtime, addresses(20))
    (view,) = RunDue(runtime, seconds=0).run().runs
    assert view.state == RunState.SENDING
    assert checked_counts(runtime.database, run.id) == RunCounts(pending=20)
    assert world.outbox() == {}
