"""`sestui backup` and `sestui restore`: copy the database to a file, and back."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sestui.cli.shared.common import AsJson, opened, put, put_json, say
from sestui.core.clock import SystemClock, iso
from sestui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sestui.settings import Settings
    from sestui.store.backup.restore import Ready
    from sestui.store.backup.restore_guard import HeldRun, RestoredDatabase
    from sestui.store.backup.restore_lock import Processes


def backup_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace FILE if it exists.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the database to a file while others use it, and verify the copy."""
    from sestui.store.backup.backup import copy_database  # noqa: PLC0415 - the database is slow to import

    target = _written_to(file)
    with opened() as runtime:
        database = runtime.database
        if file.exists():
            if database.is_sqlite and file.samefile(database.name):
                raise UsageError(f"{file} is the database itself; name another file.")
            if not overwrite:
                raise UsageError(f"{file} exists; --overwrite replaces it.")
        copy_database(database, target, runtime.clock.now(), lambda: None)
    size = file.stat().st_size
    if as_json:
        put_json({"file": str(file.absolute()), "bytes": size})
    else:
        put(f"{file} holds the database, {size:,} bytes, verified")


def _written_to(file: Path) -> Path:
    """The file that a backup to ``file`` is written to, links followed.

    Raises:
        UsageError: it is a pipe or a device, which can't be read again.
    """
    real = Path(os.path.realpath(file))
    if str(file) == "-" or (real.exists() and not real.is_file()):
        raise UsageError(
            f"A backup is verified by reading it back, so it must be a regular file; {file} is "
            "not one."
        )
    return real


def restore_command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A backup, or another copy of the database."),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    delete_replaced: Annotated[
        bool,
        typer.Option(
            "--delete-replaced",
            help="Delete the database that is replaced instead of keeping it aside.",
        ),
    ] = False,
    mark: Annotated[
        bool,
        typer.Option(
            "--mark",
            help="Without FILE: the database has been restored by other means (pg_restore, a "
            "machine snapshot); its open runs wait for approval.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the database's place; runs that were open in it wait for approval."""
    from sestui.settings import load_settings  # noqa: PLC0415 - pydantic is slow to import
    from sestui.store.backup.restore import sqlite_file  # noqa: PLC0415 - so is the database

    if mark == (file is not None):
        raise UsageError("Name the backup, or --mark the database as restored by other means.")
    settings = load_settings()
    if file is None:
        _mark(as_json=as_json)
        return
    database = sqlite_file(settings.sqlite_file or settings.sqlalchemy_url)
    if database is None:
        raise UsageError(
            "The database is PostgreSQL: stop every sestui, restore the dump with `pg_restore "
            "--clean --if-exists --dbname=NAME FILE`, then run `sestui restore --mark`, so that "
            "nothing is sent twice."
        )
    _restore(file.expanduser(), database, settings, yes=yes, keep=not delete_replaced, json=as_json)


def _restore(
    file: Path, database: Path, settings: "Settings", *, yes: bool, keep: bool, json: bool
) -> None:
    from sestui.core.schedule.zones import local_time  # noqa: PLC0415 - few need it
    from sestui.store.backup.restore import check_backup, made_ready, put_in_place  # noqa: PLC0415
    from sestui.store.backup.restore_lock import check_unused  # noqa: PLC0415

    clock, processes = SystemClock(), _processes()

    def local(instant: float) -> str:
        return local_time(instant, clock.now(), settings.zone)

    check_backup(file, database)
    if not yes and not sys.stdin.isatty():
        raise UsageError(f"This replaces {database}; there is no terminal to ask on, so add --yes.")
    check_unused(database, processes)
    with made_ready(file, database, clock, local) as ready:
        if not yes:
            typer.confirm(_question(file, database, ready, local, keep=keep), abort=True, err=True)
        aside = put_in_place(ready, database, processes, now=clock.now(), keep=keep)
    if json:
        put_json(
            {
                "database": str(database),
                "restored_from": str(file.absolute()),
                "replaced": None if aside is None else str(aside),
                **_as_dict(ready.marked),
            }
        )
        return
    put(f"{database} has been restored from {file}, as of {local(ready.marked.taken_at)}")
    if aside is not None:
        put(f"the previous database is now {aside}")
    _put_waiting(ready.marked.waiting)


def _question(
    file: Path, database: Path, ready: "Ready", local: "Callable[[float], str]", *, keep: bool
) -> str:
    what = "is kept aside" if keep else "IS DELETED"
    there = (
        "There is no database yet"
        if not database.exists()
        else (f"The current database, last changed {local(database.stat().st_mtime)}, {what}")
    )
    marked = ready.marked
    return (
        f"{file} is the database as of {local(marked.taken_at)}, with {marked.contacts:,} "
        f"contacts. {there}.\nRestore it as {database}?"
    )


def _mark(*, as_json: bool) -> None:
    from sestui.store.backup.restore_guard import mark_restored  # noqa: PLC0415 - with the database

    with opened() as runtime:
        now = runtime.clock.now()
        with runtime.database.write() as session:
            marked = mark_restored(session, now, runtime.local_time)
        if as_json:
            put_json({"database": runtime.database.name, **_as_dict(marked)})
            return
        put(f"{runtime.database.name} is marked as restored")
    _put_waiting(marked.waiting)


def _as_dict(marked: "RestoredDatabase") -> dict[str, object]:
    return {
        "taken_at": iso(marked.taken_at),
        "contacts": marked.contacts,
        "waiting": [{"campaign": each.campaign, "run": each.run} for each in marked.waiting],
    }


def _put_waiting(waiting: "Sequence[HeldRun]") -> None:
    for each in waiting:
        put(f"waits for approval: {each.campaign}, run {each.run}")
    if not waiting:
        put("no run waits for approval")
        return
    say(
        "`sestui campaign resume NAME` mails everyone who has not received it, as far as the "
        "database knows; `sestui campaign cancel NAME` ends the run instead."
    )


def _processes() -> "Processes":
    from sestui.sending.process_identity import is_alive, process_name, this_host  # noqa: PLC0415 - psutil
    from sestui.store.backup.restore_lock import Processes  # noqa: PLC0415 - with the database

    return Processes(this_host(), is_alive, process_name)
