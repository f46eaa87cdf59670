"""How a run went over time, as the ledger notes it; on both engines."""

import pytest

from sestui.core.delivery.handover import Answer, AnswerKind, ClaimRequest, HoldBack, Reply
from sestui.core.delivery.series import COARSE, Hold
from sestui.core.delivery.states import PauseReason, WaitReason
from sestui.store.ledger.course import RunCourse
from sestui.store.runs.runs import Runs
from tests.support.seeding import (
    PLENTY,
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    not_sent,
    open_ledger,
    refused,
    start_run,
    tell_governor,
    unknown,
)


@pytest.fixture
def begun(database, clock):
    """A run over 40 contacts, and the ledger of one worker."""
    add_contacts(database, addresses(40))
    tell_governor(database, PLENTY, now=clock.now())
    run = start_run(database, make_campaign(database), clock.now())
    return run.id, open_ledger(database, clock)


def claims(ledger, run_id, count):
    return ledger.exchange([], ClaimRequest(run_id, count)).claims


def test_slices_add_up_with_the_runs_counters(begun, database):
    run_id, ledger = begun
    course = RunCourse(database)
    assert course.series(run_id) is None
    a, b, c, d, e = claims(ledger, run_id, 5)
    ledger.exchange([accepted(a), refused(b), unknown(c), not_sent(d, HoldBack.RATE)], None)
    ledger.exchange([accepted(e), accepted(a)], None)  # the second answer to one changes nothing
    found = course.series(run_id)
    counts = checked_counts(database, run_id)
    assert sum(each.accepted for each in found.slices) == counts.accepted == 2
    assert sum(each.rejected for each in found.slices) == counts.rejected == 1
    assert sum(each.in_doubt for each in found.slices) == counts.in_doubt == 1
    assert found.throttled == 1
    assert found.times is None
    assert found.counts_at(found.end, counts) == counts


def test_answer_times_are_those_of_answers(begun, database):
    run_id, ledger = begun
    said = [
        Answer.of(claim, Reply(AnswerKind.ACCEPTED, message_id="m"), 0.08 if number else 0.4)
        for number, claim in enumerate(claims(ledger, run_id, 20))
    ]
    ledger.exchange(said, None)
    p50, p95, p99 = RunCourse(database).series(run_id).quantiles()
    assert (p50, p95) == (pytest.approx(0.08, rel=0.1), pytest.approx(0.08, rel=0.1))
    assert p99 == pytest.approx(0.4, rel=0.1)


def test_holds_are_noted_until_something_is_answered_again(begun, database, clock):
    run_id, ledger = begun
    runs, course = Runs(database), RunCourse(database)
    (first,) = claims(ledger, run_id, 1)
    ledger.exchange([accepted(first)], None)
    since = course.series(run_id).start
    runs.pause(run_id, PauseReason.OPERATOR, "Held.", at=since + 3)
    runs.resume(run_id)
    runs.wait(run_id, WaitReason.QUOTA, "Used up.", since + 60, at=since + 4)
    found = course.series(run_id)
    labels = [(hold.label, hold.until) for hold in found.holds]
    assert labels == [("paused", None), ("quota", None)]
    assert found.holds[0] == Hold(since + 3, None, "paused")
    assert [each.answered for each in found.slices] == [1]


def test_a_long_run_is_read_in_few_slices(begun, database):
    run_id, _ = begun
    hours = 30
    with database.write_connection() as connection:
        start = 1_000_000_000
        for second in range(0, hours * 3_600, COARSE):
            connection.exec_driver_sql(
                "INSERT INTO answered_slice (run_id, at, accepted, rejected, in_doubt, throttled)"
                f" VALUES ({run_id}, {start + second}, 280, 1, 0, 0)"
            )
    found = RunCourse(database).series(run_id)
    assert len(found.slices) <= 400
    assert found.width % COARSE == 0
    assert sum(each.accepted for each in found.slices) == 280 * hours * 360
    assert {each.answered / found.width for each in found.slices[:-1]} == {28.1}
