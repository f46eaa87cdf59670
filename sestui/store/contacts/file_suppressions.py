"""Suppressions that a file brings, each with its own reason."""
# ruff: noqa: S608 # statements are put together from constants of this module; values are bound

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from sestui.core.clock import Instant
from sestui.store.contacts.changes.import_journal import (
    ImportJournal,
    begin_import,
    suppressions_of,
)
from sestui.store.contacts.erased import erased_among, hold_off_erasure
from sestui.store.db.database import Database


class FileSuppression(NamedTuple):
    """One address or domain; a plain tuple of the same is as good, and faster."""

    key: str
    reason: str
    detail: str
    at: float


@dataclass(frozen=True, slots=True)
class SuppressedRows:
    """The result of suppressing many."""

    suppressed: int
    """Addresses and domains that had not been suppressed."""
    erased: int
    """Addresses that were left out, as they were erased on request: they get no mail anyway."""
    change: int | None = None
    """Its id in the journal of changes; None: nothing has changed."""


_INSERT = "INSERT INTO suppression (email_key, reason, detail, created_at) "
_KNOWN = (
    "ON CONFLICT (email_key) DO UPDATE SET kept = TRUE, "
    "reason = CASE WHEN excluded.reason IN ('bounced', 'complained') "
    "THEN excluded.reason ELSE suppression.reason END, "
    "detail = CASE WHEN excluded.reason IN ('bounced', 'complained') "
    "THEN excluded.detail ELSE suppression.detail END "
    "WHERE (excluded.reason NOT IN ('bounced', 'complained') "
    "AND suppression.reason IN ('bounced', 'complained') AND NOT suppression.kept) "
    "OR (excluded.reason IN ('bounced', 'complained') AND suppression.reason = 'unsubscribed')"
)
"""Whoever the file suppresses for another reason than SES has is kept, also where SES releases.
A bounce or complaint stands above an unsubscription, which its owner may take back.
"""
_SQLITE = f"{_INSERT} VALUES (?, ?, ?, ?) {_KNOWN}"
_POSTGRESQL = text(
    f"WITH written AS ({_INSERT} SELECT * FROM unnest(CAST(:keys AS text[]), "
    "CAST(:reasons AS text[]), CAST(:details AS text[]), CAST(:instants AS float8[])) "
    f"{_KNOWN} RETURNING email_key, created_at, xmax = 0 AS is_new), noted AS ("
    "INSERT INTO contact_change_row (change_id, contact_id, list_id, value, at) "
    "SELECT CAST(:change_id AS int), 0, 0, email_key, created_at FROM written "
    "WHERE is_new AND CAST(:change_id AS int) IS NOT NULL ON CONFLICT DO NOTHING) "
    "SELECT count(*) FILTER (WHERE is_new) FROM written"
)
_NOTE_SQLITE = text(
    "INSERT INTO contact_change_row (change_id, contact_id, list_id, value, at) "
    "SELECT :change_id, 0, 0, email_key, created_at FROM suppression WHERE rowid > :before"
)
_LAST_ROW = text("SELECT max(rowid) FROM suppression")


def suppress_from_file(
    connection: Connection, given: Sequence[FileSuppression], journal: ImportJournal | None
) -> int:
    """Suppress a few thousand at a time, none twice; returns how many had not been suppressed.

    ``journal`` is told what has changed.
    """
    if not given:
        return 0
    reasons = {row[0]: row[1] for row in given} if journal is not None else {}
    known = suppressions_of(connection, reasons) if reasons else {}
    change_id = None if journal is None else journal.id
    fresh = _write(connection, given, change_id)
    if journal is not None:
        journal.suppressed(fresh, {key: reasons[key] for key in known}, known)
    return fresh


def _write(connection: Connection, given: Sequence[FileSuppression], change_id: int | None) -> int:
    """Write them, and those that are new into the change's journal, if there is one; how many."""
    if connection.dialect.name == "sqlite":
        before = connection.execute(_LAST_ROW).scalar() or 0
        connection.exec_driver_sql(_SQLITE, list(given))
        # We hold the write lock, so the new rows' numbers are consecutive.
        fresh = int(connection.execute(_LAST_ROW).scalar() or 0) - before
        if fresh and change_id is not None:
            connection.execute(_NOTE_SQLITE, {"change_id": change_id, "before": before})
        return fresh
    keys, reasons, details, instants = zip(*given, strict=True)
    values: dict[str, Any] = {
        "keys": list(keys),
        "reasons": list(reasons),
        "details": list(details),
        "instants": [float(each) for each in instants],  # psycopg takes no list of mixed types
        "change_id": change_id,
    }
    return int(connection.execute(_POSTGRESQL, values).scalar_one())


def suppress_all(
    database: Database,
    batches: Iterable[Sequence[FileSuppression]],
    *,
    now: Instant,
    said: str,
    dry_run: bool,
) -> SuppressedRows:
    """Suppress any number in one transaction: all, or none if anything fails.

    ``said`` is what the journal of changes says it was, ``now`` when.

    The rows come sorted by key: so the index grows at its end, which is ten times as fast as all
    over a million keys, and two writers can't wait for each other. A key's few rows each count as
    if they came in files of their own. ``dry_run`` counts, and changes nothing.
    """
    suppressed = erased = 0
    with database.write_connection() as connection:
        hold_off_erasure(connection)
        journal = None if dry_run else begin_import(connection, now)
        for batch in batches:
            gone = erased_among(connection, [row[0] for row in batch])
            kept = [row for row in batch if row[0] not in gone] if gone else batch
            erased += len(batch) - len(kept)
            suppressed += sum(
                suppress_from_file(connection, part, journal) for part in _once_each(kept)
            )
        if journal is None:
            connection.rollback()
            return SuppressedRows(suppressed, erased)
        change = journal.finish(said, {"suppressed": suppressed})
    return SuppressedRows(suppressed, erased, change)


def _once_each(rows: Sequence[FileSuppression]) -> Iterator[Sequence[FileSuppression]]:
    """The rows, which are sorted by key, in parts that have each key once."""
    while rows:
        again = [row for before, row in pairwise(rows) if before[0] == row[0]]
        if again:
            first = [row for before, row in pairwise(rows) if before[0] != row[0]]
            yield [rows[0], *first]
        else:
            yield rows
        rows = again
