"""Settle and claim, on both engines."""

import threading
from collections import Counter
from itertools import count, pairwise

import pytest
from sqlalchemy import event
from sqlmodel import update

from sestui.core.clock import SystemClock
from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import (
    Answer,
    AnswerKind,
    ClaimRequest,
    HoldBack,
    Reply,
    RunCounts,
)
from sestui.core.delivery.pacing import CHUNK_SECONDS, CLAIM_AHEAD_SECONDS
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.errors import StorageError
from sestui.store.db.shared_tables import GovernorRow
from sestui.store.db.tables import Contact, Run
from sestui.store.ledger.governor import Governor, row_control
from sestui.store.ledger.workers import Workers
from sestui.store.runs.runs import Runs
from tests.support.clocks import START, FakeClock
from tests.support.seeding import (
    ACCOUNT,
    PLENTY,
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    not_sent,
    open_ledger,
    refused,
    rows_of,
    start_run,
    states_of,
    suppress,
    tell_governor,
    unknown,
)


@pytest.fixture
def started(database, clock):
    """A run over so many contacts, and the ledger of one worker."""

    def start(count: int, *, rate: float = 10_000, quota: float = -1, **campaign):
        add_contacts(database, addresses(count))
        status = AccountStatus(max_24_hour_send=quota, max_send_rate=rate, sent_last_24_hours=0)
        tell_governor(database, status, now=clock.now())
        run = start_run(database, make_campaign(database, **campaign), clock.now())
        return run.id, open_ledger(database, clock)

    return start


def claim_all(ledger, clock, run_id, *, most=10_000):
    """Everything that can be claimed without waiting for a backoff, and the last answer."""
    claims = []
    while True:
        taken = ledger.exchange([], ClaimRequest(run_id, most))
        claims += taken.claims
        wait = taken.next_at - taken.now if taken.next_at is not None else 0.0
        if not taken.claims and not taken.skipped and not 0 < wait < 1:
            return claims, taken
        clock.advance(max(wait, 0.1))
        if wait > 0 and taken.now < START:  # PostgreSQL's own clock: no test moves it
            threading.Event().wait(wait)


@pytest.mark.long
@pytest.mark.ci
def test_claims_go_in_order_and_are_sending_until_answered(started, database):
    run_id, ledger = started(5)
    taken = ledger.exchange([], ClaimRequest(run_id, 3))
    assert [claim.email for claim in taken.claims] == addresses(3)
    assert [claim.attempt for claim in taken.claims] == [1, 1, 1]
    assert taken.slots.count == 3
    assert checked_counts(database, run_id) == RunCounts(pending=2, sending=3)
    assert {row.worker for row in rows_of(database, run_id)} == {"worker", ""}


def test_each_answer_goes_where_the_design_says(started, database, clock):
    run_id, ledger = started(4)
    a, b, c, d = ledger.exchange([], ClaimRequest(run_id, 4)).claims
    ledger.exchange([accepted(a), refused(b), unknown(c), not_sent(d)], None)
    assert checked_counts(database, run_id) == RunCounts(
        pending=1, accepted=1, rejected=1, in_doubt=1
    )
    first, second, third, fourth = rows_of(database, run_id)
    assert (first.message_id, first.sent_at) == (
        f"m{a.delivery_id}",
        pytest.approx(clock.now(), abs=1e7),
    )
    assert (second.code, second.reason) == ("MessageRejected", "No.")
    assert (third.code, third.sent_at) == ("ReadTimeoutError", None)
    assert (fourth.state, fourth.attempts) == ("pending", 1)
    assert {row.not_before for row in (first, second, third, fourth)} == {0}  # none has to wait


def test_what_ses_said_is_kept_letter_for_letter(started, database, clock):
    run_id, ledger = started(2)
    first, second = ledger.exchange([], ClaimRequest(run_id, 2)).claims
    said = 'He said "no" \\n \\u0041 \'x\' {"a": [1]} $.id 名 \U0001f600 \x7f; DROP TABLE run'
    answers = [
        Answer.of(first, Reply(AnswerKind.REFUSED, code=said, reason=said * 20)),
        Answer.of(second, Reply(AnswerKind.ACCEPTED, message_id=said)),
    ]
    ledger.exchange(answers, None)
    refused_row, accepted_row = rows_of(database, run_id)
    assert (refused_row.code, refused_row.reason, refused_row.sent_at) == (said, said * 20, None)
    assert (accepted_row.message_id, accepted_row.reason) == (said, "")
    assert accepted_row.sent_at == pytest.approx(ledger.exchange([], None).now, abs=60)
    assert checked_counts(database, run_id) == RunCounts(accepted=1, rejected=1)


@pytest.mark.parametrize("hold_back", HoldBack)
def test_only_faults_count_against_a_delivery(started, hold_back):
    run_id, ledger = started(1)
    for attempt in (1, 2, 3):
        (claim,) = ledger.exchange([], ClaimRequest(run_id, 1)).claims
        assert (claim.attempt, claim.faults) == (
            attempt,
            attempt - 1 if hold_back is HoldBack.FAULT else 0,
        )
        ledger.exchange([not_sent(claim, hold_back)], None)


def test_half_a_character_in_an_answer_is_a_question_mark(started, database):
    run_id, ledger = started(1)
    [claim] = ledger.exchange([], ClaimRequest(run_id, 1)).claims
    reply = Reply(AnswerKind.REFUSED, code="MessageRejected", reason="Cut: \ud83d, whole: é")
    ledger.exchange([Answer.of(claim, reply)], None)
    [row] = rows_of(database, run_id)
    assert row.reason == "Cut: ?, whole: é"


def test_a_run_finishes_with_its_last_answer(started, database, clock):
    run_id, ledger = started(2)
    a, b = ledger.exchange([], ClaimRequest(run_id, 2)).claims
    ledger.exchange([accepted(a)], None)
    assert Runs(database).get(run_id).state == RunState.SENDING
    ledger.exchange([unknown(b)], None)
    run = Runs(database).get(run_id)
    assert run.state == RunState.FINISHED
    assert run.finished_at is not None
    assert ledger.exchange([], ClaimRequest(run_id, 9)).run_state is RunState.FINISHED


def test_what_is_in_doubt_is_never_claimed_again(started, database, clock):
    run_id, ledger = started(3)
    a, b, c = ledger.exchange([], ClaimRequest(run_id, 3)).claims
    ledger.exchange([unknown(a), unknown(b), not_sent(c)], None)
    clock.advance(100_000)
    claims, _ = claim_all(ledger, clock, run_id)
    assert [claim.delivery_id for claim in claims] == [c.delivery_id]
    assert claims[0].attempt == 2


def test_what_was_claimed_unnoticed_is_taken_back_and_nothing_else(started, database, clock):
    run_id, ledger = started(6, quota=20)
    known = ledger.exchange([], ClaimRequest(run_id, 2)).claims
    clock.advance(1)
    ledger.exchange([], ClaimRequest(run_id, 2))  # committed, but nobody was told
    others = open_ledger(database, clock, "other")
    clock.advance(1)
    others.exchange([], ClaimRequest(run_id, 1))
    ledger.take_back({claim.delivery_id for claim in known})
    assert checked_counts(database, run_id) == RunCounts(pending=3, sending=3)
    states = [row.state for row in rows_of(database, run_id)]
    assert states == ["sending", "sending", "pending", "pending", "sending", "pending"]
    row = Governor(database).row(ACCOUNT)
    assert row.taken == 3  # their share of the quota came back too
    clock.advance(1)
    assert [claim.attempt for claim in ledger.exchange([], ClaimRequest(run_id, 2)).claims] == [
        2,
        2,
    ]


def test_a_run_over_nobody_is_finished_at_once(database, clock):
    campaign = make_campaign(database, lists=())
    assert start_run(database, campaign, clock.now()).state == RunState.FINISHED


# who must not be mailed


def test_the_claim_itself_skips_who_must_not_be_mailed(started, database, clock):
    run_id, ledger = started(6)
    with database.write() as session:
        for email, status in (("r00001", "unsubscribed"), ("r00002", "invalid")):
            session.exec(
                update(Contact).where(Contact.email == f"{email}@example.com").values(status=status)
            )
    suppress(database, "R00003@Example.com")
    claims, _ = claim_all(ledger, clock, run_id)
    assert [claim.email[:6] for claim in claims] == ["r00000", "r00004", "r00005"]
    skipped = {row.email[:6]: row.code for row in rows_of(database, run_id) if row.code}
    assert skipped == {"r00001": "unsubscribed", "r00002": "invalid", "r00003": "suppressed"}
    assert checked_counts(database, run_id) == RunCounts(sending=3, skipped=3)


def test_what_is_suppressed_between_two_tries_is_skipped(started, database, clock):
    run_id, ledger = started(1)
    (claim,) = ledger.exchange([], ClaimRequest(run_id, 1)).claims
    ledger.exchange([not_sent(claim)], None)
    suppress(database, claim.email)
    assert claim_all(ledger, clock, run_id)[0] == []
    assert states_of(database, run_id) == {claim.email: "skipped"}
    assert Runs(database).get(run_id).state == RunState.FINISHED


def test_the_claim_that_skips_the_last_one_finishes_the_run(started, database):
    run_id, ledger = started(2)
    for email in addresses(2):
        suppress(database, email)
    taken = ledger.exchange([], ClaimRequest(run_id, 5))
    assert (taken.skipped, taken.run_state, taken.opens_at) == (2, RunState.FINISHED, taken.now)
    assert Runs(database).get(run_id).state == RunState.FINISHED


def test_a_transactional_mail_goes_to_the_unsubscribed_but_not_to_the_suppressed(
    started, database, clock
):
    run_id, ledger = started(3, transactional=True)
    with database.write() as session:
        session.exec(update(Contact).values(status="unsubscribed"))
    suppress(database, addresses(3)[2])
    claims, _ = claim_all(ledger, clock, run_id)
    assert [claim.email for claim in claims] == addresses(2)


def test_a_list_of_the_suppressed_is_skipped_in_few_ticks(database, clock):
    emails = addresses(300)
    add_contacts(database, emails, status="invalid")
    add_contacts(database, ["last@example.com"])
    tell_governor(database, PLENTY)
    run_id = start_run(database, make_campaign(database), clock.now()).id
    ledger = open_ledger(database, clock)
    claims, _ = claim_all(ledger, clock, run_id, most=20)
    assert [claim.email for claim in claims] == ["last@example.com"]
    assert checked_counts(database, run_id) == RunCounts(sending=1, skipped=300)


def test_a_test_run_shows_another_contact_and_asks_nothing_of_its_status(database, clock):
    (ada,) = add_contacts(
        database, ["ada@example.com"], status="unsubscribed", attributes={"name": "Ada"}
    )
    suppress(database, "gone@example.com")
    tell_governor(database)
    run = Runs(database).start_test(
        make_campaign(database),
        [("me@example.net", ada), ("GONE@example.com", None), ("you@example.net", None)],
        clock.now(),
    )
    claims, _ = claim_all(open_ledger(database, clock), clock, run.id)
    assert [(claim.email, claim.attributes) for claim in claims] == [
        ("me@example.net", {"name": "Ada"}),
        ("you@example.net", {}),
    ]
    assert checked_counts(database, run.id) == RunCounts(sending=2, skipped=1)


# who may settle


def test_the_late_answer_of_a_worker_thought_dead_settles_its_doubt(started, database, clock):
    run_id, ledger = started(2)
    a, b = ledger.exchange([], ClaimRequest(run_id, 2)).claims
    Workers(database, clock).reap(host="here", is_alive=lambda _pid, _at: False)
    assert checked_counts(database, run_id) == RunCounts(in_doubt=2)
    ledger.exchange([accepted(a), not_sent(b)], None)
    assert checked_counts(database, run_id).accepted == 1


def test_an_answer_to_an_older_attempt_changes_nothing(started, database, clock):
    run_id, ledger = started(1)
    (first,) = ledger.exchange([], ClaimRequest(run_id, 1)).claims
    ledger.exchange([not_sent(first)], None)
    (second,) = ledger.exchange([], ClaimRequest(run_id, 1)).claims
    ledger.exchange([accepted(first)], None)
    assert checked_counts(database, run_id) == RunCounts(sending=1)
    ledger.exchange([refused(second)], None)
    assert checked_counts(database, run_id) == RunCounts(rejected=1)


def test_an_answer_to_what_another_worker_claimed_since_changes_nothing(started, database, clock):
    run_id, ledger = started(1)
    (first,) = ledger.exchange([], ClaimRequest(run_id, 1)).claims
    ledger.exchange([not_sent(first)], None)
    other = open_ledger(database, clock, "other")
    (second,) = other.exchange([], ClaimRequest(run_id, 1)).claims
    ledger.exchange([unknown(first), accepted(second)], None)
    assert checked_counts(database, run_id) == RunCounts(sending=1)


def test_an_answer_given_twice_counts_once(started, database, clock):
    run_id, ledger = started(2)
    a, b = ledger.exchange([], ClaimRequest(run_id, 2)).claims
    for _ in range(2):
        ledger.exchange([accepted(a)], None)
    ledger.exchange([refused(a), not_sent(a), unknown(a)], None)
    assert checked_counts(database, run_id) == RunCounts(sending=1, accepted=1)
    ledger.exchange([accepted(b)], None)


def test_an_exchange_that_fails_half_way_leaves_nothing(started, sqlite_database, clock):
    # Not on PostgreSQL: the trigger is SQLite's.
    add_contacts(sqlite_database, addresses(3))
    tell_governor(sqlite_database)
    run_id = start_run(sqlite_database, make_campaign(sqlite_database), clock.now()).id
    ledger = open_ledger(sqlite_database, clock)
    (claim,) = ledger.exchange([], ClaimRequest(run_id, 1)).claims
    before = Governor(sqlite_database).row(ACCOUNT)
    with sqlite_database.write_connection() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full AFTER UPDATE OF tat ON governor "
            "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    with pytest.raises(StorageError, match="full"):
        ledger.exchange([accepted(claim)], ClaimRequest(run_id, 1))
    assert checked_counts(sqlite_database, run_id) == RunCounts(pending=2, sending=1)
    assert Governor(sqlite_database).row(ACCOUNT) == before


# pace and quota


def test_backoff_is_honoured_and_told(started, clock, database):
    run_id, ledger = started(2)
    a, b = ledger.exchange([], ClaimRequest(run_id, 2)).claims
    now = ledger.exchange([not_sent(a, retry_after=60), not_sent(b, retry_after=30)], None).now
    taken = ledger.exchange([], ClaimRequest(run_id, 2))
    assert not taken.claims
    assert taken.next_at == pytest.approx(now + 30, abs=5)


def test_backoff_is_told_while_another_mail_is_in_flight(started):
    run_id, ledger = started(2)
    a, _ = ledger.exchange([], ClaimRequest(run_id, 2)).claims
    now = ledger.exchange([not_sent(a, retry_after=60)], None).now
    assert ledger.exchange([], ClaimRequest(run_id, 2)).next_at == pytest.approx(now + 60, abs=5)


def test_a_claim_that_waits_for_checks_is_not_repeated_at_once(started, database):
    run_id, ledger = started(2)
    ledger.exchange([], ClaimRequest(run_id, 2))
    assert ledger.exchange([], ClaimRequest(run_id, 2)).next_at is None  # answers come any time
    with database.write_connection() as connection:
        connection.execute(update(Run).values(unchecked=1))
    said = ledger.exchange([], ClaimRequest(run_id, 2))
    assert said.next_at == pytest.approx(said.now + 0.5)


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("unchecked", [0, 1])
def test_nobody_is_left_to_try_only_if_slots_were_free_and_all_are_checked(
    started, database, clock, taken, unchecked
):
    run_id, ledger = started(2)
    claim, _ = ledger.exchange([], ClaimRequest(run_id, 2)).claims
    now = ledger.exchange([not_sent(claim, retry_after=60)], None).now
    with database.write_connection() as connection:
        connection.execute(update(Run).values(unchecked=unchecked))
        if taken:  # by another process
            connection.execute(update(GovernorRow).values(tat=now + 30))
    said = ledger.exchange([], ClaimRequest(run_id, 2))
    assert said.next_at is not None
    assert said.nobody == (not taken and not unchecked)


def test_backoff_ends(sqlite_database, clock):
    add_contacts(sqlite_database, addresses(1))
    tell_governor(sqlite_database)
    run_id = start_run(sqlite_database, make_campaign(sqlite_database), clock.now()).id
    ledger = open_ledger(sqlite_database, clock)
    (claim,) = ledger.exchange([], ClaimRequest(run_id, 1)).claims
    ledger.exchange([not_sent(claim, retry_after=30)], None)
    clock.advance(29.9)
    assert not ledger.exchange([], ClaimRequest(run_id, 1)).claims
    clock.advance(0.2)
    assert ledger.exchange([], ClaimRequest(run_id, 1)).claims


def test_a_wall_clock_set_back_does_not_prolong_a_backoff(sqlite_database, clock):
    add_contacts(sqlite_database, addresses(1))
    tell_governor(sqlite_database)
    run_id = start_run(sqlite_database, make_campaign(sqlite_database), clock.now()).id
    ledger = open_ledger(sqlite_database, clock)
    (claim,) = ledger.exchange([], ClaimRequest(run_id, 1)).claims
    ledger.exchange([not_sent(claim, retry_after=30)], None)
    clock.jump(-3_600)
    clock.advance(31)
    assert ledger.exchange([], ClaimRequest(run_id, 1)).claims


def test_the_quota_is_exact_and_then_says_so(started, database, clock):
    run_id, ledger = started(50, quota=20)
    claims, taken = claim_all(ledger, clock, run_id)
    assert len(claims) == 20
    assert taken.quota_exhausted
    assert taken.quota.left == 0


def test_what_ses_did_not_take_is_given_back_to_the_quota(started, database, clock):
    run_id, ledger = started(50, quota=20)
    claims, _ = claim_all(ledger, clock, run_id)
    answers = [accepted(claim) for claim in claims[:12]] + [unknown(claims[12])]
    answers += [refused(claim) for claim in claims[13:16]]
    answers += [not_sent(claim) for claim in claims[16:]]
    ledger.exchange(answers, None)
    again, taken = claim_all(ledger, clock, run_id)
    assert len(again) == 7  # 3 refused and 4 not sent; the one in doubt is counted as sent
    assert taken.quota_exhausted


def test_a_look_while_mail_is_in_flight_never_raises_the_quota(started, database, clock):
    run_id, ledger = started(50, quota=20)
    claims = ledger.exchange([], ClaimRequest(run_id, 8)).claims
    ledger.exchange([accepted(claim) for claim in claims[:5]], None)
    # SES has counted the five that were answered, and one of the three that were not.
    tell_governor(database, AccountStatus(20, 10_000, 6), now=clock.now())
    ledger.exchange([accepted(claim) for claim in claims[5:]], None)
    more, _ = claim_all(ledger, clock, run_id)
    assert len(more) <= 12
    ledger.exchange([accepted(claim) for claim in more], None)
    tell_governor(database, AccountStatus(20, 10_000, 8 + len(more)), now=clock.now())
    more_still, _ = claim_all(ledger, clock, run_id)
    assert len(more) + len(more_still) == 12


def test_a_rate_of_zero_lets_nothing_be_claimed(started):
    run_id, ledger = started(2, rate=0)
    taken = ledger.exchange([], ClaimRequest(run_id, 2))
    assert not taken.claims
    assert taken.next_at is not None


@pytest.mark.parametrize("every", [2, 10, 100])
def test_a_share_of_throttle_answers_slows_every_worker_and_a_few_slow_nobody(
    sqlite_database, every
):
    clock = FakeClock()
    add_contacts(sqlite_database, addresses(400))
    tell_governor(sqlite_database, AccountStatus(-1, 100, 0), now=clock.now())
    run_id = start_run(sqlite_database, make_campaign(sqlite_database), clock.now()).id
    ledger, other = (open_ledger(sqlite_database, clock, name) for name in "ab")
    slowest, numbers = 100.0, count(1)
    for _ in range(40):
        claims = ledger.exchange([], ClaimRequest(run_id, 10)).claims
        clock.advance(0.05)
        answers = [
            accepted(claim) if next(numbers) % every else not_sent(claim, HoldBack.RATE)
            for claim in claims
        ]
        ledger.exchange(answers, None)
        allowed = other.exchange([], ClaimRequest(run_id, 0)).allowed
        assert allowed.factor == pytest.approx(allowed.rate / 100)
        slowest = min(slowest, allowed.rate)
    if every == 100:
        assert slowest == 100
    else:  # a little less than what was accepted
        assert slowest == pytest.approx(95 * (1 - 1 / every), rel=0.15)


@pytest.mark.parametrize("hold_back", HoldBack)
def test_only_throttling_by_rate_says_something_of_the_rate(started, database, hold_back):
    run_id, ledger = started(20)
    claims = ledger.exchange([], ClaimRequest(run_id, 10)).claims
    ledger.exchange([not_sent(claim, hold_back) for claim in claims[:5]], None)
    ledger.exchange([accepted(claim) for claim in claims[5:]], None)
    control = row_control(Governor(database).row(ACCOUNT))
    assert control.is_quiet is (hold_back is not HoldBack.RATE)
    assert control.window.accepted == (5 if hold_back is HoldBack.RATE else 0)


def test_answers_that_change_nothing_say_nothing_of_the_rate(started, database):
    run_id, ledger = started(20)
    claims = ledger.exchange([], ClaimRequest(run_id, 10)).claims
    ledger.exchange([accepted(claim) for claim in claims], None)
    ledger.exchange([not_sent(claim, HoldBack.RATE) for claim in claims], None)
    assert Governor(database).row(ACCOUNT).rate_control == {}


@pytest.mark.parametrize("rate", [0.5, 14, 500])
def test_claims_never_outrun_the_rate(sqlite_database, rate):
    clock = FakeClock()
    add_contacts(sqlite_database, addresses(300))
    tell_governor(sqlite_database, AccountStatus(-1, rate, 0), now=clock.now())
    run_id = start_run(sqlite_database, make_campaign(sqlite_database), clock.now()).id
    workers = [open_ledger(sqlite_database, clock, name) for name in "abc"]
    slots: list[float] = []
    end = clock.now() + min(10, 250 / rate)
    turn = 0
    while clock.now() < end:
        taken = workers[turn % 3].exchange([], ClaimRequest(run_id, 100))
        turn += 1
        if taken.slots is not None:
            slots += [taken.slots.slot(index) for index in range(taken.slots.count)]
        clock.advance(0.013)
    assert slots == sorted(slots)
    assert all(later - before >= 1 / rate for before, later in pairwise(slots))
    assert len(slots) >= min(10, 250 / rate) * rate * 0.95


@pytest.mark.parametrize("max_rate", [0.5, 5, 40])
def test_two_processes_keep_a_runs_own_rate_together(sqlite_database, clock, max_rate):
    add_contacts(sqlite_database, addresses(100))
    tell_governor(sqlite_database, AccountStatus(-1, 500, 0), now=clock.now())
    run_id = start_run(sqlite_database, make_campaign(sqlite_database), clock.now()).id
    workers = [open_ledger(sqlite_database, clock, name) for name in "ab"]
    slots: list[float] = []
    seconds = 12 / max_rate
    end, turn = clock.now() + seconds, 0
    while clock.now() < end:
        taken = workers[turn % 2].exchange([], ClaimRequest(run_id, 100, max_rate=max_rate))
        turn += 1
        if taken.slots is not None:
            slots += [taken.slots.slot(index) for index in range(taken.slots.count)]
        clock.advance(0.03 / max_rate)
    assert all(later - before >= 0.999 / max_rate for before, later in pairwise(slots))
    assert len(slots) >= 0.95 * seconds * max_rate


def test_a_runs_own_rate_holds_for_every_worker_and_for_no_other_run(started, database, clock):
    run_id, ledger = started(2)
    slow = ClaimRequest(run_id, 1, max_rate=0.05)
    slots = ledger.exchange([], slow).slots
    other = open_ledger(database, clock, "other")
    taken = other.exchange([], slow)
    assert not taken.claims
    assert slots.interval == 20
    assert taken.next_at == pytest.approx(slots.end - CLAIM_AHEAD_SECONDS, abs=1e-3)
    another = start_run(database, make_campaign(database, "more"), clock.now())
    assert other.exchange([], ClaimRequest(another.id, 1)).claims


class InterruptedClock(FakeClock):
    """Each reading of the wall clock takes so many seconds."""

    def __init__(self, *delays: float) -> None:
        super().__init__()
        self.delays = list(delays)

    def now(self) -> float:
        self.advance(self.delays.pop(0) if self.delays else 0.0)
        return self.instant


@pytest.mark.parametrize(
    ("delays", "readings"),
    [((0.0009,), 1), ((0.0015,), 2), ((0.5, 0.5), 3), ((0.5, 0.5, 0.5, 0.5), 3)],
)
def test_two_clocks_are_read_until_nothing_came_between_or_three_times(
    sqlite_database, delays, readings
):
    clock = InterruptedClock(*delays)
    said = open_ledger(sqlite_database, clock).exchange([], None)
    last = (*delays, 0.0)[readings - 1]
    assert clock.seconds - 1_000 == pytest.approx(sum(delays[:readings]))
    assert said.now == clock.instant
    assert said.monotonic == pytest.approx(clock.seconds - last / 2, rel=0, abs=1e-6)


@pytest.fixture
def paced(sqlite_database, clock):
    """A run over a hundred, at so many a second, on a clock that stands still."""

    def start(rate, *, registered=0):
        add_contacts(sqlite_database, addresses(100))
        tell_governor(sqlite_database, AccountStatus(-1, rate, 0), now=clock.now())
        run_id = start_run(sqlite_database, make_campaign(sqlite_database), clock.now()).id
        for pid in range(registered):
            Workers(sqlite_database, clock).register(host="here", pid=pid, process_started_at=0)
        return run_id, open_ledger(sqlite_database, clock)

    return start


@pytest.mark.parametrize(("rate", "chunk"), [(1_000, 50), (100, 5), (1, 1)])
def test_a_claim_is_a_chunk_from_now_on_and_tells_when_the_next_one_opens(
    paced, clock, rate, chunk
):
    run_id, ledger = paced(rate)
    taken = ledger.exchange([], ClaimRequest(run_id, 100, pace=1.0))
    assert (len(taken.claims), taken.slots.count, taken.slots.start) == (chunk, chunk, clock.now())
    assert taken.opens_at == pytest.approx(clock.now() + chunk / rate, abs=1e-6)
    assert (taken.allowed.rate, taken.workers, taken.next_at) == (rate, 1, None)


def test_others_take_the_place_of_those_who_are_skipped_up_to_a_chunk(paced, sqlite_database):
    run_id, ledger = paced(100)
    emails = addresses(100)
    for place in (0, 2):
        suppress(sqlite_database, emails[place])
    taken = ledger.exchange([], ClaimRequest(run_id, 100))
    assert [claim.email for claim in taken.claims] == [emails[n] for n in (1, 3, 4, 5, 6)]
    assert taken.skipped == 2


@pytest.mark.parametrize(("rate", "claimed"), [(100, 5), (10_000, 100)])
def test_a_claim_looks_once_if_nobody_is_skipped(paced, sqlite_database, rate, claimed):
    run_id, ledger = paced(rate)
    statements = []
    event.listen(
        sqlite_database.engine,
        "before_cursor_execute",
        lambda *given: statements.append(given[2]),
    )
    assert len(ledger.exchange([], ClaimRequest(run_id, 1_000)).claims) == claimed
    assert sum("JOIN suppression" in each for each in statements) == 1


def test_a_chunk_is_claimed_a_twentieth_of_a_second_before_the_last_one_is_over(paced, clock):
    run_id, ledger = paced(100)
    want = ClaimRequest(run_id, 100, pace=1.0)
    first = ledger.exchange([], want)
    second = ledger.exchange([], want)  # two are claimed ahead, and no third
    assert second.slots.start == pytest.approx(first.slots.end, abs=1e-6)
    clock.advance(-0.001)
    third = ledger.exchange([], want)
    assert not third.claims
    assert (third.run_state, third.workers) == (RunState.SENDING, 1)
    assert (third.allowed.rate, third.quota.left) == (100, None)
    assert third.next_at == pytest.approx(second.slots.end - 0.05, abs=1e-6)
    clock.advance(third.next_at - clock.now())
    assert ledger.exchange([], want).claims


@pytest.mark.parametrize(("further", "claims"), [(0.0, 5), (1e-3, 0)])
def test_what_opens_within_two_chunks_is_claimed(paced, sqlite_database, clock, further, claims):
    run_id, ledger = paced(100)
    opens_at = clock.now() + CHUNK_SECONDS + CLAIM_AHEAD_SECONDS + further
    with sqlite_database.write_connection() as connection:
        connection.execute(update(GovernorRow).values(tat=opens_at))
    assert len(ledger.exchange([], ClaimRequest(run_id, 100)).claims) == claims


def test_without_a_rate_it_is_asked_again_in_a_second(paced, clock):
    run_id, ledger = paced(0)
    assert ledger.exchange([], ClaimRequest(run_id, 1)).next_at == pytest.approx(
        clock.now() + 0.95, abs=1e-6
    )


@pytest.mark.parametrize(("registered", "lead"), [(0, 0), (1, 0), (2, 0.02), (3, 0.02)])
def test_between_other_workers_the_first_slot_lies_a_moment_ahead(paced, clock, registered, lead):
    run_id, ledger = paced(100, registered=registered)
    taken = ledger.exchange([], ClaimRequest(run_id, 1))
    assert taken.workers == max(1, registered)
    assert taken.slots.start == pytest.approx(clock.now() + lead, abs=1e-6)


# paused and cancelled


@pytest.mark.parametrize("state", ["paused", "waiting", "cancelled"])
def test_a_run_that_is_not_sending_gives_nothing(started, database, clock, state):
    run_id, ledger = started(3)
    runs = Runs(database)
    if state == "paused":
        runs.pause(run_id, PauseReason.OPERATOR, "")
    elif state == "cancelled":
        runs.cancel(run_id, clock.now())
    else:
        runs.wait(run_id, WaitReason.QUOTA, "", clock.now() + 60)
    taken = ledger.exchange([], ClaimRequest(run_id, 3))
    assert not taken.claims
    assert taken.run_state == state


def test_cancel_skips_what_is_pending_and_what_comes_back_later(started, database, clock):
    run_id, ledger = started(10)
    a, b, c = ledger.exchange([], ClaimRequest(run_id, 3)).claims
    Runs(database).cancel(run_id, clock.now())
    assert checked_counts(database, run_id) == RunCounts(sending=3, skipped=7)
    ledger.exchange([accepted(a), not_sent(b), unknown(c)], None)
    assert checked_counts(database, run_id) == RunCounts(accepted=1, in_doubt=1, skipped=8)
    skipped = [row.code for row in rows_of(database, run_id) if row.state == "skipped"]
    assert skipped == ["cancelled"] * 8
    assert Runs(database).get(run_id).state == RunState.CANCELLED


def test_a_paused_run_keeps_what_comes_back_and_goes_on_with_it(started, database, clock):
    run_id, ledger = started(3)
    claims = ledger.exchange([], ClaimRequest(run_id, 3)).claims
    runs = Runs(database)
    runs.pause(run_id, PauseReason.ERRORS, "Because.")
    ledger.exchange([not_sent(claim) for claim in claims], None)
    assert checked_counts(database, run_id) == RunCounts(pending=3)
    runs.resume(run_id)
    again, _ = claim_all(ledger, clock, run_id)
    assert [claim.attempt for claim in again] == [2, 2, 2]


# many at once


def test_workers_at_once_never_claim_the_same_row(database):
    workers = 4
    clock = SystemClock()
    count = 250
    add_contacts(database, addresses(count))
    tell_governor(database, AccountStatus(-1, 4_000, 0), now=clock.now())
    run_id = start_run(database, make_campaign(database), clock.now()).id
    seen: Counter[int] = Counter()
    errors: list[BaseException] = []
    never = threading.Event()
    lock, begin = threading.Lock(), threading.Barrier(workers)

    def work(name: str) -> None:
        ledger = open_ledger(database, clock, name)
        answers = []
        begin.wait()
        try:
            while True:
                taken = ledger.exchange(answers, ClaimRequest(run_id, 7))
                answers = [accepted(claim) for claim in taken.claims]
                with lock:
                    seen.update(claim.delivery_id for claim in taken.claims)
                if taken.run_state is RunState.FINISHED:
                    return
                clock.wait(never, 0.002)  # SQLite's lock is not fair: one that never rests starves
        except BaseException as error:  # noqa: BLE001 # told to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert len(seen) == count
    assert set(seen.values()) == {1}
    assert checked_counts(database, run_id) == RunCounts(accepted=count)


def test_cancel_while_workers_claim_and_settle_leaves_nothing_pending(database):
    clock = SystemClock()
    add_contacts(database, addresses(400))
    tell_governor(database, AccountStatus(-1, 4_000, 0), now=clock.now())
    run_id = start_run(database, make_campaign(database), clock.now()).id
    errors: list[BaseException] = []
    busy, never = threading.Event(), threading.Event()

    def work(name: str) -> None:
        ledger = open_ledger(database, clock, name)
        answers = []
        try:
            while True:
                taken = ledger.exchange(answers, ClaimRequest(run_id, 7))
                answers = [
                    accepted(claim) if claim.delivery_id % 3 else not_sent(claim)
                    for claim in taken.claims
                ]
                busy.set()
                if taken.run_state is not RunState.SENDING and not answers:
                    return
                clock.wait(never, 0.002)  # SQLite's lock is not fair: one that never rests starves
        except BaseException as error:  # noqa: BLE001 # told to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    assert busy.wait(30)
    Runs(database).cancel(run_id, clock.now())
    for thread in threads:
        thread.join(60)
    assert not errors
    counts = checked_counts(database, run_id)
    assert (counts.pending, counts.sending) == (0, 0)
    assert counts.skipped > 0
