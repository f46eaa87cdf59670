"""Apply events: each once, in any order, in the transaction that counts them.

A delivery's facts are computed anew from all of its events whenever one more comes, so that neither
order nor repetition can matter. Two processes may apply the same events at the same time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.contact.address_in_text import ERASED
from sestui.core.delivery.breaker import BreakerRule
from sestui.core.delivery.events import EventKind, MailEvent
from sestui.core.delivery.states import DeliveryState
from sestui.store.contacts.erased import erased_among, hold_off_erasure
from sestui.store.db.database import Database
from sestui.store.events.breaker import Tripped, trip
from sestui.store.events.event_tables import EventRow
from sestui.store.events.facts import write_facts
from sestui.store.events.refusals import AddressEvent, SoftBounceRule, refuse
from sestui.store.ledger.bulk_statements import ids_of, values_of, values_text
from sestui.store.ledger.statements import CONTACT, DELIVERY, RUN
from sestui.store.ledger.transitions import move_counts

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_KEY_BYTES = 16
_KEY_MINUTE_BYTES = 4
"""Keys begin with the minute, so that new ones are neighbours in the index."""

_COLUMNS: tuple[Any, ...] = (
    DELIVERY.c.id,
    DELIVERY.c.run_id,
    DELIVERY.c.contact_id,
    DELIVERY.c.email,
    DELIVERY.c.state,
    DELIVERY.c.message_id,
    DELIVERY.c.sent_at,
    DELIVERY.c.outcome,
    DELIVERY.c.outcome_at,
    DELIVERY.c.outcome_code,
    DELIVERY.c.opened_at,
    DELIVERY.c.clicked_at,
)

_SET_ACCEPTED = (
    update(DELIVERY)
    .where(DELIVERY.c.id == bindparam("b_id"))
    .values(
        state=DeliveryState.ACCEPTED.value,
        message_id=bindparam("b_message_id"),
        sent_at=bindparam("b_sent_at"),
        code="",
        reason="",
    )
)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be applied."""

    key: bytes
    """The same for two reports of one event (:func:`event_key`)."""
    message_id: str
    recipients: tuple[str, ...]
    """Keys (``core.contact.address_check``) of the addresses that the mail went to; '' for one
    that was erased, as in the ledger."""
    about: tuple[str, ...]
    """Those of them that the event is about. Of a mail to one, that one: a bounce that came back by
    a forwarding names another."""
    mailed_at: Instant
    event: MailEvent
    raw: bytes | None
    """Its JSON, compressed; None if it isn't kept."""
    run_id: int | None = None
    """From the mail's tag; None without one."""
    delivery_id: int | None = None
    """As ``run_id``."""


def event_key(identity: str, at: Instant) -> bytes:
    """The key of an event that ``identity`` tells from others, as the index holds it."""
    minute = int(at // 60).to_bytes(_KEY_MINUTE_BYTES, "big")
    digest = blake2b(identity.encode(), digest_size=_KEY_BYTES - _KEY_MINUTE_BYTES)
    return minute + digest.digest()


@dataclass(slots=True)
class AppliedEvents:
    """The result of applying a batch of events."""

    new: list[NewEvent] = field(default_factory=list)
    """The events that had not been applied before, in the given order."""
    known: int = 0
    """How many had been applied before."""
    unmatched: int = 0
    """New events that belong to no delivery of this database."""
    settled: int = 0
    """Deliveries in doubt that they have shown to be accepted."""
    refused: int = 0
    """Addresses that they have suppressed, or contacts unsubscribed."""
    tripped: tuple[Tripped, ...] = ()
    """Runs whose bounce or complaint rates have crossed a limit."""


@dataclass(frozen=True, slots=True)
class EventRules:
    """The operator's rules for what follows from events."""

    soft_bounces: SoftBounceRule = field(default_factory=SoftBounceRule)
    breaker: BreakerRule = field(default_factory=BreakerRule)


def apply_events(
    database: Database, given: Sequence[NewEvent], now: Instant, rules: EventRules
) -> AppliedEvents:
    """Apply events, suppress whoever they show to refuse mail, and pause runs that cause too much
    of it, in one transaction."""
    with database.write_connection() as connection:
        hold_off_erasure(connection)
        return _apply(connection, _without_erased(connection, given), now, rules)


def _apply(
    connection: Connection, given: Sequence[NewEvent], now: Instant, rules: EventRules
) -> AppliedEvents:
    by_key = {each.key: each for each in given}
    matched = _matched(connection, list(by_key.values()))
    new_keys = _insert(connection, by_key, matched, now)
    result = AppliedEvents(known=len(given) - len(new_keys))
    touched: dict[int, Row[Any]] = {}
    for key, event in by_key.items():
        if key not in new_keys:
            continue
        result.new.append(event)
        row = matched.get(key)
        if row is None:
            result.unmatched += 1
        else:
            touched[row.id] = row
    written = write_facts(connection, touched)
    result.settled = _settle(connection, touched)
    about = [
        AddressEvent(
            address, matched[each.key].contact_id if each.key in matched else None, each.event
        )
        for each in result.new
        for address in each.about
    ]
    result.refused = refuse(connection, about, rules.soft_bounces, now)
    result.tripped = trip(connection, written.worse, rules.breaker, now)
    return result


def settle_by_events(database: Database) -> int:
    """Settle what is in doubt though an event has shown that SES took it; returns how many.

    Such a delivery was put in doubt after its event had been applied: the process that sent it
    died between the two.
    """
    with database.read_connection() as connection:
        runs = connection.execute(select(RUN.c.id).where(RUN.c.in_doubt > 0)).scalars().all()
    if not runs:
        return 0
    with database.write_connection() as connection:
        rows = connection.execute(
            select(*_COLUMNS)
            .where(
                DELIVERY.c.run_id.in_(runs),
                DELIVERY.c.state == DeliveryState.IN_DOUBT.value,
                select(_EVENT.c.id).where(_EVENT.c.delivery_id == DELIVERY.c.id).exists(),
            )
            .order_by(DELIVERY.c.id)
            .with_for_update(of=DELIVERY)
        ).all()
        return _settle(connection, {row.id: row for row in rows})


def _matched(connection: Connection, events: Sequence[NewEvent]) -> dict[bytes, Row[Any]]:
    """The delivery of each event by the event's key; what is another program's is left out.

    By the mail's tags first. Those of another database may name rows of this one, so the message
    id has to be the delivery's, or its run and address the event's.
    """
    tagged = {each.delivery_id for each in events if each.delivery_id is not None}
    rows = {row.id: row for row in _rows(connection, sorted(tagged))}
    found: dict[bytes, Row[Any]] = {}
    others = []
    for each in events:
        row = rows.get(each.delivery_id) if each.delivery_id is not None else None
        if row is not None and _is_of(row, each):
            found[each.key] = row
        else:
            others.append(each)
    return found | _matched_by_message(connection, others)


def _without_erased(connection: Connection, events: Sequence[NewEvent]) -> Sequence[NewEvent]:
    """The events, without what they say of people who were erased on request."""
    people = {key for each in events for key in (*each.recipients, *each.about)}
    erased = erased_among(connection, people)
    if not erased:
        return events
    return [
        replace(
            each,
            recipients=tuple("" if key in erased else key for key in each.recipients),
            about=tuple(key for key in each.about if key not in erased),
            raw=None,
            event=replace(each.event, detail=_detail_left(each.event)),
        )
        if erased.intersection((*each.recipients, *each.about))
        else each
        for each in events
    ]


def _detail_left(event: MailEvent) -> str:
    """Which link was followed; of a server's words only that there were some, which tells a bounce
    from an automatic reply.
    """
    if event.kind is EventKind.CLICK:
        return event.detail
    return ERASED if event.detail else ""


def _is_of(row: Row[Any], event: NewEvent) -> bool:
    if (address_key(row.email) if row.email else "") not in event.recipients:
        return False
    return bool(row.message_id == event.message_id or row.run_id == event.run_id)


def _matched_by_message(
    connection: Connection, events: Sequence[NewEvent]
) -> dict[bytes, Row[Any]]:
    """By message id and recipient, through the contact: message ids have no index."""
    keys = sorted({address for each in events for address in each.recipients})
    if not keys:
        return {}
    is_postgresql = connection.dialect.name == "postgresql"
    addresses = values_of("b_keys", postgresql=is_postgresql)
    rows = connection.execute(
        select(*_COLUMNS)
        .join(CONTACT, CONTACT.c.id == DELIVERY.c.contact_id)
        .where(
            CONTACT.c.email_key.in_(select(addresses.c.value)),
            DELIVERY.c.message_id.in_([each.message_id for each in events]),
        )
        .order_by(DELIVERY.c.id)
        .with_for_update(of=DELIVERY),
        {"b_keys": values_text(keys)},
    ).all()
    by_message = {row.message_id: row for row in rows}
    return {
        each.key: row
        for each in events
        if (row := by_message.get(each.message_id)) is not None
        and address_key(row.email) in each.recipients
    }


def _rows(connection: Connection, ids: Sequence[int]) -> Sequence[Row[Any]]:
    if not ids:
        return []
    return connection.execute(
        select(*_COLUMNS)
        .where(DELIVERY.c.id.in_(ids_of(connection)))
        .order_by(DELIVERY.c.id)
        .with_for_update(of=DELIVERY),
        {"b_ids": values_text(ids)},
    ).all()


def _insert(
    connection: Connection,
    by_key: Mapping[bytes, NewEvent],
    matched: Mapping[bytes, Row[Any]],
    now: Instant,
) -> set[bytes]:
    """Insert the new events; returns their keys."""
    if not by_key:
        return set()
    rows = [
        {
            "key": key,
            "delivery_id": matched[key].id if key in matched else None,
            "message_id": each.message_id,
            "kind": each.event.kind.value,
            "occurred_at": each.event.at,
            "mailed_at": each.mailed_at,
            "received_at": now,
            "type": each.event.type,
            "sub_type": each.event.sub_type,
            "detail": each.event.detail,
            "by_machine": each.event.by_machine,
            "raw": each.raw,
        }
        # In one order for every process: two that add the same don't wait for each other.
        for key, each in sorted(by_key.items())
    ]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(_EVENT).on_conflict_do_nothing(index_elements=["key"])
    added = connection.execute(statement.returning(_EVENT.c.key), rows)
    return {bytes(key) for key in added.scalars()}


def _settle(connection: Connection, rows: Mapping[int, Row[Any]]) -> int:
    """What is in doubt among ``rows``, whose events show that SES took the mail, is accepted.

    The first mail counts if there was more than one. One that is pending because the operator said
    resend stays pending: the second mail was asked for.
    """
    doubtful = {each.id: each for each in rows.values() if each.state == DeliveryState.IN_DOUBT}
    if not doubtful:
        return 0
    first = select(
        _EVENT.c.delivery_id, _EVENT.c.message_id, func.min(_EVENT.c.mailed_at).label("mailed_at")
    ).where(_EVENT.c.delivery_id.in_(ids_of(connection)))
    found = connection.execute(
        first.group_by(_EVENT.c.delivery_id, _EVENT.c.message_id).order_by("mailed_at"),
        {"b_ids": values_text(sorted(doubtful))},
    ).all()
    evidence: dict[int, Row[Any]] = {}
    for each in found:
        evidence.setdefault(each.delivery_id, each)
    connection.execute(
        _SET_ACCEPTED,
        [
            {"b_id": delivery_id, "b_message_id": it.message_id, "b_sent_at": it.mailed_at}
            for delivery_id, it in evidence.items()
        ],
    )
    before, after = DeliveryState.IN_DOUBT.value, DeliveryState.ACCEPTED.value
    moves = Counter((doubtful[each].run_id, before, after) for each in evidence)
    move_counts(connection, moves)
    return len(evidence)
