"""Between claim and answer: every claim gets exactly one answer, whatever happens to it."""

import threading

import pytest

from sestui.core.clock import SystemClock
from sestui.core.delivery import AnswerKind, Claim, HoldBack
from sestui.core.mail import Mail
from sestui.errors import ContentError
from sestui.sending.engine.dispatch import Dispatcher, Job
from sestui.ses.replies import WITHDRAWN, Reply

ACCEPTED = Reply(AnswerKind.ACCEPTED, message_id="m")


class Composer:
    """Renders the address itself, or raises what ``fails`` says for it."""

    bulk_capable = True

    def __init__(self, fails=None):
        self.fails = fails or {}

    def mail(self, email, attributes, tags):
        if email in self.fails:
            raise self.fails[email]
        return Mail("n@example.com", email, "News", "", "Hello")


class Gateway:
    """Answers at once; ``hold`` keeps every call in the air until it is set."""

    single_cost = 0.0

    def __init__(self, hold=None):
        self.hold = hold
        self.sent = []

    def send(self, mail, leave):
        return self.send_bulk([mail], leave)[0]

    def send_bulk(self, mails, leave):
        if not leave():
            return [WITHDRAWN] * len(mails)
        self.sent += [mail.to for mail in mails]
        if self.hold is not None:
            self.hold.wait(30)
        return [ACCEPTED] * len(mails)


CLOCK = SystemClock()


@pytest.fixture
def dispatching():
    """Dispatchers that are closed at the end of the test."""
    opened = []

    def make(gateway, most=4):
        dispatcher = Dispatcher(gateway, CLOCK, most=most)
        opened.append(dispatcher)
        return dispatcher

    yield make
    for dispatcher in opened:
        dispatcher.close()


def job(*numbers, composer=None, in_seconds=0.0, bulk=False):
    claims = tuple(Claim(n, 1, f"a{n}@example.com", 1) for n in numbers)
    slot = CLOCK.monotonic() + in_seconds
    return Job(claims, composer or Composer(), slot, 10_000, bulk)


def collected(dispatcher, count):
    found = []
    while len(found) < count:
        assert dispatcher.answered.wait(10)
        found += dispatcher.collect()
    return {answer.delivery_id: answer for answer, _claim in found}


def test_every_claim_gets_its_answer(dispatching):
    dispatcher = dispatching(Gateway())
    dispatcher.hand_over([job(1), job(2), job(3, 4, 5, bulk=True)])
    answers = collected(dispatcher, 5)
    assert {answer.kind for answer in answers.values()} == {AnswerKind.ACCEPTED}
    assert not dispatcher.in_the_air


@pytest.mark.parametrize("error", [ContentError("Missing."), RuntimeError("Odd."), MemoryError()])
@pytest.mark.parametrize("bulk", [False, True])
def test_what_cannot_be_rendered_is_refused_and_the_others_go(dispatching, error, bulk):
    gateway = Gateway()
    dispatcher = dispatching(gateway)
    composer = Composer({"a2@example.com": error})
    dispatcher.hand_over([job(1, 2, 3, composer=composer, bulk=bulk)])
    answers = collected(dispatcher, 3)
    assert [answers[n].kind.value for n in (1, 2, 3)] == ["accepted", "refused", "accepted"]
    assert answers[2].code == "ContentError"
    assert sorted(gateway.sent) == ["a1@example.com", "a3@example.com"]


def test_what_waits_for_its_slot_is_taken_back(dispatching):
    gateway = Gateway()
    dispatcher = dispatching(gateway)
    dispatcher.hand_over([job(1), job(2, in_seconds=60), job(3, in_seconds=60)])
    assert collected(dispatcher, 1).keys() == {1}
    dispatcher.withdraw()
    answers = collected(dispatcher, 2)
    assert {answer.hold_back for answer in answers.values()} == {HoldBack.WITHDRAWN}
    assert gateway.sent == ["a1@example.com"]


def test_what_is_in_the_air_when_nobody_waits_any_more_is_unknown(dispatching):
    hold = threading.Event()
    gateway = Gateway(hold)
    dispatcher = dispatching(gateway)
    dispatcher.hand_over([job(1)])
    while not gateway.sent:
        threading.Event().wait(0.005)
    dispatcher.withdraw()
    (answer,) = dispatcher.give_up()
    assert (answer.kind, answer.code) == (AnswerKind.UNKNOWN, "Stopped")
    assert not dispatcher.in_the_air
    hold.set()


def test_what_never_left_because_every_thread_was_busy_is_no_doubt(dispatching):
    hold = threading.Event()
    gateway = Gateway(hold)
    dispatcher = dispatching(gateway, most=1)
    dispatcher.hand_over([job(1), job(2), job(3)])
    while not gateway.sent:
        threading.Event().wait(0.005)
    dispatcher.withdraw()
    answers = collected(dispatcher, 2)
    assert {n: answer.hold_back for n, answer in answers.items()} == {
        2: HoldBack.WITHDRAWN,
        3: HoldBack.WITHDRAWN,
    }
    assert [answer.delivery_id for answer in dispatcher.give_up()] == [1]
    hold.set()
