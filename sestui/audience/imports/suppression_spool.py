"""A temporary store on disk for the addresses and domains that a file suppresses."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from sestui.audience.imports.status_words import meaning_of_word
from sestui.audience.imports.temporary_database import open_temporary, translated
from sestui.core.clock import Instant
from sestui.core.delivery.states import MANUAL
from sestui.core.text import printable

_BATCH = 5_000
_SHOWN = 200
_CACHE_KB = 4_000
"""Rows are only appended and then sorted in pieces of this size."""
_READ = """
    SELECT key, reason, detail, ?, min(id) FROM spool
    GROUP BY key, reason ORDER BY key, reason
"""
"""Of rows with one reason, the first. Sorting at the end takes a fraction of keeping an index."""


class SuppressionSpool:
    """A private temporary database of keys, with the words that say why."""

    def __init__(self, source: str) -> None:
        """``source`` is the file's name."""
        self._source = source
        self._connection = open_temporary()
        self._connection.execute(f"PRAGMA cache_size={-_CACHE_KB}")
        self._connection.execute(
            "CREATE TABLE spool (id INTEGER PRIMARY KEY, key TEXT, reason TEXT, detail TEXT)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def add(self, rows: Sequence[tuple[str, str]]) -> None:
        """Add keys and their words in the file's order.

        Raises:
            StorageError: the disk for temporary files is full.
        """
        source = self._source
        with translated():
            self._connection.execute("BEGIN")
            self._connection.executemany(
                "INSERT INTO spool (key, reason, detail) VALUES (?, ?, ?)",
                [(key, *_why(word, source)) for key, word in rows],
            )
            self._connection.execute("COMMIT")

    def batches(self, now: Instant) -> Iterator[list[Any]]:
        """As ``FileSuppression`` has them, by key, each key once for each of its reasons."""
        with translated():
            cursor = self._connection.execute(_READ, (now,))
            while rows := cursor.fetchmany(_BATCH):
                yield [row[:4] for row in rows]


@lru_cache(maxsize=4096)
def _why(word: str, source: str) -> tuple[str, str]:
    """The reason and the detail of a suppression by the file's word for it."""
    word = word.strip()
    meaning = meaning_of_word(word) if word else None
    reason = meaning.value if meaning is not None and meaning.suppresses else MANUAL
    detail = f"{word} ({source})" if word else source
    return reason, printable(detail)[:_SHOWN]
