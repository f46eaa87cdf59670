"""Write accepted mails to the outbox, with their events and their share of the quota."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from sestui.core.clock import Instant
from sestui.ses_api.wire import BulkStatus, EntryResult
from sestui.simulator.account.account import (
    CallDecision,
    SimulatedCall,
    SimulatedMail,
)
from sestui.simulator.account.rules import counted, quota_second
from sestui.simulator.outbox.events import LEFT, EventType, event_types

Live = Callable[[list[EventType], SimulatedMail], list[EventType]]
"""Adds to a mail's events what its recipient does with it."""


def record(
    connection: sqlite3.Connection,
    call: SimulatedCall,
    verdict: CallDecision,
    blob: bytes,
    times: tuple[Instant, Instant],
    *,
    suppressed: frozenset[str],
    live: Live,
) -> CallDecision:
    """Write accepted mails to outbox, events and quota; returns the verdict with message ids.

    ``times`` are the acceptance by the simulator's clock and the arrival by the machine's.
    """
    taken = [
        (index, call.entries[index])
        for index, result in enumerate(verdict.results)
        if result.status is BulkStatus.SUCCESS
    ]
    if not taken:
        return verdict
    call_id = connection.execute(
        "INSERT INTO call (bulk, body) VALUES (?, ?)", (call.bulk, blob)
    ).lastrowid
    results = list(verdict.results)
    counting = 0
    for index, entry in taken:
        message_id = _message_id(times[0])
        envelope = (message_id, *times, call.sender, call.sender_name)
        happened = _happened(connection, entry, suppressed, live)
        _record_mail(connection, envelope, entry, (call_id, index), happened)
        results[index] = EntryResult(BulkStatus.SUCCESS, message_id)
        counting += counted(entry.recipients)
    if counting:
        connection.execute(
            "INSERT INTO quota_second VALUES (?, ?) "
            "ON CONFLICT (second) DO UPDATE SET recipients = recipients + excluded.recipients",
            (quota_second(times[0]), counting),
        )
    return replace(verdict, results=tuple(results))


def _happened(
    connection: sqlite3.Connection, entry: SimulatedMail, suppressed: frozenset[str], live: Live
) -> list[EventType]:
    """The events of an accepted mail, after noting who leaves a contact list by it."""
    events = event_types(entry.recipients, entry.rendering_failure, suppressed)
    if entry.subscription is None:
        return live(events, entry)
    name, topic = entry.subscription
    [address] = [each.lower() for each in entry.recipients]
    left = connection.execute(
        "SELECT 1 FROM departure WHERE address = ? AND contact_list = ? AND topic IN ('', ?)",
        (address, name, topic),
    ).fetchone()
    if left is not None:
        return [EventType("Send", entry.recipients), EventType("Bounce", entry.recipients, LEFT)]
    found = live(events, entry)
    if any(each.kind == "Subscription" for each in found):
        connection.execute(
            "INSERT OR IGNORE INTO departure VALUES (?, ?, ?)", (address, name, topic)
        )
    return found


def _record_mail(
    connection: sqlite3.Connection,
    envelope: tuple[str, Instant, Instant, str, str],
    entry: SimulatedMail,
    place: tuple[int | None, int],
    events: Sequence[EventType],
) -> None:
    """Write one mail and its events.

    ``envelope`` is message id, acceptance, arrival, sender and its name; ``place`` the call's id
    and the entry's index.
    """
    recipients = json.dumps(entry.recipients)
    outbox_id = connection.execute(
        "INSERT INTO outbox (message_id, accepted_at, arrived_at, sender, sender_name, recipients, "
        "recipient_count, subject, tags, call_id, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *envelope,
            recipients,
            len(entry.recipients),
            entry.subject,
            json.dumps(entry.tags),
            *place,
        ),
    ).lastrowid
    connection.executemany(
        "INSERT INTO event (outbox_id, kind, recipients, detail, after, due_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                outbox_id,
                event.kind,
                json.dumps(event.recipients),
                event.detail,
                event.after,
                envelope[1] + event.after,
            )
            for event in events
        ],
    )


def _message_id(now: Instant) -> str:
    """A unique id in SES's shape; it begins with the time, so that the index grows at its end."""
    tail = str(uuid.uuid4())
    return f"0102{int(now * 1000):012x}-{tail}-000000"
