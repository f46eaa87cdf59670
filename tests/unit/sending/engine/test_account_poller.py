"""Asking about the account beside everything else: it never blocks, and never stops asking."""

import threading

import pytest

from sestui.core.delivery.account import AccountStatus
from sestui.errors import AccountUnreachableError
from sestui.sending.engine.account_poller import POLL_SECONDS, AccountPoller
from tests.support.clocks import FakeClock

STATUS = AccountStatus(max_24_hour_send=-1, max_send_rate=14, sent_last_24_hours=0)


class Account:
    """Answers with what ``answers`` holds, one after the other; waits for ``gate`` first."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0
        self.gate = threading.Event()
        self.gate.set()

    def poll_exactly(self):
        self.asked += 1
        self.gate.wait(30)
        answer = self.answers.pop(0) if self.answers else STATUS
        if isinstance(answer, BaseException):
            raise answer
        return answer, True


def reading(poller, *, wanted=True):
    """The next reading, once its thread has it."""
    while (found := poller.poll(wanted=wanted)) is None:
        threading.Event().wait(0.002)
    return found


def test_it_asks_at_once_then_every_minute_and_sooner_only_if_something_hangs_on_it():
    clock, account = FakeClock(), Account()
    poller = AccountPoller(account, clock)
    assert reading(poller).status == STATUS
    assert poller.poll(wanted=False) is None
    clock.advance(POLL_SECONDS - 1)
    assert poller.poll(wanted=False) is None
    assert account.asked == 1
    assert reading(poller, wanted=True).exact
    clock.advance(0.5)
    assert poller.poll(wanted=True) is None  # SES allows about one a second
    clock.advance(POLL_SECONDS)
    assert reading(poller, wanted=False).status == STATUS
    assert account.asked == 3


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (AccountUnreachableError("Nobody answers."), "Nobody answers."),
        (KeyError("SendQuota"), "can't be read (KeyError)"),
        (MemoryError(), "can't be read (MemoryError)"),
        (SystemExit(), "can't be read (SystemExit)"),
    ],
)
def test_whatever_goes_wrong_it_says_so_and_asks_again(error, trouble):
    clock, account = FakeClock(), Account(error)
    poller = AccountPoller(account, clock)
    failed = reading(poller)
    assert (failed.status, failed.exact) == (None, False)
    assert trouble in failed.trouble
    clock.advance(2)
    assert reading(poller).status == STATUS


def test_a_question_that_hangs_does_not_keep_it_from_asking_again():
    clock, account = FakeClock(), Account()
    account.gate.clear()
    poller = AccountPoller(account, clock)
    for seconds in (1.5, 1.5, 3):
        assert poller.poll(wanted=True) is None
        clock.advance(seconds)
    assert poller.poll(wanted=True) is None
    account.gate.set()
    assert reading(poller).status == STATUS
    while account.asked < 2:
        threading.Event().wait(0.002)
    assert account.asked == 2  # not one for each time that somebody wanted to know


def test_without_a_thread_it_asks_later(monkeypatch):
    clock, account = FakeClock(), Account()
    poller = AccountPoller(account, clock)
    start = threading.Thread.start

    def none(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    assert poller.poll(wanted=True) is None
    monkeypatch.setattr(threading.Thread, "start", start)
    clock.advance(2)
    assert reading(poller).status == STATUS
