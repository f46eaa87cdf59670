"""Make a complete, verified copy of the database while others write to it."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL

from sestui.atomic_write import staged
from sestui.core.clock import Instant
from sestui.errors import StorageError
from sestui.store.backup.restore_guard import BACKUP_MARK
from sestui.store.db.database import Database
from sestui.store.db.version import HEAD

_PAGES = 2_000
"""Pages copied between two calls of ``go_on``."""

_LOOK_SECONDS = 0.2


def copy_database(
    database: Database, target: Path, now: Instant, go_on: Callable[[], None]
) -> None:
    """Write a verified copy to ``target``, atomically and readable by this user only.

    The copy is marked as a backup, so that nothing is sent without approval once it is restored (a
    PostgreSQL dump can't be marked). ``go_on`` raises to stop the copy.

    Raises:
        StorageError: it can't be written, or doesn't verify.
    """
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with staged(target) as partial:
            if database.is_sqlite:
                _copy_sqlite(Path(str(database.url.database)), partial, now, go_on)
            else:
                _dump_postgres(database.url, partial, go_on)
    except OSError as error:
        raise StorageError(
            f"The backup {target} can't be written: {error.strerror or error}."
        ) from error
    except sqlite3.Error as error:
        raise StorageError(f"The backup {target} can't be made: {error}.") from error


def _copy_sqlite(source: Path, partial: Path, now: Instant, go_on: Callable[[], None]) -> None:
    with (
        closing(sqlite3.connect(source, isolation_level=None, timeout=30)) as live,
        closing(sqlite3.connect(partial, isolation_level=None)) as copy,
    ):
        # One read transaction for all steps, so that writers don't make the copy start again.
        live.execute("BEGIN")
        live.execute("SELECT version_num FROM alembic_version").fetchone()
        live.backup(copy, pages=_PAGES, progress=lambda *_: go_on(), sleep=0)
        live.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode=DELETE")  # a single file, without a log
        copy.execute(
            "INSERT OR REPLACE INTO shared_setting (name, value) VALUES (?, ?)",
            (BACKUP_MARK, repr(now)),
        )
    go_on()
    _verify_sqlite(partial)


def _verify_sqlite(partial: Path) -> None:
    """Check all pages and the schema's version.

    Raises:
        StorageError: it isn't a complete database of this version.
    """
    with closing(sqlite3.connect(f"file:{partial}?mode=ro&immutable=1", uri=True)) as copy:
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        version = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    if verdict != "ok":
        said = verdict.splitlines()[-1]  # after a line that says where
        raise StorageError(f"The copy is damaged ({said}); is the disk in order?")
    if version != (HEAD,):
        raise StorageError("The copy is not a database of this version.")


def _dump_postgres(url: URL, partial: Path, go_on: Callable[[], None]) -> None:
    """Make a dump in pg_dump's format, and verify that pg_restore can list it."""
    program, lister = shutil.which("pg_dump"), shutil.which("pg_restore")
    if program is None or lister is None:
        raise StorageError(
            "A backup of PostgreSQL needs pg_dump and pg_restore: install PostgreSQL's client "
            "programs here, or back the server up by its own means."
        )
    # Not as an argument, which other users could see.
    password = {"PGPASSWORD": url.password} if url.password else {}
    environment = {**os.environ, **password}
    plain = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    )
    _run(
        [program, "--format=custom", f"--file={partial}", plain.render_as_string()],
        environment,
        go_on,
    )
    _run([lister, "--list", str(partial)], environment, go_on)


def _run(argv: list[str], environment: dict[str, str], go_on: Callable[[], None]) -> None:
    with subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs, by their full names
        argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while True:
                try:
                    _, said = process.communicate(timeout=_LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    go_on()
                else:
                    break
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        last = said.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
        raise StorageError(f"{Path(argv[0]).name} failed: {last[0]}.")
