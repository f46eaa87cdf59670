"""The proof that events come: which events are whose, when it ends, and what it leaves alone."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sestui.feedback.loop_proof import AWAITED, LoopProof, Probe, missing_sentence
from sestui.ses.probes import ProbeThrottledError
from sestui.ses_api.events import PROBE_TAG, QueueMessage
from sestui.store.db.database import Database
from sestui.store.events.apply import EventRules
from tests.support.clocks import FakeClock
from tests.support.ses_events import ses_event, unsubscribe_mails


class Queue:
    """A queue in memory: waiting takes the clock on."""

    def __init__(self, clock: FakeClock) -> None:
        self.messages: list[QueueMessage] = []
        self.deleted: list[str] = []
        self._clock = clock

    def put(self, event: dict[str, Any]) -> None:
        self.messages.append(QueueMessage(json.dumps(event), f"r{len(self.messages)}"))

    def receive(self, wait_seconds: float) -> Sequence[QueueMessage]:
        found, self.messages = self.messages[:10], self.messages[10:]
        if not found:
            self._clock.advance(wait_seconds)
        return found

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        self.deleted += [each.receipt for each in messages]


class Mailer:
    """Puts the events of each mail into the queue, but for ``silent`` ones."""

    def __init__(self, queue: Queue, silent: Sequence[str] = (), throttled: int = 0) -> None:
        self.queue, self.silent, self.throttled = queue, silent, throttled
        self.sent: list[str] = []

    def send(self, to: str, probe: str) -> str:
        if self.throttled:
            self.throttled -= 1
            raise ProbeThrottledError("Not now.")
        self.sent.append(to)
        mailbox, message_id = to.partition("@")[0], f"m{len(self.sent)}"
        if mailbox not in self.silent:
            event = ses_event(AWAITED[mailbox].value, to, message_id=message_id)
            event["mail"]["tags"][PROBE_TAG] = [probe]
            self.queue.put(event)
            self.queue.put(event)  # SES may report twice
        return message_id


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(clock: FakeClock) -> Queue:
    return Queue(clock)


@pytest.fixture
def proof(sqlite_database: Database, queue: Queue, clock: FakeClock) -> LoopProof:
    return LoopProof(
        sqlite_database, queue, clock, EventRules(), unsubscribe_mails(sqlite_database)
    )


def run(
    proof: LoopProof,
    mailer: Mailer,
    on_change: Callable[[Sequence[Probe]], None] = lambda _: None,
    rate: float = 14.0,
) -> None:
    proof.run(mailer, mails_a_second=rate, limit_seconds=60, on_change=on_change)


def refused(database: Database) -> int:
    with database.read_connection() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM suppression").scalar_one())


def test_every_mailbox_is_proved_and_told_of(proof: LoopProof, queue: Queue) -> None:
    told: list[int] = []
    run(proof, Mailer(queue), lambda probes: told.append(sum(bool(p.events) for p in probes)))
    assert proof.is_complete
    assert missing_sentence(proof.probes) == ""
    assert told == [0] * 5 + [1, 2, 3, 4, 5]
    assert all(len(each.events) == 1 for each in proof.probes)


def test_mails_keep_to_the_rate(proof: LoopProof, queue: Queue, clock: FakeClock) -> None:
    begun = clock.monotonic()
    run(proof, Mailer(queue), rate=1.0)
    assert clock.monotonic() - begun == pytest.approx(5.0)


def test_the_time_limit(proof: LoopProof, queue: Queue, clock: FakeClock) -> None:
    begun = clock.monotonic()
    run(proof, Mailer(queue, silent=["bounce", "ooto"]), rate=1e6)
    assert clock.monotonic() - begun == pytest.approx(60, abs=0.1)
    said = missing_sentence(proof.probes)
    assert said.startswith("Bounce of bounce@, Delivery of ooto@ have not come. The way is open")


def test_nothing_came(proof: LoopProof, queue: Queue) -> None:
    run(proof, Mailer(queue, silent=list(AWAITED)))
    assert missing_sentence(proof.probes).startswith("No event has come.")


def test_a_stop_ends_it_wherever_it_is(proof: LoopProof, queue: Queue, clock: FakeClock) -> None:
    mailer = Mailer(queue)
    run(proof, mailer, lambda probes: proof.stop())
    assert proof.was_stopped
    assert len(mailer.sent) == 1
    assert [bool(each.message_id) for each in proof.probes] == [True] + [False] * 4


def test_events_of_other_mail_are_applied(
    proof: LoopProof, queue: Queue, sqlite_database: Database
) -> None:
    queue.put(ses_event("Bounce", "gone@example.com", message_id="elsewhere"))
    queue.messages.append(QueueMessage("not an event", "odd"))
    run(proof, Mailer(queue))
    assert proof.is_complete
    assert refused(sqlite_database) == 1  # gone@example.com; no mailbox of SES's simulator
    assert len(queue.deleted) == 12


def test_late_events_of_an_earlier_proof_are_nobodys(
    proof: LoopProof, queue: Queue, sqlite_database: Database
) -> None:
    late = ses_event("Bounce", "bounce@simulator.amazonses.com", message_id="earlier")
    late["mail"]["tags"][PROBE_TAG] = ["of another"]
    queue.put(late)
    run(proof, Mailer(queue))
    assert refused(sqlite_database) == 0
    assert queue.deleted[0] == "r0"


def test_what_is_throttled_is_sent_a_little_later(proof: LoopProof, queue: Queue) -> None:
    mailer = Mailer(queue, throttled=3)
    run(proof, mailer)
    assert len(mailer.sent) == 5


def test_what_is_always_throttled_is_an_error(proof: LoopProof, queue: Queue) -> None:
    with pytest.raises(ProbeThrottledError):
        run(proof, Mailer(queue, throttled=1000))
