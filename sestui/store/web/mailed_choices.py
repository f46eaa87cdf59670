"""Unsubscriptions by mail: each carried out once, in the transaction that remembers the mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sqlalchemy import BigInteger, Connection, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.delivery.mail_token import ClaimedDelivery
from sestui.core.delivery.unsubscribe_token import LinkSubject
from sestui.store.contacts.erased import hold_off_erasure
from sestui.store.db.database import Database
from sestui.store.events.apply import event_key
from sestui.store.events.event_tables import EventRow
from sestui.store.events.raw import compressed
from sestui.store.ledger.statements import DELIVERY
from sestui.store.web.preferences import Chosen, carry_out
from sestui.store.web.recipients import recipient_of

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

KIND = "Unsubscribe"
"""The kind under which the mail is kept among the events."""
_CHOSEN = Chosen(ReaderChoice.ALL, Source.MAIL)


@dataclass(frozen=True, slots=True)
class MailedChoice:
    """A mail by which somebody unsubscribes."""

    message_id: str
    received_at: Instant
    subjects: tuple[LinkSubject, ...] = field(repr=False)
    """What sealed tokens in it say."""
    claims: tuple[ClaimedDelivery, ...]
    """What tokens of its addresses say; each holds for one address only."""
    senders: tuple[str, ...] = field(repr=False)
    """Keys of the addresses that it comes from."""
    report: str = field(repr=False)
    """SES's notification, kept with the events."""


class MailVerdict(Enum):
    """What became of a mail."""

    UNSUBSCRIBED = auto()
    ALREADY = auto()
    """The recipient had been unsubscribed before."""
    KNOWN = auto()
    """The same mail was carried out before; what has been chosen since stays."""
    FORGED = auto()
    """Its tokens hold for nobody."""


def unsubscribe_by_mail(
    database: Database, mails: Sequence[MailedChoice], now: Instant
) -> list[MailVerdict]:
    """Carry out ``mails`` in one transaction; what became of each, in order."""
    if not mails:
        return []
    with database.write_connection() as connection:
        hold_off_erasure(connection)
        return [_carried_out(connection, each, now) for each in mails]


def _carried_out(connection: Connection, mail: MailedChoice, now: Instant) -> MailVerdict:
    subject = next(iter(mail.subjects), None) or _claimed(connection, mail)
    if subject is None:
        return MailVerdict.FORGED
    recipient = recipient_of(connection, subject, brief=True)
    if not _remember(connection, mail, now, with_report=not recipient.erased):
        return MailVerdict.KNOWN
    carry_out(connection, recipient, _CHOSEN, now)
    return MailVerdict.ALREADY if recipient.unsubscribed else MailVerdict.UNSUBSCRIBED


def _claimed(connection: Connection, mail: MailedChoice) -> LinkSubject | None:
    """The delivery that an address token is of: by the ledger, else by who writes.

    The ledger may have lost the delivery, or given its number to another mail after a restore.
    """
    for claim in mail.claims:
        # Anybody can claim numbers that PostgreSQL's integers can't hold.
        number = literal(claim.delivery_id, BigInteger)
        to = connection.execute(select(DELIVERY.c.email).where(DELIVERY.c.id == number)).scalar()
        known = () if to is None else (address_key(to),)
        for key in (*known, *mail.senders):
            if claim.is_to(key):
                return LinkSubject(claim.delivery_id, key)
    return None


def _remember(
    connection: Connection, mail: MailedChoice, now: Instant, *, with_report: bool
) -> bool:
    """Keep the mail's report among the events; False if it is there already."""
    raw = compressed(mail.report.encode("utf-8", "replace")) if with_report else None
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = connection.execute(
        dialect.insert(_EVENT)
        .values(
            key=event_key(f"{KIND}\n{mail.message_id}", mail.received_at),
            delivery_id=None,
            message_id=mail.message_id,
            kind=KIND,
            occurred_at=mail.received_at,
            mailed_at=mail.received_at,
            received_at=now,
            type="",
            sub_type="",
            detail="",
            by_machine=False,
            raw=raw,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(_EVENT.c.id)
    )
    return added.scalar() is not None
