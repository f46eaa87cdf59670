"""Undoing changes of lists: joined and left, renamed, merged, deleted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from sestui.core.clock import Instant
from sestui.core.text import printable
from sestui.store.contacts.changes.bulk import JOINED, LEFT, REFUSED, find_list, insert_new
from sestui.store.contacts.changes.journal import CHANGE, ROW, Noted
from sestui.store.contacts.changes.undone import Undone, refused
from sestui.store.contacts.contact_lists import (
    FILTER,
    LIST,
    lists_of,
    mentions_in,
    named,
    write_lists,
)
from sestui.store.contacts.key_queries import CONTACT, MEMBERSHIP
from sestui.store.contacts.refusals import REFUSAL, not_refused

_OF_LISTS = ("lists", "made")
"""What entries say of lists by their ids."""


def undo_memberships(connection: Connection, change: Noted, done: Undone, _now: Instant) -> None:
    """Contacts joined or left lists."""
    _refuse_again(connection, change, ROW.c.list_id)
    done.restored = _leave_again(connection, change) + join_again(connection, change)
    note_rest(connection, change, done)
    unmake_lists(connection, change, done)


def unmake_lists(connection: Connection, change: Noted, done: Undone) -> None:
    """Delete the lists that the change made, unless somebody is on them, has left them by their own
    word, or something names them."""
    for list_id in change.detail.get("made", ()):
        used = [
            select(table.c.list_id).where(table.c.list_id == list_id).exists()
            for table in (MEMBERSHIP, REFUSAL)
        ]
        ours = LIST.c.id == list_id, LIST.c.created_at == change.at
        name = select(LIST.c.name).where(*ours, *(~each for each in used))
        found = connection.execute(name).scalar()
        if found is None:
            continue
        if naming := named(mentions_in(connection, found)):
            done.notes.append(f"The list {printable(found)} stays, named by {naming.sentence()}.")
        else:
            connection.execute(delete(LIST).where(LIST.c.id == list_id))


def _refuse_again(connection: Connection, change: Noted, list_id: Any) -> None:
    """Who had left a list by their own word has left it again; ``list_id`` is what it has now."""
    rows = (
        select(list_id, ROW.c.contact_id, ROW.c.at)
        .join(CONTACT, CONTACT.c.id == ROW.c.contact_id)
        .join(LIST, LIST.c.id == list_id)
        .where(ROW.c.change_id == change.id, ROW.c.value == REFUSED)
    )
    insert_new(connection, REFUSAL, ["list_id", "contact_id", "at"], rows)


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


def join_again(connection: Connection, change: Noted, list_id: int | None = None) -> int:
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


def undo_rename(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    """A list got another name."""
    detail = change.detail
    before, after = detail["before"], detail["after"]
    list_id = find_list(connection, after)
    if list_id is None:
        raise refused(change, "the list has another name by now, or is gone")
    if find_list(connection, before) is not None:
        raise refused(change, f"there is another list {printable(before)!r} by now")
    connection.execute(update(LIST).where(LIST.c.id == list_id).values(name=before))
    done.restored = 1
    _mention_again(connection, detail, done, now)


def undo_removal(connection: Connection, change: Noted, done: Undone, now: Instant) -> None:
    """A list that was deleted, or merged into another, is there again."""
    row: Mapping[str, Any] = change.detail["list"]
    if find_list(connection, row["name"]) is not None:
        raise refused(change, f"there is another list {printable(row['name'])!r} by now")
    values = {"name": row["name"], "created_at": row["created_at"]}
    taken = connection.execute(select(LIST.c.id).where(LIST.c.id == row["id"])).first()
    if taken is None:  # SQLite gives the number of the newest list anew when that is gone
        values["id"] = row["id"]
    made = insert(LIST).values(**values).returning(LIST.c.id)
    new_id = int(connection.execute(made).scalar_one())
    _leave_again(connection, change)
    done.restored = join_again(connection, change, new_id)
    _refuse_again(connection, change, literal(new_id))
    if new_id != row["id"]:
        _renumber(connection, change, row["id"], new_id)
    left = select(func.count()).where(ROW.c.change_id == change.id, ROW.c.value == LEFT)
    gone = int(connection.execute(left).scalar_one()) - done.restored
    done.note(gone, "is no longer a contact.", "are no longer contacts.")
    _mention_again(connection, change.detail, done, now)


def _renumber(connection: Connection, change: Noted, old_id: int, new_id: int) -> None:
    """Let older changes, which mean the list by the number that it had, mean it by its new one."""
    older = CHANGE.c.id < change.id, CHANGE.c.undone_at.is_(None)
    connection.execute(
        update(ROW)
        .where(ROW.c.list_id == old_id, ROW.c.change_id <= change.id)
        .values(list_id=new_id)
    )
    told = connection.execute(select(CHANGE.c.id, CHANGE.c.detail).where(*older)).all()
    for change_id, detail in told:
        again = {
            name: [new_id if each == old_id else each for each in detail[name]]
            for name in _OF_LISTS
            if old_id in detail.get(name, ())
        }
        if again:
            this = update(CHANGE).where(CHANGE.c.id == change_id)
            connection.execute(this.values(detail=detail | again))


def _mention_again(
    connection: Connection, detail: Mapping[str, Any], done: Undone, now: Instant
) -> None:
    names = detail.get("filters", ())
    if names:
        ours = FILTER.c.name.in_(names), FILTER.c.list_name == detail["after"]
        connection.execute(update(FILTER).where(*ours).values(list_name=detail["before"]))
    for each in detail["mentions"]:
        if lists_of(connection, each) == each["after"]:
            write_lists(connection, each, each["before"], now)
        else:
            done.notes.append(
                f"The {each['kind']} {printable(each['name'])} has been changed since and names "
                "the lists that it names."
            )


def note_rest(connection: Connection, change: Noted, done: Undone) -> None:
    """Say how many contacts of the change stay as they are."""
    where = ROW.c.change_id == change.id, ROW.c.value != REFUSED
    counted = select(func.count()).select_from(ROW).where(*where)
    rest = int(connection.execute(counted).scalar_one()) - done.restored
    done.note(
        rest,
        "has been changed since and stays as it is.",
        "have been changed since and stay as they are.",
    )
