"""Requests of the subscribe form: each gets a mail by the ledger, and waits to be confirmed.

A request for an address that may not be mailed is kept and queued like any other. The claim skips
its mail, so nobody learns from the form what is known of an address, not even by its speed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select
from sqlmodel import Session, col

from sestui.core.clock import Instant
from sestui.core.contact.address_check import Address, mailbox_key, wire_address
from sestui.core.content.confirmation import FALLBACK, confirmation_message
from sestui.core.delivery.states import ENDED_RUN_STATES, DeliveryState, RunKind, RunState
from sestui.store.campaigns.messages import stored_message
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Delivery, Run
from sestui.store.ledger import statements as ledger_sql
from sestui.store.web.tables import SubscriptionRequest

REQUEST = SubscriptionRequest.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

OWN_NAME = "(subscriptions)"
"""The campaign whose runs hold the mails, one for each day; the name is invalid for others."""

HOUR, DAY = 3_600.0, 86_400.0
KEPT_SECONDS = 7 * DAY
"""How long a request is kept; a mail that couldn't leave until then is skipped."""

_MOST_A_DAY = 3
"""Mails to one mailbox in a day, an hour apart."""

_PRIORITY = 9
"""Before campaigns, as somebody is waiting for it."""


@dataclass(frozen=True, slots=True)
class AskedSubscription:
    """The form as somebody has sent it."""

    address: Address = field(repr=False)
    name: str = field(repr=False)
    """The first name; '' if none was given."""
    lists: tuple[str, ...]
    lang: str
    at: Instant


@dataclass(frozen=True, slots=True)
class TakenSubscription:
    """What became of a request."""

    full: bool = False
    """Too many have come in the last hour, whoever for; it was not kept."""
    queued: bool = False
    """A mail is queued; otherwise the address had one lately."""


@dataclass(frozen=True, slots=True)
class UnsentRun:
    """A run with mails that have not left."""

    id: int
    held: str
    """Why it doesn't send, as it is paused or waits; '' if it may."""


@dataclass(frozen=True, slots=True)
class RequestedMail:
    """What a mail says."""

    request_id: int
    email: str = field(repr=False)
    email_key: str = field(repr=False)
    lists: tuple[str, ...]
    lang: str


class SubscriptionRequests:
    """The requests of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(
        self, asked: Sequence[AskedSubscription], *, sender: str, hourly: int
    ) -> Sequence[TakenSubscription]:
        """Keep requests and queue their mails, in one transaction.

        A mailbox gets one mail an hour, three a day, and all together ``hourly`` an hour.
        ``sender`` is the mails' From.
        """
        with self._database.write_connection() as connection:
            now = max(each.at for each in asked)
            campaign_id = _own_campaign(connection, sender, now)
            connection.execute(delete(REQUEST).where(REQUEST.c.asked_at < now - KEPT_SECONDS))
            lately = select(func.count()).where(_since(now, HOUR))
            used = int(connection.execute(lately).scalar_one())
            run_id: int | None = None
            taken = []
            for each in asked:
                if used >= hourly:
                    taken.append(TakenSubscription(full=True))
                elif _had_mail(connection, each.address.key, now):
                    taken.append(TakenSubscription())
                else:
                    run_id = run_id or _current_run(connection, campaign_id, now)
                    _queue(connection, run_id, each)
                    taken.append(TakenSubscription(queued=True))
                    used += 1
            return taken

    def mails(self, delivery_ids: Collection[int]) -> Mapping[int, RequestedMail]:
        """What the mails of these deliveries say, unless the requests are no longer kept."""
        query = select(REQUEST).where(REQUEST.c.delivery_id.in_(list(delivery_ids)))
        with self._database.read_connection() as connection:
            rows = connection.execute(query).all()
        return {
            row.delivery_id: RequestedMail(
                row.id, row.email, row.email_key, tuple(row.lists), row.lang
            )
            for row in rows
        }

    def unsent_run(self) -> UnsentRun | None:
        """The newest run with mails that have not left; None if there is none."""
        query = (
            select(_RUN.c.id, _RUN.c.state, _RUN.c.detail)
            .join(_CAMPAIGN, _CAMPAIGN.c.id == _RUN.c.campaign_id)
            .where(
                _CAMPAIGN.c.name == OWN_NAME,
                _RUN.c.state.not_in(sorted(ENDED_RUN_STATES)),
                _RUN.c.pending > 0,
            )
            .order_by(_RUN.c.id.desc())
            .limit(1)
        )
        with self._database.read_connection() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return UnsentRun(row.id, "" if row.state == RunState.SENDING else row.detail or row.state)

    def purge(self, now: Instant) -> int:
        """Delete requests that are no longer needed; how many."""
        with self._database.write_connection() as connection:
            old = delete(REQUEST).where(REQUEST.c.asked_at < now - KEPT_SECONDS)
            return connection.execute(old).rowcount


def requests_of(database: Database, email_key: str) -> Sequence[SubscriptionRequest]:
    """The requests for an address that are still kept, newest first."""
    query = select(SubscriptionRequest).where(col(SubscriptionRequest.email_key) == email_key)
    with database.read() as session:
        newest_first = query.order_by(col(SubscriptionRequest.id).desc())
        return session.execute(newest_first).scalars().all()


def _since(now: Instant, seconds: float) -> ColumnElement[bool]:
    """Not later either: the clock may have been set back."""
    return and_(REQUEST.c.asked_at > now - seconds, REQUEST.c.asked_at < now + seconds)


def _had_mail(connection: Connection, key: str, now: Instant) -> bool:
    """Whether the mailbox must not get another mail yet, by whichever of its addresses."""
    mailbox = mailbox_key(key)
    begins = REQUEST.c.email_key.startswith(mailbox[0], autoescape=True)
    rows = connection.execute(
        select(REQUEST.c.email_key, REQUEST.c.asked_at).where(_since(now, DAY), begins)
    ).all()
    times = [row.asked_at for row in rows if mailbox_key(row.email_key) == mailbox]
    return len(times) >= _MOST_A_DAY or any(abs(now - at) < HOUR for at in times)


def _own_campaign(connection: Connection, sender: str, now: Instant) -> int:
    """The campaign, locked: several processes may take requests, and each limit counts all."""
    own = select(_CAMPAIGN.c.id).where(_CAMPAIGN.c.name == OWN_NAME).with_for_update()
    found = connection.execute(own).scalar()
    if found is not None:
        return int(found)
    with Session(connection, expire_on_commit=False) as session:
        campaign = Campaign(
            name=OWN_NAME,
            is_campaign=False,
            message_id=stored_message(session, confirmation_message(FALLBACK), now),
            from_address=sender,
            transactional=True,
            created_at=now,
            updated_at=now,
        )
        session.add(campaign)
        session.flush()
        return campaign.id


def _current_run(connection: Connection, campaign_id: int, now: Instant) -> int:
    """The run for the next mail: today's, or the last one while it has not ended."""
    last = connection.execute(
        select(_RUN.c.id, _RUN.c.number, _RUN.c.state, _RUN.c.created_at)
        .where(_RUN.c.campaign_id == campaign_id)
        .order_by(_RUN.c.number.desc())
        .limit(1)
    ).first()
    if last is not None and not _has_ended(last.state, last.created_at, now):
        return int(last.id)
    with Session(connection, expire_on_commit=False) as session:
        campaign = session.get_one(Campaign, campaign_id)
        run = Run(
            campaign_id=campaign_id,
            number=1 if last is None else last.number + 1,
            kind=RunKind.CONFIRMATION.value,
            message_id=campaign.message_id,
            from_address=campaign.from_address,
            transactional=True,
            # A request that has been deleted meanwhile must not hold up those after it.
            skip_unrenderable=True,
            priority=_PRIORITY,
            state=RunState.SENDING.value,
            created_at=now,
            started_at=now,
        )
        session.add(run)
        session.flush()
        return run.id


def _has_ended(state: str, created_at: Instant, now: Instant) -> bool:
    if state == RunState.FINISHED:
        return created_at // DAY != now // DAY
    return state == RunState.CANCELLED


def _queue(connection: Connection, run_id: int, asked: AskedSubscription) -> None:
    with Session(connection, expire_on_commit=False) as session:
        # Without its contact: that may have been marked invalid or had a mail of this run.
        delivery = Delivery(
            run_id=run_id, email=wire_address(asked.address.email), queued_at=asked.at
        )
        session.add(delivery)
        session.flush()
        session.add(
            SubscriptionRequest(
                email=asked.address.email,
                email_key=asked.address.key,
                name=asked.name,
                lists=list(asked.lists),
                lang=asked.lang,
                asked_at=asked.at,
                delivery_id=delivery.id,
            )
        )
        session.flush()
    deltas = {f"b_{state}": int(state is DeliveryState.PENDING) for state in DeliveryState}
    run = connection.execute(ledger_sql.MOVE_COUNTS, {"b_run_id": run_id} | deltas).one()
    if run.state == RunState.FINISHED:
        connection.execute(ledger_sql.REOPEN, {"b_run_id": run_id})
