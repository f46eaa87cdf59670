"""Lists that contacts left by their own word, which every way of joining lists respects."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal, select, text

from sestui.core.clock import Instant
from sestui.store.contacts.tables import ListRefusal

REFUSAL = ListRefusal.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


def not_refused(list_id: Any, contact_id: Any) -> ColumnElement[bool]:
    """Whether the contact has not left the list by their own word; takes columns or values."""
    on_list = literal(list_id) if isinstance(list_id, int) else list_id
    refused = select(REFUSAL.c.list_id).where(
        REFUSAL.c.list_id == on_list, REFUSAL.c.contact_id == contact_id
    )
    return ~refused.exists()


def refuse(connection: Connection, list_id: int, keys: Sequence[str], now: Instant) -> int:
    """Take contacts off a list for good; returns how many had not left it before.

    ``keys`` are the addresses of a few thousand contacts at most.
    """
    given = {"list_id": list_id, "keys": json.dumps(list(keys))}
    contacts = among_keys(connection)
    fresh = connection.execute(
        text(
            "INSERT INTO list_refusal (list_id, contact_id, at) "
            f"SELECT :list_id, id, :now {contacts} ON CONFLICT (list_id, contact_id) DO NOTHING"
        ),
        given | {"now": now},
    ).rowcount
    connection.execute(
        text(
            "DELETE FROM membership "  # noqa: S608 - constants
            f"WHERE list_id = :list_id AND contact_id IN (SELECT id {contacts})"
        ),
        given,
    )
    return fresh


def refused_among(connection: Connection, list_id: int, keys: Sequence[str]) -> int:
    """How many of these contacts have left the list."""
    counted = connection.execute(
        text(
            "SELECT count(*) FROM list_refusal "  # noqa: S608 - constants
            "WHERE list_id = :list_id AND contact_id IN "
            f"(SELECT id {among_keys(connection)})"
        ),
        {"list_id": list_id, "keys": json.dumps(list(keys))},
    )
    return int(counted.scalar_one())


def among_keys(connection: Connection) -> str:
    """SQL for the contacts whose addresses are ``:keys``, a JSON array: ``FROM … WHERE …``."""
    return f"FROM contact WHERE email_key IN ({VALUES[connection.dialect.name]})"


VALUES = {
    "sqlite": "SELECT value FROM json_each(:keys)",
    "postgresql": "SELECT json_array_elements_text(CAST(:keys AS json))",
}
"""By engine, the values of ``:keys``, a JSON array, as a query."""
