"""Recognise older copies of a database by an id and an epoch.

A copy made by ``cp``, ``rsync`` or a snapshot would mail people again when it is used later. So
each database has a random id, and an epoch that senders advance at their start, at each heartbeat
and at their end. A file in the state folder, named by the id, holds the highest epoch seen on this
machine; a database with a lower epoch is an older copy.

The file is written after the commit, so that a kill leaves it behind rather than ahead, and a
current database never looks old. Not recognised are copies made within the last 5 seconds before a
kill, and copies on a machine (or for a user) whose state folder doesn't know the database, or was
reset together with it.
"""

import json
import logging
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func
from sqlmodel import Session, select

from sestui.atomic_write import write_atomically
from sestui.core.clock import Instant
from sestui.store.db.database import Database
from sestui.store.db.database_id import LINEAGE, name_database, new_lineage
from sestui.store.db.shared_tables import GovernorRow, SharedSetting

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LineageMark:
    """A database's epoch at one moment."""

    database: str
    """The database's id."""
    epoch: int
    at: Instant
    handed_over: int
    """Mails handed over until then, by the governor's count."""


@dataclass(frozen=True, slots=True)
class Older:
    """A recognised older copy."""

    found: LineageMark
    """The epoch of the copy."""
    seen: LineageMark
    """The epoch of the database that was last used here."""

    @property
    def unknown(self) -> int:
        """Approximate number of mails that the copy doesn't know of."""
        return max(0, self.seen.handed_over - self.found.handed_over)


class Lineage:
    """The epochs in the database and in the state folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder / "databases"
        self._complained = False

    def advance(self, session: Session, now: Instant) -> LineageMark:
        """Advance the epoch in the caller's transaction; :meth:`remember` it after the commit."""
        row = session.get(SharedSetting, LINEAGE, with_for_update=True)
        if row is None:
            name_database(session.connection(), now)  # from before databases had ids
            row = session.exec(
                select(SharedSetting).where(SharedSetting.name == LINEAGE).with_for_update()
            ).one()
        epoch = int(row.value["epoch"]) + 1
        row.value = {"database": row.value["database"], "epoch": epoch, "at": now}
        session.add(row)
        return LineageMark(row.value["database"], epoch, now, _handed_over(session))

    def remember(self, mark: LineageMark) -> None:
        """Write the epoch to the state folder, if it is higher than there.

        Sending goes on if that fails.
        """
        file = self._file(mark.database)
        if file is None:
            return
        try:
            before = _read(file)
            if before is not None and before.epoch >= mark.epoch:
                return
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(file, json.dumps(asdict(mark)).encode())
        except OSError as error:
            if not self._complained:
                self._complained = True
                _log.info("%s", _reason(self._folder, error))

    def older(self) -> Older | None:
        """The recognised older copy; None if the database is current or unknown here."""
        with self._database.read() as session:
            row = session.get(SharedSetting, LINEAGE)
            if row is None:
                return None
            handed_over = _handed_over(session)
        found = LineageMark(
            row.value["database"], int(row.value["epoch"]), row.value["at"], handed_over
        )
        file = self._file(found.database)
        seen = None if file is None else _read(file)
        return Older(found, seen) if seen is not None and seen.epoch > found.epoch else None

    def unavailable_reason(self) -> str:
        """Why older copies could not be recognised here, as a sentence; or ''."""
        folder = self._folder
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            return ""
        return _reason(self._folder, PermissionError())

    def _file(self, database: str) -> Path | None:
        """The file for an id; None for an invalid one, as the database may come from anybody."""
        known = re.fullmatch("[0-9a-f]{32}", database) is not None
        return self._folder / f"{database}.json" if known else None


def same_moment(session: Session, older: Older) -> bool:
    """Whether the database, now locked, still has the epoch at which it was found."""
    row = session.get(SharedSetting, LINEAGE, with_for_update=True)
    if row is None:
        return False
    return (row.value["database"], row.value["epoch"]) == (older.found.database, older.found.epoch)


def last_beat(session: Session) -> Instant | None:
    """When a sender last worked on the database; None if never."""
    row = session.get(SharedSetting, LINEAGE)
    return None if row is None else float(row.value["at"])


def part_ways(session: Session, now: Instant) -> None:
    """Give the database a new id, independent of the one it was copied from."""
    session.merge(SharedSetting(name=LINEAGE, value=new_lineage(now)))


def _handed_over(session: Session) -> int:
    return int(session.exec(select(func.coalesce(func.sum(GovernorRow.taken), 0))).one())


def _read(file: Path) -> LineageMark | None:
    """The mark in the state folder; None if missing or unreadable."""
    try:
        said = json.loads(file.read_text(encoding="ascii"))
        return LineageMark(
            str(said["database"]), int(said["epoch"]), float(said["at"]), int(said["handed_over"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # a power cut may leave it empty


def _reason(folder: Path, error: OSError) -> str:
    why = f" ({error.strerror})" if error.strerror else ""
    return (
        f"The state folder {folder} can't be written{why}: an older copy of the database would not "
        "be recognised. SESTUI_STATE_DIR names another."
    )
