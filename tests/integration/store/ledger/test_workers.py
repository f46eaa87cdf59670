"""Telling the living from the dead, on both engines."""

import pytest
from sqlmodel import col, update

from sestui.core.delivery.handover import ClaimRequest, RunCounts
from sestui.core.delivery.states import RunState
from sestui.store.db.shared_tables import Worker
from sestui.store.ledger.workers import LEASE_SECONDS, Workers
from sestui.store.runs.runs import Runs
from tests.support.seeding import (
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    not_sent,
    open_ledger,
    rows_of,
    start_run,
    tell_governor,
)


def alive(_pid, _started_at):
    return True


def dead(_pid, _started_at):
    return False


@pytest.fixture
def workers(database, clock):
    return Workers(database, clock)


@pytest.fixture
def claiming(database, clock, workers):
    """A registered worker of a host that has so many deliveries in flight; its run and ledger."""
    add_contacts(database, addresses(10))
    tell_governor(database)
    run = start_run(database, make_campaign(database), clock.now())

    def claim(count, host="here", pid=11):
        worker = workers.register(host=host, pid=pid, process_started_at=5.0)
        ledger = open_ledger(database, clock, worker)
        return run.id, worker, ledger, ledger.exchange([], ClaimRequest(run.id, count)).claims

    return claim


def age(database, worker_id, seconds):
    with database.write() as session:
        session.exec(
            update(Worker)
            .where(col(Worker.id) == worker_id)
            .values(heartbeat_at=Worker.heartbeat_at - seconds)
        )


def test_a_dead_process_of_this_host_is_known_by_its_pid(database, workers, claiming):
    run_id, _, _, _ = claiming(3)
    asked = []
    assert workers.reap(host="here", is_alive=lambda pid, at: not asked.append((pid, at))) == 0
    assert asked == [(11, 5.0)]
    assert workers.reap(host="here", is_alive=dead) == 3
    assert checked_counts(database, run_id) == RunCounts(pending=7, in_doubt=3)
    codes = {(row.state, row.code) for row in rows_of(database, run_id)}
    assert codes == {("pending", ""), ("in_doubt", "WorkerDied")}
    assert workers.reap(host="here", is_alive=dead) == 0


def test_a_silent_process_of_this_host_is_not_dead(database, workers, claiming):
    run_id, worker, _, _ = claiming(3)
    age(database, worker, 10 * LEASE_SECONDS)
    assert workers.reap(host="here", is_alive=alive) == 0
    assert checked_counts(database, run_id).sending == 3


def test_a_worker_elsewhere_is_dead_when_its_lease_is_over(database, workers, claiming):
    run_id, worker, _, _ = claiming(3, host="there")
    age(database, worker, LEASE_SECONDS - 10)
    assert workers.reap(host="here", is_alive=dead) == 0
    workers.beat(worker)
    age(database, worker, LEASE_SECONDS - 10)
    assert workers.reap(host="here", is_alive=dead) == 0
    age(database, worker, 11)
    assert workers.reap(host="here", is_alive=dead) == 3
    assert checked_counts(database, run_id).in_doubt == 3


def test_only_the_dead_ones_rows_are_put_in_doubt(database, clock, workers, claiming):
    run_id, _, _, _ = claiming(2, pid=1)
    _, _, living, claims = claiming(3, pid=2)
    assert workers.reap(host="here", is_alive=lambda pid, _at: pid == 2) == 2
    living.exchange([accepted(claim) for claim in claims], None)
    assert checked_counts(database, run_id) == RunCounts(pending=5, accepted=3, in_doubt=2)


def test_who_leaves_uncleanly_leaves_doubt_and_who_leaves_cleanly_none(database, workers, claiming):
    run_id, worker, ledger, claims = claiming(3)
    ledger.exchange([accepted(claims[0])], None)
    workers.leave(worker)
    assert checked_counts(database, run_id) == RunCounts(pending=7, accepted=1, in_doubt=2)
    _, worker, ledger, claims = claiming(7)
    ledger.exchange([accepted(claim) for claim in claims], None)
    workers.leave(worker)
    assert checked_counts(database, run_id) == RunCounts(accepted=8, in_doubt=2)
    assert Runs(database).get(run_id).state == RunState.FINISHED


def test_the_last_rows_of_a_run_may_be_a_dead_workers(database, clock, workers, claiming):
    run_id, _, _, _ = claiming(10)
    workers.reap(host="here", is_alive=dead)
    assert checked_counts(database, run_id) == RunCounts(in_doubt=10)
    # A run with nothing pending and nothing in flight is finished, whoever looks next.
    open_ledger(database, clock, "next").exchange([], ClaimRequest(run_id, 1))
    assert Runs(database).get(run_id).state == RunState.FINISHED


def test_who_was_taken_for_dead_and_goes_on_can_be_buried_again(database, workers, claiming):
    run_id, worker, ledger, _ = claiming(2, host="there")
    age(database, worker, 2 * LEASE_SECONDS)
    workers.reap(host="here", is_alive=dead)
    workers.beat(worker)
    assert len(ledger.exchange([], ClaimRequest(run_id, 3)).claims) == 3
    assert workers.reap(host="here", is_alive=dead) == 0  # it lives again
    age(database, worker, 2 * LEASE_SECONDS)
    assert workers.reap(host="here", is_alive=dead) == 3


def test_rows_of_a_worker_nobody_knows_are_found(database, workers, claiming):
    run_id, worker, ledger, _ = claiming(2, host="there")
    age(database, worker, 2 * LEASE_SECONDS)
    workers.reap(host="here", is_alive=dead)
    ledger.exchange([], ClaimRequest(run_id, 3))  # it goes on before its next beat, and is killed
    assert workers.reap(host="here", is_alive=dead) == 3
    assert checked_counts(database, run_id) == RunCounts(pending=5, in_doubt=5)


def test_a_finished_run_opens_again_for_what_a_worker_thought_dead_did_not_send(
    database, clock, workers, claiming
):
    # A process that stood still (a laptop's lid, a frozen machine) takes its mails back unsent.
    run_id, worker, ledger, claims = claiming(10, host="there")
    ledger.exchange([accepted(claim) for claim in claims[1:]], None)
    age(database, worker, 2 * LEASE_SECONDS)
    workers.reap(host="here", is_alive=dead)
    open_ledger(database, clock, "next").exchange([], ClaimRequest(run_id, 1))
    assert Runs(database).get(run_id).state == RunState.FINISHED
    ledger.exchange([not_sent(claims[0])], None)
    run = Runs(database).get(run_id)
    assert (run.state, run.finished_at) == (RunState.SENDING, None)
    assert checked_counts(database, run_id) == RunCounts(pending=1, accepted=9)
