"""Indexes of the attributes that saved segments ask about, made and dropped with them.

One index has all of them. On SQLite, a count reads it instead of the contacts, whatever the
condition is; PostgreSQL finds the contacts by it that conditions joined by ``and`` leave. What is
not indexed is found all the same, only slower.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, select, text

from sestui.core.segments.kinds import AskedAttribute, OperandKind, attribute_asked
from sestui.core.segments.nodes import leaves
from sestui.core.segments.parse import parse
from sestui.store.contacts.attribute_sql import AttributeSql
from sestui.store.db.database import Database
from sestui.store.segments.segment_names import SEGMENT

_PREFIX = "ix_contact_asked_"
_MOST = 8
"""Attributes that are indexed: each costs imports something."""

EVERY_ENTRY: ColumnElement[bool] = literal_column("contact.id * 0 = 0")
"""True of every contact, and what SQLite's index begins with: a condition on it makes SQLite read
the index from its one end to the other."""

_NAMES_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'contact'")
_NAMES_POSTGRESQL = text(
    "SELECT indexname FROM pg_indexes WHERE tablename = 'contact' AND schemaname = current_schema()"
)


def indexed_attributes(connection: Connection) -> frozenset[AskedAttribute]:
    """The attributes that the index has; none if there is no index that is as it should be."""
    there = _existing(connection)
    wanted = _wanted(connection) if there else []
    return frozenset(wanted if _name(wanted) in there else ())


def keep_index(database: Database) -> None:
    """Make the index that saved segments want, and drop the one that they don't want any more.

    Takes a few seconds for a million contacts, while which nobody else can change contacts.
    """
    with database.read_connection() as connection:
        if _existing(connection) == _names(_wanted(connection)):
            return
    with database.write_connection() as connection:
        wanted, there = _wanted(connection), _existing(connection)
        for name in sorted(there - _names(wanted)):
            connection.execute(text(f"DROP INDEX {name}"))
        for name in _names(wanted) - there:
            expressions = ", ".join(_expressions(connection, wanted))
            connection.exec_driver_sql(f"CREATE INDEX {name} ON contact ({expressions})")
            if connection.dialect.name == "postgresql":
                connection.execute(text("ANALYZE contact"))  # else its planner would guess


def _existing(connection: Connection) -> set[str]:
    sqlite = connection.dialect.name == "sqlite"
    names = connection.execute(_NAMES_SQLITE if sqlite else _NAMES_POSTGRESQL).scalars()
    return {name for name in names if name.startswith(_PREFIX)}


def _wanted(connection: Connection) -> list[AskedAttribute]:
    """What saved segments ask about most, in one order."""
    asked: Counter[AskedAttribute] = Counter()
    for expression in connection.execute(select(SEGMENT.c.expression)).scalars():
        each = {attribute_asked(leaf) for leaf in leaves(parse(expression).root)}
        asked.update(one for one in each if one is not None)
    sqlite = connection.dialect.name == "sqlite"
    possible = [
        (-times, one) for one, times in asked.items() if _sql(one, sqlite=sqlite).can_be_indexed
    ]
    most = [one for _, one in sorted(possible)[:_MOST]]
    # What is asked for by == first: PostgreSQL finds what follows along the index then.
    return sorted(most, key=lambda one: (one[1] is not OperandKind.TEXT, one))


def _names(wanted: Collection[AskedAttribute]) -> set[str]:
    return {_name(wanted)} if wanted else set()


def _name(asked: Collection[AskedAttribute]) -> str:
    said = "\0".join(f"{kind.value}\0{name}" for name, kind in asked)
    return f"{_PREFIX}{hashlib.blake2b(said.encode(), digest_size=8).hexdigest()}"


def _expressions(connection: Connection, asked: Iterable[AskedAttribute]) -> list[str]:
    """As an index has them: it takes no parameters, so SQLAlchemy writes the values out."""
    sqlite = connection.dialect.name == "sqlite"
    columns: list[ColumnElement[Any]] = [literal_column("id * 0")] if sqlite else []
    for name, kind in asked:
        attribute = _sql((name, kind), sqlite=sqlite)
        by_beginning = not sqlite and kind is OperandKind.TEXT
        columns.append(attribute.beginning() if by_beginning else attribute.of_kind(kind))
    written = {"literal_binds": True, "include_table": False}
    return [
        f"({each.compile(dialect=connection.dialect, compile_kwargs=written)})" for each in columns
    ]


def _sql(asked: AskedAttribute, *, sqlite: bool) -> AttributeSql:
    return AttributeSql(asked[0], sqlite=sqlite, spelled_out=True)
