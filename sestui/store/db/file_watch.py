"""Whether the files of an open SQLite database are still those that its names lead to.

Whoever moves, deletes or replaces them under a process makes it write where nobody reads: what it
sends from then on is unknown to the database that the next one opens.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sestui.errors import DatabaseLostError, StorageError

_C = TypeVar("_C")

_TRIES = 5

_Id = tuple[int, int] | None
"""Device and inode; None: there is no such file."""


class FileWatch:
    """Device and inode of a database and its log, from the first connection to the last.

    As long as one connection is open nobody deletes the log for good reason: SQLite does it with
    the last one.
    """

    def __init__(self, database: Path) -> None:
        self._name = database
        self._path = Path(os.path.abspath(database))  # whatever folder this process goes to
        self._real = Path(os.path.realpath(database))
        self._lock = threading.Lock()
        self._connections = 0
        self._file: _Id = None
        self._logs: tuple[_Id, _Id] | None = None

    def opened(self, connect: Callable[[], _C], close: Callable[[_C], None]) -> _C:
        """A new connection that is certain to be to the file which the name leads to.

        Raises:
            DatabaseLostError: another file is there than for the connections before.
        """
        for _ in range(_TRIES):
            before = _id(self._path)
            connection = connect()
            with self._lock:
                if self._file not in {None, before}:
                    close(connection)
                    break
                # Between the two it may have waited for a lock that a restore held.
                if before is not None and _id(self._path) == before:
                    self._file = before
                    self._connections += 1
                    return connection
            close(connection)
        raise DatabaseLostError(self._lost())

    def closed(self) -> None:
        """A connection was closed."""
        with self._lock:
            self._connections -= 1
            if not self._connections:
                self._logs = None

    def forget(self) -> None:
        """All were closed: the next one opens what is there then."""
        with self._lock:
            self._file = self._logs = None

    def fault(self, *, logged: bool) -> str:
        """What happened to the files, as a sentence; '' if nothing. Call in a write transaction.

        ``logged``: the database is in WAL mode, so that there are logs.
        """
        if self._file is not None and _id(self._path) != self._file:
            return self._lost()
        if not logged:
            return ""
        logs = _id(f"{self._real}-wal"), _id(f"{self._real}-shm")
        if self._logs is None:
            self._logs = logs  # they are there as long as the transaction lasts
        if None in logs or logs != self._logs:
            return f"The log beside the database {self._name} was deleted or replaced while in use."
        return ""

    def _lost(self) -> str:
        found = "another file was put there" if _id(self._path) else "it was moved or deleted"
        return f"The database {self._name} is no longer the file that was opened: {found}."


def _id(path: str | Path) -> _Id:
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"The database {path} can't be reached: {error.strerror}.") from error
    return found.st_dev, found.st_ino
