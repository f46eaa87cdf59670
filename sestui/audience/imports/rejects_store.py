"""The rejects of one import, kept on disk to be shown and saved."""

import threading
from collections.abc import Sequence
from pathlib import Path

from sestui.audience.imports.rejects import RejectsFile
from sestui.audience.imports.rows import Reject
from sestui.audience.imports.temporary_database import open_temporary, translated
from sestui.core.text import printable
from sestui.errors import StateError, UsageError

_BATCH = 500
_PAGE = 2_000

_CREATE = """
    CREATE TABLE reject (
        id INTEGER PRIMARY KEY, line INTEGER, "column" TEXT, value TEXT, reason TEXT, "row" TEXT
    )
"""
_ADD = 'INSERT INTO reject (line, "column", value, reason, "row") VALUES (?, ?, ?, ?, ?)'
_PAGED = 'SELECT line, "column", value, reason, "row" FROM reject WHERE id > ? ORDER BY id LIMIT ?'


class RejectsStore:
    """Rejects in the file's order; thread-safe, for any number of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = open_temporary()
        self._connection.execute(_CREATE)
        self._waiting: list[Reject] = []
        self._stored = 0

    def add(self, reject: Reject) -> None:
        """Add a reject."""
        with self._lock:
            self._waiting.append(reject)
            if len(self._waiting) >= _BATCH:
                self._store()

    def count(self) -> int:
        """How many there are."""
        with self._lock:
            return self._stored + len(self._waiting)

    def page(self, offset: int, limit: int) -> Sequence[Reject]:
        """At most ``limit`` rejects from number ``offset`` on."""
        with self._lock:
            self._store()
            with translated():
                rows = self._connection.execute(_PAGED, (offset, limit)).fetchall()
        return [Reject(*row) for row in rows]

    def save(self, path: Path, *, source: Path, replace: bool) -> None:
        """Write them as CSV, as ``sestui import --rejects`` does.

        Raises:
            StateError: the file exists, and ``replace`` is false.
            UsageError: it can't be written, or it is the imported file (``source``).
        """
        name = printable(str(path))
        try:
            if path.exists() and path.samefile(source):
                raise UsageError(f"{name} is the imported file itself; name another.")
            if path.exists() and not replace:
                raise StateError(f"{name} already exists.")
        except OSError as error:
            raise UsageError(f"Rejects can't be written to {name}: {error.strerror}.") from error
        with RejectsFile.at(path) as file:
            offset = 0
            while rejects := self.page(offset, _PAGE):
                for reject in rejects:
                    file.add(reject)
                offset += len(rejects)

    def close(self) -> None:
        """Delete the rejects from disk."""
        with self._lock:
            self._connection.close()

    def _store(self) -> None:
        if not self._waiting:
            return
        rows = [(r.line, r.column, r.value, r.reason, r.row) for r in self._waiting]
        with translated():
            self._connection.execute("BEGIN")
            self._connection.executemany(_ADD, rows)
            self._connection.execute("COMMIT")
        self._stored += len(rows)
        self._waiting.clear()
