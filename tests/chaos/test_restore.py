"""`sestui restore` is killed at every step that touches the disk, and meets disks that are full.

Whatever the instant: the old database or the new one is there, whole, and the next start says so.
"""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sestui.errors import EXIT_DONE, EXIT_FAILED
from tests.support.cli import MESSAGE, Sestui
from tests.support.seeding import SUPPRESS_LATE

KILLED_AT = """
import os, signal, sys
folder, left = sys.argv[1], int(sys.argv[2])
def step(event, arguments):
    global left
    if event in {'open', 'os.rename', 'os.link', 'os.remove', 'os.mkdir', 'os.rmdir', 'os.chmod',
                 'sqlite3.connect', 'shutil.rmtree', 'fcntl.flock', 'fcntl.lockf'}:
        if any(folder in str(each) for each in arguments) or event.startswith('fcntl'):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(step)
sys.argv = ['sestui', *sys.argv[3:]]
from sestui.__main__ import command
command()
"""
"""Python tells of every step before it is made; so many of them, then SIGKILL."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which all was sent, with a log as a crash leaves it, and an older backup."""
    made = Sestui(tmp_path_factory.mktemp("prepared"))
    rows = "".join(f"reader{number}@example.com,Reader {number}\n" for number in range(50))
    made.ok("import", made.write("r.csv", f"email,first name\n{rows}"), "--list", "readers")
    made.ok("apply", made.write("news.md", MESSAGE))
    made.ok("campaign", "start", "news")
    made.ok("backup", made.home / "backup.db")
    made.ok("send", "news")
    crashed = made.home / "crashed"
    with closing(sqlite3.connect(made.data / "sestui.db", isolation_level=None)) as live:
        live.execute(SUPPRESS_LATE)
        shutil.copytree(made.data, crashed)
    shutil.rmtree(made.data)
    crashed.rename(made.data)
    (made.data / "sestui.db-shm").unlink()
    return made.home


@pytest.fixture
def workspace(prepared: Path, tmp_path: Path) -> Iterator[Sestui]:
    made = Sestui(tmp_path / "home")
    yield made
    made.close()


def killed_at(sestui: Sestui, step: int) -> bool:
    """Restore, killed at that step; False if it has come to its end before."""
    restore = ["restore", sestui.home / "backup.db", "--yes"]
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT, sestui.data, str(step), *restore],
        env=sestui.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {EXIT_DONE, -signal.SIGKILL}, done.stderr
    return done.returncode != EXIT_DONE


def is_new(sestui: Sestui) -> bool:
    """Whether the database is the restored one; it is whole, whichever it is."""
    run = sestui.latest()
    with closing(sqlite3.connect(sestui.data / "sestui.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        late = opened.execute("SELECT count(*) FROM suppression").fetchone()
    if run["state"] == "finished":
        assert (run["accepted"], late) == (50, (1,)), "the old one, with what its log has"
        return False
    assert (run["reason"], run["pending"], late) == ("approval", 50, (0,))
    return True


def steps(stride: int) -> list[object]:
    in_ci = [pytest.mark.long, pytest.mark.ci]
    return [
        pytest.param(stride, marks=in_ci),
        pytest.param(stride // 4, marks=in_ci),
        pytest.param(1, marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ]


@pytest.mark.parametrize("stride", steps(29))
def test_killed_at_every_step(workspace, prepared, stride):
    step, came = 1 if stride == 1 else 3, []
    while True:
        shutil.rmtree(workspace.home, ignore_errors=True)
        shutil.copytree(prepared, workspace.home, dirs_exist_ok=True)
        if not killed_at(workspace, step):
            break
        came.append(is_new(workspace))
        workspace.ok("restore", workspace.home / "backup.db", "--yes")
        assert is_new(workspace)
        assert not list(workspace.data.glob(".*"))
        step += stride
    assert is_new(workspace)
    assert came == sorted(came), "first the old one, then the new one"
    assert set(came) == ({False, True} if stride == 1 else {*came, False})


@pytest.mark.parametrize("stride", steps(29))
def test_killed_where_the_old_one_can_not_be_opened(workspace, prepared, stride):
    """The backup had been copied beside the log of the crash: refused before, new after."""
    step, came = 1 if stride == 1 else 3, []
    while True:
        shutil.rmtree(workspace.home, ignore_errors=True)
        shutil.copytree(prepared, workspace.home, dirs_exist_ok=True)
        shutil.copy(workspace.home / "backup.db", workspace.data / "sestui.db")
        log = (workspace.data / "sestui.db-wal").read_bytes()
        if not killed_at(workspace, step):
            break
        shown = workspace.run("campaign", "show", "news")
        if shown.returncode == EXIT_FAILED:
            assert "is the log of another one" in shown.stderr
            assert (workspace.data / "sestui.db-wal").read_bytes() == log
            came.append(False)
        else:
            assert is_new(workspace)
            came.append(True)
        kept = [each.read_bytes() for each in workspace.data.glob("sestui.db*-wal")]
        assert log in kept, "nobody's log is thrown away"
        step += stride
    assert is_new(workspace)
    assert came == sorted(came)
    assert set(came) == ({False, True} if stride == 1 else {*came, False})


def test_a_full_disk(workspace, prepared, tmp_path):
    shutil.copytree(prepared, workspace.home, dirs_exist_ok=True)
    disk = tmp_path / "disk"
    disk.mkdir()
    held = sum(each.stat().st_size for each in workspace.data.glob("sestui.db*"))
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={held // 1024 + 60}k", "tmpfs", disk],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root can mount a small disk")
    try:
        for each in workspace.data.glob("sestui.db*"):
            shutil.copy(each, disk)
        before = {each.name: each.read_bytes() for each in disk.iterdir()}
        said = workspace.refused(
            EXIT_FAILED,
            "restore",
            workspace.home / "backup.db",
            "--yes",
            SESTUI_DATA_DIR=str(disk),
        )
        assert "database or disk is full; nothing has been changed." in said
        assert {each.name: each.read_bytes() for each in disk.iterdir()} == before
    finally:
        subprocess.run(["umount", disk], check=True, capture_output=True)


def test_a_disk_that_takes_no_large_files(workspace, prepared):
    shutil.copytree(prepared, workspace.home, dirs_exist_ok=True)
    before = {each.name: each.read_bytes() for each in workspace.data.iterdir()}
    process = subprocess.Popen(
        [sys.executable, "-m", "sestui", "restore", workspace.home / "backup.db", "--yes"],
        env=workspace.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    _, said = process.communicate(timeout=60)
    assert process.returncode == EXIT_FAILED
    assert "nothing has been changed" in said
    assert {each.name: each.read_bytes() for each in workspace.data.iterdir()} == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes wherever it likes")
def test_a_folder_that_can_not_be_written(workspace, prepared):
    shutil.copytree(prepared, workspace.home, dirs_exist_ok=True)
    workspace.data.chmod(0o500)
    try:
        said = workspace.refused(EXIT_FAILED, "restore", workspace.home / "backup.db", "--yes")
    finally:
        workspace.data.chmod(0o700)
    assert "can't be written: Permission denied; nothing has been changed." in said
