"""Search contacts: beginnings of addresses at once, all other matches step by step.

A search is a generator of short reads, with no transaction open between them, so that it can be
abandoned at any time.
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
"""Most contacts that a search returns."""

_STRETCH = 5_000
"""Contacts scanned by one read, in some tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class FoundContacts:
    """The result of one step of a search."""

    lines: Sequence[ContactLine]
    """New matches, best first."""
    searched: int
    """Contacts scanned so far."""
    done: bool
    """Whether it is the last step."""
    more: bool = False
    """Whether there are more matches than requested."""


def find_contacts(
    database: Database, which: Which, text: str, *, most: int = MOST_FOUND
) -> Iterator[FoundContacts]:
    """Search the contacts for ``text``: each word must be in the address or an attribute's value.

    Addresses that begin with it come first, sorted, then all others, newest first. The last step is
    marked as done.

    Raises:
        NotFoundError: there is no such list.
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
    """The words of a search text, each of which a match contains."""
    # Databases refuse lone surrogates and NUL.
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
        """The condition that the address begins with the first word."""
        key = SUPPRESSION.c.email_key if self._by_address else CONTACT.c.email_key
        return _begins(key, self._words[0].lower(), sqlite=self._database.is_sqlite)

    def beginning(self, most: int) -> list[ContactLine]:
        """Contacts whose address begins with the word."""
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
        """Scan the members, which is faster than scanning all such addresses."""
        begins = self.begins if walk.by_address else contact_of_member(self.begins)
        statement = select(walk.key).where(*walk.along, begins, *walk.only).limit(most)
        return connection.execute(statement).scalars().all()

    def through(self, left: int) -> Iterator[FoundContacts]:
        """Scan all contacts in steps."""
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
        # Addresses that begin with a single word have been found already.
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
    # SQLite's LIKE ignores case and so uses no index; U+10FFFF is the highest character.
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
            # The whole text first, as parsing it is slow and few contain the word.
            _holds(cast(CONTACT.c.attributes, Text), in_json, sqlite=sqlite),
            select(1)
            .select_from(values)
            .where(_holds(cast(values.c.value, Text), word, sqlite=sqlite))
            .exists(),
        ),
    )


def _holds(column: Any, word: str, *, sqlite: bool) -> ColumnElement[bool]:
    """The condition that the text contains the word, ignoring case."""
    if not sqlite:
        like: ColumnElement[bool] = column.ilike(f"%{_escaped(word)}%", escape="\\")
        return like
    spellings = {word}
    if not word.isascii():  # SQLite's LIKE ignores case for ASCII only
        spellings |= {word.lower(), word.upper(), word.capitalize()}
    return or_(
        *(column.like(f"%{_escaped(spelling)}%", escape="\\") for spelling in sorted(spellings))
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
