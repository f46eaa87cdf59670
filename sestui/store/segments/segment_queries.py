"""Ask a segment: how many, who, and why somebody is in it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from sestui.core.contact.address_check import address_key
from sestui.core.segments.kinds import AskedAttribute, attribute_asked
from sestui.core.segments.nodes import (
    AnyLeaf,
    HasTag,
    InSegment,
    asks,
    attribute_names,
    leaves,
    value_of,
)
from sestui.core.segments.present import Present
from sestui.core.text import printable
from sestui.store.contacts.attribute_sql import AttributeSql
from sestui.store.contacts.key_queries import CONTACT
from sestui.store.contacts.tags_sql import has_tag
from sestui.store.db.database import Database
from sestui.store.segments.segment_indexes import EVERY_ENTRY, indexed_attributes
from sestui.store.segments.segments_sql import ResolvedSegment, SegmentSql

_AT_ONCE = 60
"""Leaves that one statement asks."""


@dataclass(frozen=True, slots=True)
class LeafFound:
    """One leaf of a segment and what it is of a contact."""

    leaf: AnyLeaf
    holds: bool
    value: Any = None
    """What was compared; None if it is missing, or the leaf compares nothing."""


def count_segment(database: Database, segment: ResolvedSegment, present: Present) -> int:
    """How many contacts are in it now, whatever their status."""
    with database.snapshot(), database.read_connection() as connection:
        return int(connection.execute(counting(connection, segment, present)).scalar_one())


def counting(connection: Connection, segment: ResolvedSegment, present: Present) -> Select[int]:
    """The statement that counts them, along the index if that says all that is asked."""
    sqlite = connection.dialect.name == "sqlite"
    indexed = indexed_attributes(connection)
    if sqlite and not _is_within(segment, indexed):
        indexed = frozenset()
    sql = SegmentSql(segment, present, sqlite=sqlite, indexed=indexed)
    counted = select(func.count()).select_from(CONTACT).where(sql.where())
    if sqlite and indexed:
        counted = counted.where(EVERY_ENTRY)
    return counted


def _is_within(segment: ResolvedSegment, indexed: Collection[AskedAttribute]) -> bool:
    """Whether the index of these attributes says all that it asks.

    If it doesn't, SQLite would read the contacts too, and in the order of the index.
    """
    asked = [
        attribute_asked(leaf) for leaf in all_leaves(segment) if not isinstance(leaf, InSegment)
    ]
    return all(each in indexed for each in asked)


def sample_segment(
    database: Database, segment: ResolvedSegment, present: Present, most: int
) -> list[str]:
    """The addresses of the newest contacts in it."""
    sql = SegmentSql(segment, present, sqlite=database.is_sqlite)
    newest = select(CONTACT.c.email).where(sql.where()).order_by(CONTACT.c.id.desc()).limit(most)
    with database.read_connection() as connection:
        return list(connection.execute(newest).scalars())


def leaves_of_contact(
    database: Database, segment: ResolvedSegment, present: Present, email: str
) -> tuple[bool, list[LeafFound]] | None:
    """Whether the contact is in it, and what each leaf is of it; None if there is no contact.

    The leaves are those of :func:`all_leaves`.
    """
    sql = SegmentSql(segment, present, sqlite=database.is_sqlite)
    asked = all_leaves(segment)
    found: list[LeafFound] = []
    with database.snapshot(), database.read_connection() as connection:
        who = CONTACT.c.email_key == address_key(email)
        held = connection.execute(select(sql.holds(segment.root)).where(who)).first()
        if held is None:
            return None
        for first in range(0, len(asked), _AT_ONCE):
            some = asked[first : first + _AT_ONCE]
            columns = [sql.holds(leaf).label(f"holds_{n}") for n, leaf in enumerate(some)]
            columns += [
                sql.value(value).label(f"value_{n}")
                for n, leaf in enumerate(some)
                if (value := value_of(leaf)) is not None
            ]
            row = connection.execute(select(*columns).where(who)).mappings().one()
            found += [
                LeafFound(leaf, bool(row[f"holds_{n}"]), row.get(f"value_{n}"))
                for n, leaf in enumerate(some)
            ]
    return bool(held[0]), found


def leaf_counts(
    database: Database, segment: ResolvedSegment, present: Present
) -> list[tuple[AnyLeaf, int]]:
    """Of how many contacts each of :func:`all_leaves` is true."""
    sql = SegmentSql(segment, present, sqlite=database.is_sqlite)
    asked = all_leaves(segment)
    counts: list[tuple[AnyLeaf, int]] = []
    with database.snapshot(), database.read_connection() as connection:
        for first in range(0, len(asked), _AT_ONCE):
            some = asked[first : first + _AT_ONCE]
            columns = [
                func.coalesce(func.sum(case((sql.holds(leaf), 1), else_=0)), 0) for leaf in some
            ]
            row = connection.execute(select(*columns).select_from(CONTACT)).one()
            counts += [(leaf, int(count)) for leaf, count in zip(some, row, strict=True)]
    return counts


def unknown_names(database: Database, segment: ResolvedSegment) -> list[str]:
    """The attributes and tags of it that no contact has, as ``the attribute 'plna'``."""
    with database.read_connection() as connection:
        return unknown_in(connection, segment)


def unknown_in(connection: Connection, segment: ResolvedSegment) -> list[str]:
    """The same in a transaction."""
    sqlite = connection.dialect.name == "sqlite"
    conditions = (segment.root, *segment.named.values())
    names = sorted({name for each in conditions for name in attribute_names(each)})
    tags = sorted({leaf.tag for leaf in all_leaves(segment) if isinstance(leaf, HasTag)})
    asked = [("attribute", name, AttributeSql(name, sqlite=sqlite).is_known()) for name in names]
    asked += [("tag", tag, has_tag(tag, sqlite=sqlite)) for tag in tags]
    return [
        f"the {kind} {printable(name)!r}"
        for kind, name, where in asked
        if connection.execute(select(CONTACT.c.id).where(where).limit(1)).first() is None
    ]


def all_leaves(segment: ResolvedSegment) -> list[AnyLeaf]:
    """The leaves of the expression and of every segment that it uses, each once."""
    found: dict[str, AnyLeaf] = {}
    for condition in (segment.root, *segment.named.values()):
        for leaf in leaves(condition):
            found.setdefault(asks(leaf), leaf)
    return list(found.values())
