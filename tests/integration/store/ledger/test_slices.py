"""Answers in slices of ten seconds, on both engines."""

import pytest

from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import Answer, AnswerKind, ClaimRequest, HoldBack, Reply
from sestui.store.ledger.slices import SECONDS, AnswerCounts, AnsweredSlices, rates
from tests.support.clocks import START
from tests.support.seeding import (
    accepted,
    add_contacts,
    addresses,
    make_campaign,
    open_ledger,
    refused,
    start_run,
    tell_governor,
    unknown,
)
from tests.support.statements import counted

PLENTY = AccountStatus(max_24_hour_send=-1, max_send_rate=10_000, sent_last_24_hours=0)


@pytest.fixture
def runs(database, clock):
    """Two runs over forty contacts, and the ledger of one worker."""
    add_contacts(database, addresses(40))
    tell_governor(database, PLENTY, now=clock.now())
    started = [start_run(database, make_campaign(database, name), clock.now()).id for name in "ab"]
    return started, open_ledger(database, clock)


def claim(ledger, run_id, most):
    claims = ledger.exchange([], ClaimRequest(run_id, most)).claims
    assert len(claims) == most
    return claims


def throttled(claimed):
    held = Reply(AnswerKind.NOT_SENT, code="Throttling", hold_back=HoldBack.RATE)
    return Answer.of(claimed, held)


def test_every_answer_counts_once_in_its_slice(database, clock, runs):
    (one, other), ledger = runs
    first, second, third, fourth, fifth = claim(ledger, one, 5)
    ledger.exchange([accepted(first), refused(second)], None)
    ledger.exchange([accepted(third), accepted(third)], None)
    clock.advance(SECONDS)
    ledger.exchange([unknown(fourth), throttled(fifth)], None)
    (mine,) = claim(ledger, other, 1)
    ledger.exchange([accepted(mine)], None)
    slices = AnsweredSlices(database)
    found = slices.of_run(one)
    assert [sum(counts) for counts in list(zip(*found, strict=True))[1:]] == [2, 1, 1, 1]
    assert [each[1:] for each in slices.of_run(other)] == [(1, 0, 0, 0)]
    assert sum(each.answered for each in slices.of_all(0)) == 5
    assert sum(each.answered for each in slices.of_all(0, seconds=3_600)) == 5
    if database.is_sqlite:  # the other's clock can't be turned
        began = int(START // SECONDS) * SECONDS
        assert found == [AnswerCounts(began, 2, 1, 0, 0), AnswerCounts(began + SECONDS, 0, 0, 1, 1)]
        assert slices.of_all(began + 1) == [AnswerCounts(began + SECONDS, 1, 0, 1, 1)]


def test_a_look_is_one_statement(database, runs):
    with counted(database) as effort:
        AnsweredSlices(database).of_all(0)
    assert len(effort.statements) == 1


def test_rates_fill_the_time_and_measure_what_is_past_of_the_last_slice():
    found = [
        AnswerCounts(100, 20, 0, 0, 0),
        AnswerCounts(120, 8, 1, 1, 5),
        AnswerCounts(130, 12, 0, 0, 0),
    ]
    assert rates(found, 100, 132) == (2.0, 0.0, 1.0, None)
    assert rates(found, 100, 136) == (2.0, 0.0, 1.0, 2.0)
    assert rates(found, 110, 130) == (0.0, 1.0, None)
    assert rates([], 100, 100) == (None,)
