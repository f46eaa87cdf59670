"""`run-due --log`: a time before each line, nothing for nothing due, and never without bound."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from sestui.store.db.database import Database
from tests.support.cli import Done, Sestui
from tests.support.tasks import make_due

LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d) (.+)")


def lines(path: Path) -> list[str]:
    """Without their times, which all are some."""
    found = []
    for line in path.read_text().splitlines():
        match = LINE.fullmatch(line)
        assert match is not None, line
        datetime.fromisoformat(match[1])
        found.append(match[2])
    return found


def due_task(sestui: Sestui) -> None:
    sestui.ok("task", "add", "tidy", "--type", "purge", "--schedule", "@yearly")
    make_it_due(sestui)


def make_it_due(sestui: Sestui) -> None:
    database = Database(f"sqlite:///{sestui.data / 'sestui.db'}")
    make_due(database, datetime.now().timestamp() - 1)
    database.close()


@pytest.mark.long
@pytest.mark.ci
def test_what_was_done_has_its_time_and_nothing_due_leaves_nothing(ready: Sestui) -> None:
    due_task(ready)
    ready.ok("campaign", "start", "news")
    log = ready.home / "log"
    assert ready.run("run-due", "--log", log) == Done(0, "", "")
    tidy, news = lines(log)
    assert tidy.startswith("tidy: succeeded in ")
    assert news.startswith("news run 1: finished, 100 % done, 200 of 200 accepted")
    assert log.stat().st_mode & 0o777 == 0o600
    assert ready.run("run-due", "--log", log) == Done(0, "", "")
    assert len(lines(log)) == 2
    assert ready.run("run-due", "--log", log, "--verbose") == Done(0, "", "")
    assert lines(log)[2:] == ["nothing due"]


def test_what_cron_mails_stands_there_too(ready: Sestui) -> None:
    with closing(sqlite3.connect(ready.data / "sestui.db")) as database, database:
        # Later than it goes out by itself.
        database.execute("UPDATE campaign SET next_due_at = strftime('%s', 'now') - 200000")
    log = ready.home / "log"
    done = ready.run("run-due", "--log", log)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.removesuffix("\n") in lines(log)


def test_an_error_stands_there_too(ready: Sestui) -> None:
    (ready.data / "sestui.db").write_bytes(b"no database" * 1_000)
    log = ready.home / "log"
    said = ready.refused(1, "run-due", "--log", log)
    assert lines(log) == [f"sestui: {said}"]


def test_it_is_put_aside_when_it_is_large_and_the_oldest_goes(sestui: Sestui) -> None:
    log = sestui.home / "log"
    for name in ("log", "log.1", "log.2", "log.3"):
        (sestui.home / name).write_text(f"{name}\n" * 500_000)
    for _ in range(2):
        sestui.ok("run-due", "--log", log, "--verbose")
    assert lines(log) == ["nothing due", "nothing due"]
    kept = {path.name: path.read_text().partition("\n")[0] for path in sestui.home.glob("log.*")}
    assert kept == {"log.1": "log", "log.2": "log.1", "log.3": "log.2"}


@pytest.mark.long
@pytest.mark.ci
def test_a_line_of_before_has_the_same_log(sestui: Sestui) -> None:
    """It has the shell append standard output, under a mask that lets others read it."""
    due_task(sestui)
    log = sestui.data / "run-due.log"
    command = f"umask 022; exec {sys.executable} -m sestui run-due >>{log}"
    for _ in range(2):  # the second has nothing to do
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=sestui.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    (tidy,) = lines(log)
    assert tidy.startswith("tidy: succeeded in ")
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.long
@pytest.mark.ci
def test_a_log_that_can_not_be_written_is_told_when_all_is_done(ready: Sestui) -> None:
    ready.ok("campaign", "start", "news")
    said = ready.refused(1, "run-due", "--log", ready.home / "no" / "log")
    assert said.endswith("its log can't be written: No such file or directory.")
    assert ready.latest()["accepted"] == 200


@pytest.mark.skipif(shutil.which("true") is None or sys.platform != "linux", reason="a device")
def test_a_device_is_neither_rotated_nor_made_private(sestui: Sestui) -> None:
    before = Path("/dev/null").stat().st_mode
    sestui.ok("run-due", "--log", "/dev/null", "--verbose")
    assert Path("/dev/null").stat().st_mode == before
