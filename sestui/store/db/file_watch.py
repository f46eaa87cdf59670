"""Detect that an open SQLite database's files have been moved, deleted or replaced.

A process would go on writing to a file that nobody reads, and the next process would not know what
it has sent.
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
"""Device and inode; None for a missing file."""


class FileWatch:
    """Watches the identity of a database's file and log from the first connection to the last.

    SQLite itself deletes the log only with the last connection.
    """

    def __init__(self, database: Path) -> None:
        self._name = database
        self._path = Path(os.path.abspath(database))  # independent of the working directory
        self._real = Path(os.path.realpath(database))
        self._lock = threading.Lock()
        self._connections = 0
        self._file: _Id = None
        self._logs: tuple[_Id, _Id] | None = None

    def opened(self, connect: Callable[[], _C], close: Callable[[_C], None]) -> _C:
        """Open a connection that is certainly to the file at the path.

        Raises:
            DatabaseLostError: the file is not the one of earlier connections.
        """
        for _ in range(_TRIES):
            before = _id(self._path)
            connection = connect()
            with self._lock:
                if self._file not in {None, before}:
                    close(connection)
                    break
                # A restore may have replaced the file while this waited for its lock.
                if before is not None and _id(self._path) == before:
                    self._file = before
                    self._connections += 1
                    return connection
            close(connection)
        raise DatabaseLostError(self._lost())

    def closed(self) -> None:
        """Record that a connection was closed."""
        with self._lock:
            self._connections -= 1
            if not self._connections:
                self._logs = None

    def forget(self) -> None:
        """Forget the files, after all connections were closed."""
        with self._lock:
            self._file = self._logs = None

    def fault(self, *, logged: bool) -> str:
        """What is wrong with the files, as a sentence, or ''. Call it in a write transaction.

        ``logged``: the database is in WAL mode, and so has logs.
        """
        if self._file is not None and _id(self._path) != self._file:
            return self._lost()
        if not logged:
            return ""
        logs = _id(f"{self._real}-wal"), _id(f"{self._real}-shm")
        if self._logs is None:
            self._logs = logs  # they exist during the transaction
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
