"""Lock a SQLite database exclusively, even a damaged one, and find out who has it open."""

import fcntl
import os
import sqlite3
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sestui.core.clock import Instant
from sestui.errors import StorageBusyError, StorageError
from sestui.store.db.sqlite_logs import LOGS, check_logs, is_sqlite, log_beside
from sestui.store.ledger.workers import LEASE_SECONDS

_LOCKS = (0x40000000, 512)
"""First byte and length of SQLite's lock range in the database ("the lock-byte page")."""
_INDEX_LOCKS = (120, 8)
"""The same in the log's index (``-shm``)."""

_WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Processes:
    """How to identify and name processes."""

    host: str
    """This machine, boot and process namespace, as in workers' registrations."""
    is_alive: Callable[[int, Instant], bool]
    """Whether the process with this pid and start time is running."""
    name: Callable[[int], str]
    """A process's name for people."""


def check_unused(database: Path, processes: Processes) -> None:
    """Refuse a database that another process has open.

    This process must not have it open, or it would lose its locks.

    Raises:
        StorageBusyError: names the process.
    """
    pid = _holder(database, _LOCKS) or _holder(log_beside(database, "-shm"), _INDEX_LOCKS)
    if pid:
        raise _in_use(database, f" ({processes.name(pid)}, process {pid})")


@contextmanager
def held(database: Path, processes: Processes, now: Instant) -> Iterator[None]:
    """Lock the database for the duration of the block; does nothing if it doesn't exist.

    Its log is merged into it first, unless the database is damaged or the log is another's.

    Raises:
    StorageBusyError: a process has it open, or is registered as its worker.
        StorageError: it can't be opened for writing.
    """
    if not database.exists():
        yield
        return
    check_unused(database, processes)
    connection = _connection(database, processes)
    if connection is None:
        with _locked(database, processes):
            yield
        return
    with closing(connection):
        _check_workers(database, connection, processes, now)
        yield


def _connection(database: Path, processes: Processes) -> sqlite3.Connection | None:
    """The only connection to the database, in rollback mode; None if SQLite can't open it."""
    try:
        check_logs(database)
        if not is_sqlite(database):
            return None
    except (StorageError, OSError):
        return None
    connection = sqlite3.connect(
        f"file:{quote(str(database))}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=_WAIT_SECONDS,
    )
    try:
        # This merges and deletes the log, and requires that nobody else has it open.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN EXCLUSIVE")  # until the connection is closed
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "delete":
            raise sqlite3.OperationalError("locked")  # opened by somebody in between
    except sqlite3.DatabaseError as error:
        connection.close()
        if "locked" in str(error) or "busy" in str(error):
            check_unused(database, processes)
            raise _in_use(database, "") from error
        return None
    return connection


def _check_workers(
    database: Path, connection: sqlite3.Connection, processes: Processes, now: Instant
) -> None:
    """Check registered workers too, as locks may not work on shared file systems."""
    try:
        workers = connection.execute(
            "SELECT host, pid, process_started_at, heartbeat_at FROM worker"
        ).fetchall()
    except sqlite3.DatabaseError:
        return  # damaged, or not sestui's
    for host, pid, started_at, beat_at in workers:
        if host == processes.host:
            if processes.is_alive(pid, started_at):
                raise _in_use(database, f" ({processes.name(pid)}, process {pid})")
        elif now - beat_at <= LEASE_SECONDS:
            raise _in_use(database, f" (process {pid} on {host.partition('/')[0]})")


@contextmanager
def _locked(database: Path, processes: Processes) -> Iterator[None]:
    """Take SQLite's locks of a file that SQLite can't open."""
    try:
        handle = os.open(database, os.O_RDWR)
    except OSError as error:
        raise StorageError(
            f"The database {database} can't be opened for writing: {error.strerror}."
        ) from error
    try:
        try:
            start, length = _LOCKS
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except OSError as error:
            pid = _holder_of(handle, _LOCKS)
            who = f" ({processes.name(pid)}, process {pid})" if pid else ""
            raise _in_use(database, who) from error
        yield
    finally:
        os.close(handle)


def _in_use(database: Path, who: str) -> StorageBusyError:
    return StorageBusyError(
        f"The database {database} is in use{who}: stop what works on it, the crontab line too, and "
        "run the restore again."
    )


def _holder(file: Path, where: tuple[int, int]) -> int:
    """The pid that holds a lock there; 0 if unknown."""
    try:
        handle = os.open(file, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return 0
    try:
        return _holder_of(handle, where)
    finally:
        os.close(handle)


def _holder_of(handle: int, where: tuple[int, int]) -> int:
    if sys.platform != "linux":
        return 0  # the structure differs elsewhere
    layout = "hhqqi4x"  # type, whence, start, length, pid: struct flock
    start, length = where
    asked = struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
    try:
        kind, _, _, _, pid = struct.unpack(layout, fcntl.fcntl(handle, fcntl.F_GETLK, asked))
    except OSError:
        return 0
    return 0 if kind == fcntl.F_UNLCK else int(pid)


def left_logs(database: Path) -> list[Path]:
    """The logs that exist next to a database."""
    return [log for ending in LOGS if (log := log_beside(database, ending)).exists()]
