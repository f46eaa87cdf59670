"""Undoing suppressions: only what is still the operator's own word, or the file's."""

from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    tuple_,
    update,
)

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import MANUAL
from sestui.core.text import printable
from sestui.store.contacts.changes.journal import ROW, Noted
from sestui.store.contacts.changes.undone import Undone, refused
from sestui.store.contacts.key_queries import CONTACT, SUPPRESSION
from sestui.store.db.tables import Delivery

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


def undo_suppress(connection: Connection, change: Noted, done: Undone, _now: Instant) -> None:
    """Addresses were suppressed by hand: what a complaint or bounce has said stays."""
    done.restored, _ = release(connection, change, done)
    ours = select(ROW.c.value).where(ROW.c.change_id == change.id, ROW.c.before.is_(null()))
    connection.execute(
        update(SUPPRESSION)
        .where(SUPPRESSION.c.email_key.in_(ours), SUPPRESSION.c.reason != MANUAL)
        .values(kept=False)
    )
    still = select(func.count()).where(SUPPRESSION.c.email_key.in_(ours))
    done.note(
        int(connection.execute(still).scalar_one()),
        "is still suppressed: somebody or something else has suppressed it since.",
        "are still suppressed: somebody or something else has suppressed them since.",
    )


def release(connection: Connection, change: Noted, done: Undone) -> tuple[int, int]:
    """Release what the change suppressed, and let others be as they were; how many of each.

    Only what nobody has said anything about since, and, unless refusals are to be forgotten, what
    the operator has suppressed rather than what the file says that its owner wants.
    """
    fresh = select(ROW.c.value, ROW.c.at).where(
        ROW.c.change_id == change.id, ROW.c.before.is_(null())
    )
    where = [
        tuple_(SUPPRESSION.c.email_key, SUPPRESSION.c.created_at).in_(fresh),
        SUPPRESSION.c.kept.is_(False),  # else its owner has unsubscribed since
    ]
    changed = [
        ROW.c.change_id == change.id,
        ROW.c.value == SUPPRESSION.c.email_key,
        ROW.c.at == SUPPRESSION.c.created_at,
        ROW.c.before.is_not(null()),
        SUPPRESSION.c.kept.is_(True),
    ]
    if done.forget_refusals:
        where.append(~_bounced_since(change.at))
        changed.append(~_bounced_since(change.at))
    else:
        where.append(SUPPRESSION.c.reason == MANUAL)
        changed.append(ROW.c.before["by"].as_string() == MANUAL)
    released = connection.execute(delete(SUPPRESSION).where(*where)).rowcount
    before = ROW.c.before
    new = before["new"].as_boolean().is_(True)
    if done.forget_refusals:  # the file itself had said two things of them
        twice = delete(SUPPRESSION).where(select(ROW.c.value).where(*changed, new).exists())
        released += connection.execute(twice).rowcount
    changed.append(before["new"].as_boolean().is_(null()))
    values = {
        "reason": func.coalesce(before["reason"].as_string(), SUPPRESSION.c.reason),
        "detail": func.coalesce(before["detail"].as_string(), SUPPRESSION.c.detail),
        "kept": before["kept"].as_boolean(),
    }
    changed_back = update(SUPPRESSION).where(*changed).values(**values)
    return released, connection.execute(changed_back).rowcount


def refusing_suppressions(change: Noted) -> Any:
    """A query for the addresses that the change suppressed on their owners' word, and that are
    suppressed as it says."""
    same = and_(ROW.c.value == SUPPRESSION.c.email_key, ROW.c.at == SUPPRESSION.c.created_at)
    return (
        select(SUPPRESSION.c.email_key)
        .join(ROW, same)
        .where(
            ROW.c.change_id == change.id,
            or_(
                ROW.c.before.is_(null()) & (SUPPRESSION.c.reason != MANUAL),
                ROW.c.before["by"].as_string() != MANUAL,
            ),
        )
    )


def _bounced_since(at: Instant) -> Any:
    """Mail to the address has come back since, which left no trace where it was suppressed."""
    came_back = [DeliveryOutcome.BOUNCED.value, DeliveryOutcome.COMPLAINED.value]
    return (
        select(_DELIVERY.c.id)
        .join(CONTACT, CONTACT.c.id == _DELIVERY.c.contact_id)
        .where(
            CONTACT.c.email_key == SUPPRESSION.c.email_key,
            _DELIVERY.c.outcome.in_(came_back),
            _DELIVERY.c.outcome_at >= at,
        )
        .exists()
    )


def undo_unsuppress(connection: Connection, change: Noted, done: Undone, _now: Instant) -> None:
    """An address was released."""
    values = {name: change.detail[name] for name in ("email_key", "reason", "detail", "created_at")}
    values["kept"] = change.detail.get("kept", False)
    key = address_key(values["email_key"])
    known = connection.execute(
        select(SUPPRESSION.c.email_key).where(SUPPRESSION.c.email_key == key)
    ).first()
    if known is not None:
        raise refused(change, f"{printable(key)} has been suppressed again since")
    connection.execute(insert(SUPPRESSION).values(**values))
    done.restored = 1
