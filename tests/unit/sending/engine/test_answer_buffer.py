"""Answers whose writing fails: kept as long as the process lives."""

import pytest

from sestui.core.delivery.handover import Answer, AnswerKind, ClaimRequest, ClaimResult, Reply
from sestui.errors import EXIT_TRY_AGAIN, StorageBusyError, StorageError
from sestui.sending.engine.answer_buffer import PATIENCE_SECONDS, AnswerBuffer
from tests.support.clocks import FakeClock

WANT = ClaimRequest(1, 5)
FULL = StorageError("The disk is full.")


class Ledger:
    """Fails as often as it is told; notes what it was given."""

    def __init__(self, failures=0, error=FULL):
        self.failures = failures
        self.error = error
        self.given = []
        self.held = []

    def exchange(self, answers, want):
        if self.failures:
            self.failures -= 1
            raise self.error
        self.given.append(([answer.delivery_id for answer in answers], want))
        return ClaimResult(0)

    def take_back(self, held):
        self.held.append(set(held))


def answers(*ids):
    return [Answer(number, 1, Reply(AnswerKind.ACCEPTED, message_id="m")) for number in ids]


def test_what_could_not_be_written_is_written_later():
    ledger, clock = Ledger(failures=1), FakeClock()
    buffer = AnswerBuffer(ledger, clock)
    buffer.add(answers(1, 2))
    with pytest.raises(StorageError):
        buffer.exchange(WANT, set())
    buffer.failed(FULL, set())
    buffer.add(answers(3))
    buffer.exchange(WANT, {4})
    assert ledger.given == [([1, 2, 3], WANT)]
    assert not buffer
    # The failed commit may have been none: what nobody here knows of is taken back first.
    assert ledger.held == [{1, 2, 3, 4}]
    buffer.exchange(WANT, {4})
    assert len(ledger.held) == 1


def test_without_answers_and_wants_the_database_is_left_alone():
    ledger = Ledger()
    assert AnswerBuffer(ledger, FakeClock()).exchange(None, set()) is None
    assert ledger.given == []


def test_it_does_not_give_up_as_long_as_it_keeps_an_answer():
    clock = FakeClock()
    buffer = AnswerBuffer(Ledger(), clock)
    buffer.failed(FULL, {7})
    clock.advance(100 * PATIENCE_SECONDS)
    buffer.failed(FULL, {7})  # in flight
    buffer.add(answers(7))
    buffer.failed(FULL, set())
    buffer.exchange(None, set())
    with pytest.raises(StorageError, match="full"):
        buffer.failed(FULL, set())


def test_patience_begins_anew_with_each_success():
    clock = FakeClock()
    buffer = AnswerBuffer(Ledger(), clock)
    for _ in range(3):
        buffer.failed(FULL, set())
        clock.advance(PATIENCE_SECONDS - 1)
        buffer.failed(FULL, set())
        buffer.succeeded()


def test_the_last_answers_are_tried_until_the_time_is_up():
    ledger, clock = Ledger(failures=10), FakeClock()
    buffer = AnswerBuffer(ledger, clock)
    buffer.add(answers(1))
    buffer.write_last(clock.monotonic() + 5)
    assert ledger.given == [([1], None)]


def test_what_is_lost_at_the_end_is_told():
    ledger = Ledger(failures=1_000, error=StorageBusyError("The database is locked."))
    clock = FakeClock()
    buffer = AnswerBuffer(ledger, clock)
    buffer.add(answers(1, 2))
    began = clock.monotonic()
    with pytest.raises(StorageBusyError, match=r"locked.*2 mails.*in doubt") as caught:
        buffer.write_last(began + 5)
    assert caught.value.exit_code == EXIT_TRY_AGAIN
    assert clock.monotonic() - began == pytest.approx(5, abs=0.2)
