"""The relay's intake among things that fail: its clients are always answered, and it says why.

Ledger and SES are stand-ins at its ports; threads and clock are real.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from sestui.core.clock import Clock, SystemClock
from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.handover import AnswerKind, Claim, HoldBack, Reply
from sestui.errors import AccountUnreachableError, SestuiError, StorageError
from sestui.relay.admission import RelayAdmission
from sestui.relay.results import SendResult
from sestui.ses_api.relay_admission import (
    Admission,
    Admissions,
    AdmissionVerdict,
    Incoming,
    RelayedOutcome,
    Terms,
)
from sestui.ses_api.relayed import mail_of
from sestui.ses_api.wire import sending_paused
from tests.support.clocks import FakeClock
from tests.support.relay import simple
from tests.support.threads import refuse_threads
from tests.support.workspaces import until

CLOCK = SystemClock()


class Ahead(SystemClock):
    """The machine's clock, ahead by what a test says."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


ACCEPTED = Reply(AnswerKind.ACCEPTED, message_id="m-1")
SILENCE = Reply(AnswerKind.UNKNOWN, code="502", reason="A gateway answered 502.")
PAUSED = sending_paused()
REFUSED = Reply(
    AnswerKind.NOT_SENT,
    code="EndpointConnectionError",
    reason="No connection to ses: Connection refused.",
    hold_back=HoldBack.UNREACHABLE,
)


@dataclass
class Ledger:
    """Says first what ``says`` has, then admits everything, ``ahead`` seconds before its slot;
    ``fails`` is raised instead."""

    clock: Clock = CLOCK
    fails: BaseException | None = None
    says: list[Admission] = field(default_factory=list)
    ahead: float = 0.0
    asked_at: list[float] = field(default_factory=list)
    in_flight: int = 0
    """How often a mail that came before is found on its way."""
    admitted: int = 0
    written: list[AnswerKind] = field(default_factory=list)
    taken_back: list[frozenset[int]] = field(default_factory=list)

    def exchange(self, answers: Any, mails: Any) -> Admissions:
        if self.fails is not None:
            raise self.fails
        self.written += [answer.reply.kind for call in answers for answer in call.answers]
        found = []
        for mail in mails:
            self.asked_at.append(self.clock.now())
            if self.says:
                found.append(self.says.pop(0))
                continue
            self.admitted += 1
            number = self.admitted
            claims = tuple(
                Claim(100 * number + place, 1, each.email, 1)
                for place, each in enumerate(mail.recipients)
            )
            places = tuple(range(len(claims)))
            slot = self.clock.now() + self.ahead
            found.append(Admission(AdmissionVerdict.ADMITTED, number, claims, places, slot))
        return Admissions(self.clock.now(), self.clock.monotonic(), 1000.0, tuple(found))

    def take_back(self, held: Any) -> None:
        self.taken_back.append(frozenset(held))

    def outcome(self, mail_id: int) -> RelayedOutcome:
        if self.in_flight:
            self.in_flight -= 1
            return RelayedOutcome("sending", "", "", "")
        return RelayedOutcome("accepted", f"m-{mail_id}", "", "")


@dataclass
class Ses:
    """Answers each call with ``reply``; None: not before :meth:`answer`."""

    reply: Reply | None = ACCEPTED
    trouble: Reply | None = None
    fails: BaseException | None = None
    sent: int = 0
    ready: int = 4
    _held: list[Callable[[Any], None]] = field(default_factory=list)
    _done: list[Callable[[], None]] = field(default_factory=list)
    _woken: threading.Event = field(default_factory=threading.Event)

    def want(self, calls: int) -> None:
        pass

    def call(self, mails: Any) -> Any:
        return type("Call", (), {"body": b"x"})()

    def send(self, call: Any, done: Any) -> bool:
        if not self.ready:
            return False
        self.sent += 1
        if (reply := self.reply) is not None:
            self._done.append(lambda: done([reply]))
        else:
            self._held.append(done)
        return True

    def answer(self, reply: Reply) -> None:
        """Answer the calls that hang."""
        self._done += [partial(done, [reply]) for done in self._held]
        self.wake()

    def poll(self, seconds: float) -> None:
        if self.fails is not None:
            raise self.fails
        while self._done:
            self._done.pop()()
        self._woken.wait(min(seconds, 0.01))
        self._woken.clear()

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        pass


class Account:
    """Can be asked while ``answers``."""

    answers = True
    asked = 0

    def poll_exactly(self) -> tuple[AccountStatus, bool]:
        self.asked += 1
        if not self.answers:
            raise AccountUnreachableError("SES doesn't answer.")
        return AccountStatus(1000, 50_000, 0, True, True, "HEALTHY"), True


class Heartbeat:
    fails: BaseException | None = None

    def beat(self) -> None:
        if self.fails is not None:
            raise self.fails


@dataclass
class Scene:
    """An intake at work between its stand-ins."""

    ledger: Ledger = field(default_factory=Ledger)
    ses: Ses = field(default_factory=Ses)
    account: Account = field(default_factory=Account)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    clock: Clock = CLOCK
    numbers: int = 0

    def __post_init__(self) -> None:
        self.admission = RelayAdmission(
            self.ledger,
            self.ledger,
            self.ses,
            self.account,
            heartbeat=self.heartbeat,
            clock=self.clock,
            senders=8,
            patience=20.0,
        )

    def incoming(self, *to: str) -> tuple[Incoming, Any]:
        mail = mail_of(simple(*to), most=50)
        self.numbers += 1
        key = str(self.numbers)
        return Incoming(Terms("key", 1), mail.recipients, b"", key, key), mail

    def told(self, *mails: tuple[str, ...], meanwhile: Callable[[], None] = lambda: None) -> Any:
        """What the clients of these mails are told, all at once."""

        async def ask() -> Any:
            asked = [
                asyncio.ensure_future(self.admission.take(*self.incoming(*to))) for to in mails
            ]
            await asyncio.sleep(0)
            await asyncio.to_thread(meanwhile)
            return await asyncio.gather(*asked)

        return asyncio.run(ask())


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.admission.close()
    nobody_is_left_behind()


def nobody_is_left_behind() -> None:
    own = {"sestui-intake", "sestui-dispatch"}
    until(lambda: own.isdisjoint(thread.name for thread in threading.enumerate()))


def status(settled: Any) -> tuple[int, str]:
    return settled.error.status, settled.error.code


def test_a_client_is_told_the_id_when_it_is_written(scene):
    scene.admission.start()
    [settled] = scene.told(("a@x.org", "b@x.org"))
    assert settled.message_id == "m-1"
    assert scene.ledger.written == [AnswerKind.ACCEPTED] * 2
    assert scene.admission.trouble == ""


@pytest.mark.parametrize(
    ("says", "settled"),
    [
        (Admission(AdmissionVerdict.REFUSED, error=PAUSED), SendResult(error=PAUSED)),
        (Admission(AdmissionVerdict.NOBODY, 7), SendResult("sestui-relay-000000000007")),
        (Admission(AdmissionVerdict.KNOWN, 7), SendResult("m-7")),
    ],
)
def test_what_is_not_to_be_sent_is_told_as_the_ledger_has_it(scene, says, settled):
    scene.ledger.says.append(says)
    scene.admission.start()
    assert scene.told(("a@x.org",), ("b@x.org",)) == [settled, SendResult("m-1")]
    assert scene.ses.sent == 1


def test_as_many_calls_are_made_at_once_as_the_accounts_rate_wants(scene):
    scene.ses.reply = None
    scene.admission.start()

    def all_at_once():
        until(lambda: scene.ses.sent == 8)
        scene.ses.answer(ACCEPTED)

    settled = scene.told(*[(f"r{n}@x.org",) for n in range(8)], meanwhile=all_at_once)
    assert settled == [SendResult("m-1")] * 8


def test_who_comes_again_waits_for_the_mail_that_is_on_its_way(scene):
    scene.ledger.says.append(Admission(AdmissionVerdict.KNOWN, 7))
    scene.ledger.in_flight = 2
    scene.admission.start()
    assert scene.told(("a@x.org",)) == [SendResult("m-7")]
    assert scene.ledger.in_flight == 0


def test_a_mail_without_a_slot_is_asked_for_again_when_there_is_one(scene):
    later = CLOCK.now() + 0.2
    scene.ledger.says.append(Admission(AdmissionVerdict.LATER, next_at=later))
    scene.admission.start()
    assert scene.told(("a@x.org",)) == [SendResult("m-1")]
    _, again = scene.ledger.asked_at
    assert again >= later - 0.01  # wall clock and monotonic clock are read one after the other


def test_what_ses_has_said_is_told_once_it_is_written(scene):
    scene.ses.reply = None
    scene.admission.start()

    def written_late():
        until(lambda: scene.ses.sent == 1)
        scene.ledger.fails = StorageError("The database is locked.")
        scene.ses.answer(ACCEPTED)
        assert status(scene.told(("b@x.org",))[0]) == (503, "ServiceUnavailable")
        scene.ledger.fails = None

    [settled] = scene.told(("a@x.org",), meanwhile=written_late)
    assert settled == SendResult("m-1")
    assert set(scene.ledger.taken_back) == {frozenset({100})}  # once for each try
    assert scene.ledger.written == [AnswerKind.ACCEPTED]


def test_what_has_not_left_is_withdrawn_at_the_end_and_its_client_may_come_again(scene):
    scene.ledger.ahead = 3_600.0
    scene.admission.start()

    def stop():
        until(lambda: scene.ledger.admitted == 1)
        scene.admission.close()

    [settled] = scene.told(("a@x.org",), meanwhile=stop)
    assert status(settled) == (503, "ServiceUnavailable")
    assert "The relay is stopping" in settled.error.text
    assert (scene.ses.sent, scene.ledger.written) == (0, [AnswerKind.NOT_SENT])


@pytest.mark.parametrize("answers", [True, False])
def test_what_is_in_flight_at_the_end_is_awaited_for_half_a_minute(answers):
    clock = Ahead()
    scene = Scene(Ledger(clock), clock=clock)
    scene.ses.reply = None
    scene.admission.start()

    def stop():
        until(lambda: scene.ses.sent == 1)
        closing = threading.Thread(target=scene.admission.close)
        closing.start()
        until(lambda: scene.admission.trouble == "The relay is stopping.")
        if answers:
            scene.ses.answer(ACCEPTED)
        else:
            until(lambda: later(30) or not closing.is_alive())
        closing.join()

    def later(seconds):
        clock.ahead += seconds

    [settled] = scene.told(("a@x.org",), meanwhile=stop)
    assert settled == SendResult("m-1" if answers else "sestui-relay-000000000001")
    assert scene.ledger.written == [AnswerKind.ACCEPTED if answers else AnswerKind.UNKNOWN]
    nobody_is_left_behind()


def test_what_ses_has_said_is_told_though_it_can_never_be_written(scene):
    scene.ses.reply = None
    scene.admission.start()

    def fail():
        until(lambda: scene.ses.sent == 1)
        scene.ledger.fails = ZeroDivisionError("oops")
        scene.ses.answer(ACCEPTED)

    assert scene.told(("a@x.org",), meanwhile=fail) == [SendResult("m-1")]


def test_what_no_mail_can_be_made_of_is_the_clients_to_mend_and_no_refusal(scene):
    scene.ses.call = lambda mails: {}[b"odd"]
    scene.admission.start()
    [settled] = scene.told(("a@x.org",))
    assert status(settled) == (400, "BadRequestException")
    assert "It can't be turned into a request" in settled.error.text
    assert scene.ledger.written == [AnswerKind.NOT_SENT]


def test_without_a_way_to_ses_nothing_is_admitted_and_clients_may_try_again(scene):
    scene.ses.ready, scene.ses.trouble = 0, REFUSED
    scene.admission.start()
    [settled] = scene.told(("a@x.org",))
    assert status(settled) == (503, "ServiceUnavailable")
    assert "Connection refused" in settled.error.text
    assert scene.ledger.admitted == 0
    assert "Connection refused" in scene.admission.trouble


def test_while_it_is_connecting_clients_wait(scene):
    scene.ses.ready = 0
    scene.admission.start()

    def connected():
        until(lambda: scene.admission.waiting == 1)
        scene.ses.ready = 4

    [settled] = scene.told(("a@x.org",), meanwhile=connected)
    assert settled.message_id == "m-1"


@pytest.mark.long
@pytest.mark.ci
def test_silence_holds_the_admission_and_goes_on_when_the_account_answers(scene):
    scene.ses.reply, scene.account.answers = SILENCE, False
    scene.admission.start()
    settled = scene.told(*[(f"r{n}@x.org",) for n in range(200)])
    taken = [each for each in settled if each.error is None]
    assert {status(each) for each in settled if each.error} == {(429, "TooManyRequestsException")}
    assert len(taken) == scene.ses.sent <= 25
    assert scene.ledger.written.count(AnswerKind.UNKNOWN) == len(taken)
    admitted = scene.ledger.admitted
    [braked] = scene.told(("one@x.org",))
    assert status(braked) == (429, "TooManyRequestsException")
    assert scene.ledger.admitted == admitted
    until(lambda: scene.account.asked > 0)
    until(lambda: "A gateway answered 502" in scene.admission.trouble)
    scene.ses.reply, scene.account.answers = ACCEPTED, True
    until(lambda: scene.told(("again@x.org",))[0].error is None)
    until(lambda: scene.admission.trouble == "")
    assert all(each.error is None for each in scene.told(*[(f"s{n}@x.org",) for n in range(5)]))


def test_when_the_hold_is_over_it_is_well_again_though_no_mail_has_come_since():
    clock = Ahead()
    scene = Scene(Ledger(clock), clock=clock)
    scene.ses.reply = SILENCE
    scene.admission.start()
    assert scene.told(("a@x.org",))[0].error is None
    clock.ahead = 60.0  # no monitor's verdict may keep away the mail that would show it
    assert scene.admission.trouble == ""
    scene.ses.reply = ACCEPTED
    assert scene.told(("b@x.org",))[0].message_id == "m-1"
    scene.admission.close()


def test_a_ledger_that_takes_nothing_for_a_while_is_no_failure(scene):
    scene.ledger.fails = StorageError("The database is locked.")
    scene.admission.start()
    [settled] = scene.told(("a@x.org",))
    assert status(settled) == (503, "ServiceUnavailable")
    scene.ledger.fails = None
    [settled] = scene.told(("a@x.org",))
    assert settled.message_id
    assert scene.ledger.taken_back[0] == frozenset()
    assert scene.admission.failure == ""


@pytest.mark.parametrize(
    ("where", "what"),
    [("ledger", "intake"), ("heartbeat", "intake"), ("ses", "way to SES")],
)
def test_what_nobody_foresaw_is_said_and_nobody_is_left_waiting(scene, where, what, caplog):
    getattr(scene, where).fails = ZeroDivisionError("oops")
    scene.admission.start()
    for _ in range(2):
        [settled] = scene.told(("a@x.org",))
        assert status(settled) == (503, "ServiceUnavailable")
    until(lambda: "ZeroDivisionError, see the log" in scene.admission.failure)
    assert scene.admission.failure.startswith(f"The relay's {what} failed")
    assert scene.admission.trouble == scene.admission.failure
    assert "Traceback" in caplog.text
    until(lambda: scene.ledger.taken_back)  # who knows what the last transaction has done
    scene.admission.close()
    assert ("What SES said last could not be written" in caplog.text) is (where == "ledger")


def test_who_waits_when_the_dispatcher_fails_is_told_so(scene):
    scene.ses.ready = 0  # they wait for a connection
    scene.admission.start()

    def fail():
        until(lambda: scene.admission.waiting == 2)
        scene.ses.fails = MemoryError()

    for settled in scene.told(("a@x.org",), ("b@x.org",), meanwhile=fail):
        assert status(settled) == (503, "ServiceUnavailable")
    assert "MemoryError, see the log" in scene.admission.trouble


def test_calls_in_flight_are_answered_though_the_intake_fails(scene):
    scene.ses.reply = None
    scene.admission.start()

    def fail():
        until(lambda: scene.ses.sent == 1)
        scene.ses.fails = ZeroDivisionError("the dispatcher's thread")

    [settled] = scene.told(("a@x.org",), meanwhile=fail)
    # It may have arrived: told of a failure, the client would send it twice.
    assert settled.message_id == "sestui-relay-000000000001"
    assert scene.ledger.written == [AnswerKind.UNKNOWN]
    assert "see the log" in scene.admission.trouble


def test_stopped_it_sends_those_away_who_wait(scene):
    scene.ses.ready = 0
    scene.admission.start()

    def stop():
        until(lambda: scene.admission.waiting == 1)
        scene.admission.drain()

    [settled] = scene.told(("a@x.org",), meanwhile=stop)
    assert status(settled) == (503, "ServiceUnavailable")
    assert scene.admission.trouble == "The relay is stopping."
    scene.admission.close()
    assert scene.admission.failure == ""


@pytest.mark.parametrize("name", ["sestui-intake", "sestui-dispatch"])
def test_threads_that_cannot_be_started_yet_are_started_later(scene, monkeypatch, name):
    refused = refuse_threads(monkeypatch, name, 2)
    scene.admission.start()
    assert scene.told(("a@x.org",))[0].message_id
    assert refused() == 2


@pytest.mark.parametrize("name", ["sestui-intake", "sestui-dispatch"])
def test_without_threads_for_good_it_is_said(monkeypatch, name):
    refuse_threads(monkeypatch, name, float("inf"))
    scene = Scene(clock=FakeClock())
    with pytest.raises(SestuiError, match="can't start more threads"):
        scene.admission.start()
    scene.admission.close()
    nobody_is_left_behind()
