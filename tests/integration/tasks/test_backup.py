"""Backups: whole while others write, verified, and known as such when they come back."""

import os
import re
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from sestui.core.task.states import TaskRunState
from sestui.errors import StoppedError, StorageError
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.backup.backup import copy_database
from sestui.store.db.database import Database
from sestui.store.db.tables import Contact
from tests.support.seeding import add_contacts, addresses
from tests.support.tasks import ran


def backup(runtime: Runtime, folder: Path, **parameters: object) -> Path:
    run = ran(runtime, "backup", {"folder": str(folder), **parameters})
    assert run.state is TaskRunState.SUCCEEDED, run.detail
    return Path(run.result["file"])


def test_a_copy_is_private_and_whole_while_others_write(runtime, tmp_path):
    before = len(add_contacts(runtime.database, addresses(300)))
    writing, stop = threading.Event(), threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.wait(0.005):
            written += len(add_contacts(runtime.database, [f"w{written}@example.com"]))
            writing.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert writing.wait(10)
        file = backup(runtime, tmp_path / "new" / "backups")
    finally:
        stop.set()
        writer.join()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert os.listdir(file.parent) == [file.name], "no log beside it"
    with closing(sqlite3.connect(file)) as copy:
        (contacts,) = copy.execute("SELECT count(*) FROM contact").fetchone()
        (members,) = copy.execute("SELECT count(*) FROM membership").fetchone()
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
    assert before < contacts == members <= before + written, "one moment of the database"


def test_the_newest_few_are_kept(runtime, tmp_path):
    folder = tmp_path / "backups"
    other = folder / "sestui-mine.db"
    files = [backup(runtime, folder, keep=2) for _ in range(2)]
    other.write_text("not a backup of ours")
    files += [backup(runtime, folder, keep=2) for _ in range(2)]
    assert sorted(folder.iterdir()) == sorted([other, *files[-2:]])


def test_a_copy_that_does_not_verify_is_none(runtime, tmp_path):
    folder = tmp_path / "backups"
    kept = backup(runtime, folder)
    add_contacts(runtime.database, addresses(300))
    live = runtime.settings.data_dir / "sestui.db"
    with closing(sqlite3.connect(live)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = other.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_contact_email_key'"
        ).fetchone()
        (size,) = other.execute("PRAGMA page_size").fetchone()
    with live.open("r+b") as file:  # what a bad disk does, where no query of ours looks
        file.seek(page * size - 400)
        file.write(b"\xff" * 400)
    run = ran(runtime, "backup", {"folder": str(folder), "keep": 1})
    assert run.state is TaskRunState.FAILED
    assert run.detail.startswith("The copy is damaged (")
    assert list(folder.iterdir()) == [kept], "what is known to be good is kept"
    assert len(run.detail.splitlines()) == 1


@pytest.mark.parametrize(("below", "why"), [("file/below", "Not a directory"), ("file", "File ex")])
def test_a_folder_that_is_none(runtime, tmp_path, below, why):
    (tmp_path / "file").write_text("")
    run = ran(runtime, "backup", {"folder": str(tmp_path / below)})
    assert run.state is TaskRunState.FAILED
    assert run.detail.startswith(f"The backup {tmp_path / below}/sestui-")
    assert f" can't be written: {why}" in run.detail
    assert len(run.detail.splitlines()) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True, capture_output=True)


@pytest.mark.long
@pytest.mark.ci
def test_a_disk_that_is_full(runtime, small_disk):
    add_contacts(runtime.database, addresses(1_000))
    run = ran(runtime, "backup", {"folder": str(small_disk)})
    assert run.state is TaskRunState.FAILED
    assert run.detail.endswith(" can't be made: database or disk is full.")
    assert os.listdir(small_disk) == [], "half a copy helps nobody, and takes the room"


def test_a_copy_can_be_stopped(runtime, tmp_path):
    add_contacts(runtime.database, addresses(300))
    with pytest.raises(StoppedError):
        copy_database(runtime.database, tmp_path / "copy.db", 0.0, _give_up)
    assert not list(tmp_path.glob("*copy.db*"))


def _give_up() -> None:
    raise StoppedError("Stopped.")


# PostgreSQL


@pytest.fixture
def programs(postgres_database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the server's own programs, of its version: the only ones on the path."""
    with postgres_database.read_connection() as connection:
        found = connection.execute(text("SELECT setting FROM pg_config WHERE name = 'BINDIR'"))
        folder = Path(str(found.scalar_one()))
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_postgres_is_dumped_and_comes_back(postgres_database, programs, tmp_path):
    add_contacts(postgres_database, addresses(300))
    settings = load_settings(
        data_dir=tmp_path / "data",
        database_url=postgres_database.url.render_as_string(hide_password=False),
    )
    with Runtime.open(settings) as runtime:
        file = backup(runtime, tmp_path / "backups")
    assert file.suffix == ".dump"
    assert file.stat().st_mode & 0o777 == 0o600
    with postgres_database.write_connection() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    url = postgres_database.url.set(drivername="postgresql")
    plain = url.render_as_string(hide_password=False)
    said = subprocess.run(
        [programs / "pg_restore", "--exit-on-error", f"--dbname={plain}", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    with postgres_database.read() as session:
        assert len(session.exec(select(Contact.id)).all()) == 300


@pytest.mark.usefixtures("programs")
def test_what_pg_dump_complains_of_is_a_sentence(postgres_database, tmp_path):
    gone = Database(
        postgres_database.url.set(database="gone").render_as_string(hide_password=False)
    )
    with pytest.raises(StorageError) as caught:
        copy_database(gone, tmp_path / "copy.dump", 0.0, lambda: None)
    assert re.fullmatch(r'pg_dump failed: .*database "gone" does not exist\.', str(caught.value))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("user", "known"), [("me:of-the-url", "of-the-url"), ("me", "of-mine")])
def test_a_password_is_no_argument(tmp_path, monkeypatch, user, known):
    """Others see arguments; one that the URL hasn't is libpq's affair, as for every program."""
    said = tmp_path / "said"
    (tmp_path / "bin").mkdir()
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "$*" "password=$PGPASSWORD" >> {said}\n')
        program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PGPASSWORD", "of-mine")
    with closing(Database(f"postgresql+psycopg://{user}@db.example/sestui")) as database:
        copy_database(database, tmp_path / "copy.dump", 0.0, lambda: None)
    dumped, listed = said.read_text().splitlines()
    assert dumped.endswith(f" postgresql://me@db.example/sestui password={known}")
    assert listed.endswith(f".partial password={known}")


def test_without_pg_dump_there_is_a_way_out(postgres_database, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StorageError, match="needs pg_dump and pg_restore: install"):
        copy_database(postgres_database, tmp_path / "copy.dump", 0.0, lambda: None)


def test_a_backup_opens_like_any_workspace(runtime, tmp_path):
    file = backup(runtime, tmp_path / "backups")
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(file, tmp_path / "elsewhere" / "sestui.db")
    with Runtime.open(load_settings(data_dir=tmp_path / "elsewhere")) as opened:
        assert opened.tasks.get("one-backup").fields.type == "backup"
        (said,) = opened.campaign_scheduler.hold_restored()
        assert said.startswith("This database was restored from the backup taken")
