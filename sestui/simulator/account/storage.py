"""The simulated account's SQLite file: its tables, how it is opened, and what its errors mean.

Every server process over one workspace opens the same file, so that together they are one
account.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sestui.atomic_write import create_private
from sestui.errors import StorageBusyError, StorageError

FILE_NAME = "simulator.db"
BUSY_SECONDS = 20.0
_SCHEMA_VERSION = 6
_ELSEWHERE = "choose another folder with SESTUI_DATA_DIR"

_SCHEMA = """
CREATE TABLE account (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    rate REAL NOT NULL,
    quota INTEGER NOT NULL,
    production_access INTEGER NOT NULL,
    verify_identities INTEGER NOT NULL,
    sending_enabled INTEGER NOT NULL,
    enforcement TEXT NOT NULL,
    clock_offset REAL NOT NULL,
    level REAL NOT NULL,
    level_at REAL NOT NULL,
    used INTEGER NOT NULL,
    throttled INTEGER NOT NULL,
    over_quota INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    suppressed_reasons TEXT NOT NULL DEFAULT 'BOUNCE,COMPLAINT',
    validation TEXT NOT NULL DEFAULT '',
    suppressing INTEGER NOT NULL DEFAULT 0,
    behaviour TEXT NOT NULL DEFAULT ''
);
-- Recipients that count toward the quota, by the second they were accepted in: account.used is
-- their sum, so that a send never has to add anything up.
CREATE TABLE quota_second (second INTEGER PRIMARY KEY, recipients INTEGER NOT NULL);
-- One row a request, however many mails it carried, and the outbox refers to it.
CREATE TABLE call (id INTEGER PRIMARY KEY, bulk INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    accepted_at REAL NOT NULL,
    arrived_at REAL NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    recipient_count INTEGER NOT NULL,
    subject TEXT NOT NULL,
    tags TEXT NOT NULL,
    call_id INTEGER NOT NULL REFERENCES call (id),
    entry INTEGER NOT NULL,
    sender_name TEXT NOT NULL DEFAULT ''
);
-- Payloads are built from the outbox when they are read: a send only notes what befell whom.
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    kind TEXT NOT NULL,
    recipients TEXT NOT NULL,
    detail TEXT NOT NULL,
    after REAL NOT NULL DEFAULT 0,
    -- When the queue gives it out. NULL: it has been deleted from it.
    due_at REAL
);
CREATE INDEX event_due ON event (due_at, id) WHERE due_at IS NOT NULL;
CREATE TABLE identity (name TEXT PRIMARY KEY, kind TEXT NOT NULL);
CREATE TABLE template (
    name TEXT PRIMARY KEY, content TEXT NOT NULL, created_at REAL NOT NULL DEFAULT 0
);
CREATE TABLE suppression (
    address TEXT PRIMARY KEY, reason TEXT NOT NULL, updated_at REAL NOT NULL
);
CREATE TABLE contact_list (name TEXT PRIMARY KEY, topics TEXT NOT NULL, created_at REAL NOT NULL);
CREATE TABLE listed_contact (
    contact_list TEXT NOT NULL, address TEXT NOT NULL, preferences TEXT NOT NULL,
    attributes TEXT NOT NULL, created_at REAL NOT NULL, PRIMARY KEY (contact_list, address)
) WITHOUT ROWID;
-- Who has left a contact list, or a topic of it.
CREATE TABLE departure (
    address TEXT NOT NULL, contact_list TEXT NOT NULL, topic TEXT NOT NULL,
    PRIMARY KEY (address, contact_list, topic)
) WITHOUT ROWID;
CREATE TABLE fault (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    probability REAL NOT NULL,
    remaining INTEGER,
    match TEXT NOT NULL,
    seconds REAL NOT NULL,
    fired INTEGER NOT NULL DEFAULT 0
);
"""

_FROM_VERSION_2 = """
ALTER TABLE account ADD COLUMN suppressed_reasons TEXT NOT NULL DEFAULT 'BOUNCE,COMPLAINT';
ALTER TABLE account ADD COLUMN validation TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN suppressing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN sender_name TEXT NOT NULL DEFAULT '';
ALTER TABLE template ADD COLUMN created_at REAL NOT NULL DEFAULT 0;
CREATE TABLE suppression (
    address TEXT PRIMARY KEY, reason TEXT NOT NULL, updated_at REAL NOT NULL
);
"""

_FROM_VERSION_3 = """
ALTER TABLE account ADD COLUMN behaviour TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN after REAL NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN due_at REAL;
CREATE INDEX event_due ON event (due_at, id) WHERE due_at IS NOT NULL;
"""

_FROM_VERSION_4 = """
CREATE TABLE departure (
    address TEXT NOT NULL, contact_list TEXT NOT NULL, topic TEXT NOT NULL,
    PRIMARY KEY (address, contact_list, topic)
) WITHOUT ROWID;
"""

_FROM_VERSION_5 = """
CREATE TABLE contact_list (name TEXT PRIMARY KEY, topics TEXT NOT NULL, created_at REAL NOT NULL);
CREATE TABLE listed_contact (
    contact_list TEXT NOT NULL, address TEXT NOT NULL, preferences TEXT NOT NULL,
    attributes TEXT NOT NULL, created_at REAL NOT NULL, PRIMARY KEY (contact_list, address)
) WITHOUT ROWID;
"""

_SINCE = {
    2: _FROM_VERSION_2 + _FROM_VERSION_3 + _FROM_VERSION_4 + _FROM_VERSION_5,
    3: _FROM_VERSION_3 + _FROM_VERSION_4 + _FROM_VERSION_5,
    4: _FROM_VERSION_4 + _FROM_VERSION_5,
    5: _FROM_VERSION_5,
}
"""What makes this version's tables of an older one's."""

_TABLES = (
    "event",
    "outbox",
    "call",
    "quota_second",
    "identity",
    "template",
    "suppression",
    "contact_list",
    "listed_contact",
    "departure",
    "fault",
    "account",
)


def connect(path: Path) -> sqlite3.Connection:
    """Open the state at ``path`` in autocommit mode; a new file is private.

    Raises:
        StorageError: it can't be opened, or is not this version's state.
    """
    create_private(path, "The simulator's state")
    with translated(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def blank() -> sqlite3.Connection:
    """A new account in memory, for readers when there is no file."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(_SCHEMA)
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction, rolled back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as StorageErrors that name a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error).lower()
        if "locked" in said or "busy" in said:
            raise StorageBusyError(
                f"The simulator's state {path} is locked by another program; try again in a moment."
            ) from error
        if "readonly" in said or "unable to open" in said:
            raise StorageError(
                f"The simulator's state {path} can't be written; give this user write access to "
                "the file and its folder."
            ) from error
        if "full" in said:
            raise StorageError(f"The disk that holds {path} is full; make room.") from error
        if "not a database" in said or "malformed" in said:
            raise StorageError(
                f"The simulator's state {path} is damaged or not the simulator's; move it away to "
                "start with a new account."
            ) from error
        raise StorageError(f"The simulator's state {path} can't be used: {error}.") from error


def empty(connection: sqlite3.Connection) -> None:
    """Delete everything and restart the numbering, in the caller's transaction."""
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the tuple above
    connection.execute("DELETE FROM sqlite_sequence")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _enter_wal(connection)
    # A power cut may lose simulated mail; a killed process can't, as the system has the writes.
    connection.execute("PRAGMA synchronous=OFF")
    if _version(connection) in {0, *_SINCE}:
        with writing(connection):
            if _version(connection) == 0:
                _create_tables(connection, path)
            elif (older := _version(connection)) in _SINCE:
                _upgrade(connection, _SINCE[older])
    if _version(connection) != _SCHEMA_VERSION:
        raise StorageError(
            f"The simulator's state {path} was written by another version of sestui; move it away "
            "to start with a new account."
        )


def _create_tables(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StorageError(
            f"{path} is another program's database; move it away to start with a new account."
        )
    _upgrade(connection, _SCHEMA)


def _upgrade(connection: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite's busy timeout doesn't cover two processes that do it at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
