"""The ledger as a state machine: whatever happens in whatever order, its promises hold.

Hypothesis plays workers, SES, operators and crashes against the real ledger on SQLite. ``_Truth``
is the other side's account: how often SES accepted each address.
"""

import itertools
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event

from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import ClaimRequest, HoldBack
from sestui.core.delivery.states import DELIVERY_STEPS, DeliveryState, PauseReason, RunState
from sestui.errors import StateError
from sestui.store.db.database import Database
from sestui.store.ledger.workers import LEASE_SECONDS, Workers
from sestui.store.runs.runs import Runs, counts_of
from tests.support.clocks import FakeClock
from tests.support.seeding import (
    accepted,
    add_contacts,
    addresses,
    make_campaign,
    not_sent,
    open_ledger,
    refused,
    rows_of,
    start_run,
    suppress,
    tell_governor,
    unknown,
)


def _hurry(connection, _record):
    connection.execute("PRAGMA synchronous = OFF")  # no power is cut here


AUDIENCE = 7
QUOTA = 9


class LedgerMachine(RuleBasedStateMachine):
    template: Path
    claims = Bundle("claims")
    late = Bundle("late")
    """Claims of workers that were taken for dead and may still answer."""

    @initialize(quota=st.sampled_from([-1, QUOTA]))
    def begin(self, quota):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "sestui.db"
        shutil.copy(self.template, path)
        self.database = Database(f"sqlite:///{path}")
        event.listen(self.database.engine, "connect", _hurry)
        self.clock = FakeClock()
        self.quota = quota
        add_contacts(self.database, addresses(AUDIENCE))
        tell_governor(self.database, AccountStatus(quota, 1_000, 0), now=self.clock.now())
        self.runs = Runs(self.database)
        self.campaign = make_campaign(self.database)
        self.run_id = start_run(self.database, self.campaign, self.clock.now()).id
        self.workers = Workers(self.database, self.clock)
        self.pids = itertools.count(1)
        self.living: dict[str, int] = {}
        self.held: dict[str, set[int]] = {}  # what each worker itself knows to have claimed
        self.sent: Counter[str] = Counter()  # SES's own account
        self.handed_over: Counter[str] = Counter()
        self.doubtful: set[int] = set()
        self.states = {row.id: DeliveryState.PENDING for row in self.rows()}
        for _ in range(2):
            self.enter()

    def teardown(self):
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    def rows(self):
        return rows_of(self.database, self.run_id)

    def enter(self):
        pid = next(self.pids)
        worker = self.workers.register(host="here", pid=pid, process_started_at=0)
        self.living[worker] = pid
        self.held[worker] = set()
        return worker

    def ledger(self, worker):
        return open_ledger(self.database, self.clock, worker)

    # workers

    @rule(target=claims, which=st.integers(0, 1), most=st.integers(1, 4))
    def claim(self, which, most):
        worker = list(self.living)[which]
        taken = self.ledger(worker).exchange([], ClaimRequest(self.run_id, most))
        assert len(taken.claims) <= most
        for claim in taken.claims:
            assert claim.delivery_id not in self.doubtful
            self.handed_over[claim.email] += 1
            self.held[worker].add(claim.delivery_id)
        self.clock.advance(0.1)
        return multiple(*((worker, claim) for claim in taken.claims))

    @rule(held=consumes(claims))
    def ses_accepts(self, held):
        worker, claim = held
        self.sent[claim.email] += 1
        self.answer(worker, claim, accepted(claim))

    @rule(held=consumes(claims))
    def ses_refuses(self, held):
        worker, claim = held
        self.answer(worker, claim, refused(claim))

    @rule(
        held=consumes(claims),
        hold_back=st.sampled_from(HoldBack),
        retry_after=st.sampled_from([0.0, 2.0]),
    )
    def ses_does_not_take_it(self, held, hold_back, retry_after):
        worker, claim = held
        self.answer(worker, claim, not_sent(claim, hold_back, retry_after=retry_after))

    @rule(held=consumes(claims), took=st.booleans())
    def the_answer_is_lost(self, held, took):
        worker, claim = held
        self.sent[claim.email] += took
        self.answer(worker, claim, unknown(claim))

    def answer(self, worker, claim, answer):
        self.held[worker].discard(claim.delivery_id)
        self.ledger(worker).exchange([answer], None)

    @rule(which=st.integers(0, 1), most=st.integers(1, 4))
    def a_claim_is_committed_and_nobody_told(self, which, most):
        worker = list(self.living)[which]
        self.ledger(worker).exchange([], ClaimRequest(self.run_id, most))
        self.clock.advance(0.1)
        self.ledger(worker).take_back(self.held[worker])
        sending = {row.id for row in self.rows() if (row.state, row.worker) == ("sending", worker)}
        assert sending <= self.held[worker]

    @rule(held=claims)
    def an_answer_is_written_twice(self, held):
        worker, claim = held
        row = next(row for row in self.rows() if row.id == claim.delivery_id)
        if row.state == DeliveryState.ACCEPTED:
            self.ledger(worker).exchange([accepted(claim), refused(claim)], None)

    @rule(target=late, which=st.integers(0, 1), held=st.lists(consumes(claims), max_size=3))
    def a_worker_is_taken_for_dead(self, which, held):
        worker = list(self.living)[which]
        dead = self.living.pop(worker)
        self.workers.reap(host="here", is_alive=lambda pid, _at: pid != dead)
        self.enter()
        return multiple(*held)

    @rule(held=consumes(late), took=st.booleans())
    def a_late_answer(self, held, took):
        worker, claim = held
        self.sent[claim.email] += took
        self.ledger(worker).exchange([accepted(claim) if took else refused(claim)], None)

    @rule(which=st.integers(0, 1))
    def a_worker_leaves(self, which):
        worker = list(self.living)[which]
        del self.living[worker]
        self.workers.leave(worker)
        self.enter()

    # operators and the world

    @rule()
    def pause(self):
        self.steer(lambda: self.runs.pause(self.run_id, PauseReason.OPERATOR, ""))

    @rule()
    def resume(self):
        self.steer(lambda: self.runs.resume(self.run_id))

    @precondition(lambda self: self.clock.now() % 7 < 0.2)
    @rule()
    def cancel(self):
        self.steer(lambda: self.runs.cancel(self.run_id, self.clock.now()))

    @rule(number=st.integers(0, AUDIENCE - 1))
    def suppress_somebody(self, number):
        email = addresses(AUDIENCE)[number]
        if email not in self.suppressed:
            self.suppressed.add(email)
            suppress(self.database, email)

    @rule(seconds=st.sampled_from([0.5, 3.0, LEASE_SECONDS + 1, -3_600.0]))
    def time_passes(self, seconds):
        if seconds < 0:
            self.clock.jump(seconds)
        else:
            self.clock.advance(seconds)

    def steer(self, act):
        try:
            act()
        except StateError:
            assert self.runs.get(self.run_id).state in (*RunState,)

    @property
    def suppressed(self):
        return self.__dict__.setdefault("_suppressed", set())

    # promises

    @invariant()
    def all_promises_hold(self):
        if not hasattr(self, "database"):
            return
        rows, run = self.rows(), self.runs.get(self.run_id)
        self.counters_are_the_rows_and_the_rows_are_the_audience(rows, run)
        self.only_the_designs_steps_happen(rows)
        self.the_ledger_says_of_each_row_what_ses_knows(rows)
        assert all(times == 1 for times in (+self.sent).values())  # nobody got it twice
        if self.quota != -1:
            assert sum(self.sent.values()) <= self.quota

    def counters_are_the_rows_and_the_rows_are_the_audience(self, rows, run):
        counts = counts_of(run)
        assert Counter(row.state for row in rows) == +Counter(counts.as_dict())
        assert counts.audience == AUDIENCE
        if run.state == RunState.FINISHED:
            assert (counts.pending, counts.sending) == (0, 0)
        if run.state == RunState.CANCELLED:
            assert counts.pending == 0

    def only_the_designs_steps_happen(self, rows):
        for row in rows:
            before, after = self.states[row.id], DeliveryState(row.state)
            assert after == before or self.reachable(before, after), (before, after)
            self.states[row.id] = after
        self.doubtful = {row.id for row in rows if row.state == DeliveryState.IN_DOUBT}

    def the_ledger_says_of_each_row_what_ses_knows(self, rows):
        for row in rows:
            if row.state == DeliveryState.ACCEPTED:
                assert self.sent[row.email] == 1
                assert row.message_id
            if self.sent[row.email]:
                assert row.state in {"accepted", "in_doubt", "sending"}

    @staticmethod
    def reachable(before, after):
        """By one step, or by two within one call: settled and claimed, claimed and answered."""
        return after in DELIVERY_STEPS[before] or any(
            after in DELIVERY_STEPS[between] for between in DELIVERY_STEPS[before]
        )


@pytest.fixture(scope="module")
def machine(_migrated_file):
    LedgerMachine.template = _migrated_file
    return LedgerMachine


@pytest.mark.long
@pytest.mark.ci
def test_whatever_happens_the_ledger_keeps_its_promises(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.long
def test_whatever_happens_for_long(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=2_000,
            stateful_step_count=60,
            suppress_health_check=list(HealthCheck),
        ),
    )
