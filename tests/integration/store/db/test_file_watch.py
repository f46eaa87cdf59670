"""Files that are moved, deleted or replaced under an open database: nothing is written to them."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sestui.core.delivery.handover import ClaimRequest
from sestui.errors import DatabaseLostError, StorageError
from sestui.store.db.database import Database
from sestui.store.db.schema import ensure_schema
from sestui.store.db.sqlite_logs import log_beside
from tests.support.seeding import (
    accepted,
    add_contacts,
    addresses,
    make_campaign,
    open_ledger,
    start_run,
    tell_governor,
)


@pytest.fixture
def sending(sqlite_database, clock):
    """A ledger that has five in flight, and a callable that claims and settles more."""
    add_contacts(sqlite_database, addresses(20))
    tell_governor(sqlite_database)
    run = start_run(sqlite_database, make_campaign(sqlite_database), clock.now())
    ledger = open_ledger(sqlite_database, clock)
    claims = ledger.exchange([], ClaimRequest(run.id, 5)).claims
    return lambda: ledger.exchange([accepted(each) for each in claims], ClaimRequest(run.id, 5))


def path_of(database: Database) -> Path:
    return Path(database.name)


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    shutil.copy(path, path.with_name("copy.db"))
    path.with_name("copy.db").replace(path)


def delete_log(path: Path) -> None:
    log_beside(path, "-wal").unlink()


def replace_log(path: Path) -> None:
    log = log_beside(path, "-wal")
    shutil.copy(log, log.with_name("copy"))
    log.with_name("copy").replace(log)


def delete_index(path: Path) -> None:
    log_beside(path, "-shm").unlink()


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (move, "it was moved or deleted"),
        (delete, "it was moved or deleted"),
        (replace, "another file was put there"),
        (delete_log, "The log beside the database .* was deleted or replaced"),
        (replace_log, "The log beside the database .* was deleted or replaced"),
        (delete_index, "The log beside the database .* was deleted or replaced"),
    ],
)
def test_nothing_is_claimed_nor_written(
    sqlite_database: Database, sending: Callable[[], object], happens, said
):
    stopped: list[bool] = []
    happens(path_of(sqlite_database))
    with (
        sqlite_database.when_lost(lambda: stopped.append(True)),
        pytest.raises(DatabaseLostError, match=said) as caught,
    ):
        sending()
    assert stopped == [True]
    assert "The answers to 5 mails in flight can't be saved: they are in doubt." in str(
        caught.value
    )
    assert isinstance(caught.value, StorageError)
    with sqlite_database.read_connection() as connection:  # the file that was opened
        counts = connection.exec_driver_sql("SELECT sending, accepted FROM run").one()
    assert tuple(counts) == (5, 0)


def test_a_file_that_comes_back_is_the_same(sqlite_database, sending):
    path = path_of(sqlite_database)
    move(path)
    with pytest.raises(DatabaseLostError):
        sending()
    path.with_name("moved.db").rename(path)
    assert len(sending().claims) == 5


def test_a_link_that_leads_elsewhere(tmp_path):
    for name in ("one", "two"):
        with closing(Database(f"sqlite:///{tmp_path / name}.db")) as database:
            ensure_schema(database)
    link = tmp_path / "sestui.db"
    link.symlink_to("one.db")
    with closing(Database(f"sqlite:///{link}")) as database:
        add_contacts(database, addresses(2))
        assert (tmp_path / "one.db-wal").exists(), "the log is beside the file, not the link"
        link.unlink()
        link.symlink_to("two.db")
        with pytest.raises(DatabaseLostError, match="another file was put there"):
            add_contacts(database, addresses(1, "x"))


def test_a_relative_path_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(Database("sqlite:///sestui.db")) as database:
        ensure_schema(database)
        monkeypatch.chdir("/")
        add_contacts(database, addresses(1))
    assert not Path("/sestui.db").exists()


def test_others_that_come_and_go_change_nothing(sqlite_database, sending):
    for _ in range(3):
        with closing(Database(f"sqlite:///{sqlite_database.name}")) as other:
            add_contacts(other, [f"{os.urandom(4).hex()}@example.com"])
        with closing(sqlite3.connect(sqlite_database.name)) as shell:
            shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sending().claims


def test_closed_it_opens_what_is_there_then(sqlite_database):
    path = path_of(sqlite_database)
    add_contacts(sqlite_database, addresses(1))
    sqlite_database.close()
    replace(path)
    add_contacts(sqlite_database, addresses(1, "again"))


def test_a_connection_never_goes_to_another_file_than_those_before(sqlite_database):
    with sqlite_database.read_connection():
        replace(path_of(sqlite_database))
        with pytest.raises(DatabaseLostError), sqlite_database.read_connection():
            pytest.fail("it was opened")
