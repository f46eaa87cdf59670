"""Another tool's data, migrated, and the whole of a database to compare."""

from pathlib import Path
from typing import Any

from sqlalchemy import text

from sestui.audience.migrate.migrate import Reconciliation
from sestui.audience.migrate.records import MigratedKind
from sestui.store.db.database import Database

FOLDER = Path(__file__).parents[1] / "data" / "migrate"
"""What other tools have written, as small as it can be."""
TABLES = (
    *("contact", "contact_list", "membership", "list_refusal", "suppression"),
    *("campaign", "message"),
)


def figures(found: Reconciliation) -> dict[MigratedKind, tuple[int, int, int, int]]:
    """Read, taken, here and left out of each kind; they add up."""
    told = {
        kind: (tally.read, tally.taken, tally.here, tally.left_out.total())
        for kind, tally in found.tallies.items()
    }
    assert all(read == sum(others) for read, *others in told.values()), found.tallies
    return told


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of what a migration may write."""
    with database.read_connection() as connection:
        return {
            table: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {table}"))), key=repr)
            for table in TABLES
        }


def standings(database: Database) -> dict[str, tuple[str, str, str, str]]:
    """Status, suppression, lists and left lists of each contact."""
    with database.read_connection() as connection:
        found = connection.execute(
            text(
                "SELECT contact.email_key, contact.status, suppression.reason FROM contact "
                "LEFT JOIN suppression ON suppression.email_key = contact.email_key"
            )
        ).all()
        lists = {
            table: connection.execute(
                text(
                    "SELECT contact.email_key, contact_list.name FROM contact "
                    f"JOIN {table} ON {table}.contact_id = contact.id "
                    f"JOIN contact_list ON contact_list.id = {table}.list_id "
                    "ORDER BY contact_list.name"
                )
            ).all()
            for table in ("membership", "list_refusal")
        }
    named = {
        table: {key: ", ".join(name for each, name in rows if each == key) for key, _ in rows}
        for table, rows in lists.items()
    }
    return {
        key: (
            status,
            reason or "",
            named["membership"].get(key, ""),
            named["list_refusal"].get(key, ""),
        )
        for key, status, reason in found
    }
