"""Receive events from the queue, apply them, and only then delete them there."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sestui.core.clock import Clock, Instant
from sestui.core.contact.address_check import address_key
from sestui.core.delivery.breaker import Level
from sestui.core.delivery.events import EventKind, MailEvent
from sestui.core.delivery.machine_opens import is_machine
from sestui.feedback.unsubscribe_mail import UnsubscribeMails
from sestui.ses_api.events import (
    PROBE_TAG,
    EventFormatError,
    NotAnEventError,
    QueueMessage,
    SesEvent,
    parse_event,
)
from sestui.ses_api.received_mail import ReceivedMail, parse_received
from sestui.store.db.database import Database
from sestui.store.events.apply import (
    EventRules,
    NewEvent,
    apply_events,
    event_key,
    settle_by_events,
)
from sestui.store.events.breaker import Tripped
from sestui.store.events.quarantine import Quarantine, Unreadable
from sestui.store.events.raw import compressed
from sestui.store.web.mailed_choices import KIND

_log = logging.getLogger(__name__)

BATCH = 200
"""Events applied in one transaction: some 10 ms of the database's time, as a sender may wait."""

_RUN_TAG, _DELIVERY_TAG = "sestui-run", "sestui-delivery"
_LARGEST_ID = 2**63 - 1


class EventQueue(Protocol):
    """A queue of events."""

    def receive(self, wait_seconds: float) -> Sequence[QueueMessage]:
        """Messages, after waiting for the first for up to ``wait_seconds``; none: there are none.

        They come again some time later unless they are deleted.
        """

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        """Take messages out of the queue."""


@dataclass(slots=True)
class PullResult:
    """The result of a pull."""

    received: int = 0
    applied: int = 0
    known: int = 0
    """Events that had been applied before."""
    unmatched: int = 0
    """Events of mail that is not in this database."""
    settled: int = 0
    """Deliveries in doubt that turned out to be accepted."""
    refused: int = 0
    """Addresses that will get no more mail."""
    quarantined: int = 0
    ignored: int = 0
    """Messages without news: AWS's test message of a new topic, events of probes."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Events applied, by their kind."""
    tripped: list[Tripped] = field(default_factory=list)
    """Runs whose bounce or complaint rates have crossed a limit, each as often as it did."""


class EventApplier:
    """Applies messages with events to one database, by whichever way they come."""

    def __init__(
        self, database: Database, clock: Clock, rules: EventRules, mails: UnsubscribeMails
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._mails = mails
        self._quarantine = Quarantine(database)

    def apply(self, messages: Sequence[QueueMessage], result: PullResult) -> None:
        """Apply ``messages``, and add to ``result`` what became of them."""
        events: list[NewEvent] = []
        unreadable: list[Unreadable] = []
        received: list[tuple[str, ReceivedMail]] = []
        for message in messages:
            try:
                mail = parse_received(message.body)
                if mail is None:
                    events.append(new_event(message.body))
                else:
                    received.append((message.body, mail))
            except NotAnEventError:
                result.ignored += 1
            except EventFormatError as error:
                unreadable.append(_unreadable(message.body, str(error)))
        now = self._clock.now()
        unreadable += self._unsubscribe(received, now, result)
        result.received += len(messages)
        result.quarantined += self._quarantine.add(unreadable, now)
        if unreadable:
            _log.warning("%d messages with events can't be read.", len(unreadable))
        applied = apply_events(self._database, events, now, self._rules)
        result.applied += len(applied.new)
        result.known += applied.known
        result.unmatched += applied.unmatched
        result.settled += applied.settled
        result.refused += applied.refused
        result.tripped += applied.tripped
        for run in applied.tripped:
            done = "is paused" if run.level is Level.PAUSE else "goes on"
            _log.warning("%s run %d %s: %s", run.campaign, run.number, done, run.sentence)
        for each in applied.new:
            result.kinds[each.event.kind] = result.kinds.get(each.event.kind, 0) + 1

    def _unsubscribe(
        self, received: Sequence[tuple[str, ReceivedMail]], now: Instant, result: PullResult
    ) -> list[Unreadable]:
        """Carry out mail to unsubscribe; returns what somebody has to look at."""
        done = self._mails.apply([mail for _, mail in received], now)
        result.applied += done.applied
        result.known += done.known
        result.refused += done.unsubscribed
        result.ignored += done.ignored
        if done.applied:
            result.kinds[KIND] = result.kinds.get(KIND, 0) + done.applied
        return [_unreadable(received[place][0], why) for place, why in done.unread]


class EventPuller(EventApplier):
    """Pulls one queue into one database."""

    def __init__(
        self,
        database: Database,
        queue: EventQueue,
        clock: Clock,
        rules: EventRules,
        mails: UnsubscribeMails,
    ) -> None:
        super().__init__(database, clock, rules, mails)
        self._queue = queue

    def pull(
        self,
        *,
        wait_seconds: float = 0.0,
        keep_going: Callable[[], bool] = lambda: True,
    ) -> PullResult:
        """Apply what is in the queue until it is empty, or ``keep_going`` says no.

        An empty queue is waited at for up to ``wait_seconds``, once.

        Raises:
            AccountError: the queue can't be read.
            StorageError: nothing is lost: what was not applied stays in the queue.
        """
        result = PullResult()
        wait = wait_seconds
        while keep_going():
            messages = self._batch(wait)
            if not messages:
                break
            wait = 0.0
            self.apply(messages, result)
            self._queue.delete(messages)
        result.settled += settle_by_events(self._database)
        return result

    def _batch(self, wait_seconds: float) -> list[QueueMessage]:
        found = list(self._queue.receive(wait_seconds))
        while found and len(found) < BATCH:
            more = self._queue.receive(0.0)
            if not more:
                break
            found += more
        return found


def _unreadable(body: str, why: str) -> Unreadable:
    return Unreadable(body.encode("utf-8", "replace"), why)


def new_event(body: str) -> NewEvent:
    """The event in a message of the queue, as the store applies it.

    Raises:
        NotAnEventError, EventFormatError: as ``parse_event``.
    """
    event = parse_event(body)
    if PROBE_TAG in event.tags:
        raise NotAnEventError("It is about a probe of the set-up.")
    recipients = tuple(address_key(address) for address in event.destination)
    about = recipients
    if len(recipients) > 1:  # a complaint may name everybody at a domain
        named = {address_key(each.address) for each in event.recipients}
        about = tuple(key for key in recipients if key in named)
    is_click = event.kind is EventKind.CLICK
    return NewEvent(
        key=event_key(event.identity, event.occurred_at),
        message_id=event.message_id,
        recipients=recipients,
        about=about,
        mailed_at=event.mailed_at,
        event=MailEvent(
            kind=event.kind,
            at=event.occurred_at,
            type=event.type,
            sub_type=event.sub_type,
            detail=event.link or event.reason or _diagnostic(event),
            by_machine=(is_click or event.kind is EventKind.OPEN)
            and is_machine(event.user_agent, is_click=is_click),
            unsubscribes=event.unsubscribes,
        ),
        raw=compressed(body.encode("utf-8", "replace")),
        run_id=_id(event.tags.get(_RUN_TAG)),
        delivery_id=_id(event.tags.get(_DELIVERY_TAG)),
    )


def _diagnostic(event: SesEvent) -> str:
    said = [each.diagnostic or each.status for each in event.recipients]
    return next(filter(None, said), "")


def _id(tag: str | None) -> int | None:
    """The id in a tag; None if it isn't one of ours."""
    if tag is None or not tag.isascii() or not tag.isdigit() or len(tag) > 19:
        return None
    number = int(tag)
    return number if 0 < number <= _LARGEST_ID else None
