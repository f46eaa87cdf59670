"""Replace the SQLite database by a backup, atomically.

The backup is copied by SQLite's own means into a folder next to the database, verified, migrated,
and its open runs are set to wait. Then, with exclusive access, the old database gets a second name
and the new one is renamed over the first. Whenever the process is killed, one of the two is there.
"""

import fcntl
import glob
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import make_url
from sqlmodel import delete

from sestui.core.clock import Clock, Instant
from sestui.core.installation import upgrade_command
from sestui.errors import BadFileError, StorageBusyError, StorageError, UsageError
from sestui.store.backup.restore_guard import RestoredDatabase, mark_restored
from sestui.store.backup.restore_lock import Processes, held, left_logs
from sestui.store.db.database import Database, url_of
from sestui.store.db.schema import ensure_schema
from sestui.store.db.shared_tables import Worker
from sestui.store.db.sqlite_logs import ASIDE, LOGS, check_logs, is_sqlite, log_beside
from sestui.store.db.version import HEAD
from sestui.store.ledger.workers import Workers

_PAGES = 2_000
_TABLES = frozenset({"alembic_version", "shared_setting", "campaign", "run", "delivery"})
_COPY = "import shutil, sys; shutil.copyfile(*sys.argv[1:])"
_POSTGRES_DUMP = b"PGDMP"


@dataclass(frozen=True, slots=True)
class Ready:
    """A verified copy of the backup, ready to replace the database."""

    path: Path
    marked: RestoredDatabase


def sqlite_file(database: Path | str) -> Path | None:
    """The SQLite database's file, links resolved; None for the URL of another engine."""
    if isinstance(database, Path):
        return Path(os.path.realpath(database))
    parsed = make_url(database)
    if parsed.get_backend_name() != "sqlite":
        return None
    return Path(os.path.realpath(str(parsed.database)))


def check_backup(file: Path, database: Path) -> None:
    """Check that the file can be a backup of the database.

    Raises:
        BadFileError: it can't be read, or isn't a SQLite database.
        UsageError: it is the database itself.
        StorageError: the log next to it belongs to another database.
    """
    try:
        if not file.exists():
            raise BadFileError(f"There is no file {file}.")
        if not file.is_file():
            raise BadFileError(f"{file} is not a file.")
        if database.exists() and file.samefile(database):
            raise UsageError(f"{file} is the database itself, not a backup of it.")
        with file.open("rb") as opened:
            start = opened.read(len(_POSTGRES_DUMP))
        if start == _POSTGRES_DUMP:
            raise BadFileError(
                f"{file} is a dump of PostgreSQL, and the database {database} is SQLite: set "
                "database_url to the PostgreSQL database, or name another file."
            )
        if not is_sqlite(file):
            empty = "empty" if not file.stat().st_size else "not a SQLite database"
            raise BadFileError(f"{file} is {empty}: it can't be restored.")
    except OSError as error:
        raise BadFileError(f"{file} can't be read: {error.strerror}.") from error
    check_logs(file)


@contextmanager
def made_ready(
    file: Path, database: Path, clock: Clock, local: Callable[[Instant], str]
) -> Iterator[Ready]:
    """Copy the backup, verify the copy and mark it as restored; the database isn't touched.

    ``local`` formats an instant for the operator.

    Raises:
        StorageError: it is damaged, not sestui's, newer than this program, or can't be copied.
        StorageBusyError: another restore is running.
    """
    with _work_folder(database) as folder:
        copy = folder / "new.db"
        _copy(file, copy)
        _verify(file, copy)
        ready = Ready(copy, _marked(copy, clock, local))
        with closing(sqlite3.connect(copy, isolation_level=None)) as opened:
            opened.execute("PRAGMA journal_mode=DELETE")  # a single file, without a log
        _sync(copy)
        yield ready


def put_in_place(
    ready: Ready, database: Path, processes: Processes, *, now: Instant, keep: bool
) -> Path | None:
    """Replace the database by the copy; returns where the old one is now, if it was kept.

    Raises:
    StorageBusyError: the database is open somewhere.
        StorageError: it can't be written.
    """
    try:
        with held(database, processes, now):
            aside = _named_aside(database, now)
            ready.path.replace(database)
            _sync(database.parent)
            for log in left_logs(database):
                log.unlink(missing_ok=True)
        if not keep and aside is not None:
            for each in (aside, *left_logs(aside)):
                each.unlink(missing_ok=True)
            aside = None
        _sync(database.parent)
    except OSError as error:
        raise StorageError(
            f"The database {database} can't be replaced: {error.strerror or error}."
        ) from error
    except sqlite3.Error as error:
        raise StorageError(f"The database {database} can't be put aside: {error}.") from error
    return aside


# making it ready


@contextmanager
def _work_folder(database: Path) -> Iterator[Path]:
    """A private, empty folder next to the database."""
    folder = database.with_name(f".{database.name}.restoring")
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise StorageError(
            f"{database.parent} can't be written: {error.strerror}; nothing has been changed."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StorageBusyError(
                f"Another restore of {database} is in progress; wait until it ends."
            ) from error
        for each in folder.iterdir():
            each.unlink()
        try:
            yield folder
        finally:
            with suppress(OSError):
                shutil.rmtree(folder)
    finally:
        os.close(handle)


def _copy(file: Path, copy: Path) -> None:
    """Copy by SQLite's own means, with its log, and even while others write."""
    real = Path(os.path.realpath(file))
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        before = _changed(real)
        # Nobody has it open, so it can be read without creating any files.
        unused = not left_logs(real)
        if not unused and not os.access(real.parent, os.W_OK):
            raise BadFileError(
                f"{file} has a log beside it, which SQLite reads only where it may write: put both "
                "into a folder of yours and restore it from there."
            )
        _backed_up(real, copy, "mode=ro&immutable=1" if unused else "mode=ro")
        if unused and _changed(real) != before:
            _backed_up(real, copy, "mode=ro")
    except OSError as error:
        raise StorageError(f"{file} can't be copied: {error.strerror}.") from error
    except sqlite3.Error as error:
        raise StorageError(
            f"{file} can't be copied to {copy.parent.parent}: {error}; nothing has been changed."
        ) from error


def _backed_up(real: Path, copy: Path, how: str) -> None:
    with (
        closing(
            sqlite3.connect(
                f"file:{quote(str(real))}?{how}", uri=True, isolation_level=None, timeout=30
            )
        ) as source,
        closing(sqlite3.connect(copy, isolation_level=None)) as target,
    ):
        source.execute("BEGIN")  # a consistent state
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(target, pages=_PAGES)


def _changed(real: Path) -> tuple[int, int, bool]:
    said = real.stat()
    return said.st_size, said.st_mtime_ns, bool(left_logs(real))


def _verify(file: Path, copy: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(copy))}?mode=ro", uri=True)) as opened:
            (verdict,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
            found = opened.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            tables = {name for (name,) in found}
            version = None
            if tables >= _TABLES:
                version = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{file} is damaged ({error}): restore another backup.") from error
    if verdict != "ok":
        said = verdict.splitlines()[-1]  # where it is comes first, on a line of its own
        raise StorageError(f"{file} is damaged ({said}): restore another backup.")
    if version is None:
        raise StorageError(f"{file} is a SQLite database, but not one of sestui.")
    if version[0] > HEAD:
        raise StorageError(
            f"{file} was written by a newer sestui; upgrade this one "
            f"({upgrade_command()}) and restore it then."
        )


def _marked(copy: Path, clock: Clock, local: Callable[[Instant], str]) -> RestoredDatabase:
    """Migrate the copy and mark it as restored."""
    with closing(Database(url_of(copy))) as database:
        ensure_schema(database)
        with database.write() as session:
            # Workers of the original database, some of which may still be alive.
            session.exec(delete(Worker))
        Workers(database, clock).reap(host="", is_alive=lambda *_: False)
        with database.write() as session:
            return mark_restored(session, clock.now(), local)


# the old one


def _named_aside(database: Path, now: Instant) -> Path | None:
    """Give the current database and its logs a second name; None if there is none.

    The linked logs allow the next process to finish a restore that was killed.
    """
    for each in database.parent.glob(f"{glob.escape(database.name)}{ASIDE}*"):
        # Left by a killed restore, and still the current database.
        if each.name.endswith(LOGS) or not database.exists() or not each.samefile(database):
            continue
        each.unlink()
    if not database.exists() and not left_logs(database):
        return None
    aside = _free_name(database, now)
    for log in left_logs(database):
        _linked(log, log_beside(aside, log.name.removeprefix(database.name)))
    if database.exists():
        _linked(database, aside)
    _sync(database.parent)
    return aside


def _free_name(database: Path, now: Instant) -> Path:
    stamp = f"{database.name}{ASIDE}{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    number, name = 1, stamp
    while any(database.with_name(f"{name}{ending}").exists() for ending in ("", *LOGS)):
        number += 1
        name = f"{stamp}-{number}"
    return database.with_name(name)


def _linked(file: Path, name: Path) -> None:
    try:
        name.hardlink_to(file)
    except OSError:
        # The file system has no hard links. A copy in this process would drop its locks.
        argv = [sys.executable, "-c", _COPY, str(file), str(name)]
        if subprocess.run(argv, check=False).returncode:  # noqa: S603 - Python itself
            raise
        _sync(name)
    name.chmod(0o600)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
