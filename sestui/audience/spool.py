"""The contacts of one import between reading and saving, each address once, on disk."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from sestui.errors import StorageError

BATCH = 5_000
"""Contacts handed to the database at a time."""

_CREATE = """
    CREATE TABLE spool (id INTEGER PRIMARY KEY, email_key TEXT NOT NULL UNIQUE, contact TEXT)
"""
_ADD = """
    INSERT INTO spool (email_key, contact)
    SELECT json_extract(value, '$.email_key'), value FROM json_each(?) WHERE true
    ON CONFLICT (email_key) DO UPDATE SET contact = json_set(
        json_patch(excluded.contact, spool.contact),
        '$.tags',
        (
            SELECT json_group_array(value) FROM (
                SELECT value FROM json_each(spool.contact, '$.tags')
                UNION
                SELECT value FROM json_each(excluded.contact, '$.tags')
            )
        )
    )
"""
_BATCH = """
    SELECT '[' || group_concat(contact, ',') || ']', count(*)
    FROM (SELECT contact FROM spool WHERE id > ? AND id <= ? ORDER BY id)
"""


class Spool:
    """A private scratch database without a name: it is gone with the process, however that ends.

    A row whose address came before adds what the earlier rows left empty, and its tags; where both
    say something, the first row wins.
    """

    def __init__(self) -> None:
        # One thread at a time, though not always the same one.
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-24000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(_CREATE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def add(self, contacts: Sequence[dict[str, Any]]) -> None:
        """Add rows as :meth:`RowParser.parse` gives them.

        Raises:
            StorageError: the disk for temporary files is full.
        """
        batch = json.dumps(contacts, ensure_ascii=False, separators=(",", ":"))
        with _translated():
            self._connection.execute("BEGIN")
            self._connection.execute(_ADD, (batch,))
            self._connection.execute("COMMIT")

    def count(self) -> int:
        """Distinct addresses."""
        with _translated():
            found: int = self._connection.execute("SELECT count(*) FROM spool").fetchone()[0]
        return found

    def batches(self) -> Iterator[tuple[str, int]]:
        """The contacts in the file's order: JSON arrays of up to :data:`BATCH`, with their size."""
        with _translated():
            last = self._connection.execute("SELECT max(id) FROM spool").fetchone()[0] or 0
            for start in range(0, last, BATCH):
                text, found = self._connection.execute(_BATCH, (start, start + BATCH)).fetchone()
                if found:
                    yield text, found


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"The folder for temporary files can't hold this import ({error}); point TMPDIR to a "
            "bigger one."
        ) from error
