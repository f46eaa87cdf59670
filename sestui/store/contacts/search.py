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
from sestui.store.contacts.key_queries import (
    CONTACT,
    MEMBERSHIP,
    SUPPRESSION,
    KeyQuery,
    Which,
    contact_of_member,
    contact_of_suppression,
    is_short,
    key_query_of,
    list_id_of,
    of_standing,
    on_list,
)
from sestui.store.contacts.pages import ContactLine, lines_of
from sestui.store.db.database import Database

MOST_FOUND = 1_000
"""Most contacts that a search returns."""

_CHUNK = 5_000
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
            query = key_query_of(connection, self._which)
            list_id = list_id_of(connection, self._which)
            if list_id is not None and is_short(connection, list_id):
                keys = self._of_short_list(connection, query, most)
                lines = lines_of(connection, query, keys)
                return sorted(lines, key=lambda line: line.email)
            if query.by_address:
                key: ColumnElement[Any] = SUPPRESSION.c.email_key
                order, only = key, query.only
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
            return lines_of(connection, KeyQuery(key, by_address=query.by_address), keys)

    def _of_short_list(self, connection: Connection, query: KeyQuery, most: int) -> Sequence[Any]:
        """Scan the members, which is faster than scanning all such addresses."""
        begins = self.begins if query.by_address else contact_of_member(self.begins)
        statement = select(query.key).where(*query.along, begins, *query.only).limit(most)
        return connection.execute(statement).scalars().all()

    def through(self, left: int) -> Iterator[FoundContacts]:
        """Scan all contacts in steps."""
        after: Any = None
        searched = 0
        while True:
            with self._database.read_connection() as connection:
                query = key_query_of(connection, self._which)
                end = query.chunk_end(connection, after, _CHUNK)
                keys = self._matching(connection, query, (after, end), left + 1)
                lines = lines_of(connection, query, keys[:left])
            searched += _CHUNK
            more = len(keys) > left
            left -= len(lines)
            yield FoundContacts(lines, searched, done=more or end is None, more=more)
            if more or end is None:
                return
            after = end

    def _matching(
        self, connection: Connection, query: KeyQuery, chunk: tuple[Any, Any], most: int
    ) -> Sequence[Any]:
        after, end = chunk
        where = [*query.along, self._matches(query)]
        if after is not None:
            where.append(query.after(after))
        if end is not None:
            where.append(query.up_to(end))
        order = query.key.asc() if query.rising else query.key.desc()
        statement = select(query.key).where(*where, *query.only).order_by(order).limit(most)
        return connection.execute(statement).scalars().all()

    def _matches(self, query: KeyQuery) -> ColumnElement[bool]:
        sqlite = self._database.is_sqlite
        # Addresses that begin with a single word have been found already.
        fresh = [not_(self.begins)] if len(self._words) == 1 else []
        of_contact = and_(true(), *(word_of_contact(word, sqlite=sqlite) for word in self._words))
        if query.by_address:
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
        if query.key.table is MEMBERSHIP:
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
