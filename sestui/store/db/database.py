"""Opening the database: SQLite in WAL mode or PostgreSQL, one way to read and one to write."""

import json
import logging
import os
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

from sestui.core.installation import extra_command
from sestui.errors import DatabaseLostError, SettingsError, StorageBusyError, StorageError
from sestui.store.db.file_watch import FileWatch
from sestui.store.db.sqlite_logs import check_logs

_log = logging.getLogger(__name__)

BUSY_SECONDS = 5.0
"""How long a statement waits for another program's lock before it gives up."""

_WRITE = "sestui_write"


class Database:
    """The open database of one process; hands out sessions and connections, never keeps one.

    ``read()`` and ``write()`` give an ORM session, ``write_connection()`` a Core connection for the
    ledger's bulk statements; reads that belong together are made within a ``snapshot()``. A writer
    is one transaction: it commits when the block ends and rolls back when it raises. On SQLite a
    writer takes the write lock at its start (BEGIN IMMEDIATE), so that it can't fail half-way for a
    lock. Errors come out as :class:`StorageError` sentences, never with bound values in them: those
    are people's addresses.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = _parsed(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._files = _SqliteFiles(Path(str(self.url.database))) if self.is_sqlite else None
        self._when_lost: list[Callable[[], None]] = []
        self.engine = _engine(self.url, is_sqlite=self.is_sqlite)
        # SQLite's transactions see one state anyway, PostgreSQL's each statement its own.
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
        """The database as shown to people: no password."""
        if self.is_sqlite:
            return str(self.url.database)
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of this thread be one transaction, which sees one consistent state.

        It begins with the first of them. A snapshot within a snapshot is part of the outer one.
        Nothing can be written meanwhile by this thread, which would not see it.
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
        """A session that sees one consistent state and writes nothing."""
        with self._translated():
            if self._threads.session is not None:
                yield self._threads.session
                return
            with Session(self.engine, expire_on_commit=False) as session:
                yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one write transaction; rows it returns are usable after it ends."""
        with (
            self.write_connection() as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session
            session.flush()

    @contextmanager
    def write_connection(self) -> Iterator[Connection]:
        """A Core connection in one write transaction."""
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
        """A Core connection that reads."""
        with self._translated():
            if self._threads.session is not None:
                yield self._threads.session.connection()
                return
            with self.engine.connect() as connection:
                yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
        if self._files is not None:
            self._files.closed()

    @contextmanager
    def when_lost(self, stop: Callable[[], None]) -> Iterator[None]:
        """Call ``stop``, from whichever thread, once the file is not the one that was opened.

        Every write fails from then on, and no waiting mends it.
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
    """The session of the snapshot that this thread has open; None: it has none."""

    session: Session | None = None


def url_of(file: Path) -> URL:
    """The URL of a SQLite database, whatever its name: as text, a ? would end it."""
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
    """A SQLite database's files: private, not mixed with another's, and the same all the time."""

    _open: ClassVar[Counter[str]] = Counter()
    """How many databases of this process each file is open in, by its real path."""
    _counting: ClassVar = threading.Lock()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._real = os.path.realpath(path)
        self._counted = False
        self._watch = FileWatch(path)
        self._logged = False
        with self._counting:
            # Reading a file that this process has open would drop its locks; whoever opened it
            # has looked.
            if not self._open[self._real]:
                check_logs(path)
            _create_private(path)
            self._open[self._real] += 1
            self._counted = True

    def listen(self, engine: Engine) -> None:
        """Watch over every connection that ``engine`` makes."""
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "close", lambda *_: self._watch.closed())
        event.listen(engine, "begin", _begin_sqlite)

    def fault(self) -> str:
        """What happened to the files, as a sentence; '' if nothing."""
        return self._watch.fault(logged=self._logged)

    def closed(self) -> None:
        """Every connection is closed."""
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
    """How many recipients are in doubt by that: the file that was opened still knows."""
    try:
        count = connection.exec_driver_sql("SELECT coalesce(sum(sending), 0) FROM run").scalar()
    except SQLAlchemyError:
        return ""
    if not count:
        return ""
    return f" The answers to {count:,} mails in flight can't be saved: they are in doubt."


def _create_private(path: Path) -> None:
    """Make folder (0700) and file (0600) before SQLite does, which would ask the umask.

    An existing file is left alone: opening and closing it here would drop the POSIX locks that
    other connections of this process hold on it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.parent.is_dir() and path.is_file():
            return
        raise StorageError(
            f"The database {path} can't be opened: it is not a file in a folder; choose another "
            "place with SESTUI_DATA_DIR."
        ) from None
    except OSError as error:
        raise StorageError(
            f"The database {path} can't be opened for writing: {error.strerror}; choose another "
            "folder with SESTUI_DATA_DIR."
        ) from error


def _engine(url: URL, *, is_sqlite: bool) -> Engine:
    # Attributes as they were typed, not as escapes: finding looks into their text.
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
    except UnicodeEncodeError:  # half a character: storable only as an escape
        return json.dumps(value)
    return text


def _prepare_sqlite(connection: sqlite3.Connection) -> bool:
    """Set it up; whether it is in WAL mode, which some file systems don't allow."""
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    (mode,) = cursor.execute("PRAGMA journal_mode=WAL").fetchone()
    # FULL: a claim that a power cut could take back would be a mail sent twice.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-16000")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()
    return bool(mode == "wal")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_SENTENCES: tuple[tuple[tuple[str, ...], type[StorageError], str], ...] = (
    (
        # Two writers of PostgreSQL that wait for each other count as locked too.
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
        # What SQLite says when the system refuses to write to a file that is open already.
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
        # Both engines name columns here, PostgreSQL the values too: keep neither.
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


def translated(error: DBAPIError, name: str) -> StorageError:
    """The driver's error as a sentence with the way out, free of statement and values."""
    said = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
    for words, kind, sentence in _SENTENCES:
        if any(word in said.lower() for word in words):
            return kind(sentence.format(name=name))
    _log.warning("The database refuses something, for a reason without a sentence.", exc_info=error)
    return StorageError(f"The database {name} refused: {said}.")
