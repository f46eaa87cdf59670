"""Read the simulated account's accepted mails, events and statistics."""

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from sestui.core.clock import Instant
from sestui.core.contact.mailboxes import Mailbox
from sestui.errors import NotFoundError
from sestui.simulator.account.account import SimulatedAccount
from sestui.simulator.account.rules import peak_in_one_second
from sestui.simulator.outbox.events import AcceptedMail, EventType, payload
from sestui.simulator.outbox.mails import stored_mail, stored_request
from sestui.simulator.outbox.outcomes import DELIVERED, MailOutcome, outcomes

_MAIL = "id, message_id, accepted_at, arrived_at, sender, sender_name, recipients, subject, tags"
_STATISTICS_SECONDS = 900
_EVENTS = (
    "SELECT event.id, event.kind, event.recipients, event.detail, event.after, message_id, "
    "accepted_at, sender, outbox.recipients, subject, tags, bulk, body, entry "
    "FROM event JOIN outbox ON outbox.id = outbox_id JOIN call ON call.id = call_id"
)


@dataclass(frozen=True, slots=True)
class SendStatistics:
    """Sends within a quarter of an hour."""

    begins_at: Instant
    attempts: int
    bounces: int
    complaints: int


def listed(connection: sqlite3.Connection, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Accepted mail with ids above ``after``, oldest first, without its content."""
    rows = connection.execute(
        f"SELECT {_MAIL} FROM outbox WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608 - a constant
        (after, limit),
    )
    return _summaries(connection, rows.fetchall())


def newest(connection: sqlite3.Connection, *, limit: int) -> list[dict[str, Any]]:
    """The last ``limit`` accepted mails, oldest first, without content."""
    rows = connection.execute(
        f"SELECT {_MAIL} FROM outbox ORDER BY id DESC LIMIT ?",  # noqa: S608 - a constant
        (limit,),
    ).fetchall()
    return _summaries(connection, rows[::-1])


def full(connection: sqlite3.Connection, message_id: str) -> dict[str, Any]:
    """One accepted mail with its content.

    Raises:
        NotFoundError: nothing with that id was accepted.
    """
    row = connection.execute(
        f"SELECT {_MAIL}, bulk, body, entry FROM outbox "  # noqa: S608 - a constant
        "JOIN (SELECT id AS number, bulk, body FROM call) ON number = call_id "
        "WHERE message_id = ?",
        (message_id,),
    ).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no mail {message_id!r} in the outbox; `sestui simulator outbox` lists it."
        )
    bulk, body, entry = row[-3:]
    mail = asdict(stored_mail(body, bulk=bool(bulk), entry=entry))
    mail["headers"] = [{"name": name, "value": value} for name, value in mail["headers"]]
    [summary] = _summaries(connection, [row[:-3]])
    return {**summary, **mail}


def addresses(connection: sqlite3.Connection) -> dict[str, int]:
    """The number of accepted mails by recipient, in lower case."""
    rows = connection.execute(
        "SELECT lower(value), count(*) FROM outbox, json_each(recipients) GROUP BY 1"
    )
    return dict(rows.fetchall())


def events(
    connection: sqlite3.Connection, *, after: int, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Events with ids above ``after``, oldest first: id and SES's JSON."""
    rows = connection.execute(
        f"{_EVENTS} WHERE event.id > ? ORDER BY event.id LIMIT ?",
        (after, limit),
    )
    return [(row[0], _payload(row)) for row in rows]


def due_events(
    connection: sqlite3.Connection, now: Instant, *, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Events that the queue gives out at ``now``, those that are due for longest first."""
    rows = connection.execute(
        f"{_EVENTS} WHERE due_at <= ? ORDER BY due_at, event.id LIMIT ?",
        (now, limit),
    )
    return [(row[0], _payload(row)) for row in rows]


def send_statistics(connection: sqlite3.Connection, *, since: Instant) -> list[SendStatistics]:
    """Sends since ``since`` (simulator's clock) by quarters of an hour, in order.

    Quarters without sends are left out.
    """
    quarter = f"CAST(accepted_at / {_STATISTICS_SECONDS} AS INTEGER)"
    sent = connection.execute(
        f"SELECT {quarter}, count(*) FROM outbox WHERE accepted_at >= ? "  # noqa: S608 - a number
        "GROUP BY 1 ORDER BY 1",
        (since,),
    ).fetchall()
    trouble = connection.execute(
        f"SELECT event.kind, {quarter}, count(*) FROM event "  # noqa: S608 - a number
        "JOIN outbox ON outbox.id = outbox_id "
        "WHERE event.kind IN ('Bounce', 'Complaint') AND accepted_at >= ? GROUP BY 1, 2",
        (since,),
    )
    counts = {(kind, number): count for kind, number, count in trouble}
    return [
        SendStatistics(
            begins_at=float(number * _STATISTICS_SECONDS),
            attempts=count,
            bounces=counts.get(("Bounce", number), 0),
            complaints=counts.get(("Complaint", number), 0),
        )
        for number, count in sent
    ]


def stats(
    connection: sqlite3.Connection, account: SimulatedAccount, *, since: float
) -> dict[str, Any]:
    """Totals, and the peak per second of arrivals since ``since``."""
    accepted, recipients = connection.execute(
        "SELECT count(*), coalesce(sum(recipient_count), 0) FROM outbox"
    ).fetchone()
    arrivals = connection.execute(
        "SELECT arrived_at, recipient_count FROM outbox WHERE arrived_at >= ?", (since,)
    ).fetchall()
    return {
        "accepted": accepted,
        "recipients": recipients,
        "throttled": account.throttled,
        "over_quota": account.over_quota,
        "refused": account.refused,
        "peak_per_second": peak_in_one_second(arrivals),
        "first_arrived_at": min(arrivals)[0] if arrivals else None,
        "last_arrived_at": max(arrivals)[0] if arrivals else None,
    }


def _summaries(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """The mails of ``rows`` as JSON, in order."""
    if not rows:
        return []
    states = outcomes(connection, [row[0] for row in rows])
    return [_summary(row, states.get(row[0], DELIVERED)) for row in rows]


def _summary(row: tuple[Any, ...], outcome: MailOutcome) -> dict[str, Any]:
    number, message_id, accepted_at, arrived_at, sender, name, recipients, subject, tags = row
    return {
        "id": number,
        "message_id": message_id,
        "accepted_at": accepted_at,
        "arrived_at": arrived_at,
        "from": Mailbox(name, sender).shown,
        "sender": sender,
        "recipients": json.loads(recipients),
        "subject": subject,
        "tags": dict(json.loads(tags)),
        "state": outcome.state,
    }


def _payload(row: tuple[Any, ...]) -> dict[str, Any]:
    event_id, kind, concerned, detail, after, message_id, accepted_at, sender = row[:8]
    recipients, subject, tags, bulk, body, entry = row[8:]
    mail = AcceptedMail(
        message_id=message_id,
        accepted_at=accepted_at,
        sender=sender,
        recipients=tuple(json.loads(recipients)),
        subject=subject,
        tags=tuple((name, value) for name, value in json.loads(tags)),
    )
    happening = EventType(kind, tuple(json.loads(concerned)), detail, after)
    request = stored_request(body, bulk=bool(bulk), entry=entry)
    clicked = kind == "Click"
    html = stored_mail(body, bulk=bool(bulk), entry=entry).html if clicked else ""
    return payload(event_id, happening, mail, request, html)
