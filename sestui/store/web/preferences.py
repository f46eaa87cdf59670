"""Recipients' choices on the unsubscribe page, each made once, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from sestui.core.clock import Instant
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.delivery.events import RefusalReason
from sestui.core.delivery.states import ContactStatus
from sestui.core.delivery.unsubscribe_token import LinkSubject
from sestui.store.contacts.changes.bulk import insert_new
from sestui.store.contacts.erased import hold_off_erasure
from sestui.store.contacts.refusals import REFUSAL
from sestui.store.db.database import Database
from sestui.store.db.tables import ContactList
from sestui.store.web.recipients import (
    BY_PAGE,
    CHANGE,
    CONTACT,
    MEMBERSHIP,
    SUPPRESSION,
    LinkedRecipient,
    recipient_of,
)
from sestui.store.web.tables import PreferenceChange


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice as it was received."""

    choice: ReaderChoice
    source: Source
    until: Instant | None = None
    """The end of a pause."""


@dataclass(frozen=True, slots=True)
class ReceivedChoice:
    """A choice, whose it is, and when it came."""

    subject: LinkSubject
    chosen: Chosen
    at: Instant


# Built once, as building them costs more than running them.
_NOTE = insert(CHANGE)
_TO_UNSUBSCRIBED = (
    update(CONTACT)
    .where(
        CONTACT.c.id == bindparam("b_id"),
        CONTACT.c.status != ContactStatus.UNSUBSCRIBED.value,
    )
    .values(
        status=ContactStatus.UNSUBSCRIBED.value,
        status_reason=bindparam("b_reason"),
        updated_at=bindparam("b_now"),
    )
)
_OF_LISTS = frozenset({ReaderChoice.LISTS, ReaderChoice.UNDO})
"""Choices that depend on lists, or on earlier choices."""


class Preferences:
    """The choices of recipients, in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, subjects: Sequence[LinkSubject]) -> Sequence[LinkedRecipient]:
        """What is known of links' recipients, in order."""
        with self._database.read_connection() as connection:
            return [recipient_of(connection, each) for each in subjects]

    def choose(self, choices: Sequence[ReceivedChoice]) -> None:
        """Carry out choices in their order and in one transaction.

        A choice that is already in force changes nothing and is not recorded again.
        """
        with self._database.write_connection() as connection:
            hold_off_erasure(connection)
            for each in choices:
                brief = each.chosen.choice not in _OF_LISTS
                recipient = recipient_of(connection, each.subject, brief=brief)
                carry_out(connection, recipient, each.chosen, each.at)

    def trail(self, contact_id: int) -> Sequence[PreferenceChange]:
        """All choices of a contact, newest first."""
        query = (
            select(PreferenceChange)
            .where(col(PreferenceChange.contact_id) == contact_id)
            .order_by(col(PreferenceChange.id).desc())
        )
        with self._database.read() as session:
            return session.execute(query).scalars().all()

    def refused_lists(self, contact_id: int) -> Sequence[str]:
        """The names of lists that the contact has left."""
        query = (
            select(col(ContactList.name))
            .join(REFUSAL, REFUSAL.c.list_id == col(ContactList.id))
            .where(REFUSAL.c.contact_id == contact_id)
            .order_by(col(ContactList.name))
        )
        with self._database.read() as session:
            return list(session.execute(query).scalars())


def carry_out(
    connection: Connection, recipient: LinkedRecipient, chosen: Chosen, now: Instant
) -> None:
    """Carry out a choice in the connection's transaction, as :meth:`Preferences.choose` does."""
    if chosen.choice is ReaderChoice.UNDO:
        _undo(connection, recipient, now)
    elif recipient.erased:
        return  # they get no mail, and their address must not come back
    elif recipient.contact_id is None:
        _suppress(connection, recipient, now)
    elif chosen.choice is ReaderChoice.ALL:
        _unsubscribe(connection, recipient, chosen, now)
    elif chosen.choice is ReaderChoice.LISTS:
        _leave_lists(connection, recipient, chosen, now)
    else:
        _pause(connection, recipient, chosen, now)


def _unsubscribe(
    connection: Connection, recipient: LinkedRecipient, chosen: Chosen, now: Instant
) -> None:
    reason = _reason(recipient, chosen.source.value, now)
    given = {"b_id": recipient.contact_id, "b_reason": reason, "b_now": now}
    if connection.execute(_TO_UNSUBSCRIBED, given).rowcount:
        before = {"status": recipient.status, "status_reason": recipient.status_reason}
        after = {"status_reason": reason}
        _note(connection, recipient, chosen, now, before=before, after=after)


def _leave_lists(
    connection: Connection, recipient: LinkedRecipient, chosen: Chosen, now: Instant
) -> None:
    fresh = [each for each in recipient.lists if not each.refused]
    if not fresh:
        return
    ids = [each.id for each in recipient.lists]
    connection.execute(
        delete(MEMBERSHIP).where(
            MEMBERSHIP.c.contact_id == recipient.contact_id, MEMBERSHIP.c.list_id.in_(ids)
        )
    )
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    added = connection.execute(
        dialect.insert(REFUSAL).on_conflict_do_nothing().returning(REFUSAL.c.list_id),
        [{"list_id": each, "contact_id": recipient.contact_id, "at": now} for each in ids],
    ).scalars()
    left = list(added)
    if left:
        joined = [(each.id, each.joined_at) for each in fresh if each.joined_at is not None]
        before, after = {"joined": joined}, {"lists": left}
        _note(connection, recipient, chosen, now, before=before, after=after)


def _pause(
    connection: Connection, recipient: LinkedRecipient, chosen: Chosen, now: Instant
) -> None:
    if recipient.unsubscribed:
        return  # a pause must not bring mail back
    paused = connection.execute(
        update(CONTACT)
        .where(
            CONTACT.c.id == recipient.contact_id,
            CONTACT.c.paused_until.is_distinct_from(chosen.until),
        )
        .values(paused_until=chosen.until, updated_at=now)
    ).rowcount
    if paused:
        before = {"paused_until": recipient.paused(now)}
        after = {"paused_until": chosen.until}
        _note(connection, recipient, chosen, now, before=before, after=after)


def _suppress(connection: Connection, recipient: LinkedRecipient, now: Instant) -> None:
    """Suppress the address of a recipient without a contact."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    connection.execute(
        dialect.insert(SUPPRESSION)
        .values(
            email_key=recipient.address_key,
            reason=RefusalReason.UNSUBSCRIBED.value,
            detail=f"{BY_PAGE} on {day}",
            created_at=now,
        )
        .on_conflict_do_update(
            index_elements=["email_key"],
            set_={"kept": True},
            where=SUPPRESSION.c.reason != RefusalReason.UNSUBSCRIBED.value,
        )
    )


def _undo(connection: Connection, recipient: LinkedRecipient, now: Instant) -> None:
    if recipient.suppressed_by_page:
        connection.execute(
            delete(SUPPRESSION).where(
                SUPPRESSION.c.email_key == recipient.address_key,
                SUPPRESSION.c.reason == RefusalReason.UNSUBSCRIBED.value,
                SUPPRESSION.c.kept.is_(False),
            )
        )
        return
    change = recipient.undoable(now)
    if change is None:
        return
    ours = CHANGE.c.id == change.id, CHANGE.c.undone_at.is_(None)
    if not connection.execute(update(CHANGE).where(*ours).values(undone_at=now)).rowcount:
        return
    before = change.detail["before"]
    if change.choice == ReaderChoice.LISTS:
        _join_again(connection, recipient, change, now)
        return
    connection.execute(
        update(CONTACT).where(CONTACT.c.id == recipient.contact_id).values(**before, updated_at=now)
    )


def _join_again(
    connection: Connection, recipient: LinkedRecipient, change: Any, now: Instant
) -> None:
    connection.execute(
        delete(REFUSAL).where(
            REFUSAL.c.contact_id == recipient.contact_id,
            REFUSAL.c.list_id.in_(change.detail["after"]["lists"]),
        )
    )
    for list_id, joined_at in change.detail["before"]["joined"]:
        still = select(
            col(ContactList.id), literal(recipient.contact_id), literal(joined_at)
        ).where(col(ContactList.id) == list_id)
        insert_new(connection, MEMBERSHIP, ["list_id", "contact_id", "joined_at"], still)
    connection.execute(
        update(CONTACT).where(CONTACT.c.id == recipient.contact_id).values(updated_at=now)
    )


def _note(
    connection: Connection,
    recipient: LinkedRecipient,
    chosen: Chosen,
    now: Instant,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    connection.execute(
        _NOTE,
        {
            "contact_id": recipient.contact_id,
            "delivery_id": recipient.delivery_id,
            "at": now,
            "choice": chosen.choice.value,
            "source": chosen.source.value,
            "detail": {"before": before, "after": after, "mail": recipient.mail},
        },
    )


def _reason(recipient: LinkedRecipient, how: str, now: Instant) -> str:
    """``by one-click on 2026-11-28 (news, run 2)``."""
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    of_mail = f" ({recipient.mail})" if recipient.mail else ""
    return f"by {how} on {day}{of_mail}"
