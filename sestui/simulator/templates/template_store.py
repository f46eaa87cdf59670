"""Stored templates in the simulated account's file."""

import json
from dataclasses import dataclass
from typing import Any

from sestui.core.clock import Instant
from sestui.simulator.account.state import SimulatorState

MOST = 20_000
"""The most templates of an account."""

PARTS = ("Subject", "Text", "Html")


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """One template."""

    name: str
    content: dict[str, str]
    """By :data:`PARTS`; missing parts are left out."""
    created_at: Instant


def add(state: SimulatorState, template: StoredTemplate) -> bool:
    """Store a new template; False if there is one of that name."""
    with state.changing() as connection:
        cursor = connection.execute(
            "INSERT OR IGNORE INTO template (name, content, created_at) VALUES (?, ?, ?)",
            (template.name, json.dumps(template.content), template.created_at),
        )
        return cursor.rowcount == 1


def replace(state: SimulatorState, name: str, content: dict[str, str]) -> bool:
    """Replace the template's content; False if there is none of that name."""
    with state.changing() as connection:
        cursor = connection.execute(
            "UPDATE template SET content = ? WHERE name = ?", (json.dumps(content), name)
        )
        return cursor.rowcount == 1


def remove(state: SimulatorState, name: str) -> bool:
    """Delete the template; False if there was none of that name."""
    with state.changing() as connection:
        cursor = connection.execute("DELETE FROM template WHERE name = ?", (name,))
        return cursor.rowcount == 1


def get(state: SimulatorState, name: str) -> StoredTemplate | None:
    """The template of that name; None if there is none."""
    with state.reading() as connection:
        row = connection.execute(
            "SELECT name, content, created_at FROM template WHERE name = ?", (name,)
        ).fetchone()
    return None if row is None else _template(row)


def page(state: SimulatorState, *, after: int, limit: int) -> list[StoredTemplate]:
    """At most ``limit`` templates in the order of their names, without the first ``after``."""
    with state.reading() as connection:
        rows = connection.execute(
            "SELECT name, content, created_at FROM template ORDER BY name LIMIT ? OFFSET ?",
            (limit, after),
        ).fetchall()
    return [_template(row) for row in rows]


def count(state: SimulatorState) -> int:
    """How many there are."""
    with state.reading() as connection:
        (number,) = connection.execute("SELECT count(*) FROM template").fetchone()
    return int(number)


def _template(row: tuple[Any, ...]) -> StoredTemplate:
    name, content, created_at = row
    given = json.loads(content)
    return StoredTemplate(name, {part: given[part] for part in PARTS if part in given}, created_at)
