"""Open the database (SQLite in WAL mode or PostgreSQL) for reading and writing."""

import json
import logging
import os
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlmodel import Session, create_engine

from sestui.atomic_write import create_private
from sestui.core.installation import extra_command
from sestui.errors import DatabaseLostError, SettingsError, StorageBusyError, StorageError
from sestui.store.db.file_watch import FileWatch
from sestui.store.db.sqlite_logs import check_logs
from sestui.store.db.write_turn import BUSY_SECONDS, begin_writing

_log = logging.getLogger(__name__)

_WRITE = "sestui_write"


class Database:
    """A process's open database, which provides sessions and connections.

    ``read()`` and ``write()`` provide an ORM session, ``write_connection()`` a Core connection for
    bulk statements; ``snapshot()`` makes several reads consistent. A writer is one transaction: it
    commits at the end of the block and rolls back on an exception. On SQLite it takes the write
    lock at its start (BEGIN IMMEDIATE), so that it can't fail half-way. Errors become
    :class:`StorageError` without bound values, which are people's addresses.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = _parsed(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._files = _SqliteFiles(Path(str(self.url.database))) if self.is_sqlite else None
        self._when_lost: list[Callable[[], None]] = []
        self.engine = _engine(self.url, is_sqlite=self.is_sqlite)
        # SQLite's transactions always see one state; on PostgreSQL each statement sees its own.
        self._snapshots = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        )
        self._threads = _OpenSnapshot()
        if self._files is not None:
            self._files.listen(self.engine)

    @property
    def name(self) -> str:
        """The database's name for people, without a password."""
        if self.is_sqlite:
            return str(self.url.database)
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Make all reads of this thread one transaction with a consistent state.

        It begins with the first read. A nested snapshot is part of the outer one. This thread can't
        write meanwhile.
        """
        if self._threads.session is not None:
            yield
            return
        with self._translated(), Session(self._snapshots, expire_on_commit=False) as session:
            self._threads.session = session
            try:
                yield
            finally:
                self._threads.session = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading."""
        with self._translated():
            if self._threads.session is not None:
                yield self._threads.session
                return
            with Session(self.engine, expire_on_commit=False) as session:
                yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in a write transaction; its rows stay usable afterwards."""
        with (
            self.write_connection() as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session
            session.flush()

    @contextmanager
    def write_connection(self) -> Iterator[Connection]:
        """A Core connection in a write transaction."""
        if self._threads.session is not None:
            raise RuntimeError("A snapshot is read: nothing can be written in it.")
        with self._translated(), self.engine.connect() as connection:
            writer = connection.execution_options(**{_WRITE: True})
            with writer.begin():
                if self._files is not None:
                    self._check_files(self._files, writer)
                yield writer

    @contextmanager
    def read_connection(self) -> Iterator[Connection]:
        """A Core connection for reading."""
        with self._translated():
            if self._threads.session is not None:
                yield self._threads.session.connection()
                return
            with self.engine.connect() as connection:
                yield connection

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()
        if self._files is not None:
            self._files.closed()

    @contextmanager
    def when_lost(self, stop: Callable[[], None]) -> Iterator[None]:
        """Call ``stop``, from any thread, when the database's file has been replaced.

        From then on every write fails for good.
        """
        self._when_lost.append(stop)
        try:
            yield
        finally:
            self._when_lost.remove(stop)

    def _check_files(self, files: "_SqliteFiles", connection: Connection) -> None:
        fault = files.fault()
        if not fault:
            return
        for stop in list(self._when_lost):
            stop()
        raise DatabaseLostError(
            f"{fault} Nothing more is sent or written.{_said_in_flight(connection)} Put the "
            "right file back, or a backup with `sestui restore FILE`, and start again."
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            _log.debug("The database has refused a statement.", exc_info=True)
            raise translated(error, self.name) from error
        except SQLAlchemyError as error:
            _log.warning("The database can't be used.", exc_info=True)
            raise StorageError(
                f"The database {self.name} can't be used: {type(error).__name__}."
            ) from error


class _OpenSnapshot(threading.local):
    """The session of this thread's open snapshot, if any."""

    session: Session | None = None


def url_of(file: Path) -> URL:
    """The URL of a SQLite database; safe for names with special characters."""
    return URL.create("sqlite", database=str(file))


def _parsed(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise SettingsError(
            "database_url is not a database URL sestui knows; use "
            "postgresql+psycopg://user@host/name or leave it empty for SQLite."
        ) from error
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise SettingsError(
            f"database_url names {parsed.get_backend_name()}; sestui works on SQLite and "
            "PostgreSQL."
        )
    return parsed


class _SqliteFiles:
    """Checks that a SQLite database's files are private, consistent and not replaced."""

    _open: ClassVar[Counter[str]] = Counter()
    """Number of open databases in this process by real path."""
    _counting: ClassVar = threading.Lock()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._real = os.path.realpath(path)
        self._counted = False
        self._watch = FileWatch(path)
        self._logged = False
        with self._counting:
            # Reading a file that this process has open would drop its locks.
            if not self._open[self._real]:
                check_logs(path)
            create_private(path, "The database")
            self._open[self._real] += 1
            self._counted = True

    def listen(self, engine: Engine) -> None:
        """Watch the connections of ``engine``."""
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "close", lambda *_: self._watch.closed())
        event.listen(engine, "begin", _begin_sqlite)

    def fault(self) -> str:
        """What is wrong with the files, as a sentence; '' if nothing is."""
        return self._watch.fault(logged=self._logged)

    def closed(self) -> None:
        """Record that all connections are closed."""
        self._watch.forget()
        with self._counting:
            if self._counted:
                self._open[self._real] -= 1
                self._counted = False

    def _connect(
        self, dialect: Any, _record: object, arguments: list[Any], options: dict[str, Any]
    ) -> sqlite3.Connection:
        def connect() -> sqlite3.Connection:
            connection: sqlite3.Connection = dialect.connect(*arguments, **options)
            try:
                self._logged = _prepare_sqlite(connection)
            except BaseException:
                connection.close()
                raise
            return connection

        return self._watch.opened(connect, sqlite3.Connection.close)


def _said_in_flight(connection: Connection) -> str:
    """A sentence about recipients in doubt, from the file that was opened."""
    try:
        count = connection.exec_driver_sql("SELECT coalesce(sum(sending), 0) FROM run").scalar()
    except SQLAlchemyError:
        return ""
    if not count:
        return ""
    return f" The answers to {count:,} mails in flight can't be saved: they are in doubt."


def _engine(url: URL, *, is_sqlite: bool) -> Engine:
    # JSON without escapes, as searches look into its text.
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": _json}
    if is_sqlite:
        options["connect_args"] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    else:
        options["pool_pre_ping"] = True
        options["connect_args"] = {"connect_timeout": 10}
    try:
        engine = create_engine(url, **options)
    except ImportError as error:
        raise SettingsError(f"PostgreSQL needs an extra: {extra_command('postgres')}.") from error
    return engine


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate can only be stored as an escape
        return json.dumps(value)
    return text


def _prepare_sqlite(connection: sqlite3.Connection) -> bool:
    """Configure a connection; returns whether it is in WAL mode (not all file systems allow it)."""
    connection.isolation_level = None  # we execute BEGIN ourselves
    cursor = connection.cursor()
    (mode,) = cursor.execute("PRAGMA journal_mode=WAL").fetchone()
    # FULL, as a claim lost in a power cut would mean a mail sent twice.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-16000")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()
    return bool(mode == "wal")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITE):
        begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


_SENTENCES: tuple[tuple[tuple[str, ...], type[StorageError], str], ...] = (
    (
        # A deadlock on PostgreSQL counts as locked too.
        ("locked", "busy", "deadlock", "could not serialize"),
        StorageBusyError,
        "The database {name} is locked by another program; try again in a moment.",
    ),
    (
        ("readonly", "read-only"),
        StorageError,
        "The database {name} is read-only; give this user write access to the file and its folder.",
    ),
    (
        ("disk is full", "no space"),
        StorageError,
        "The disk that holds {name} is full; make room there.",
    ),
    (
        # SQLite's error when the system refuses to write to an open file.
        ("disk i/o error",),
        StorageError,
        "The disk that holds {name} fails or no longer accepts writes; the system's log says why.",
    ),
    (
        ("unable to open database file",),
        StorageError,
        "The database {name} can't be opened: its folder is gone or not writable for this user, "
        "or this process can't open more files (`ulimit -n`).",
    ),
    (
        ("not a database", "malformed"),
        StorageError,
        "{name} is not a sestui database or is damaged; `sestui restore FILE` puts a backup in its "
        "place, SESTUI_DATA_DIR chooses another folder.",
    ),
    (
        # The drivers' texts name columns, and PostgreSQL's values too.
        ("constraint", "duplicate key"),
        StorageError,
        "The database {name} refused a row that breaks one of its rules.",
    ),
    (
        ("connection",),
        StorageBusyError,
        "The database {name} does not answer; is the server running?",
    ),
)


_LEAST_ROOM = 64 * 1024
"""Bytes: SQLite maps files of half of that, and on a full disk that is an I/O error to it."""


def _is_full(name: str) -> bool:
    """Whether there is no room left where the file ``name`` is."""
    try:
        return shutil.disk_usage(Path(name).parent).free < _LEAST_ROOM
    except OSError:
        return False


def translated(error: DBAPIError, name: str) -> StorageError:
    """The driver's error as a sentence with a remedy, without statement and values."""
    said = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
    if "disk i/o error" in said.lower() and _is_full(name):
        said = "disk is full"
    for words, kind, sentence in _SENTENCES:
        if any(word in said.lower() for word in words):
            return kind(sentence.format(name=name))
    _log.warning("The database refuses something, for a reason without a sentence.", exc_info=error)
    return StorageError(f"The database {name} refused: {said}.")
