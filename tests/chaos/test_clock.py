"""The wall clock is set in mid-run: the rate is held, nobody is lost or twice, no run stands still.

The clock of the machine can't be set for a test, and a process can't be lied to without a library
of its own; so the engine runs in this process on a clock whose wall time jumps, against the real
simulator over HTTP, whose clock does not.
"""

import pytest

from sestui.core.clock import SystemClock
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.pacing import DAY_SECONDS
from sestui.simulator.api.faults import checked_fault
from tests.support.seeding import addresses
from tests.support.workspaces import check_pace, counts, once, until

HOUR = 3_600.0


class SetClock(SystemClock):
    """The machine's clock, whose wall time somebody sets while monotonic time goes on."""

    def __init__(self):
        self.ahead = 0.0

    def now(self):
        return super().now() + self.ahead


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("jump", [-HOUR, DAY_SECONDS], ids=["an hour back", "a day forward"])
@pytest.mark.parametrize("mode", ["single", pytest.param("bulk", marks=pytest.mark.long)])
def test_a_wall_clock_that_is_set_disturbs_no_run(world, jump, mode):
    w = world(simulator_rate=100, send_mode=mode)
    clock = SetClock()
    # Some back off, and the rate is cut, by instants of the old clock.
    w.account.add_fault(checked_fault("error_503", count=3))
    runtime, emails = w.runtime(clock), addresses(250)
    run = w.started(runtime, emails)
    sender = runtime.sender()
    sender.start()
    until(lambda: counts(runtime, run).accepted >= 50)
    w.account.add_fault(checked_fault("throttle", probability=0.6))
    if mode == "single":  # a throttled bulk call says nothing of the account's rate
        until(lambda: runtime.account.known().allowed.factor < 1)
    else:
        until(lambda: w.account.faults()[-1]["fired"])
    w.account.clear_faults()
    clock.ahead = jump
    assert sender.join(60), "the run stands still"
    assert sender.error is None
    assert counts(runtime, run) == RunCounts(accepted=250)
    assert w.outbox() == once(emails)
    arrivals = [(mail["arrived_at"], 1) for mail in w.account.outbox(limit=1_000)]
    check_pace(arrivals, 100)
    assert w.account.account().throttled == 0
