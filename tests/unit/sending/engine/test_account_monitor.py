"""What an answer about the account means to the runs, as the engine asks once a tick."""

import threading

from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import AnswerKind, HoldBack, Reply
from sestui.core.delivery.states import PauseReason
from sestui.sending.engine.account_monitor import AccountMonitor
from sestui.sending.engine.answer_policy import AnswerPolicy
from sestui.sending.engine.dispatch import Dispatcher
from tests.support.clocks import FakeClock
from tests.support.gateways import SimulatedGateway

NO_TLS = Reply(
    AnswerKind.NOT_SENT, code="SSLError", reason="No TLS.", hold_back=HoldBack.UNREACHABLE
)


class Account:
    def __init__(self, **status):
        usual = {"max_24_hour_send": -1, "max_send_rate": 14, "sent_last_24_hours": 0}
        self.status = AccountStatus(**(usual | status))

    def poll_exactly(self):
        return self.status, True


class Queue:
    """Notes which runs were made to wait, and why."""

    def __init__(self):
        self.waiting = []
        self.woken = 0

    def wait_for_account(self, run_ids, detail):
        self.waiting.append((list(run_ids), detail))

    def account_answered(self):
        self.woken += 1


def monitored(account, **ses):
    clock, policy, queue = FakeClock(), AnswerPolicy(), Queue()
    gateway = SimulatedGateway(clock, **ses)
    dispatcher = Dispatcher(gateway, clock, most=4)
    monitor = AccountMonitor(account, dispatcher, policy, queue, clock, lasting_seconds=30)
    return monitor, policy, queue, gateway, clock


def checked(monitor, until):
    """Check until ``until`` holds of what was to be done."""
    while not until(done := monitor.check([1, 2], written=True)):
        threading.Event().wait(0.002)
    return done


def test_a_rate_of_zero_is_said():
    monitor, policy, _, _, _ = monitored(Account(max_send_rate=0))
    checked(monitor, lambda _: policy.trouble)
    assert policy.trouble == "SES does not allow this account to send: its rate is 0 a second."


def test_a_disabled_account_pauses_every_run():
    monitor, _, _, _, _ = monitored(Account(sending_enabled=False))
    done = checked(monitor, lambda done: done.pauses)
    assert {(pause.run_id, pause.reason) for pause in done.pauses} == {
        (1, PauseReason.ACCOUNT),
        (2, PauseReason.ACCOUNT),
    }


def test_out_of_reach_for_long_the_runs_wait_and_go_on_when_it_answers():
    monitor, _, queue, gateway, clock = monitored(Account(), connected=False)
    gateway.trouble = NO_TLS
    checked(monitor, lambda _: True)
    assert queue.waiting == []
    clock.advance(31)
    assert monitor.check([1, 2], written=True).runs_changed
    ((runs, detail),) = queue.waiting
    assert runs == [1, 2]
    assert "No TLS." in detail
    assert "continues when it answers" in detail
    gateway.trouble, gateway.connected = None, True
    gateway.want(1)
    clock.advance(2)
    checked(monitor, lambda _: queue.woken)
    assert not monitor.runs_wait
