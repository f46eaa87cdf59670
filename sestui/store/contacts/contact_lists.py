"""Lists renamed, merged and deleted; contacts stay, and what names a list is seen to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from sestui.core.clock import Instant
from sestui.core.segments.names import Refers
from sestui.core.segments.parse import parse
from sestui.core.text import printable
from sestui.errors import NotFoundError, StateError, UsageError
from sestui.store.contacts.changes.bulk import JOINED, LEFT, REFUSED, counted, find_list
from sestui.store.contacts.changes.journal import ROW, ChangeKind, begin, finish, forget_old
from sestui.store.contacts.erased import hold_off_writers
from sestui.store.contacts.key_queries import MEMBERSHIP
from sestui.store.contacts.refusals import REFUSAL, not_refused
from sestui.store.contacts.tables import SavedFilter
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, ContactList
from sestui.store.segments.campaign_segments import (
    campaign_segment,
    campaigns_naming,
    refuse_list_of_runs,
    write_campaign_segment,
)
from sestui.store.segments.segment_names import SEGMENT
from sestui.store.segments.segments import segments_naming, write_expression
from sestui.store.tasks.tables import Task

LIST = ContactList.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
FILTER = SavedFilter.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_TASK = Task.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_LISTS = "lists"
"""The parameter in which tasks name lists."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """What names a list."""

    campaigns: tuple[str, ...]
    tasks: tuple[str, ...]
    segments: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.campaigns or self.tasks or self.segments)

    def by_kind(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Names by what they are: ``campaign``, ``task``, ``segment``."""
        return (
            ("campaign", self.campaigns),
            ("task", self.tasks),
            ("segment", self.segments),
        )

    def sentence(self) -> str:
        """``the campaign november and the task check``; '' for nothing."""
        parts = [
            f"the {word}{'' if len(names) == 1 else 's'} {', '.join(map(printable, names))}"
            for word, names in self.by_kind()
            if names
        ]
        return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


@dataclass(frozen=True, slots=True)
class ListChanged:
    """What became of a list."""

    said: str
    """As a sentence without its full stop."""
    contacts: int
    """How many were on it."""
    mentions: Mentions
    """What named it, and names the new one now."""


class ContactLists:
    """The lists of one database; every change is one transaction that can be undone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self) -> frozenset[str]:
        """The name of every list."""
        with self._database.read_connection() as connection:
            return frozenset(connection.execute(select(LIST.c.name)).scalars())

    def add(self, name: str, now: Instant) -> bool:
        """Create an empty list; False if there is one of that name.

        Raises:
            UsageError: that is no name.
        """
        name = list_name(name)
        with self._database.write_connection() as connection:
            if find_list(connection, name) is not None:
                return False
            connection.execute(insert(LIST).values(name=name, created_at=now))
        return True

    def mentions(self, name: str) -> Mentions:
        """What names the list."""
        with self._database.read_connection() as connection:
            return named(mentions_in(connection, name))

    def rename(self, name: str, new_name: str, now: Instant) -> ListChanged:
        """Call the list by another name, in campaigns, tasks and segments too.

        Raises:
            NotFoundError: there is no such list.
            StateError: there is one of the new name.
            UsageError: that is no name.
        """
        new_name = list_name(new_name)
        with self._database.write_connection() as connection:
            list_id = _existing(connection, name)
            if new_name == name:
                raise UsageError(f"The list is called {printable(name)!r} already.")
            if find_list(connection, new_name) is not None:
                raise StateError(
                    f"There is already a list {printable(new_name)!r}; merge them, or choose "
                    "another name."
                )
            forget_old(connection, now)
            size = _size(connection, list_id)
            renamed = update(LIST).where(LIST.c.id == list_id).values(name=new_name)
            connection.execute(renamed)
            filters = _refilter(connection, name, new_name)
            found = _replace(connection, name, new_name, now)
            said = f"Renamed the list {printable(name)} to {printable(new_name)}"
            change = begin(connection, ChangeKind.LIST_RENAMED, now)
            detail = {"before": name, "after": new_name, "mentions": found, "filters": filters}
            finish(connection, change, said, 1, detail)
            return ListChanged(said, size, named(found))

    def merge(self, name: str, into: str, now: Instant) -> ListChanged:
        """Put everybody who is on the list on another one too, and delete it.

        Campaigns, tasks and segments that name it name the other one from now on.

        Raises:
            NotFoundError: there is no such list.
            StateError: a run that has not ended is for a segment with it.
            StorageBusyError: an import or the start of a run is going on.
            UsageError: both are the same.
        """
        with self._database.write_connection() as connection:
            hold_off_writers(connection)  # no start is under way that has read the list
            list_id, into_id = _existing(connection, name), _existing(connection, into)
            if list_id == into_id:
                raise UsageError("A list can't be merged with itself.")
            refuse_list_of_runs(connection, list_id, name)
            forget_old(connection, now)
            change = begin(connection, ChangeKind.LIST_MERGED, now)
            _note_members(connection, change, list_id)
            _join_others(connection, change, list_id, into_id, now)
            row = _remove(connection, list_id)
            filters = _refilter(connection, name, into)
            found = _replace(connection, name, into, now)
            size = int(
                connection.execute(
                    select(func.count()).where(ROW.c.change_id == change, ROW.c.value == LEFT)
                ).scalar_one()
            )
            said = f"Merged the list {printable(name)} ({counted(size)}) into {printable(into)}"
            detail = {
                "list": row,
                "before": name,
                "after": into,
                "mentions": found,
                "filters": filters,
            }
            finish(connection, change, said, max(1, size), detail)
            return ListChanged(said, size, named(found))

    def delete(self, name: str, now: Instant) -> ListChanged:
        """Delete the list; its contacts stay.

        Raises:
            NotFoundError: there is no such list.
            StateError: a campaign, a task, a segment, or a run that has not ended, names it.
            StorageBusyError: an import or the start of a run is going on.
        """
        with self._database.write_connection() as connection:
            hold_off_writers(connection)  # no start is under way that has read the list
            list_id = _existing(connection, name)
            if found := named(mentions_in(connection, name)):
                raise StateError(
                    f"The list {printable(name)!r} is named by {found.sentence()}; change that "
                    "first, or merge the list into another."
                )
            refuse_list_of_runs(connection, list_id, name)
            forget_old(connection, now)
            change = begin(connection, ChangeKind.LIST_DELETED, now)
            _note_members(connection, change, list_id)
            row = _remove(connection, list_id)
            size = int(
                connection.execute(
                    select(func.count()).where(ROW.c.change_id == change, ROW.c.value == LEFT)
                ).scalar_one()
            )
            said = f"Deleted the list {printable(name)} ({counted(size)})"
            finish(connection, change, said, max(1, size), {"list": row, "mentions": []})
            return ListChanged(said, size, found)


def list_name(name: str) -> str:
    """A list's name as it may be.

    Raises:
        UsageError: it is none.
    """
    name = " ".join(name.split())
    if not name or name != printable(name):
        raise UsageError("A list needs a name of letters, digits and signs, such as newsletter.")
    return name


def _existing(connection: Connection, name: str) -> int:
    found = find_list(connection, name)
    if found is None:
        raise NotFoundError(f"There is no list {printable(name)!r}.")
    return found


def _size(connection: Connection, list_id: int) -> int:
    members = select(func.count()).select_from(MEMBERSHIP).where(MEMBERSHIP.c.list_id == list_id)
    return int(connection.execute(members).scalar_one())


def _note_members(connection: Connection, change: int, list_id: int) -> None:
    """Note who is on the list, and who has left it by their own word."""
    columns = ["change_id", "contact_id", "list_id", "value", "at"]
    left = select(
        literal(change), REFUSAL.c.contact_id, REFUSAL.c.list_id, literal(REFUSED), REFUSAL.c.at
    ).where(REFUSAL.c.list_id == list_id)
    connection.execute(insert(ROW).from_select(columns, left))
    members = select(
        literal(change),
        MEMBERSHIP.c.contact_id,
        MEMBERSHIP.c.list_id,
        literal(LEFT),
        MEMBERSHIP.c.joined_at,
    ).where(MEMBERSHIP.c.list_id == list_id)
    connection.execute(insert(ROW).from_select(columns, members))


def _join_others(
    connection: Connection, change: int, list_id: int, into_id: int, now: Instant
) -> None:
    there = MEMBERSHIP.alias("there")
    new = (
        ~select(there.c.list_id)
        .where(there.c.list_id == into_id, there.c.contact_id == MEMBERSHIP.c.contact_id)
        .exists()
    )
    fresh = select(
        literal(change), MEMBERSHIP.c.contact_id, literal(into_id), literal(JOINED), literal(now)
    ).where(MEMBERSHIP.c.list_id == list_id, new, not_refused(into_id, MEMBERSHIP.c.contact_id))
    columns = ["change_id", "contact_id", "list_id", "value", "at"]
    connection.execute(insert(ROW).from_select(columns, fresh))
    joined = select(ROW.c.list_id, ROW.c.contact_id, ROW.c.at).where(
        ROW.c.change_id == change, ROW.c.list_id == into_id, ROW.c.value == JOINED
    )
    into = ["list_id", "contact_id", "joined_at"]
    connection.execute(insert(MEMBERSHIP).from_select(into, joined))


def _remove(connection: Connection, list_id: int) -> dict[str, Any]:
    """Delete the list and its memberships; the list as it was."""
    row = connection.execute(select(LIST).where(LIST.c.id == list_id)).one()
    connection.execute(delete(MEMBERSHIP).where(MEMBERSHIP.c.list_id == list_id))
    connection.execute(delete(LIST).where(LIST.c.id == list_id))
    return {"id": row.id, "name": row.name, "created_at": row.created_at}


_OF_CAMPAIGN = "segment of the campaign"

Mention = Mapping[str, Any]
"""A row that names a list: ``kind``, ``id``, ``name``, and its lists ``before`` and ``after``; a
segment's are its expression."""


def mentions_in(connection: Connection, name: str) -> list[dict[str, Any]]:
    """The campaigns, tasks and segments that name the list, each with its lists."""
    campaigns = connection.execute(select(_CAMPAIGN.c.id, _CAMPAIGN.c.name, _CAMPAIGN.c.lists))
    found = [
        {"kind": "campaign", "id": row.id, "name": row.name, "before": list(row.lists)}
        for row in campaigns
        if name in row.lists
    ]
    for row in connection.execute(select(_TASK.c.id, _TASK.c.name, _TASK.c.parameters)):
        lists = row.parameters.get(_LISTS) if isinstance(row.parameters, dict) else None
        if isinstance(lists, list) and name in lists:
            found.append({"kind": "task", "id": row.id, "name": row.name, "before": lists})
    found += [
        {"kind": _OF_CAMPAIGN, "id": each.campaign_id, "name": each.campaign, "before": each.text}
        for each in campaigns_naming(connection, Refers.LIST, name)
    ]
    found += [
        {"kind": "segment", "id": each.id, "name": each.name, "before": each.expression}
        for each in segments_naming(connection, Refers.LIST, name)
    ]
    return found


def named(found: Sequence[Mention]) -> Mentions:
    """The names of what names a list."""

    def names(*kinds: str) -> tuple[str, ...]:
        return tuple(sorted({str(each["name"]) for each in found if each["kind"] in kinds}))

    return Mentions(names("campaign", _OF_CAMPAIGN), names("task"), names("segment"))


def _replace(
    connection: Connection, name: str, new_name: str, now: Instant
) -> list[dict[str, Any]]:
    """Let everything that names the list name another one; what that was."""
    found = mentions_in(connection, name)
    for each in found:
        if each["kind"] in {"segment", _OF_CAMPAIGN}:
            each["after"] = parse(each["before"]).renamed(Refers.LIST, name, new_name)
        else:
            renamed = [new_name if one == name else one for one in each["before"]]
            each["after"] = list(dict.fromkeys(renamed))
        write_lists(connection, each, each["after"], now)
    return found


def _refilter(connection: Connection, name: str, new_name: str) -> list[str]:
    """Let saved filters of the list be of another one; their names."""
    filters = update(FILTER).where(FILTER.c.list_name == name).values(list_name=new_name)
    return list(connection.execute(filters.returning(FILTER.c.name)).scalars())


def lists_of(connection: Connection, mention: Mention) -> Any:
    """The lists that the row names now; None: it is gone."""
    if mention["kind"] == "campaign":
        found = select(_CAMPAIGN.c.lists).where(_CAMPAIGN.c.id == mention["id"])
        return connection.execute(found).scalar()
    if mention["kind"] == _OF_CAMPAIGN:
        return campaign_segment(connection, mention["id"])
    if mention["kind"] == "segment":
        expression = select(SEGMENT.c.expression).where(SEGMENT.c.id == mention["id"])
        return connection.execute(expression).scalar()
    query = select(_TASK.c.parameters).where(_TASK.c.id == mention["id"])
    parameters = connection.execute(query).scalar()
    return parameters.get(_LISTS) if isinstance(parameters, dict) else None


def write_lists(
    connection: Connection, mention: Mention, lists: Sequence[str] | str, now: Instant
) -> None:
    """Let the row name these lists; those of a segment, also of a campaign's, are
    its expression."""
    if mention["kind"] == "campaign":
        where = _CAMPAIGN.c.id == mention["id"]
        values: dict[str, Any] = {"lists": list(lists), "updated_at": now}
        connection.execute(update(_CAMPAIGN).where(where).values(**values))
        return
    if mention["kind"] == _OF_CAMPAIGN:
        write_campaign_segment(connection, mention["id"], str(lists), now)
        return
    if mention["kind"] == "segment":
        write_expression(connection, SEGMENT.c.id == mention["id"], str(lists), now)
        return
    query = select(_TASK.c.parameters).where(_TASK.c.id == mention["id"])
    parameters = dict(connection.execute(query).scalar_one()) | {_LISTS: list(lists)}
    where = _TASK.c.id == mention["id"]
    connection.execute(update(_TASK).where(where).values(parameters=parameters, updated_at=now))
