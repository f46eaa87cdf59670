"""Undoing the last change to contacts or lists; what has changed since stays as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.delivery.states import MANUAL
from sestui.core.text import printable
from sestui.errors import ConflictError, StateError
from sestui.store.contacts.changes.bulk import JOINED, LEFT, find_list, insert_new
from sestui.store.contacts.changes.journal import (
    CHANGE,
    ROW,
    UNDO_SECONDS,
    ChangeKind,
    Noted,
    newest,
)
from sestui.store.contacts.contact_lists import LIST, lists_of, mentions_in, write_lists
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP, SUPPRESSION
from sestui.store.contacts.refusals import not_refused
from sestui.store.contacts.tags_sql import has_tag, with_tag_at, without_tag
from sestui.store.contacts.unchecked import unchecked_among
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

NOTHING = (
    f"There is nothing to undo: no change of the last {UNDO_SECONDS / 3600:.0f} hours is left."
)


@dataclass
class Undone:
    """The result of an undo."""

    said: str
    """What was done once, as a sentence without its full stop."""
    restored: int = 0
    """How much of it has been taken back."""
    notes: list[str] = field(default_factory=list)
    """What has not, and why, as sentences."""

    @property
    def sentence(self) -> str:
        """All of it for people."""
        return " ".join([f"Undone: {self.said[:1].lower()}{self.said[1:]}.", *self.notes])


def undo_last(database: Database, now: Instant, *, expected: int | None = None) -> Undone:
    """Take back the newest change that can be; in one transaction.

    ``expected`` is the id of the change that was confirmed.

    Raises:
        StateError: there is none, or all of it has been changed since.
        ConflictError: another one is the newest by now.
    """
    with database.write_connection() as connection:
        change = newest(connection, now)
        if change is None:
            raise StateError(NOTHING)
        if expected is not None and change.id != expected:
            raise ConflictError(
                f"Something else has been changed in the meantime ({change.said}); nothing has "
                "been undone."
            )
        ours = CHANGE.c.id == change.id, CHANGE.c.undone_at.is_(None)
        if not connection.execute(update(CHANGE).where(*ours).values(undone_at=now)).rowcount:
            raise ConflictError(f"Somebody else has just undone this: {change.said}.")
        done = Undone(change.said)
        _WAYS[change.kind](connection, change, done, now)
    return done


def _refused(change: Noted, why: str) -> StateError:
    return StateError(f"This can't be undone ({change.said}): {why}.")


# single contacts


def _added(connection: Connection, change: Noted, done: Undone, _now: Instant) -> None:
    contact_id, email = change.detail["contact_id"], printable(change.detail["email"])
    row = connection.execute(
        select(CONTACT.c.updated_at).where(CONTACT.c.id == contact_id).with_for_update()
    ).first()
    mailed = select(_DELIVERY.c.id).where(_DELIVERY.c.contact_id == contact_id).limit(1)
    is_mailed = connection.execute(mailed).first() or unchecked_among(connection, [contact_id])
    if row is None or row.updated_at != change.at or is_mailed:
        raise StateError(
            f"{email} has been changed or mailed since: undoing would lose that. Suppress the "
            "address if it should get no mail."
        )
    connection.execute(delete(MEMBERSHIP).where(MEMBERSHIP.c.contact_id == contact_id))
    connection.execute(delete(CONTACT).where(CONTACT.c.id == contact_id))
    done.restored = 1


def _edited(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    contact_id, before, after = (change.detail[name] for name in ("contact_id", "before", "after"))
    names = ("attributes", "tags", "status", "status_reason")
    columns = [CONTACT.c[name] for name in names]
    row = connection.execute(
        select(*columns).where(CONTACT.c.id == contact_id).with_for_update()
    ).first()
    if row is None or dict(zip(names, row, strict=True)) != after:
        raise _refused(change, "the contact has been changed since")
    values = dict(before) | {"updated_at": now}
    connection.execute(update(CONTACT).where(CONTACT.c.id == contact_id).values(**values))
    done.restored = 1


# suppressions


def _suppressed(connection: Connection, change: Noted, done: Undone, _now: Instant) -> None:
    """Only what is still the operator's own: what a complaint or bounce has said stays."""
    ours = select(ROW.c.value).where(ROW.c.change_id == change.id)
    done.restored = connection.execute(
        delete(SUPPRESSION).where(
            SUPPRESSION.c.email_key.in_(ours),
            SUPPRESSION.c.reason == MANUAL,
            SUPPRESSION.c.created_at == change.at,
            SUPPRESSION.c.kept.is_(False),  # else its owner has unsubscribed since
        )
    ).rowcount
    connection.execute(
        update(SUPPRESSION)
        .where(SUPPRESSION.c.email_key.in_(ours), SUPPRESSION.c.reason != MANUAL)
        .values(kept=False)
    )
    still = select(func.count()).where(SUPPRESSION.c.email_key.in_(ours))
    _note(
        done,
        int(connection.execute(still).scalar_one()),
        "is still suppressed: somebody or something else has suppressed it since.",
        "are still suppressed: somebody or something else has suppressed them since.",
    )


def _unsuppressed(connection: Connection, change: Noted, done: Undone, _now: Instant) -> None:
    values = {name: change.detail[name] for name in ("email_key", "reason", "detail", "created_at")}
    values["kept"] = change.detail.get("kept", False)
    key = address_key(values["email_key"])
    known = connection.execute(
        select(SUPPRESSION.c.email_key).where(SUPPRESSION.c.email_key == key)
    ).first()
    if known is not None:
        raise _refused(change, f"{printable(key)} has been suppressed again since")
    connection.execute(insert(SUPPRESSION).values(**values))
    done.restored = 1


# tags


def _tagged(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    _retag(connection, change, done, now, back_on=False)


def _untagged(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    _retag(connection, change, done, now, back_on=True)


def _retag(
    connection: Connection, change: Noted, done: Undone, now: Instant, *, back_on: bool
) -> None:
    lite = connection.dialect.name == "sqlite"
    rows = ROW.c.change_id == change.id
    for tag in connection.execute(select(ROW.c.value).where(rows).distinct()).scalars().all():
        noted = select(ROW.c.contact_id).where(rows, ROW.c.value == tag)
        has = has_tag(tag, sqlite=lite)
        if back_on:
            place = noted.with_only_columns(ROW.c.at).where(ROW.c.contact_id == CONTACT.c.id)
            tags = with_tag_at(place.scalar_subquery(), tag, sqlite=lite)
        else:
            tags = without_tag(tag, sqlite=lite)
        done.restored += connection.execute(
            update(CONTACT)
            .where(CONTACT.c.id.in_(noted), ~has if back_on else has)
            .values(tags=tags, updated_at=now)
        ).rowcount
    _note_rest(connection, change, done)


# lists


def _memberships(connection: Connection, change: Noted, done: Undone, _now: Instant) -> None:
    done.restored = _leave_again(connection, change) + _join_again(connection, change)
    _note_rest(connection, change, done)
    for list_id in change.detail.get("made", ()):
        on_it = select(MEMBERSHIP.c.list_id).where(MEMBERSHIP.c.list_id == list_id).exists()
        name = select(LIST.c.name).where(LIST.c.id == list_id, ~on_it)
        found = connection.execute(name).scalar()
        if found is not None and not mentions_in(connection, found):
            connection.execute(delete(LIST).where(LIST.c.id == list_id))


def _leave_again(connection: Connection, change: Noted) -> int:
    """Take off lists who was put on them by the change and has not left since."""
    rows = (
        select(ROW.c.contact_id)
        .where(
            ROW.c.change_id == change.id,
            ROW.c.value == JOINED,
            ROW.c.list_id == MEMBERSHIP.c.list_id,
            ROW.c.contact_id == MEMBERSHIP.c.contact_id,
            ROW.c.at == MEMBERSHIP.c.joined_at,
        )
        .exists()
    )
    lists = select(ROW.c.list_id).where(ROW.c.change_id == change.id, ROW.c.value == JOINED)
    return connection.execute(
        delete(MEMBERSHIP).where(MEMBERSHIP.c.list_id.in_(lists.distinct()), rows)
    ).rowcount


def _join_again(connection: Connection, change: Noted, list_id: int | None = None) -> int:
    """Put back on lists who left them by the change and has not joined since; how many."""
    rows = (
        select(ROW.c.list_id if list_id is None else literal(list_id), ROW.c.contact_id, ROW.c.at)
        .join(CONTACT, CONTACT.c.id == ROW.c.contact_id)
        .where(ROW.c.change_id == change.id, ROW.c.value == LEFT)
    )
    if list_id is None:
        rows = rows.join(LIST, LIST.c.id == ROW.c.list_id)
    rows = rows.where(not_refused(ROW.c.list_id if list_id is None else list_id, ROW.c.contact_id))
    before = _members(connection, change, list_id)
    insert_new(connection, MEMBERSHIP, ["list_id", "contact_id", "joined_at"], rows)
    return _members(connection, change, list_id) - before


def _members(connection: Connection, change: Noted, list_id: int | None) -> int:
    """How many of those who left by the change are on their lists."""
    on = MEMBERSHIP.c.list_id == (ROW.c.list_id if list_id is None else list_id)
    query = (
        select(func.count())
        .select_from(ROW.join(MEMBERSHIP, on & (MEMBERSHIP.c.contact_id == ROW.c.contact_id)))
        .where(ROW.c.change_id == change.id, ROW.c.value == LEFT)
    )
    return int(connection.execute(query).scalar_one())


def _renamed(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    detail = change.detail
    before, after = detail["before"], detail["after"]
    list_id = find_list(connection, after)
    if list_id is None:
        raise _refused(change, "the list has another name by now, or is gone")
    if find_list(connection, before) is not None:
        raise _refused(change, f"there is another list {printable(before)!r} by now")
    connection.execute(update(LIST).where(LIST.c.id == list_id).values(name=before))
    done.restored = 1
    _mention_again(connection, detail, done, now)


def _gone(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    """A list that was deleted, or merged into another, is there again."""
    row: Mapping[str, Any] = change.detail["list"]
    if find_list(connection, row["name"]) is not None:
        raise _refused(change, f"there is another list {printable(row['name'])!r} by now")
    values = {"name": row["name"], "created_at": row["created_at"]}
    taken = connection.execute(select(LIST.c.id).where(LIST.c.id == row["id"])).first()
    if taken is None:  # SQLite gives the number of the newest list anew when that is gone
        values["id"] = row["id"]
    made = insert(LIST).values(**values).returning(LIST.c.id)
    new_id = int(connection.execute(made).scalar_one())
    _leave_again(connection, change)
    done.restored = _join_again(connection, change, new_id)
    # Older changes mean the list by the number that it had.
    connection.execute(
        update(ROW)
        .where(ROW.c.list_id == row["id"], ROW.c.change_id <= change.id)
        .values(list_id=new_id)
    )
    left = select(func.count()).where(ROW.c.change_id == change.id, ROW.c.value == LEFT)
    gone = int(connection.execute(left).scalar_one()) - done.restored
    _note(done, gone, "is no longer a contact.", "are no longer contacts.")
    _mention_again(connection, change.detail, done, now)


def _mention_again(
    connection: Connection, detail: Mapping[str, Any], done: Undone, now: Instant
) -> None:
    for each in detail["mentions"]:
        if lists_of(connection, each) == each["after"]:
            write_lists(connection, each, each["before"], now)
        else:
            done.notes.append(
                f"The {each['kind']} {printable(each['name'])} has been changed since and names "
                "the lists that it names."
            )


def _note_rest(connection: Connection, change: Noted, done: Undone) -> None:
    counted = select(func.count()).where(ROW.c.change_id == change.id)
    rest = int(connection.execute(counted).scalar_one()) - done.restored
    _note(
        done,
        rest,
        "has been changed since and stays as it is.",
        "have been changed since and stay as they are.",
    )


def _note(done: Undone, count: int, one: str, many: str) -> None:
    if count:
        done.notes.append(f"1 of them {one}" if count == 1 else f"{count:,} of them {many}")


_WAYS: dict[ChangeKind, Callable[[Connection, Noted, Undone, Instant], None]] = {
    ChangeKind.ADDED: _added,
    ChangeKind.EDITED: _edited,
    ChangeKind.MEMBERSHIPS: _memberships,
    ChangeKind.TAGGED: _tagged,
    ChangeKind.UNTAGGED: _untagged,
    ChangeKind.SUPPRESSED: _suppressed,
    ChangeKind.UNSUPPRESSED: _unsuppressed,
    ChangeKind.LIST_RENAMED: _renamed,
    ChangeKind.LIST_MERGED: _gone,
    ChangeKind.LIST_DELETED: _gone,
}
