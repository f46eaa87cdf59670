"""Suppress addresses that bounced or complained, in the transaction that applies the events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.core.delivery.events import MailEvent, RefusalReason, is_soft_bounce, refusal_of
from sestui.core.delivery.outcomes import (
    MESSAGE_BOUNCES,
    PERMANENT,
    TRANSIENT,
    DeliveryOutcome,
)
from sestui.core.delivery.states import MANUAL, ContactStatus
from sestui.store.db.tables import Suppression
from sestui.store.ledger.statements import CONTACT, DELIVERY

_SUPPRESSION = Suppression.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_DAY = 86_400.0
_OF_MESSAGES = sorted(
    f"{kind}/{sub_type}" for kind in (TRANSIENT, "Undetermined") for sub_type in MESSAGE_BOUNCES
)


@dataclass(frozen=True, slots=True)
class SoftBounceRule:
    """When an address is suppressed for repeated soft bounces."""

    bounces: int = 5
    """In a row; 0: never."""
    days: float = 7.0
    """From the first to the last of them, at least: a server may be down for days."""


@dataclass(frozen=True, slots=True)
class AddressEvent:
    """An event and one address that it is about."""

    address: str
    """Its key by ``core.contact.address_check``."""
    contact_id: int | None
    """The contact whose delivery it is about; None if there is none."""
    event: MailEvent


def refuse(
    connection: Connection, events: Sequence[AddressEvent], rule: SoftBounceRule, now: Instant
) -> int:
    """Suppress, or unsubscribe, whoever the events show to refuse mail; how many are new.

    An address that is suppressed already stays so, with its first reason; but what an operator has
    suppressed by hand takes on the event's, so that undoing it by hand doesn't release it.
    """
    suppressed: dict[str, tuple[RefusalReason, str]] = {}
    unsubscribed: dict[str, str] = {}
    soft: dict[str, AddressEvent] = {}
    for each in events:
        refusal = refusal_of(each.event)
        if refusal is RefusalReason.UNSUBSCRIBED:
            unsubscribed[each.address] = _detail(each.event)
        elif refusal is not None:
            suppressed.setdefault(each.address, (refusal, _detail(each.event)))
        elif is_soft_bounce(each.event) and each.contact_id is not None:
            soft[each.address] = each
    for address, each in soft.items():
        if address not in suppressed and _given_up(connection, each.contact_id, rule):
            detail = f"{rule.bounces} soft bounces in a row, the last: {_detail(each.event)}"
            suppressed[address] = (RefusalReason.BOUNCED, detail)
    return _suppress(connection, suppressed, now) + _unsubscribe(connection, unsubscribed, now)


def _detail(event: MailEvent) -> str:
    """``Permanent/NoEmail, reported by SES on 2026-11-28``."""
    code = "/".join(part for part in (event.type, event.sub_type) if part)
    day = datetime.fromtimestamp(event.at, UTC).date().isoformat()
    return f"{code or event.kind.value}, reported by SES on {day}"


def _suppress(
    connection: Connection, found: Mapping[str, tuple[RefusalReason, str]], now: Instant
) -> int:
    if not found:
        return 0
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(_SUPPRESSION)
    statement = fresh.on_conflict_do_update(
        index_elements=["email_key"],
        set_={
            **{name: fresh.excluded[name] for name in ("reason", "detail", "created_at")},
            "kept": True,  # the word that stood here does, whatever becomes of SES's list
        },
        # Not IN: its list can't be given to several rows at once.
        where=or_(
            _SUPPRESSION.c.reason == MANUAL,
            _SUPPRESSION.c.reason == RefusalReason.UNSUBSCRIBED.value,
        ),
    )
    rows = [
        {"email_key": address, "reason": refusal.value, "detail": detail, "created_at": now}
        for address, (refusal, detail) in sorted(found.items())
    ]
    added = connection.execute(statement.returning(_SUPPRESSION.c.email_key), rows)
    return len(added.all())


def _unsubscribe(connection: Connection, found: Mapping[str, str], now: Instant) -> int:
    count = 0
    for address, detail in sorted(found.items()):
        count += connection.execute(
            update(CONTACT)
            .where(
                CONTACT.c.email_key == address,
                CONTACT.c.status != ContactStatus.UNSUBSCRIBED.value,
            )
            .values(status=ContactStatus.UNSUBSCRIBED.value, status_reason=detail, updated_at=now)
        ).rowcount
    return count


def _given_up(connection: Connection, contact_id: int | None, rule: SoftBounceRule) -> bool:
    """Whether the contact's last mails all bounced softly, over a long enough time.

    Those that bounced for what was in them say nothing of the mailbox, and are passed over.
    """
    if not rule.bounces:
        return False
    last = connection.execute(
        select(DELIVERY.c.outcome, DELIVERY.c.outcome_code, DELIVERY.c.outcome_at)
        .where(
            DELIVERY.c.contact_id == contact_id,
            DELIVERY.c.outcome != "",
            DELIVERY.c.outcome_code.not_in(_OF_MESSAGES),
        )
        .order_by(DELIVERY.c.id.desc())
        .limit(rule.bounces)
    ).all()
    softly = [
        each.outcome_at
        for each in last
        if each.outcome == DeliveryOutcome.BOUNCED and not each.outcome_code.startswith(PERMANENT)
    ]
    if len(softly) < rule.bounces:
        return False
    return bool(max(softly) - min(softly) >= rule.days * _DAY)
