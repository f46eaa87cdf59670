"""Finding contacts by what is typed: the start of an address at once, everything else by and by.

A search is a series of short reads. Between two of them nothing is held; whoever wants no more of
it, because something else was typed meanwhile, stops asking.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, func, not_, or_, select, true

from sestui.core.delivery.states import Standing
from sestui.store.contacts.pages import ContactLine, lines_of
from sestui.store.contacts.walks import (
    CONTACT,
    MEMBERSHIP,
    SUPPRESSION,
    Walk,
    Which,
    contact_of_member,
    contact_of_suppression,
    is_short,
    list_id_of,
    of_standing,
    on_list,
    walk_of,
)
from sestui.store.db.database import Database

MOST_FOUND = 1_000
"""Who finds more should type more."""

_STRETCH = 5_000
"""Contacts looked at in one read: some tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class FoundContacts:
    """What one step of a search came to."""

    lines: Sequence[ContactLine]
    """Newly found, best first."""
    searched: int
    """How many contacts have been looked at in all."""
    done: bool
    """Nothing comes after this."""
    more: bool = False
    """There are more than were asked for."""


def find_contacts(
    database: Database, which: Which, text: str, *, most: int = MOST_FOUND
) -> Iterator[FoundContacts]:
    """Search ``which`` for ``text``: each of its words in an address or an attribute's value.

    First come the addresses that begin with it, in their order, then all others, newest first.
    The last step is marked as done.

    Raises:
        NotFoundError: there is no list by that name.
    """
    words = words_of(text)
    search = _Search(database, which, words)
    left = most
    if len(words) == 1:
        lines = search.beginning(left + 1)
        left -= len(lines)
        yield FoundContacts(lines[:most], 0, done=left < 0, more=left < 0)
        if left < 0:
            return
    yield from search.through(left)


def addresses_beginning(
    connection: Connection, start: str, *, most: int, sqlite: bool
) -> Sequence[str]:
    """At most so many contacts' addresses that begin with ``start``, by the index of addresses."""
    begins = _begins(CONTACT.c.email_key, start.lower(), sqlite=sqlite)
    found = select(CONTACT.c.email).where(begins).order_by(CONTACT.c.email_key).limit(most)
    return connection.execute(found).scalars().all()


def words_of(text: str) -> list[str]:
    """The words of what was typed; a contact that is found has each of them somewhere."""
    # Half characters and NUL are in no address, and no database takes them.
    clean = text.encode("utf-8", "ignore").decode().replace("\0", "")
    return clean.split()


class _Search:
    def __init__(self, database: Database, which: Which, words: Sequence[str]) -> None:
        self._database = database
        self._which = which
        self._words = words

    @property
    def _by_address(self) -> bool:
        return self._which.standing is Standing.SUPPRESSED

    @property
    def begins(self) -> ColumnElement[bool]:
        """The address begins with the first word."""
        key = SUPPRESSION.c.email_key if self._by_address else CONTACT.c.email_key
        return _begins(key, self._words[0].lower(), sqlite=self._database.is_sqlite)

    def beginning(self, most: int) -> list[ContactLine]:
        """Who has an address that begins with the word."""
        with self._database.read_connection() as connection:
            walk = walk_of(connection, self._which)
            list_id = list_id_of(connection, self._which)
            if list_id is not None and is_short(connection, list_id):
                keys = self._of_short_list(connection, walk, most)
                lines = lines_of(connection, walk, keys)
                return sorted(lines, key=lambda line: line.email)
            if walk.by_address:
                key: ColumnElement[Any] = SUPPRESSION.c.email_key
                order, only = key, walk.only
            else:
                key, order = CONTACT.c.id, CONTACT.c.email_key
                along, only = of_standing(self._which.standing)
                only = (*along, *only)
                if list_id is not None:
                    only = (*only, on_list(list_id, CONTACT.c.id))
            keys = (
                connection.execute(
                    select(key).where(self.begins, *only).order_by(order).limit(most)
                )
                .scalars()
                .all()
            )
            return lines_of(connection, Walk(key, by_address=walk.by_address), keys)

    def _of_short_list(self, connection: Connection, walk: Walk, most: int) -> Sequence[Any]:
        """The members one by one: quicker than everybody with such an address."""
        begins = self.begins if walk.by_address else contact_of_member(self.begins)
        statement = select(walk.key).where(*walk.along, begins, *walk.only).limit(most)
        return connection.execute(statement).scalars().all()

    def through(self, left: int) -> Iterator[FoundContacts]:
        """Look at everybody, a stretch at a time."""
        after: Any = None
        searched = 0
        while True:
            with self._database.read_connection() as connection:
                walk = walk_of(connection, self._which)
                end = walk.stretch(connection, after, _STRETCH)
                keys = self._matching(connection, walk, (after, end), left + 1)
                lines = lines_of(connection, walk, keys[:left])
            searched += _STRETCH
            more = len(keys) > left
            left -= len(lines)
            yield FoundContacts(lines, searched, done=more or end is None, more=more)
            if more or end is None:
                return
            after = end

    def _matching(
        self, connection: Connection, walk: Walk, stretch: tuple[Any, Any], most: int
    ) -> Sequence[Any]:
        after, end = stretch
        where = [*walk.along, self._matches(walk)]
        if after is not None:
            where.append(walk.after(after))
        if end is not None:
            where.append(walk.up_to(end))
        order = walk.key.asc() if walk.rising else walk.key.desc()
        statement = select(walk.key).where(*where, *walk.only).order_by(order).limit(most)
        return connection.execute(statement).scalars().all()

    def _matches(self, walk: Walk) -> ColumnElement[bool]:
        sqlite = self._database.is_sqlite
        # A single word was looked for at the start of addresses before.
        fresh = [not_(self.begins)] if len(self._words) == 1 else []
        of_contact = and_(true(), *(word_of_contact(word, sqlite=sqlite) for word in self._words))
        if walk.by_address:
            of_address = and_(
                true(),
                *(
                    or_(
                        _holds(SUPPRESSION.c.email_key, word, sqlite=sqlite),
                        _holds(SUPPRESSION.c.detail, word, sqlite=sqlite),
                    )
                    for word in self._words
                ),
            )
            return and_(or_(of_address, contact_of_suppression(of_contact)), *fresh)
        if walk.key.table is MEMBERSHIP:
            return contact_of_member(of_contact, *fresh)
        return and_(of_contact, *fresh)


def _begins(column: Any, start: str, *, sqlite: bool) -> ColumnElement[bool]:
    if not sqlite:
        like: ColumnElement[bool] = column.like(f"{_escaped(start)}%", escape="\\")
        return like
    # SQLite's LIKE knows no case and hence no index. Nothing in an address is above U+10FFFF.
    return and_(column >= start, column < f"{start}\U0010ffff")


def word_of_contact(word: str, *, sqlite: bool) -> ColumnElement[bool]:
    """The contact has the word in its address or in the value of an attribute."""
    in_json = json.dumps(word, ensure_ascii=False)[1:-1]
    if sqlite:
        values = func.json_each(CONTACT.c.attributes).table_valued("value", name="of_contact")
    else:
        values = func.json_each_text(CONTACT.c.attributes).table_valued("value", name="of_contact")
    return or_(
        _holds(CONTACT.c.email, word, sqlite=sqlite),
        _holds(CONTACT.c.email_key, word, sqlite=sqlite),
        and_(
            # The text as a whole first: taking it apart is slow, and few have the word anywhere.
            _holds(cast(CONTACT.c.attributes, Text), in_json, sqlite=sqlite),
            select(1)
            .select_from(values)
            .where(_holds(cast(values.c.value, Text), word, sqlite=sqlite))
            .exists(),
        ),
    )


def _holds(column: Any, word: str, *, sqlite: bool) -> ColumnElement[bool]:
    """The text has the word in it, in whatever case."""
    if not sqlite:
        like: ColumnElement[bool] = column.ilike(f"%{_escaped(word)}%", escape="\\")
        return like
    spellings = {word}
    if not word.isascii():  # SQLite's LIKE knows the case of ASCII only
        spellings |= {word.lower(), word.upper(), word.capitalize()}
    return or_(
        *(column.like(f"%{_escaped(spelling)}%", escape="\\") for spelling in sorted(spellings))
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
