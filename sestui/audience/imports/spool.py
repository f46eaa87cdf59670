"""A temporary store on disk for the contacts of an import, with each address once."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from sestui.audience.imports.temporary_database import open_temporary, translated
from sestui.store.contacts.upsert import ContactRow

BATCH = 5_000
"""Contacts that are written to the database at a time."""

_CREATE = """
    CREATE TABLE spool (
        id INTEGER PRIMARY KEY, email TEXT, email_key TEXT UNIQUE, attributes TEXT, tags TEXT,
        weight INTEGER, more TEXT
    )
"""
_ADD = """
    INSERT INTO spool (email, email_key, attributes, tags, weight, more)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (email_key) DO UPDATE SET
        attributes = json_patch(excluded.attributes, spool.attributes),
        tags = (
            SELECT json_group_array(value) FROM (
                SELECT value FROM json_each(spool.tags)
                UNION
                SELECT value FROM json_each(excluded.tags)
            )
        ),
        weight = max(spool.weight, excluded.weight),
        more = CASE
            WHEN excluded.more = '' THEN spool.more
            WHEN spool.more = '' THEN excluded.more
            WHEN excluded.weight > spool.weight THEN json_patch(spool.more, excluded.more)
            ELSE json_patch(excluded.more, spool.more)
        END
"""
_READ = "SELECT email, email_key, attributes, tags, weight, more FROM spool ORDER BY id"


class Spool:
    """A private temporary database.

    A repeated address adds its tags and fills empty attributes of earlier rows; of two values the
    first wins, of two statuses the one that forbids mail.
    """

    def __init__(self) -> None:
        self._connection = open_temporary()
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

    def add(self, contacts: Sequence[ContactRow]) -> None:
        """Add rows in the file's order.

        Raises:
            StorageError: the disk for temporary files is full.
        """
        with translated():
            self._connection.execute("BEGIN")
            # As plain tuples, which sqlite3 binds faster than a subclass.
            self._connection.executemany(_ADD, map(tuple, contacts))
            self._connection.execute("COMMIT")

    def count(self) -> int:
        """Distinct addresses."""
        with translated():
            found: int = self._connection.execute("SELECT count(*) FROM spool").fetchone()[0]
        return found

    def count_by_weight(self) -> dict[int, int]:
        """Distinct addresses by the weight of their status as in ``ContactRow``."""
        with translated():
            return dict(
                self._connection.execute("SELECT weight, count(*) FROM spool GROUP BY weight")
            )

    def batches(self) -> Iterator[list[ContactRow]]:
        """The contacts in the file's order, up to :data:`BATCH` at a time."""
        with translated():
            cursor = self._connection.execute(_READ)
            while rows := cursor.fetchmany(BATCH):
                yield rows
