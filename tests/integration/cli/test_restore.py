"""`sestui backup` and `sestui restore`: whole and marked, or nothing has changed."""

import json
import os
import pty
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sestui.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_NEEDS_OPERATOR,
    EXIT_TRY_AGAIN,
    EXIT_USAGE,
)
from sestui.store.db.version import HEAD
from tests.support.cli import Sestui
from tests.support.seeding import SUPPRESS_LATE


def database(sestui: Sestui) -> Path:
    return sestui.data / "sestui.db"


def asides(sestui: Sestui) -> list[Path]:
    return sorted(sestui.data.glob("sestui.db.before-*"))


@pytest.fixture(scope="module")
def _begun(_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("begun")
    made = Sestui(shutil.copytree(_prepared, home, dirs_exist_ok=True))
    made.ok("campaign", "start", "news")
    made.ok("backup", home / "backup.db")
    return home


@pytest.fixture(scope="module")
def _sent(_begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sent")
    Sestui(shutil.copytree(_begun, home, dirs_exist_ok=True)).ok("send", "news")
    return home


@pytest.fixture
def begun(_begun: Path, sestui: Sestui) -> Sestui:
    """A run that was started, and `backup.db` from before anything was sent."""
    shutil.copytree(_begun, sestui.home, dirs_exist_ok=True)
    return sestui


@pytest.fixture
def sent(_sent: Path, sestui: Sestui) -> Sestui:
    """The same, after all was sent."""
    shutil.copytree(_sent, sestui.home, dirs_exist_ok=True)
    return sestui


def backup(sestui: Sestui) -> Path:
    return sestui.home / "backup.db"


def untouched(sestui: Sestui, code: int, *arguments: object) -> str:
    """What a restore says that must not change anything; no remains of it either."""
    before = {each: each.read_bytes() for each in sestui.data.iterdir() if each.is_file()}
    said = sestui.refused(code, "restore", *arguments)
    assert {each: each.read_bytes() for each in sestui.data.iterdir() if each.is_file()} == before
    assert not list(sestui.data.glob(".*"))
    return said


# back and forth


def waits_for_approval(sestui: Sestui) -> None:
    """Nothing goes on unasked after a restore, and whoever reads cron's mail is told."""
    done = sestui.run("run-due")
    assert (done.returncode, done.stdout) == (3, "nothing due\n")
    assert done.stderr.startswith("sestui: news run 1 waits for approval: This database ")


@pytest.mark.long
@pytest.mark.ci
def test_a_backup_comes_back_and_nobody_gets_it_twice(sent):
    said = sent.json("restore", backup(sent), "--yes")
    assert said["waiting"] == [{"campaign": "news", "run": 1}]
    assert said["contacts"] == 200
    (aside,) = asides(sent)
    assert said["replaced"] == str(aside)
    assert sorted(each.name for each in sent.data.iterdir() if "sestui.db" in each.name) == [
        "sestui.db",
        aside.name,
    ]
    for each in (database(sent), aside):
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    waits_for_approval(sent)
    run = sent.latest()
    assert (run["state"], run["reason"], run["pending"]) == ("waiting", "approval", 200)
    assert "was restored from the backup taken" in run["detail"]
    sent.ok("restore", aside, "--yes")
    assert sent.latest()["accepted"] == 200


def test_what_it_says_to_people(sent):
    done = sent.run("restore", backup(sent), "--yes")
    assert done.returncode == EXIT_DONE
    restored, kept, waits = done.stdout.splitlines()
    assert restored.startswith(f"{database(sent)} has been restored from {backup(sent)}, as of")
    assert kept == f"the previous database is now {asides(sent)[0]}"
    assert waits == "waits for approval: news, run 1"
    assert "`sestui campaign resume NAME` mails everyone who has not received it" in done.stderr


@pytest.mark.long
@pytest.mark.ci
def test_a_restored_run_goes_on_when_the_operator_says_so(sent):
    sent.ok("restore", backup(sent), "--yes")
    sent.ok("campaign", "resume", "news")
    sent.ok("run-due")
    assert sent.latest()["accepted"] == 200
    assert sent.ok("run-due") == "nothing due\n", "it is not held once more"


def test_where_there_is_no_database(begun):
    shutil.rmtree(begun.data)
    said = begun.json("restore", backup(begun), "--yes")
    assert said["replaced"] is None
    assert stat.S_IMODE(begun.data.stat().st_mode) == 0o700
    assert begun.latest()["reason"] == "approval"


def test_the_replaced_database_is_deleted_on_request(sent):
    assert sent.json("restore", backup(sent), "--yes", "--delete-replaced")["replaced"] is None
    assert asides(sent) == []


def test_each_replaced_database_has_a_name_of_its_own(sent):
    for _ in range(3):
        sent.ok("restore", backup(sent), "--yes")
    assert len(asides(sent)) == 3


def test_what_was_in_flight_when_it_was_copied_is_in_doubt(sent):
    with closing(sqlite3.connect(backup(sent))) as copy:
        copy.execute(
            "INSERT INTO worker (id, role, host, pid, process_started_at, heartbeat_at) "
            "VALUES ('w', 'sender', 'elsewhere/x/y', 1, 0, 99999999999)"
        )
        copy.execute("UPDATE delivery SET state = 'sending', worker = 'w' WHERE id <= 3")
        copy.execute("UPDATE run SET pending = pending - 3, sending = 3")
        copy.commit()
    sent.ok("restore", backup(sent), "--yes")
    run = sent.latest()
    assert (run["in_doubt"], run["pending"], run["sending"]) == (3, 197, 0)


def test_a_link_stays_a_link(sent):
    elsewhere = sent.home / "disk" / "real.db"
    elsewhere.parent.mkdir()
    database(sent).rename(elsewhere)
    database(sent).symlink_to(elsewhere)
    sent.ok("restore", backup(sent), "--yes")
    assert database(sent).is_symlink()
    assert sent.latest()["reason"] == "approval"
    assert len(list(elsewhere.parent.glob("real.db.before-*"))) == 1


def test_relative_paths(sent, monkeypatch):
    monkeypatch.chdir(sent.home)
    sent.ok("restore", "backup.db", "--yes", SESTUI_DATA_DIR="data")
    assert sent.latest()["reason"] == "approval"


def test_a_copy_with_its_log_beside_it(sent, tmp_path):
    """Made by `cp sestui.db*` while somebody had it open: what is in the log counts."""
    copy = tmp_path / "copies" / "sestui.db"
    copy.parent.mkdir()
    with closing(sqlite3.connect(database(sent), isolation_level=None)) as live:
        live.execute(SUPPRESS_LATE)
        for ending in ("", "-wal"):
            shutil.copy(f"{database(sent)}{ending}", f"{copy}{ending}")
    before = copy.read_bytes(), copy.with_name("sestui.db-wal").read_bytes()
    sent.ok("restore", copy, "--yes")
    assert (copy.read_bytes(), copy.with_name("sestui.db-wal").read_bytes()) == before
    with closing(sqlite3.connect(database(sent))) as restored:
        assert restored.execute("SELECT count(*) FROM suppression").fetchone() == (1,)


@pytest.mark.long
@pytest.mark.ci
def test_a_backup_of_another_workspace(begun, tmp_path):
    other = Sestui(tmp_path / "other")
    said = other.json("restore", backup(begun), "--yes")
    assert said["waiting"] == [{"campaign": "news", "run": 1}]
    begun.ok("send", "news")
    waits_for_approval(other)
    assert other.latest()["pending"] == 200
    other.close()


def test_the_log_of_a_crash_goes_with_the_database_that_it_belongs_to(sent, tmp_path):
    """Killed with a log beside the database: what is in it isn't lost, nor mixed with the new."""
    crashed = tmp_path / "crashed"
    with closing(sqlite3.connect(database(sent), isolation_level=None)) as live:
        live.execute(SUPPRESS_LATE)
        shutil.copytree(sent.data, crashed)
    shutil.rmtree(sent.data)
    crashed.rename(sent.data)
    (sent.data / "sestui.db-shm").unlink()
    assert (sent.data / "sestui.db-wal").stat().st_size
    sent.ok("restore", backup(sent), "--yes")
    (aside,) = asides(sent)
    with closing(sqlite3.connect(aside)) as old:
        assert old.execute("SELECT count(*) FROM suppression").fetchone() == (1,)
    with closing(sqlite3.connect(database(sent))) as new:
        assert new.execute("SELECT count(*) FROM suppression").fetchone() == (0,)


def test_what_nobody_can_open_is_put_aside_as_it_is(sent):
    """Somebody has copied the backup beside the log of a crash, and was refused."""
    with closing(sqlite3.connect(database(sent), isolation_level=None)) as live:
        live.execute(SUPPRESS_LATE)
        log = (sent.data / "sestui.db-wal").read_bytes()
    shutil.copy(backup(sent), database(sent))
    (sent.data / "sestui.db-wal").write_bytes(log)
    assert "is the log of another one" in sent.refused(EXIT_FAILED, "run-due")
    sent.ok("restore", backup(sent), "--yes")
    old, kept = asides(sent)
    assert (old.read_bytes(), kept.read_bytes()) == (backup(sent).read_bytes(), log)
    assert kept.name == f"{old.name}-wal"
    assert not (sent.data / "sestui.db-wal").exists()
    assert sent.latest()["reason"] == "approval"


@pytest.mark.parametrize("content", [b"", b"Dear diary" * 900])
def test_what_is_no_database_is_put_aside_too(sent, content):
    database(sent).write_bytes(content)
    sent.ok("restore", backup(sent), "--yes")
    assert asides(sent)[0].read_bytes() == content
    assert sent.latest()["reason"] == "approval"


def test_names_that_mean_something_elsewhere(sent):
    """In URLs and in patterns, that is."""
    odd = sent.home / "we?ird #%20[1]"
    odd.mkdir()
    file = odd / "b?#*.db"
    shutil.copy(backup(sent), file)
    for _ in range(2):
        sent.ok("restore", file, "--yes", SESTUI_DATA_DIR=str(odd))
    assert sent.json("campaign", "show", "news", SESTUI_DATA_DIR=str(odd))["run"]["pending"] == 200
    assert len([each for each in odd.iterdir() if ".before-" in each.name]) == 1
    assert {each.name for each in sent.home.iterdir()} >= {odd.name, "data"}
    assert not (sent.home / "we").exists()


# what is no backup


def test_a_file_that_is_none(sent, tmp_path):
    fifo, text, empty, dump = (tmp_path / name for name in ("fifo", "text", "empty", "dump"))
    os.mkfifo(fifo)
    text.write_text("Dear diary")
    empty.write_bytes(b"")
    dump.write_bytes(b"PGDMP\x01\x0e")
    assert "There is no file" in untouched(sent, EXIT_FAILED, tmp_path / "none", "--yes")
    assert "is not a file" in untouched(sent, EXIT_FAILED, fifo, "--yes")
    assert "is not a file" in untouched(sent, EXIT_FAILED, tmp_path, "--yes")
    assert "is not a SQLite database" in untouched(sent, EXIT_FAILED, text, "--yes")
    assert "is empty" in untouched(sent, EXIT_FAILED, empty, "--yes")
    assert "is a dump of PostgreSQL" in untouched(sent, EXIT_FAILED, dump, "--yes")


def test_another_programs_database(sent, tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE alembic_version (version_num)")
    said = untouched(sent, EXIT_FAILED, tmp_path / "other.db", "--yes")
    assert "is a SQLite database, but not one of sestui" in said


def test_a_damaged_backup(sent):
    with closing(sqlite3.connect(backup(sent))) as copy:
        (page,) = copy.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_contact_email_key'"
        ).fetchone()
    with backup(sent).open("r+b") as file:
        file.seek(page * 4_096 - 400)
        file.write(b"\xff" * 400)
    assert "is damaged (" in untouched(sent, EXIT_FAILED, backup(sent), "--yes")


def test_a_backup_that_was_cut_off(sent):
    os.truncate(backup(sent), backup(sent).stat().st_size // 2)
    assert f"{backup(sent)} " in untouched(sent, EXIT_FAILED, backup(sent), "--yes")


def test_a_newer_backup(sent):
    with closing(sqlite3.connect(backup(sent))) as copy:
        copy.execute("UPDATE alembic_version SET version_num = '9999'")
        copy.commit()
    assert "written by a newer sestui" in untouched(sent, EXIT_FAILED, backup(sent), "--yes")


def test_an_older_backup_is_brought_to_this_schema(sent):
    with closing(sqlite3.connect(database(sent))) as live:
        assert live.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    sent.ok("restore", backup(sent), "--yes")
    with closing(sqlite3.connect(database(sent))) as live:
        assert live.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)


def test_a_backup_with_its_log_where_nothing_may_be_written(sent, tmp_path):
    folder = tmp_path / "read-only"
    folder.mkdir()
    try:
        mount = ["mount", "-t", "tmpfs", "tmpfs", folder]
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root can mount a disk")
    try:
        with closing(sqlite3.connect(database(sent), isolation_level=None)) as live:
            live.execute(SUPPRESS_LATE)
            for ending in ("", "-wal"):
                shutil.copy(f"{database(sent)}{ending}", folder)
        shutil.copy(backup(sent), folder)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True, capture_output=True)
        said = untouched(sent, EXIT_FAILED, folder / "sestui.db", "--yes")
        assert "has a log beside it, which SQLite reads only where it may write" in said
        sent.ok("restore", folder / "backup.db", "--yes")
        said = sent.refused(
            EXIT_FAILED, "restore", backup(sent), "--yes", SESTUI_DATA_DIR=str(folder)
        )
        assert "can't be written: Read-only file system; nothing has been changed." in said
    finally:
        subprocess.run(["umount", folder], check=True, capture_output=True)


def test_a_backup_beside_the_log_of_another(sent):
    with closing(sqlite3.connect(database(sent), isolation_level=None)) as live:
        live.execute(SUPPRESS_LATE)
        shutil.copy(sent.data / "sestui.db-wal", sent.home / "backup.db-wal")
    said = untouched(sent, EXIT_FAILED, backup(sent), "--yes")
    assert "backup.db-wal beside the database" in said
    assert "move it to another folder and restore it from there" in said


@pytest.mark.parametrize("how", ["same", "link", "second name"])
def test_the_database_itself(sent, tmp_path, how):
    file = database(sent)
    if how == "link":
        file = tmp_path / "link.db"
        file.symlink_to(database(sent))
    elif how == "second name":
        file = tmp_path / "second.db"
        file.hardlink_to(database(sent))
    assert "is the database itself" in untouched(sent, EXIT_USAGE, file, "--yes")
    assert "is the database itself" in sent.refused(EXIT_USAGE, "backup", file, "--overwrite")


# who has it open


@contextmanager
def holding(sestui: Sestui, statement: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the database open."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        f"c.execute({statement!r}).fetchone(); print('open', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, database(sestui)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


@pytest.mark.parametrize("statement", ["SELECT 1 FROM run", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_program_that_has_it_open_is_named(sent, statement):
    with holding(sent, statement) as process:
        said = sent.refused(EXIT_TRY_AGAIN, "restore", backup(sent), "--yes")
        assert "is in use (python" in said
        assert f"process {process.pid})" in said
        assert asides(sent) == []
    sent.ok("restore", backup(sent), "--yes")


@pytest.mark.long
@pytest.mark.ci
def test_a_sestui_that_sends_is_named(begun):
    process = begun.start("send", "news", SESTUI_SIMULATOR_RATE="5")
    begun.accepted()
    said = begun.refused(EXIT_TRY_AGAIN, "restore", backup(begun), "--yes")
    assert f"is in use (sestui send, process {process.pid})" in said
    process.terminate()
    process.communicate(timeout=30)
    begun.ok("restore", backup(begun), "--yes")


def test_a_worker_on_another_host_is_named(sent):
    with closing(sqlite3.connect(database(sent))) as live:
        live.execute(
            "INSERT INTO worker (id, role, host, pid, process_started_at, heartbeat_at) "
            "VALUES ('w', 'sender', 'mailer-2/boot/ns', 77, 0, 99999999999)"
        )
        live.commit()
    said = sent.refused(EXIT_TRY_AGAIN, "restore", backup(sent), "--yes")
    assert "is in use (process 77 on mailer-2)" in said
    assert asides(sent) == []


def test_a_damaged_database_that_somebody_has_open(sent):
    with holding(sent, "SELECT 1 FROM run"):
        with database(sent).open("r+b") as file:
            file.write(b"!" * 100)
        said = sent.refused(EXIT_TRY_AGAIN, "restore", backup(sent), "--yes")
        assert "is in use (python" in said


def test_two_restores_at_once(sent):
    """The one at work is this process; the other meets the folder that it works in."""
    folder = sent.data / ".sestui.db.restoring"
    folder.mkdir()
    (folder / "new.db").write_bytes(b"half")
    program = (
        "import fcntl, os, sys; f = os.open(sys.argv[1], os.O_RDONLY);"
        "fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        said = sent.refused(EXIT_TRY_AGAIN, "restore", backup(sent), "--yes")
        assert said.startswith("Another restore of")
        process.kill()
    sent.ok("restore", backup(sent), "--yes")
    assert not folder.exists(), "what a killed one left is gone"


# asking


def test_without_a_terminal_it_asks_for_a_yes(sent):
    said = untouched(sent, EXIT_USAGE, backup(sent))
    assert said == f"This replaces {database(sent)}; there is no terminal to ask on, so add --yes."


@pytest.mark.parametrize(("answer", "replaced"), [("y\n", 1), ("n\n", 0), ("\n", 0)])
def test_on_a_terminal_it_says_what_will_be_replaced(sent, answer, replaced):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sestui", "restore", backup(sent)],
        env=sent.environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, answer.encode())
    _, said = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert "with 200 contacts. The current database, last changed" in said
    assert f"is kept aside.\nRestore it as {database(sent)}? [y/N]" in said
    assert process.returncode == (EXIT_DONE if replaced else EXIT_FAILED)
    assert len(asides(sent)) == replaced
    assert not list(sent.data.glob(".*"))


@pytest.mark.parametrize("arguments", [(), ("backup.db", "--mark")])
def test_what_is_to_be_restored_has_to_be_said(sent, arguments):
    said = untouched(sent, EXIT_USAGE, *arguments)
    assert said == "Name the backup, or --mark the database as restored by other means."


# by other means


def test_a_database_that_was_restored_by_other_means(begun):
    """A snapshot of the whole machine: its state folder went back with it."""
    said = begun.json("restore", "--mark")
    assert said["waiting"] == [{"campaign": "news", "run": 1}]
    waits_for_approval(begun)
    assert begun.latest()["detail"].startswith("This database was restored from a copy of the")
    assert "waits for approval" in begun.refused(EXIT_NEEDS_OPERATOR, "send", "news")


def test_postgres_is_restored_by_its_own_means(sent):
    said = untouched_elsewhere(sent, SESTUI_DATABASE_URL="postgresql+psycopg://me@db.example/s")
    assert "`pg_restore --clean --if-exists --dbname=NAME FILE`" in said
    assert "`sestui restore --mark`" in said


def untouched_elsewhere(sestui: Sestui, **environment: str) -> str:
    return sestui.refused(EXIT_USAGE, "restore", backup(sestui), "--yes", **environment)


# the backup


def test_a_backup_does_not_replace_a_file_unasked(begun):
    before = backup(begun).read_bytes()
    assert "--overwrite replaces it" in begun.refused(EXIT_USAGE, "backup", backup(begun))
    assert backup(begun).read_bytes() == before
    begun.ok("import", begun.home / "readers.csv", "--list", "more")
    said = json.loads(begun.ok("backup", backup(begun), "--overwrite", "--json"))
    assert said == {"file": str(backup(begun)), "bytes": backup(begun).stat().st_size}
    assert stat.S_IMODE(backup(begun).stat().st_mode) == 0o600
