"""Contacts, campaigns and runs for tests, written straight into a database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import select

from sestui.core.campaign.fields import CampaignFields
from sestui.core.clock import Clock
from sestui.core.content import MessageSource
from sestui.core.delivery.account import AccountStatus, QuotaRule
from sestui.core.delivery.handover import Answer, AnswerKind, Claim, HoldBack, Reply, RunCounts
from sestui.core.delivery.mail import MailAttachment
from sestui.core.delivery.states import DeliveryState
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database
from sestui.store.db.tables import (
    Campaign,
    Contact,
    ContactList,
    Delivery,
    Membership,
    Run,
    Suppression,
)
from sestui.store.ledger.governor import Governor
from sestui.store.ledger.ledger import Ledger
from sestui.store.runs.runs import Runs, counts_of

ACCOUNT = "test-account"
PLENTY = AccountStatus(max_24_hour_send=-1, max_send_rate=10_000, sent_last_24_hours=0)


def addresses(count: int, prefix: str = "r") -> list[str]:
    return [f"{prefix}{number:05d}@example.com" for number in range(count)]


def add_contacts(
    database: Database, emails: Iterable[str], list_name: str = "all", **fields: Any
) -> list[int]:
    """Put contacts on a list; returns their ids in the order given."""
    with database.write() as session:
        found = session.exec(select(ContactList).where(ContactList.name == list_name)).first()
        audience = found or ContactList(name=list_name, created_at=0)
        contacts = [
            Contact(email=email, email_key=email.lower(), created_at=0, updated_at=0, **fields)
            for email in emails
        ]
        session.add_all([audience, *contacts])
        session.flush()
        session.add_all(
            Membership(list_id=audience.id, contact_id=contact.id, joined_at=0)
            for contact in contacts
        )
        return [contact.id for contact in contacts]


def make_campaign(
    database: Database,
    name: str = "news",
    *,
    now: float = 0,
    body: str = "",
    attachments: tuple[MailAttachment, ...] = (),
    **fields: Any,
) -> Campaign:
    """A campaign over the list ``all``, or over ``lists``."""
    return Campaigns(database).save(
        CampaignFields(name, "news@example.com", **{"lists": ("all",), **fields}),
        MessageSource(
            "News",
            body or "Hello {{ email }}, [leave]({{ unsubscribe_url }})",
            attachments=attachments,
        ),
        now=now,
        next_due_at=None,
    )


def start_run(database: Database, campaign: Campaign, now: float) -> Run:
    run = Runs(database).start(campaign, now)
    assert run is not None
    return run


def tell_governor(
    database: Database, status: AccountStatus = PLENTY, *, now: float = 0, account: str = ACCOUNT
) -> None:
    """Store what SES would have said of the account."""
    governor = Governor(database)
    governor.poll_ends(account, status, governor.poll_begins(account), now=now)


def open_ledger(
    database: Database,
    clock: Clock,
    worker: str = "worker",
    *,
    usage: float = 1.0,
    account: str = ACCOUNT,
) -> Ledger:
    return Ledger(
        database,
        account=account,
        worker=worker,
        quota_rule=QuotaRule(usage),
        clock=clock,
    )


def accepted(claim: Claim) -> Answer:
    return Answer.of(claim, Reply(AnswerKind.ACCEPTED, message_id=f"m{claim.delivery_id}"))


def refused(claim: Claim) -> Answer:
    return Answer.of(claim, Reply(AnswerKind.REFUSED, code="MessageRejected", reason="No."))


def unknown(claim: Claim) -> Answer:
    return Answer.of(claim, Reply(AnswerKind.UNKNOWN, code="ReadTimeoutError", reason="Lost"))


def not_sent(
    claim: Claim, hold_back: HoldBack = HoldBack.FAULT, *, retry_after: float = 0.0
) -> Answer:
    reply = Reply(AnswerKind.NOT_SENT, code="InternalFailure", reason="Later.", hold_back=hold_back)
    return replace(Answer.of(claim, reply), retry_after=retry_after)


def suppress(database: Database, email: str) -> None:
    with database.write() as session:
        session.add(Suppression(email_key=email.lower(), reason="manual", created_at=0))


def rows_of(database: Database, run_id: int) -> Sequence[Delivery]:
    with database.read() as session:
        return session.exec(
            select(Delivery).where(Delivery.run_id == run_id).order_by(Delivery.id)
        ).all()


def states_of(database: Database, run_id: int) -> dict[str, str]:
    """State by address."""
    return {row.email: row.state for row in rows_of(database, run_id)}


def checked_counts(database: Database, run_id: int) -> RunCounts:
    """The run's counters, after holding them against the rows themselves."""
    with database.read() as session:
        run = session.get(Run, run_id)
        assert run is not None
        states = Counter(
            session.exec(select(Delivery.state).where(Delivery.run_id == run_id)).all()
        )
    counts = counts_of(run)
    states[DeliveryState.PENDING] += counts.unchecked
    rows = {state: states[state] for state in counts.as_dict()}
    assert counts.as_dict() == rows, (counts, rows)
    return counts


SUPPRESS_LATE = (
    "INSERT INTO suppression (email_key, reason, detail, created_at, kept) "
    "VALUES ('late@example.com', 'r', '', 0, 0)"
)
"""One more suppressed address, written as another process would."""
