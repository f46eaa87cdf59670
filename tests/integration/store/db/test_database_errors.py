"""Whatever is wrong with a database is one sentence with the way out, and nobody's address."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from sestui.core.delivery.handover import ClaimRequest, RunCounts
from sestui.errors import EXIT_TRY_AGAIN, SettingsError, StorageBusyError, StorageError
from sestui.store.db.database import Database, translated
from sestui.store.db.schema import ensure_schema
from tests.support.seeding import (
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    open_ledger,
    start_run,
    tell_governor,
)

SECRET = "very.private@example.com"


def opened(path):
    database = Database(f"sqlite:///{path}")
    ensure_schema(database)
    return database


def test_the_file_is_its_users_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        database = opened(tmp_path / "new" / "folder" / "sestui.db")
    finally:
        os.umask(before)
    with database.write_connection() as connection:
        connection.execute(text("CREATE TABLE x (y)"))
        files = sorted((tmp_path / "new" / "folder").iterdir())
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert len(files) > 1  # the log beside it too
    assert stat.S_IMODE((tmp_path / "new" / "folder").stat().st_mode) == 0o700
    database.close()


@pytest.fixture
def impatient(monkeypatch):
    """Locks are waited for a tenth of a second only."""
    monkeypatch.setattr("sestui.store.db.write_turn.BUSY_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_is_busy_and_says_no_address(tmp_path):
    database = opened(tmp_path / "sestui.db")
    with closing(sqlite3.connect(tmp_path / "sestui.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusyError, match="locked by another program") as caught:
            add_contacts(database, [SECRET])
    assert caught.value.exit_code == EXIT_TRY_AGAIN
    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.__cause__)
    add_contacts(database, [SECRET])  # and free again
    database.close()


@pytest.mark.usefixtures("impatient")
def test_a_ledger_that_meets_a_lock_has_claimed_nothing(tmp_path, clock):
    database = opened(tmp_path / "sestui.db")
    add_contacts(database, addresses(3))
    tell_governor(database)
    run_id = start_run(database, make_campaign(database), clock.now()).id
    ledger = open_ledger(database, clock)
    with closing(sqlite3.connect(tmp_path / "sestui.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusyError):
            ledger.exchange([], ClaimRequest(run_id, 3))
        assert checked_counts(database, run_id) == RunCounts(pending=3)  # readers go on
    assert len(ledger.exchange([], ClaimRequest(run_id, 3)).claims) == 3
    database.close()


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "sestui.db"
    path.write_bytes(b"Dear diary, " * 1000)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(StorageError, match="not a sestui database") as caught:
        ensure_schema(database)
    assert str(path) in str(caught.value)
    database.close()


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "data").write_text("x")
    with pytest.raises(StorageError, match="SESTUI_DATA_DIR"):
        Database(f"sqlite:///{tmp_path / 'data' / 'sestui.db'}")


def test_a_database_that_is_a_folder(tmp_path):
    (tmp_path / "sestui.db").mkdir()
    with pytest.raises(StorageError, match="not a file in a folder"):
        Database(f"sqlite:///{tmp_path / 'sestui.db'}")


def test_a_read_only_database(sqlite_database):
    # What the engine says is the same as for a file without write permission, which root ignores.
    with sqlite_database.read_connection() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
    with pytest.raises(StorageError, match="read-only; give this user write access"):
        add_contacts(sqlite_database, [SECRET])


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (0, "is full; make room there"),
        (2**30, "fails or no longer accepts writes"),
        (None, "fails or no longer accepts writes"),
    ],
)
def test_a_full_disk_is_told_from_a_broken_one(tmp_path, monkeypatch, free, said):
    # What SQLite says is the same for both once it maps a file.
    def usage(folder):
        assert folder == tmp_path
        if free is None:
            raise OSError("gone")
        return shutil._ntuple_diskusage(2**40, 2**40 - free, free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    error = DBAPIError("INSERT", {"email": SECRET}, sqlite3.OperationalError("disk I/O error"))
    told = translated(error, str(tmp_path / "sestui.db"))
    assert said in str(told)
    assert SECRET not in str(told)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes wherever it likes")
def test_a_folder_without_write_permission(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match=r"can't be opened for writing.*SESTUI_DATA_DIR"):
            Database(f"sqlite:///{tmp_path / 'sestui.db'}")
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk(tmp_path, clock):
    database = opened(tmp_path / "sestui.db")
    with database.read_connection() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageError, match=r"disk.*is full"):
        add_contacts(database, addresses(5_000))
    with database.read_connection() as connection:
        assert connection.execute(text("SELECT count(*) FROM contact")).scalar_one() == 0
    database.close()


def test_a_row_that_breaks_a_rule_is_told_without_its_values(database):
    add_contacts(database, [SECRET])
    with pytest.raises(StorageError, match="breaks one of its rules") as caught:
        add_contacts(database, [SECRET])
    assert SECRET not in str(caught.value)


def test_a_statement_that_fails_is_told_without_its_values(database):
    with (
        pytest.raises(StorageError) as caught,
        database.write_connection() as connection,
    ):
        connection.execute(text("INSERT INTO nowhere VALUES (:email)"), {"email": SECRET})
    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.__cause__)


@pytest.mark.long
@pytest.mark.ci
def test_a_server_that_does_not_answer_is_worth_trying_again():
    database = Database("postgresql+psycopg://nobody:s3cret@127.0.0.1:9/none")
    with pytest.raises(StorageBusyError, match="does not answer") as caught:
        ensure_schema(database)
    assert caught.value.exit_code == EXIT_TRY_AGAIN
    assert "s3cret" not in str(caught.value)
    database.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name", "oracle+x://y", "sqlite+no:///x"])
def test_a_url_sestui_cannot_use(url):
    with pytest.raises(SettingsError, match="database_url"):
        Database(url)
