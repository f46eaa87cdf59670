"""What a run waits for, and that it goes on: also when the wall clock is set meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from sestui.core.delivery.pacing import DAY_SECONDS, Quota
from sestui.core.delivery.states import RunState, WaitReason
from sestui.sending.runs.account_guard import AccountGuard
from sestui.sending.runs.run_queue import RunQueue
from sestui.sending.runs.split_tests import SplitTests
from sestui.store.ledger.local_times import LocalTimes
from sestui.store.runs.runs import Runs
from tests.support.clocks import START, FakeClock
from tests.support.seeding import add_contacts, addresses, make_campaign, start_run

HOUR = 3_600.0


@pytest.fixture
def clock():
    return FakeClock(START)


@pytest.fixture
def queue(sqlite_database, clock):
    runs = Runs(sqlite_database)
    return RunQueue(
        runs,
        compose=lambda run: pytest.fail(f"nobody asked for the mail of run {run.id}"),
        quota=lambda: Quota(maximum=100, limit=80, used=80),
        local=lambda instant: datetime.fromtimestamp(instant, UTC).strftime("at %H:%M"),
        announce=lambda: None,
        guard=AccountGuard(runs, lambda: "simulator", set, clock),
        local_times=LocalTimes(sqlite_database),
        split_tests=SplitTests(sqlite_database, clock, str),
        clock=clock,
        timezone="UTC",
    )


@pytest.fixture
def started(sqlite_database, clock):
    def start(**campaign):
        add_contacts(sqlite_database, addresses(3, campaign.get("name", "r")))
        return start_run(
            sqlite_database, make_campaign(sqlite_database, **campaign), clock.now()
        ).id

    return start


def at(clock, hours):
    """A window of an hour that opens in ``hours``, on the clock of UTC."""
    begin = datetime.fromtimestamp(clock.now(), UTC) + timedelta(hours=hours)
    return f"{begin:%H:%M}-{begin + timedelta(hours=1):%H:%M}"


def served(queue):
    """The ids of the runs that the engine would serve now."""
    queue.refresh()
    return [run.id for run in queue.runnable()]


def test_a_closed_window_makes_the_run_wait_and_opens_by_itself(queue, started, clock):
    run_id = started(send_window=at(clock, 2))
    assert served(queue) == []
    run = queue._runs.get(run_id)
    assert (run.state, run.reason) == (RunState.WAITING, WaitReason.WINDOW)
    assert "closed; it continues at" in run.detail
    clock.advance(2 * HOUR)
    assert served(queue) == [run_id]
    clock.advance(HOUR)
    assert served(queue) == []


def test_a_window_is_asked_by_the_clock_as_it_is_whatever_it_was(queue, started, clock):
    run_id = started(send_window=at(clock, -0.5))
    clock.jump(20 * HOUR)
    assert served(queue) == []
    clock.jump(-20 * HOUR)
    assert served(queue) == [run_id]


def test_a_wait_for_the_quota_is_kept_and_ends(queue, started, clock):
    run_id = started()
    queue.wait_for_quota([run_id], refused_by_ses=False)
    clock.advance(800)
    assert served(queue) == []
    clock.advance(200)
    assert served(queue) == [run_id]


@pytest.mark.parametrize("forward", [2 * DAY_SECONDS, 300 * DAY_SECONDS])
def test_a_wait_that_was_reckoned_by_a_wrong_clock_is_not_waited_for(
    queue, started, clock, forward
):
    run_id = started()
    clock.jump(forward)
    queue.wait_for_quota([run_id], refused_by_ses=False)
    clock.jump(-forward)
    assert served(queue) == [run_id]


def test_a_local_time_that_is_to_come_is_waited_for(queue, started, clock, sqlite_database):
    now = datetime.fromtimestamp(clock.now(), UTC)
    run_id = started(local_time=f"{now + timedelta(hours=2):%H:%M} local", timezone="UTC")
    assert served(queue) == []
    run = queue._runs.get(run_id)
    assert (run.state, run.reason) == (RunState.WAITING, WaitReason.LOCAL_TIME)
    assert "of each recipient's own time; that comes next at" in run.detail
    clock.jump(-300 * DAY_SECONDS)  # what such a clock said is not waited for
    assert served(queue) == [run_id]
    assert served(queue) == [run_id]
    clock.jump(300 * DAY_SECONDS)
    assert served(queue) == []
    clock.advance(2 * HOUR - 30)  # so soon that it isn't worth waiting
    queue._runs.resume(run_id)
    assert served(queue) == [run_id]
    clock.advance(30)
    assert served(queue) == [run_id]


def test_who_asks_what_may_be_sent_changes_nothing(queue, started, clock, sqlite_database):
    waiting, closing = started(name="a"), started(name="b", send_window=at(clock, -0.5))
    queue.wait_for_quota([waiting], refused_by_ses=False)
    assert served(queue) == [closing]
    clock.advance(HOUR)
    with sqlite_database.snapshot():  # in which nothing can be written
        assert list(queue.runnable()) == []
    runs = Runs(sqlite_database)
    assert [runs.get(run_id).state for run_id in (waiting, closing)] == ["waiting", "sending"]
    assert served(queue) == [waiting]
    assert runs.get(closing).reason == WaitReason.WINDOW
