"""Suppressions that a file brings, each with its own reason."""
# ruff: noqa: S608 # statements are put together from constants of this module; values are bound

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection, text

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
    f"{_KNOWN} RETURNING xmax = 0 AS is_new) SELECT count(*) FILTER (WHERE is_new) FROM written"
)
_LAST_ROW = text("SELECT max(rowid) FROM suppression")


def suppress_from_file(connection: Connection, given: Sequence[FileSuppression]) -> int:
    """Suppress a few thousand at a time, none twice; returns how many had not been suppressed."""
    if not given:
        return 0
    if connection.dialect.name == "sqlite":
        before = connection.execute(_LAST_ROW).scalar() or 0
        connection.exec_driver_sql(_SQLITE, list(given))
        # We hold the write lock, so the new rows' numbers are consecutive.
        return (connection.execute(_LAST_ROW).scalar() or 0) - before
    columns = map(list, zip(*given, strict=True))
    values = dict(zip(("keys", "reasons", "details", "instants"), columns, strict=True))
    return int(connection.execute(_POSTGRESQL, values).scalar_one())


def suppress_all(
    database: Database,
    batches: Iterable[Sequence[FileSuppression]],
    *,
    dry_run: bool,
) -> SuppressedRows:
    """Suppress any number in one transaction: all, or none if anything fails.

    The rows come sorted by key: so the index grows at its end, which is ten times as fast as all
    over a million keys, and two writers can't wait for each other. A key's few rows each count as
    if they came in files of their own. ``dry_run`` counts, and changes nothing.
    """
    suppressed = erased = 0
    with database.write_connection() as connection:
        hold_off_erasure(connection)
        for batch in batches:
            gone = erased_among(connection, [row[0] for row in batch])
            kept = [row for row in batch if row[0] not in gone] if gone else batch
            erased += len(batch) - len(kept)
            suppressed += sum(suppress_from_file(connection, part) for part in _once_each(kept))
        if dry_run:
            connection.rollback()
    return SuppressedRows(suppressed, erased)


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
