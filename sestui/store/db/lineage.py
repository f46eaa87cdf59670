"""Which database this is and how far it has got, so that an older copy of it is recognised.

A copy that ``cp``, ``rsync`` or a snapshot has made and that goes on later would mail people again.
So a database has a random id and an epoch that every sender advances when it begins, with each
heartbeat and when it ends; a file in the state folder, named by the id, has the highest epoch that
was seen on this machine. A database whose epoch is lower is an older one.

The file is written after the commit: a kill between the two leaves it behind, never ahead, so that
a good database never looks old. What is not recognised: mail of the last heartbeat's 5 seconds, if
the sender was killed within them and the copy was made in them too; a copy on a machine (or for a
user) whose state folder has never seen the database, or that was set back together with it.
"""

import json
import logging
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func
from sqlmodel import Session, select

from sestui.atomic_write import write_whole
from sestui.core.clock import Instant
from sestui.store.db.database import Database
from sestui.store.db.database_id import LINEAGE, name_database, new_lineage
from sestui.store.db.tables import GovernorRow, SharedSetting

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LineageMark:
    """How far a database had got at one moment."""

    database: str
    """The database's id."""
    epoch: int
    at: Instant
    handed_over: int
    """Mails handed over by then in all its life, as the governor counts them."""


@dataclass(frozen=True, slots=True)
class Older:
    """An older copy of a database."""

    found: LineageMark
    """How far it has got."""
    seen: LineageMark
    """How far the database had got that was used here last."""

    @property
    def unknown(self) -> int:
        """About how many mails were handed over that it doesn't know of."""
        return max(0, self.seen.handed_over - self.found.handed_over)


class Lineage:
    """The epoch in the database, and the one in the state folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder / "databases"
        self._complained = False

    def advance(self, session: Session, now: Instant) -> LineageMark:
        """One epoch further, in a write transaction of the caller's: :meth:`remember` it after."""
        row = session.get(SharedSetting, LINEAGE, with_for_update=True)
        if row is None:
            name_database(session.connection(), now)  # made before databases had one
            row = session.exec(
                select(SharedSetting).where(SharedSetting.name == LINEAGE).with_for_update()
            ).one()
        epoch = int(row.value["epoch"]) + 1
        row.value = {"database": row.value["database"], "epoch": epoch, "at": now}
        session.add(row)
        return LineageMark(row.value["database"], epoch, now, _handed_over(session))

    def remember(self, mark: LineageMark) -> None:
        """Keep in the state folder how far the database has got; not lower than it says already.

        Where that can't be written, nothing is kept, and the sending goes on.
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
            write_whole(file, json.dumps(asdict(mark)).encode())
        except OSError as error:
            if not self._complained:
                self._complained = True
                _log.info("%s", _lack(self._folder, error))

    def older(self) -> Older | None:
        """Whether this is an older copy of a database that was used here; None if not known."""
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

    def lack(self) -> str:
        """Why an older copy of the database would not be recognised here, as a sentence; or ''."""
        folder = self._folder
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            return ""
        return _lack(self._folder, PermissionError())

    def _file(self, database: str) -> Path | None:
        """None for an id that is none: it comes out of a file that anybody may have given us."""
        known = re.fullmatch("[0-9a-f]{32}", database) is not None
        return self._folder / f"{database}.json" if known else None


def same_moment(session: Session, older: Older) -> bool:
    """Whether the database, locked until the transaction's end, still stands where it was found."""
    row = session.get(SharedSetting, LINEAGE, with_for_update=True)
    if row is None:
        return False
    return (row.value["database"], row.value["epoch"]) == (older.found.database, older.found.epoch)


def last_beat(session: Session) -> Instant | None:
    """When a sender was at work on the database last; None: never, as far as it knows."""
    row = session.get(SharedSetting, LINEAGE)
    return None if row is None else float(row.value["at"])


def part_ways(session: Session, now: Instant) -> None:
    """From now on it is a database of its own, which the one it is a copy of says nothing about."""
    session.merge(SharedSetting(name=LINEAGE, value=new_lineage(now)))


def _handed_over(session: Session) -> int:
    return int(session.exec(select(func.coalesce(func.sum(GovernorRow.taken), 0))).one())


def _read(file: Path) -> LineageMark | None:
    """What the state folder says; None if nothing, or nothing that can be read."""
    try:
        said = json.loads(file.read_text(encoding="ascii"))
        return LineageMark(
            str(said["database"]), int(said["epoch"]), float(said["at"]), int(said["handed_over"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # a power cut may leave it empty


def _lack(folder: Path, error: OSError) -> str:
    why = f" ({error.strerror})" if error.strerror else ""
    return (
        f"The state folder {folder} can't be written{why}: an older copy of the database would not "
        "be recognised. SESTUI_STATE_DIR names another."
    )
