"""Logs beside a database that are not its own: what can be told is refused, and nothing is touched.

A crash is made by copying the files of a database that is open: what a kill leaves is the same.
"""

import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sestui.errors import EXIT_FAILED, StorageError
from sestui.store.db.database import Database
from sestui.store.db.schema import ensure_schema
from sestui.store.db.sqlite_logs import check_logs, log_beside
from tests.support.cli import Sestui
from tests.support.seeding import add_contacts, addresses


class Crash:
    """A workspace's database as crashes leave it, at several moments of its life."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "live" / "sestui.db"
        self._open = sqlite3.connect(self._made(), isolation_level=None)
        self._open.execute("PRAGMA wal_autocheckpoint=0")
        self._moments = self._written = 0

    def _made(self) -> Path:
        with closing(Database(f"sqlite:///{self.path}")) as database:
            ensure_schema(database)
        return self.path

    def close(self) -> None:
        self._open.close()

    def grow(self) -> None:
        """Write so much that the file gets longer: its first page says how long it is."""
        self._written += 300
        rows = [(f"s{self._written - number}@example.com",) for number in range(300)]
        self._open.execute("BEGIN")
        self._open.executemany(
            "INSERT INTO suppression (email_key, reason, detail, created_at, kept) "
            "VALUES (?, 'r', '', 0, 0)",
            rows,
        )
        self._open.execute("COMMIT")

    def change(self) -> None:
        """Write what leaves the first page alone."""
        self._open.execute("UPDATE suppression SET created_at = created_at + 1")

    def carry_over(self) -> None:
        """Write the log into the database and begin it anew."""
        assert self._open.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0] == 0

    def left(self) -> Path:
        """What a crash at this moment leaves, in a folder of its own."""
        self._moments += 1
        folder = self._folder / f"moment-{self._moments}"
        shutil.copytree(self.path.parent, folder)
        log_beside(folder / "sestui.db", "-shm").unlink()
        return folder / "sestui.db"

    def backup(self) -> Path:
        """A copy by SQLite's own means, in rollback mode as sestui's backups are."""
        target = self._folder / "backup.db"
        with closing(sqlite3.connect(target)) as copy:
            self._open.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        return target


@pytest.fixture
def crash(tmp_path: Path) -> Iterator[Crash]:
    made = Crash(tmp_path)
    made.grow()
    made.carry_over()
    made.grow()
    yield made
    made.close()


def wal(database: Path) -> Path:
    return log_beside(database, "-wal")


def journal(database: Path) -> Path:
    return log_beside(database, "-journal")


def contents(database: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in database.parent.iterdir()}


def refused(database: Path, words: str) -> None:
    before = contents(database)
    with pytest.raises(StorageError, match=words) as caught:
        Database(f"sqlite:///{database}")
    assert "`sestui restore FILE`" in str(caught.value)
    assert contents(database) == before, "nobody's file is touched"


def opens(database: Path) -> int:
    """How many suppressions are in it, its log's included; it is whole."""
    check_logs(database)
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(opened.execute("SELECT count(*) FROM suppression").fetchone()[0])


# what can be told


def test_a_backup_copied_beside_a_crashs_log(crash):
    left = crash.left()
    shutil.copy(crash.backup(), left)
    refused(left, "sestui.db-wal beside the database .* is the log of another one")


def test_a_backup_that_a_link_leads_to(crash, tmp_path):
    left = crash.left()
    shutil.copy(crash.backup(), left)
    (tmp_path / "linked").mkdir()
    link = tmp_path / "linked" / "sestui.db"
    link.symlink_to(left)
    refused(link, "is the log of another one")


def test_a_database_that_is_gone(crash):
    left = crash.left()
    left.unlink()
    refused(left, "is gone, and sestui.db-wal beside it has what was written last")


def test_a_database_that_was_emptied(crash):
    left = crash.left()
    left.write_bytes(b"")
    refused(left, "is empty, and sestui.db-wal beside it")


def test_a_text_beside_a_log(crash):
    left = crash.left()
    left.write_text("Dear diary\n" * 500)
    refused(left, "is not a database, and sestui.db-wal")


def test_a_log_of_another_page_size(crash, tmp_path):
    left = crash.left()
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as made:
        made.execute("PRAGMA page_size=1024")
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE x (y)")
        shutil.copy(wal(other), wal(left))
    refused(left, "is the log of another one")


def test_a_log_that_is_damaged_at_its_head(crash):
    left = crash.left()
    with wal(left).open("r+b") as file:
        file.seek(17)
        file.write(b"!")
    refused(left, "is damaged at its head")


def test_a_newer_copy_beside_an_older_log(crash):
    left = crash.left()
    crash.carry_over()
    crash.grow()
    crash.carry_over()
    shutil.copy(crash.path, left)
    refused(left, "is the log of another one")


def test_an_older_copy_beside_a_newer_log(crash):
    older = crash.left()
    for _ in range(2):
        crash.carry_over()
        crash.grow()
    left = crash.left()
    shutil.copy(older, left)
    refused(left, "is the log of another one")


def test_run_due_does_not_replay_it_either(crash, tmp_path):
    sestui = Sestui(tmp_path / "home")
    sestui.data.mkdir(parents=True)
    left = crash.left()
    shutil.copy(crash.backup(), sestui.data / "sestui.db")
    shutil.copy(wal(left), wal(sestui.data / "sestui.db"))
    before = contents(sestui.data / "sestui.db")
    said = sestui.refused(EXIT_FAILED, "run-due")
    assert "is the log of another one" in said
    assert contents(sestui.data / "sestui.db") == before
    sestui.close()


def hot(tmp_path: Path, name: str = "hot", page_size: int = 4096, more: int = 0) -> Path:
    """A database whose process was killed in the middle of a transaction in rollback mode."""
    live = tmp_path / f"{name}-live.db"
    with closing(sqlite3.connect(live, isolation_level=None)) as made:
        made.execute(f"PRAGMA page_size={page_size}")
        made.execute("CREATE TABLE suppression (a)")
        for _ in range(more + 1):
            made.execute("INSERT INTO suppression VALUES (zeroblob(20000))")
        made.execute("PRAGMA cache_size=1")  # written before the end
        made.execute("PRAGMA cache_spill=1")
        made.execute("BEGIN")
        made.execute("INSERT INTO suppression VALUES (zeroblob(200000))")
        made.execute("UPDATE suppression SET a = zeroblob(30000)")
        folder = tmp_path / name
        folder.mkdir()
        for ending in ("", "-journal"):
            shutil.copy(f"{live}{ending}", folder / f"sestui.db{ending}")
        made.execute("ROLLBACK")
    return folder / "sestui.db"


def test_a_journal_of_another_moment(tmp_path):
    left, later = hot(tmp_path), hot(tmp_path, "later", more=5)
    shutil.copy(later, left)
    refused(left, "sestui.db-journal beside the database .* is the journal of another one")


def test_a_journal_of_another_page_size(tmp_path):
    left, other = hot(tmp_path), hot(tmp_path, "other", page_size=1024)
    shutil.copy(journal(other), journal(left))
    refused(left, "is the journal of another one")


def test_a_journal_of_a_database_that_is_gone(tmp_path):
    left = hot(tmp_path)
    left.unlink()
    refused(left, "is the journal of another one")


# what is as it should be


def test_what_a_crash_leaves_is_replayed(crash):
    assert opens(crash.left()) == 600


def test_what_a_crash_leaves_in_rollback_mode_is_rolled_back(tmp_path):
    assert opens(hot(tmp_path)) == 1


@pytest.mark.parametrize("torn", [b"\xff" * 4096, b""], ids=["garbage", "cut off"])
def test_the_torn_end_of_a_log(crash, torn):
    """A power cut may leave half of the last frame; here it is one of the first page."""
    left = crash.left()
    with wal(left).open("r+b") as file:
        salts = file.read(32)[16:24]
        file.seek(0, 2)
        file.write(struct.pack(">2I", 1, 99) + salts + b"\1" * 8 + torn)
    assert opens(left) == 600


def test_a_log_that_has_just_been_begun_anew(crash):
    crash.carry_over()
    crash.change()
    assert opens(crash.left()) == 600


def test_a_new_database_whose_first_process_was_killed(tmp_path):
    path = tmp_path / "sestui.db"
    path.touch()
    header = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + struct.pack(">5I", 0, 7, 0, 512, 4096)
    journal(path).write_bytes(header.ljust(512, b"\0"))
    with closing(Database(f"sqlite:///{path}")) as database:
        ensure_schema(database)
        add_contacts(database, addresses(1))


# what can't be told


def test_a_copy_of_the_same_generation_of_the_log_is_as_good_as_the_file(crash):
    older = crash.left()
    crash.grow()
    left = crash.left()
    shutil.copy(older, left)
    assert opens(left) == 900


@pytest.mark.parametrize("first_page", [False, True])
def test_a_copy_between_which_and_the_log_only_other_pages_changed(crash, first_page):
    """Nothing in it says that it misses a change: the epoch is what tells."""
    crash.carry_over()
    older = crash.left()
    for _ in range(2):
        crash.change()
        crash.carry_over()
    if first_page:
        crash.grow()
    else:
        crash.change()
    left = crash.left()
    shutil.copy(older, left)
    check_logs(left)
