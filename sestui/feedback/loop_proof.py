"""Test the path of events: send a mail to each of SES's test mailboxes, and wait for its event."""

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sestui.core.clock import Clock
from sestui.core.delivery.events import EventKind
from sestui.feedback.puller import EventPuller, EventQueue
from sestui.feedback.unsubscribe_mail import UnsubscribeMails
from sestui.ses.probes import ProbeThrottledError
from sestui.ses_api.events import (
    PROBE_TAG,
    EventFormatError,
    QueueMessage,
    SesEvent,
    parse_event,
)
from sestui.store.db.database import Database
from sestui.store.events.apply import EventRules

AWAITED = {
    "success": EventKind.DELIVERY,
    "bounce": EventKind.BOUNCE,
    "complaint": EventKind.COMPLAINT,
    "ooto": EventKind.DELIVERY,
    "suppressionlist": EventKind.BOUNCE,
}
"""The event that proves it, by mailbox; out-of-office replies come beside a delivery."""

_POLL_SECONDS = 2.0
"""How long one poll of the queue takes, and so at most a stop."""
_MOST_TRIES = 10
"""Attempts for a mail that SES throttles; the account may be busy sending."""


class Mailer(Protocol):
    """Sends the probes."""

    def send(self, to: str, probe: str) -> str:
        """See :meth:`sestui.ses.probes.ProbeMailer.send`."""


@dataclass(slots=True)
class Probe:
    """One mail and its events so far."""

    mailbox: str
    message_id: str = ""
    """'' before it is sent."""
    sent_at: float = 0.0
    """By the monotonic clock."""
    events: list[str] = field(default_factory=list)
    """In the order of their arrival: ``Send``, ``Bounce (Permanent/General)``."""
    seconds: float | None = None
    """From the mail to the awaited event; None until then."""

    @property
    def awaited(self) -> EventKind:
        """The kind of event that proves it."""
        return AWAITED[self.mailbox]


class LoopProof:
    """One test of the path; events of other mails in the queue are applied as usual."""

    def __init__(
        self,
        database: Database,
        queue: EventQueue,
        clock: Clock,
        rules: EventRules,
        mails: UnsubscribeMails,
    ) -> None:
        self._clock = clock
        self._stopped = threading.Event()
        self.probes = [Probe(mailbox) for mailbox in AWAITED]
        self._on_change: Callable[[Sequence[Probe]], None] = lambda _: None
        self._token = secrets.token_hex(8)
        self._puller = EventPuller(database, _ProbesTaken(queue, self._take), clock, rules, mails)

    @property
    def is_complete(self) -> bool:
        """Whether every awaited event has come."""
        return all(each.seconds is not None for each in self.probes)

    @property
    def was_stopped(self) -> bool:
        """Whether it has been stopped."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Stop soon; can be called by a signal handler."""
        self._stopped.set()

    def run(
        self,
        mailer: Mailer,
        *,
        mails_a_second: float,
        limit_seconds: float,
        on_change: Callable[[Sequence[Probe]], None],
    ) -> None:
        """Send the mails, and read the queue until all have come or the time is over.

        ``on_change`` is called for each mail that is sent and each event that arrives.

        Raises:
            AccountError: a mail is refused, or the queue can't be read.
        """
        self._on_change = on_change
        for probe in self.probes:
            if not self._send(probe, mailer, mails_a_second):
                return
        until = self._clock.monotonic() + limit_seconds
        while self._goes_on() and (left := until - self._clock.monotonic()) > 0:
            self._puller.pull(wait_seconds=min(_POLL_SECONDS, left), keep_going=self._goes_on)

    def _goes_on(self) -> bool:
        return not (self.is_complete or self.was_stopped)

    def _send(self, probe: Probe, mailer: Mailer, mails_a_second: float) -> bool:
        """Send one mail, evenly spaced; retry if SES throttles it. False if stopped."""
        to = f"{probe.mailbox}@simulator.amazonses.com"
        for attempt in range(1, _MOST_TRIES + 1):
            if self._stopped.is_set():
                return False
            try:
                probe.message_id = mailer.send(to, self._token)
                break
            except ProbeThrottledError:
                if attempt == _MOST_TRIES:
                    raise
                self._clock.wait(self._stopped, max(1.0, 1.0 / mails_a_second))
        probe.sent_at = self._clock.monotonic()
        self._on_change(self.probes)
        self._clock.wait(self._stopped, 1.0 / mails_a_second)
        return True

    def _take(self, event: SesEvent) -> None:
        """Record a probe's event if the probe is one of this test."""
        probe = next((each for each in self.probes if each.message_id == event.message_id), None)
        if probe is None:
            return
        details = "/".join(filter(None, (event.type, event.sub_type)))
        said = f"{event.kind.value} ({details})" if details else event.kind.value
        if said in probe.events:
            return
        probe.events.append(said)
        if event.kind is probe.awaited:
            probe.seconds = self._clock.monotonic() - probe.sent_at
        self._on_change(self.probes)


class _ProbesTaken:
    """A queue from which the probes' events are taken before others see them."""

    def __init__(self, queue: EventQueue, take: Callable[[SesEvent], None]) -> None:
        self._queue = queue
        self._take = take

    def receive(self, wait_seconds: float) -> Sequence[QueueMessage]:
        """See :meth:`EventQueue.receive`."""
        others, own = [], []
        for message in self._queue.receive(wait_seconds):
            event = _probe_event(message.body)
            if event is None:
                others.append(message)
            else:
                own.append(message)
                self._take(event)
        if own:
            self._queue.delete(own)
        return others

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        """See :meth:`EventQueue.delete`."""
        self._queue.delete(messages)


def _probe_event(body: str) -> SesEvent | None:
    """The event of a probe of any test; None for other messages."""
    try:
        event = parse_event(body)
    except EventFormatError:
        return None
    return event if PROBE_TAG in event.tags else None


def missing_sentence(probes: Sequence[Probe]) -> str:
    """The missing events and the likely reasons; '' if all have arrived."""
    missing = [each for each in probes if each.seconds is None]
    if not missing:
        return ""
    if not any(each.events for each in probes):
        return (
            "No event has come. Either SES is late (run it again), another sestui reads the same "
            "queue, or what is between has been changed: `sestui setup` shows that."
        )
    said = ", ".join(f"{each.awaited.value} of {each.mailbox}@" for each in missing)
    return (
        f"{said} {'has' if len(missing) == 1 else 'have'} not come. The way is open, as other "
        "events came: SES may be late, or another sestui reads the same queue."
    )
