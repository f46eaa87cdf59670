"""The rejects of one import, kept on disk to be shown and saved."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sestui.audience.imports.rejects import RejectsFile
from sestui.audience.imports.rows import Reject
from sestui.audience.imports.temporary_database import open_temporary, translated
from sestui.core.text import printable
from sestui.errors import StateError, UsageError

_BATCH = 500
_WHOLE_PAGE = 20
"""Whole rows read at a time; one may have a million characters."""

_CREATE = """
    CREATE TABLE reject (
        id INTEGER PRIMARY KEY, line INTEGER, "column" TEXT, value TEXT, reason TEXT, "row" TEXT,
        cells TEXT
    )
"""
_ADD = """
    INSERT INTO reject (line, "column", value, reason, "row", cells) VALUES (?, ?, ?, ?, ?, ?)
"""
_PAGED = 'SELECT line, "column", value, reason, "row" FROM reject WHERE id > ? ORDER BY id LIMIT ?'
_CELLS = "SELECT cells FROM reject WHERE id > ? ORDER BY id LIMIT ?"


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
        """At most ``limit`` rejects from number ``offset`` on, without their rows' cells."""
        return [Reject(*row) for row in self._read(_PAGED, offset, limit)]

    def _whole(self) -> Iterator[Reject]:
        """All of them with their rows' cells."""
        offset = 0
        while rejects := self.page(offset, _WHOLE_PAGE):
            cells = self._read(_CELLS, offset, _WHOLE_PAGE)
            for reject, (packed,) in zip(rejects, cells, strict=True):
                yield replace(reject, cells=tuple(json.loads(packed)))
            offset += len(rejects)

    def _read(self, query: str, offset: int, limit: int) -> list[tuple[Any, ...]]:
        with self._lock:
            self._store()
            with translated():
                return self._connection.execute(query, (offset, limit)).fetchall()

    def save(self, path: Path, labels: Sequence[str], *, source: Path, overwrite: bool) -> None:
        """Write them as CSV, as ``sestui import --rejects`` does.

        ``labels`` are the imported file's columns.

        Raises:
            StateError: the file exists, and ``overwrite`` is false.
            UsageError: it can't be written, or it is the imported file (``source``).
        """
        name = printable(str(path))
        try:
            if path.exists() and path.samefile(source):
                raise UsageError(f"{name} is the imported file itself; name another.")
            if path.exists() and not overwrite:
                raise StateError(f"{name} already exists.")
        except OSError as error:
            raise UsageError(f"Rejects can't be written to {name}: {error.strerror}.") from error
        with RejectsFile.at(path, labels) as file:
            for reject in self._whole():
                file.add(reject)

    def close(self) -> None:
        """Delete the rejects from disk."""
        with self._lock:
            self._connection.close()

    def _store(self) -> None:
        if not self._waiting:
            return
        rows = [
            (r.line, r.column, r.value, r.reason, r.row, json.dumps(r.cells)) for r in self._waiting
        ]
        with translated():
            self._connection.execute("BEGIN")
            self._connection.executemany(_ADD, rows)
            self._connection.execute("COMMIT")
        self._stored += len(rows)
        self._waiting.clear()
