"""Wait for SQLite's one write lock, so that nobody who writes often keeps others waiting."""

import sqlite3
import time

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

BUSY_SECONDS = 5.0
"""How long a statement waits for another program's lock."""

_TURN_SECONDS = 0.002
"""Between two attempts to get the lock."""


def begin_writing(connection: Connection) -> None:
    """Begin a write transaction on SQLite.

    SQLite's own waiting sleeps for up to 100 ms and misses the moments between the transactions of
    a process that writes one after another: a sender beside it lost a tenth of its rate.

    Raises:
        OperationalError: the lock was not to be had for :data:`BUSY_SECONDS`, or another failure.
    """
    waits_until = time.monotonic() + BUSY_SECONDS
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        while not _begins(connection, last=time.monotonic() >= waits_until):
            time.sleep(_TURN_SECONDS)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")


def _begins(connection: Connection, *, last: bool) -> bool:
    """Whether the lock could be had; if this is the ``last`` attempt, a failure raises."""
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        if last or not _is_busy(error.orig):
            raise
        return False
    return True


def _is_busy(error: BaseException | None) -> bool:
    # The low byte is the primary result code: https://sqlite.org/rescode.html
    return isinstance(error, sqlite3.Error) and (
        error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    )
