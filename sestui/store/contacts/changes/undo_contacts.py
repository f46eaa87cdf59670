"""Undoing imports, and contacts added: what something else depends on stays."""

import json
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    column,
    delete,
    func,
    literal,
    or_,
    select,
    table,
    union,
    update,
)

from sestui.core.clock import Instant
from sestui.core.delivery.states import ContactStatus
from sestui.core.text import printable
from sestui.errors import StateError
from sestui.store.contacts.changes.bulk import insert_new
from sestui.store.contacts.changes.import_journal import CREATED, WAS
from sestui.store.contacts.changes.journal import ROW, Noted
from sestui.store.contacts.changes.undo_lists import join_again, unmake_lists
from sestui.store.contacts.changes.undo_suppressions import refusing_suppressions, release
from sestui.store.contacts.changes.undone import Undone
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP, SUPPRESSION
from sestui.store.contacts.refusals import REFUSAL
from sestui.store.contacts.unchecked import PART, PARTS
from sestui.store.db.tables import Delivery

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CHOICE = table("preference_change", column("contact_id"))  # of a room above this one
_ACTIVE, _UNSUBSCRIBED = ContactStatus.ACTIVE.value, ContactStatus.UNSUBSCRIBED.value

_MAILED, _CHANGED, _REFUSED = "stays: mailed", "stays: changed", "stays: refused"
"""What the journal says, during an undo, of contacts that stay, and why; the first counts."""


def undo_add(connection: Connection, change: Noted, done: Undone, _now: Instant) -> None:
    """A contact was added by hand."""
    contact_id, email = change.detail["contact_id"], printable(change.detail["email"])
    created = _Created(change, contact_id - 1, contact_id)
    created.mark_needed(connection)
    gone = created.remove(connection, MEMBERSHIP.c.contact_id == contact_id)
    if not gone.contacts:
        raise StateError(
            f"{email} has been changed or mailed since: undoing would lose that. Suppress the "
            "address if it should get no mail."
        )
    unmake_lists(connection, change, done)
    done.restored = 1


def undo_import(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    """Contacts were imported, or addresses suppressed, from a file."""
    lists = change.detail["lists"]
    created = _Created(change, change.detail["first"], change.detail["last"])
    created.mark_needed(connection)
    refusals = _refusals(change, created)
    done.refusals = int(
        connection.execute(select(func.count()).select_from(refusals.subquery())).scalar_one()
    )
    left = and_(REFUSAL.c.list_id.in_(lists), REFUSAL.c.at == change.at)
    if done.forget_refusals:
        connection.execute(delete(REFUSAL).where(left))
    else:
        created.mark(connection, _REFUSED, CONTACT.c.status == _UNSUBSCRIBED)
        refusing = select(REFUSAL.c.contact_id).where(left)
        created.mark(connection, _REFUSED, CONTACT.c.id.in_(refusing))
    ours = and_(MEMBERSHIP.c.list_id.in_(lists), MEMBERSHIP.c.joined_at == change.at)
    gone = created.remove(connection, ours)
    left_again = join_again(connection, change)
    restored = _restore(connection, change, done, now)
    released, changed_back = release(connection, change, done)
    done.figures = {
        "removed": gone.contacts,
        "restored": restored,
        "memberships": gone.memberships + left_again,
        "suppressions": released + changed_back,
    }
    done.restored = sum(done.figures.values())
    _tell(connection, change, done)
    unmake_lists(connection, change, done)


class _Gone(NamedTuple):
    """How many rows have been deleted."""

    contacts: int
    memberships: int


class _Created:
    """The contacts that a change created: a range of ids, of which others may have some."""

    def __init__(self, change: Noted, first: int, last: int) -> None:
        """``first`` is the greatest id before the change, ``last`` the greatest after it."""
        self._change = change
        self._first = first
        self._last = last
        self._note = and_(
            ROW.c.change_id == change.id,
            ROW.c.contact_id == CONTACT.c.id,
            ROW.c.list_id == 0,
        )
        """A row of the journal about the contact."""
        note = select(ROW.c.contact_id).where(self._note, ROW.c.value == CREATED)
        self.theirs = and_(
            self._in_range(CONTACT.c.id),
            or_(CONTACT.c.created_at == change.at, note.exists()),
        )
        same = note.where(ROW.c.at == CONTACT.c.updated_at)
        self._unchanged = or_(CONTACT.c.updated_at == change.at, same.exists())

    def _in_range(self, contact_id: Any) -> ColumnElement[bool]:
        return and_(contact_id > self._first, contact_id <= self._last)

    @property
    def stays(self) -> ColumnElement[bool]:
        """The contact has been marked."""
        marks = (_MAILED, _CHANGED, _REFUSED)
        return select(ROW.c.contact_id).where(self._note, ROW.c.value.in_(marks)).exists()

    def mark(self, connection: Connection, why: str, where: ColumnElement[bool]) -> None:
        """Let those contacts stay; whoever is marked already keeps their reason."""
        rows = select(
            literal(self._change.id), CONTACT.c.id, literal(0), literal(why), literal(0.0)
        ).where(self.theirs, where, ~self.stays)
        insert_new(connection, ROW, ["change_id", "contact_id", "list_id", "value", "at"], rows)

    def mark_needed(self, connection: Connection) -> None:
        """Let those stay who are in a run, and whom somebody has changed, or has said something of,
        since; each source is read by its range of contacts, where mostly nothing is."""
        at, mailed = self._change.at, _DELIVERY.c.contact_id
        self.mark(connection, _MAILED, CONTACT.c.id.in_(self._from(mailed)))
        for ids in self._unchecked(connection):
            self.mark(connection, _MAILED, CONTACT.c.id.in_(ids))
        self.mark(connection, _CHANGED, ~self._unchanged)
        ours = select(ROW.c.value).where(ROW.c.change_id == self._change.id)
        suppressed = select(SUPPRESSION.c.email_key).where(
            SUPPRESSION.c.created_at > at, SUPPRESSION.c.email_key.not_in(ours)
        )
        for since in (
            CONTACT.c.id.in_(self._from(_CHOICE.c.contact_id)),
            CONTACT.c.id.in_(self._from(REFUSAL.c.contact_id, REFUSAL.c.at != at)),
            CONTACT.c.id.in_(self._from(MEMBERSHIP.c.contact_id, MEMBERSHIP.c.joined_at != at)),
            CONTACT.c.email_key.in_(suppressed),
        ):
            self.mark(connection, _CHANGED, since)

    def _unchecked(self, connection: Connection) -> list[list[int]]:
        """Recipients whose mail a run has yet to check, some of them others' contacts."""
        parts = PARTS.c.part.between((self._first + 1) // PART, self._last // PART)
        texts = connection.execute(select(PARTS.c.contact_ids).where(parts)).scalars()
        return [json.loads(each) for each in texts]

    def _from(self, contact_id: Any, *where: ColumnElement[bool]) -> Select[Any]:
        return select(contact_id).where(self._in_range(contact_id), *where)

    def remove(self, connection: Connection, memberships: ColumnElement[bool]) -> _Gone:
        """Delete these memberships, and the contacts that are not marked."""
        left = connection.execute(delete(MEMBERSHIP).where(memberships)).rowcount
        gone = connection.execute(delete(CONTACT).where(self.theirs, ~self.stays)).rowcount
        return _Gone(gone, left)

    def refusing(self) -> Select[Any]:
        """The addresses of those who wanted no mail from the beginning."""
        return select(CONTACT.c.email_key).where(
            self.theirs, ~self.stays, CONTACT.c.status == _UNSUBSCRIBED
        )


def _refusals(change: Noted, created: _Created) -> CompoundSelect[Any]:
    """The addresses whose owners had refused mail by what the import says, each once."""
    changed = select(CONTACT.c.email_key).join(ROW, ROW.c.contact_id == CONTACT.c.id)
    left = select(CONTACT.c.email_key).join(REFUSAL, REFUSAL.c.contact_id == CONTACT.c.id)
    lists = change.detail["lists"]
    return union(
        created.refusing(),
        changed.where(*_was(change), _unsubscribed()),
        left.where(REFUSAL.c.list_id.in_(lists), REFUSAL.c.at == change.at),
        refusing_suppressions(change),
    )


def _was(change: Noted) -> tuple[ColumnElement[bool], ...]:
    """A contact that the import has changed, and nobody since, with its row of the journal."""
    return (
        ROW.c.change_id == change.id,
        ROW.c.contact_id == CONTACT.c.id,
        ROW.c.list_id == 0,
        ROW.c.value == WAS,
        CONTACT.c.updated_at == change.at,
    )


def _unsubscribed() -> ColumnElement[bool]:
    """The import has unsubscribed such a contact."""
    was = ROW.c.before["status"].as_string()
    return and_(was == _ACTIVE, CONTACT.c.status == _UNSUBSCRIBED)


def _restore(connection: Connection, change: Noted, done: Undone, now: Instant) -> int:
    """Give contacts the values that they had; how many."""
    before = ROW.c.before
    content = {"attributes": before["attributes"], "tags": before["tags"]}
    values = content | {
        "status": before["status"].as_string(),
        "status_reason": before["status_reason"].as_string(),
        "updated_at": ROW.c.updated_at,
    }
    which = update(CONTACT).where(*_was(change))
    if done.forget_refusals:
        return connection.execute(which.values(**values)).rowcount
    others = which.where(~_unsubscribed()).values(**values)
    restored = connection.execute(others).rowcount
    refusing = which.where(_unsubscribed()).values(**content, updated_at=now)
    return restored + connection.execute(refusing).rowcount


def _tell(connection: Connection, change: Noted, done: Undone) -> None:
    """Say what has been taken back, what has not, and why."""
    figures, new = done.figures, change.detail["created"]
    joined = figures["memberships"]
    told = (
        (figures["removed"], f"of {new:,} new contact{'' if new == 1 else 's'} removed"),
        (figures["restored"], "changed back"),
        (figures["suppressions"], "no longer suppressed by it"),
        (joined, f"list membership{'' if joined == 1 else 's'} undone"),
    )
    parts = ", ".join(f"{count:,} {what}" for count, what in told if count)
    done.notes.append(f"{parts or 'Nothing of it is left'}.")
    query = select(ROW.c.value, func.count()).where(
        ROW.c.change_id == change.id, ROW.c.value.in_((_MAILED, _CHANGED, _REFUSED, WAS))
    )
    rows = connection.execute(query.group_by(ROW.c.value))
    counts = {str(value): int(count) for value, count in rows}
    done.note(counts.get(_MAILED, 0), "stays, as a run has it.", "stay, as runs have them.")
    since = counts.get(_CHANGED, 0) + counts.get(WAS, 0) - figures["restored"]
    done.note(
        since,
        "has been changed since and stays as it is.",
        "have been changed since and stay as they are.",
    )
    staying = sum(counts.get(why, 0) for why in (_MAILED, _CHANGED, _REFUSED))
    done.note(
        new - figures["removed"] - staying, "is no longer a contact.", "are no longer contacts."
    )
    if done.refusals:
        many = "1 refusal" if done.refusals == 1 else f"{done.refusals:,} refusals"
        ending = "forgotten" if done.forget_refusals else "kept"
        done.notes.append(
            f"{many} of mail that the file told of {ending} (unsubscribed, bounced, complained)."
        )
