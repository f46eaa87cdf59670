"""Contacts that were chosen to have something done to them: marked ones, or all that match."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    func,
    literal,
    select,
)

from sestui.core.delivery.states import Standing
from sestui.core.segments.present import Present
from sestui.store.contacts.key_queries import (
    CONTACT,
    SUPPRESSED,
    Which,
    list_id_of,
    of_standing,
    on_list,
)
from sestui.store.contacts.pages import count_of
from sestui.store.contacts.search import word_of_contact, words_of
from sestui.store.db.database import Database
from sestui.store.segments.segments_sql import ResolvedSegment, SegmentSql

CHUNK = 20_000
"""Ids that are looked through at once."""

_EVERYBODY = Which()

OnProgress = Callable[[int, int], None]
"""Called with the number of ids done and of all; an error it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Chosen contacts; addresses that are no contact's are never among them."""

    which: Which = _EVERYBODY
    """All of these,"""
    text: str = ""
    """as far as each word of this is in their address or attributes;"""
    besides: tuple[int, ...] = ()
    """but not these."""
    segment: tuple[ResolvedSegment, Present] | None = None
    """As far as they are in this;"""
    ids: tuple[int, ...] | None = None
    """If given, just these, whatever else is said."""


def no_progress(_done: int, _of: int) -> None:
    """Report no progress."""


def count_selected(database: Database, selection: Selection) -> int:
    """How many contacts are meant now; a search through many is made of short reads.

    Raises:
        NotFoundError: there is no list by that name.
    """
    if selection.ids is not None:
        return len(selection.ids)
    with database.read_connection() as connection:
        which = selection.which
        by_index = which != Which(None, Standing.SUPPRESSED) and selection.segment is None
        if by_index and not words_of(selection.text):
            return max(0, count_of(connection, which) - len(selection.besides))
        last = _last_id(connection)
    count = 0
    for low in range(0, last, CHUNK):
        with database.read_connection() as connection:
            where = (*_conditions(connection, selection), *_between(low))
            counted = select(func.count()).select_from(CONTACT).where(*where)
            count += int(connection.execute(counted).scalar_one())
    return count


def id_chunks(
    connection: Connection,
    selection: Selection,
    on_progress: OnProgress = no_progress,
    *,
    after: int = 0,
) -> Iterator[list[int]]:
    """The ids above ``after`` of the contacts that are meant, rising, a bounded number at a time.

    Raises:
        NotFoundError: there is no list by that name.
    """
    if selection.ids is not None:
        known = sorted(each for each in selection.ids if each > after)
        total = len(known)
        for first in range(0, total, CHUNK):
            on_progress(first, total)
            some = id_values(connection, known[first : first + CHUNK])
            if found := _found(connection, CONTACT.c.id.in_(some)):
                yield found
        return
    where, last = _conditions(connection, selection), _last_id(connection)
    for low in range(after, last, CHUNK):
        on_progress(low, last)
        if found := _found(connection, *where, *_between(low)):
            yield found


def id_values(connection: Connection, ids: Sequence[int]) -> Select[Any]:
    """Ids as a query that gives them: one parameter, however many they are."""
    text = literal(json.dumps(list(ids)), Text)
    if connection.dialect.name == "sqlite":
        return select(func.json_each(text).table_valued("value", name="given_id").c.value)
    each = func.json_array_elements_text(cast(text, JSON)).table_valued("value", name="given_id")
    return select(cast(each.c.value, BigInteger))


def _found(connection: Connection, *where: ColumnElement[bool]) -> list[int]:
    query = select(CONTACT.c.id).where(*where).order_by(CONTACT.c.id)
    return list(connection.execute(query).scalars())


def _between(low: int) -> tuple[ColumnElement[bool], ...]:
    return CONTACT.c.id > low, CONTACT.c.id <= low + CHUNK


def _last_id(connection: Connection) -> int:
    return int(connection.execute(select(func.max(CONTACT.c.id))).scalar() or 0)


def _conditions(connection: Connection, selection: Selection) -> tuple[ColumnElement[bool], ...]:
    which, sqlite = selection.which, connection.dialect.name == "sqlite"
    where: list[ColumnElement[bool]] = []
    list_id = list_id_of(connection, which)
    if list_id is not None:
        where.append(on_list(list_id, CONTACT.c.id))
    if which.standing is Standing.SUPPRESSED:
        where.append(SUPPRESSED)
    else:
        along, only = of_standing(which.standing)
        where += [*along, *only]
    where += [word_of_contact(word, sqlite=sqlite) for word in words_of(selection.text)]
    if selection.segment is not None:
        segment, present = selection.segment
        where.append(SegmentSql(segment, present, sqlite=sqlite).holds(segment.root))
    if selection.besides:
        where.append(CONTACT.c.id.not_in(id_values(connection, selection.besides)))
    return tuple(where)
