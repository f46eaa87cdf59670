"""Judge what is on this machine: database, disk, file modes, crontab, versions."""

import logging
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from sestui import __version__
from sestui.config_file import config_path
from sestui.core.clock import Clock
from sestui.core.doctor.finding import DoctorFinding, DoctorSeverity
from sestui.core.text import printable
from sestui.errors import SestuiError, StorageError
from sestui.settings import Settings
from sestui.store.db.database import Database
from sestui.store.db.version import HEAD
from sestui.store.db.write_check import check_writable
from sestui.tasks.agenda import Agenda, read_agenda_now
from sestui.tasks.crontab import Crontab

_log = logging.getLogger(__name__)

_MB = 1_000_000
_FULL, _NEARLY_FULL = _MB * 100, _MB * 1_000
"""Bytes free on the workspace's disk."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SHOWN = 3
_INSTALL = "`sestui task crontab --install`, or the systemd timer that `sestui task crontab` shows."


def judge_database(database: Database) -> DoctorFinding:
    """Whether it can be written."""
    try:
        check_writable(database)
    except StorageError as error:
        return broken_database(error, is_file=database.is_sqlite)
    name = printable(database.name)
    return DoctorFinding("database", DoctorSeverity.OK, f"The database {name} can be written.")


def broken_database(error: SestuiError, *, is_file: bool) -> DoctorFinding:
    """It can't be opened, or can't be written; ``is_file``: it is SQLite's."""
    step = (
        "Correct it, or put a backup in its place: `sestui restore FILE`."
        if is_file
        else "Start or correct the server, or correct the setting database_url."
    )
    return DoctorFinding(
        "database",
        DoctorSeverity.ERROR,
        str(error),
        "Nothing is sent while the database can't be written.",
        step,
    )


def judge_disk(folder: Path) -> DoctorFinding:
    """Room for the database and its log."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        _log.warning("The disk's room can't be read.", exc_info=True)
        why = error.strerror or type(error).__name__
        return DoctorFinding(
            "disk", DoctorSeverity.UNKNOWN, f"The disk's room can't be read: {why}."
        )
    left = f"{free / _MB:,.0f} MB are free on the workspace's disk."
    if free >= _NEARLY_FULL:
        return DoctorFinding("disk", DoctorSeverity.OK, left)
    return DoctorFinding(
        "disk",
        DoctorSeverity.ERROR if free < _FULL else DoctorSeverity.WARNING,
        left,
        "On a full disk nothing is sent, as what is sent could not be recorded.",
        f"Make room on the disk of {printable(str(folder))}; a task of the type purge removes old "
        "logs and events.",
    )


def judge_modes(settings: Settings) -> DoctorFinding:
    """Whether other users of this machine can read addresses or passwords."""
    if os.name != "posix":
        return DoctorFinding(
            "modes", DoctorSeverity.OK, "File modes are not checked on this system."
        )
    folders = dict.fromkeys((settings.data_dir, settings.state_dir))
    open_files = [each for folder in folders for each in _readable(folder)]
    if settings.database_url and _is_open(config_path()):
        open_files.append(config_path())
    if not open_files:
        return DoctorFinding("modes", DoctorSeverity.OK, "Only you can read the workspace.")
    names = [printable(str(each)) for each in open_files]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    where = " ".join(dict.fromkeys(str(each.parent) for each in open_files))
    return DoctorFinding(
        "modes",
        DoctorSeverity.WARNING,
        f"Other users of this machine can read {', '.join(names[:_SHOWN])}{more}.",
        "They hold people's addresses, or passwords.",
        f"chmod -R go-rwx {printable(where)}",
    )


def _readable(folder: Path) -> Iterator[Path]:
    """Files directly in a folder that others may enter, which they may read."""
    if not _is_open(folder):
        return
    try:
        for each in sorted(folder.iterdir()):
            if each.is_file() and _is_open(each):
                yield each
    except OSError:  # it is gone, or not ours
        return


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def judge_schedule(settings: Settings, database: Database, clock: Clock) -> DoctorFinding:
    """Whether something runs what is due."""
    agenda = read_agenda_now(database, clock, with_runs=False)
    late = agenda.overdue
    if late:
        first = late[0]
        return DoctorFinding(
            "schedule",
            DoctorSeverity.ERROR,
            f"{printable(first.name)} is {agenda.late(first)}: nothing runs tasks here.",
            "Scheduled campaigns and tasks don't start.",
            _INSTALL,
        )
    installed = Crontab.of(settings).is_installed()
    worked = _recently(agenda)
    if installed or worked:
        how = "Your crontab has the line of run-due" if installed else "Something runs run-due"
        return DoctorFinding("schedule", DoctorSeverity.OK, f"{how}{worked}.")
    waiting = agenda.has_next
    found = (
        "Your crontab has no line of run-due."
        if installed is False
        else "There is no crontab here that can be read."
    )
    return DoctorFinding(
        "schedule",
        DoctorSeverity.WARNING if waiting else DoctorSeverity.NOTE,
        found,
        "Scheduled campaigns and tasks don't start, unless something else runs it."
        if waiting
        else "Nothing is scheduled at the moment.",
        _INSTALL,
    )


def _recently(agenda: Agenda) -> str:
    """``, which worked last 5 min ago``; '' if it has not within a day."""
    if agenda.ran_at is None or not agenda.ran_lately:
        return ""
    return f", which worked last {max(0.0, agenda.at - agenda.ran_at) / 60:,.0f} min ago"


def judge_versions() -> DoctorFinding:
    """The versions that a report of a fault should name."""
    return DoctorFinding(
        "versions",
        DoctorSeverity.OK,
        f"sestui {__version__}, schema {HEAD}, Python {platform.python_version()}, SQLite "
        f"{sqlite3.sqlite_version}, boto3 {version('boto3')}.",
    )
