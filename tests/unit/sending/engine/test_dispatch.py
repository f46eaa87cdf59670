"""Between claim and answer: every claim gets exactly one answer, whatever happens to it.

The dispatcher is driven step by step under a simulated SES and a clock that only moves here; that
it runs in a thread of its own is tested at the end.
"""

import random
import threading
from functools import partial

import pytest

from sestui.core.clock import SystemClock
from sestui.core.delivery.handover import WITHDRAWN, AnswerKind, Claim, HoldBack
from sestui.core.delivery.mail import Mail
from sestui.errors import ContentError, SestuiError
from sestui.sending.engine.brake import May
from sestui.sending.engine.call_queue import Job, rendered
from sestui.sending.engine.dispatch import Dispatcher
from sestui.sending.engine.rate_limiter import STALE_SECONDS
from tests.support.clocks import FakeClock
from tests.support.gateways import ACCEPTED, LOST, REFUSED, THROTTLED, SimulatedGateway

NOT_SENT, UNKNOWN = AnswerKind.NOT_SENT, AnswerKind.UNKNOWN


class Composer:
    """Renders the address itself, or raises what ``fails`` says for it."""

    bulk_capable = True

    def __init__(self, fails=None):
        self.fails = fails or {}

    def mail(self, email, attributes, tags, delivery_id):
        if email in self.fails:
            raise self.fails[email]
        return Mail("n@example.com", email, "News", "<p>x</p>", "x", tags=tags)


class Scene:
    """A dispatcher over a simulated SES; ``run`` lets time pass."""

    def __init__(self, *, most=64, rate=200, **ses):
        self.clock = FakeClock()
        self.ses = SimulatedGateway(self.clock, **ses)
        self.dispatcher = Dispatcher(self.ses, self.clock, most=most)
        self.dispatcher.serve(rate)
        self.rate = rate
        self.answers = {}

    def hand_over(self, *numbers, composer=None, in_seconds=0.0, bulk=False, shared=False):
        claims = tuple(Claim(n, 1, f"a{n}@example.com", 1) for n in numbers)
        slot = self.clock.monotonic() + in_seconds
        mails = partial(rendered, composer or Composer())
        self.dispatcher.hand_over([Job(claims, mails, slot, self.rate, bulk, shared)])

    def run(self, seconds, until=lambda: False):
        ends_at = self.clock.monotonic() + seconds
        while self.clock.monotonic() < ends_at and not until():
            wait = self.dispatcher.step()
            self.ses.poll(min(wait, ends_at - self.clock.monotonic()))
            self.collect()

    def collect(self):
        for answer, claim in self.dispatcher.collect():
            assert answer.delivery_id not in self.answers
            assert claim.delivery_id == answer.delivery_id
            self.answers[answer.delivery_id] = answer

    def kinds(self):
        return {number: answer.reply.kind for number, answer in sorted(self.answers.items())}


def test_every_claim_gets_its_answer():
    scene = Scene()
    for number in range(5):
        scene.hand_over(number, in_seconds=number / 100)
    scene.hand_over(5, 6, 7, bulk=True, in_seconds=0.1)
    scene.run(1)
    assert scene.kinds() == dict.fromkeys(range(8), AnswerKind.ACCEPTED)
    assert [len(mails) for _, mails in scene.ses.sent] == [1, 1, 1, 1, 1, 3]
    assert not scene.dispatcher.in_flight
    assert (scene.dispatcher.left, scene.dispatcher.waiting) == (8, 0)


def test_calls_leave_at_their_slots_and_not_before():
    scene = Scene(rate=10)
    began = scene.clock.monotonic()
    for number in range(20):
        scene.hand_over(number, in_seconds=number / 10)
    scene.run(3)
    left = [at - began for at, _ in scene.ses.sent]
    assert left == pytest.approx([n / 10 for n in range(20)], abs=0.002)


@pytest.mark.parametrize("error", [ContentError("Missing."), RuntimeError("Odd."), MemoryError()])
@pytest.mark.parametrize("bulk", [False, True])
def test_what_cannot_be_rendered_never_left_and_the_others_go(error, bulk):
    scene = Scene()
    scene.hand_over(1, 2, 3, composer=Composer({"a2@example.com": error}), bulk=bulk)
    scene.run(1)
    replies = [scene.answers[number].reply for number in (1, 2, 3)]
    assert [reply.kind.value for reply in replies] == ["accepted", "not_sent", "accepted"]
    assert (replies[1].code, replies[1].hold_back) == ("ContentError", HoldBack.CONTENT)
    assert sorted(scene.ses.recipients) == ["a1@example.com", "a3@example.com"]


def test_what_cannot_be_written_as_a_request_never_left_either():
    scene = Scene(unsendable=lambda mail: mail.to == "a2@example.com")
    scene.hand_over(1, 2)
    scene.hand_over(3, in_seconds=0.01)
    scene.run(1)
    assert scene.answers[2].reply.hold_back is HoldBack.CONTENT
    assert sorted(scene.ses.recipients) == ["a1@example.com", "a3@example.com"]


def test_what_waits_for_its_slot_is_taken_back():
    scene = Scene()
    scene.hand_over(1)
    scene.hand_over(2, in_seconds=60)
    scene.hand_over(3, in_seconds=60)
    scene.run(1)
    assert scene.answers.keys() == {1}
    scene.dispatcher.withdraw()
    scene.hand_over(4)
    scene.run(1)
    assert {scene.answers[n].reply.hold_back for n in (2, 3, 4)} == {HoldBack.WITHDRAWN}
    assert scene.ses.recipients == ["a1@example.com"]
    assert (scene.dispatcher.left, scene.dispatcher.waiting) == (1, 0)


def test_when_nobody_waits_any_more_only_what_has_left_is_unknown():
    scene = Scene(answer=lambda _: None)
    scene.hand_over(1)
    scene.hand_over(2, in_seconds=60)
    scene.run(1)
    replies = {answer.delivery_id: answer.reply for answer in scene.dispatcher.give_up()}
    assert (replies[1].kind, replies[1].code) == (UNKNOWN, "Stopped")
    assert (replies[2].kind, replies[2].code) == (NOT_SENT, WITHDRAWN.code)
    assert not scene.dispatcher.in_flight


def test_who_slept_too_long_sends_nothing_of_what_it_had():
    scene = Scene()
    for number in range(5):
        scene.hand_over(number, in_seconds=0.5)
    scene.run(0.1)
    scene.clock.advance(STALE_SECONDS + 1)  # the clock runs on while the machine sleeps
    scene.run(1)
    assert {answer.reply.hold_back for answer in scene.answers.values()} == {HoldBack.WITHDRAWN}
    assert scene.ses.sent == []


def test_without_a_connection_nothing_leaves_and_what_is_due_comes_back():
    scene = Scene(connected=False)
    scene.ses.trouble = THROTTLED.__class__(
        NOT_SENT, code="SSLError", reason="No TLS.", hold_back=HoldBack.UNREACHABLE
    )
    scene.hand_over(1)
    scene.run(1)
    assert not scene.dispatcher.connected
    assert scene.dispatcher.unreachable.code == "SSLError"
    assert (scene.answers[1].reply.kind, scene.answers[1].reply.code) == (NOT_SENT, "SSLError")
    scene.ses.connected = True
    assert scene.dispatcher.connected
    scene.hand_over(2)
    scene.run(1)
    assert scene.answers[2].reply.kind is AnswerKind.ACCEPTED


# outages


class Feed(Scene):
    """Hands over what may be handed over, as the engine does, from an endless audience."""

    account_answers = True

    def __init__(self, **given):
        super().__init__(**given)
        self.next = 0
        self.horizon = self.clock.monotonic()

    def feed(self, seconds):
        ends_at = self.clock.monotonic() + seconds
        asked_at = float("-inf")
        while (now := self.clock.monotonic()) < ends_at:
            may = self.dispatcher.may()
            ahead = {May.SEND: 30, May.PROBE: 1, May.NOTHING: 0}[may]
            while self.dispatcher.connected and self.dispatcher.waiting < ahead:
                self.horizon = max(self.horizon, now)
                self.hand_over(self.next, in_seconds=self.horizon - now)
                self.horizon += 1 / (self.rate * 0.998)
                self.next += 1
            if self.dispatcher.brake.needs_account and self.account_answers and now - asked_at > 1:
                asked_at = now
                self.dispatcher.account_answered()
            self.run(0.025)

    def unknown(self):
        return sum(kind is UNKNOWN for kind in self.kinds().values())


def latencies(seed):
    chance = random.Random(seed)
    return lambda: chance.uniform(0.04, 0.12)


KINDS = {"lost": lambda _: LOST, "hanging": lambda _: None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", [0, 20])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("account_answers", [True, False])
def test_an_outage_of_15_seconds_costs_a_handful(kind, before, seed, account_answers):
    scene = Feed(rate=200, latency=latencies(seed))
    scene.feed(before)
    scene.ses.answer, scene.account_answers = KINDS[kind], account_answers
    scene.feed(15)
    scene.ses.answer, scene.account_answers = (lambda _: ACCEPTED), True
    scene.feed(25)
    assert 1 <= scene.unknown() <= 25
    accepted = sum(answer.reply.kind is AnswerKind.ACCEPTED for answer in scene.answers.values())
    sent_well = before * 200 * 0.99 + 10 * 200 * 0.8  # it is well again within some seconds
    assert accepted >= sent_well


def test_it_goes_on_within_seconds_of_the_outages_end():
    scene = Feed(rate=200)
    scene.feed(5)
    scene.ses.answer = lambda _: LOST
    scene.feed(15)
    scene.ses.answer = lambda _: ACCEPTED
    ended = scene.clock.monotonic()
    scene.feed(30)
    again = [at for at, _ in scene.ses.sent if at > ended]
    assert again[10] - ended < 17


def test_an_hour_of_silence_costs_a_mail_a_minute():
    scene = Feed(rate=200)
    scene.ses.answer = lambda _: LOST
    scene.feed(3_600)
    assert scene.unknown() <= 25 + 70


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(("share", "least"), [(0.01, 0.95), (0.1, 0.8)])
def test_single_silences_cost_little_of_the_rate(share, least):
    chance = random.Random(4)
    scene = Feed(
        rate=400,
        latency=latencies(1),
        answer=lambda _: LOST if chance.random() < share else ACCEPTED,
    )
    scene.feed(30)
    assert len(scene.ses.sent) >= least * 30 * 400


@pytest.mark.parametrize("reply", [THROTTLED, REFUSED])
def test_answers_that_can_be_read_hold_nobody_up(reply):
    scene = Feed(rate=200, answer=lambda _: reply)
    scene.feed(10)
    assert len(scene.ses.sent) >= 0.98 * 10 * 200


def test_calls_that_hang_hold_nobody_up_while_others_are_answered():
    chance = random.Random(5)
    scene = Feed(rate=200, answer=lambda _: None if chance.random() < 0.1 else ACCEPTED)
    scene.feed(30)
    assert len(scene.ses.sent) >= 0.97 * 30 * 200


@pytest.mark.long
@pytest.mark.ci
def test_answers_of_a_second_here_and_there_cost_nothing_of_the_rate():
    chance = random.Random(6)
    scene = Feed(
        rate=500, latency=lambda: 1.0 if chance.random() < 0.01 else chance.uniform(0.04, 0.12)
    )
    scene.feed(30)
    assert len(scene.ses.sent) >= 0.99 * 30 * 500


# in a thread


def test_its_thread_sends_and_ends():
    clock = SystemClock()
    ses = SimulatedGateway(FakeClock())
    dispatcher = Dispatcher(ses, clock, most=4)
    dispatcher.serve(100)
    dispatcher.start()
    claims = (Claim(1, 1, "a1@example.com", 1),)
    dispatcher.hand_over([Job(claims, partial(rendered, Composer()), clock.monotonic(), 100)])
    assert dispatcher.answered.wait(30)
    ((answer, _),) = dispatcher.collect()
    assert answer.reply.kind is AnswerKind.ACCEPTED
    dispatcher.close()


def test_a_thread_that_fails_says_so_and_loses_nothing(caplog):
    clock = SystemClock()
    ses = SimulatedGateway(FakeClock(), answer=lambda _: None)
    dispatcher = Dispatcher(ses, clock, most=4)
    dispatcher.serve(100)
    mails = partial(rendered, Composer())
    dispatcher.hand_over([Job((Claim(1, 1, "a@example.com", 1),), mails, clock.monotonic(), 100)])
    dispatcher.hand_over(
        [Job((Claim(2, 1, "b@example.com", 1),), mails, clock.monotonic() + 60, 100)]
    )
    poll = ses.poll

    def failing(seconds):
        if ses.sent:
            raise MemoryError
        poll(seconds)

    ses.poll = failing
    dispatcher.start()
    assert dispatcher.answered.wait(30)
    assert isinstance(dispatcher.failure, MemoryError)
    assert {answer.delivery_id: answer.reply.kind for answer in dispatcher.give_up()} == {
        1: UNKNOWN,
        2: NOT_SENT,
    }
    assert "The dispatcher has failed." in caplog.text
    dispatcher.close()


def test_a_system_without_threads_is_outlasted(monkeypatch):
    clock, left, start = FakeClock(), iter(range(5)), threading.Thread.start

    def scarce(thread):
        if next(left, None) is not None:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    dispatcher = Dispatcher(SimulatedGateway(FakeClock()), clock, most=4)
    dispatcher.start()
    dispatcher.close()


def test_a_system_that_gives_no_thread_for_long_is_told_of(monkeypatch):
    def none(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    dispatcher = Dispatcher(SimulatedGateway(FakeClock()), FakeClock(), most=4)
    with pytest.raises(SestuiError, match="can't start more threads"):
        dispatcher.start()
    dispatcher.close()


@pytest.mark.parametrize(("size", "patience"), [(8_000, 2.0), (1_500_000, 12.0)])
def test_silence_of_a_large_call_is_silence_once_a_slow_line_would_be_through(size, patience):
    scene = Scene(size=size, answer=lambda _: None)
    scene.hand_over(1)
    scene.run(patience - 0.5)
    assert scene.dispatcher.may() is May.SEND
    scene.run(1.0)
    assert scene.dispatcher.may() is May.NOTHING
