"""The crontab line as cron runs it: no environment, no terminal, nobody there."""

import re
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sestui.store.db.database import Database
from tests.support.cli import Sestui
from tests.support.tasks import make_due

PROGRAM = Path(sys.executable).with_name("sestui")
MINUTE = timedelta(minutes=1)


def run_due(sestui: Sestui, *arguments: str) -> str:
    """What the program says, which must end well and without a word that cron would mail."""
    done = subprocess.run(
        [
            *("/usr/bin/env", "-i", f"SESTUI_DATA_DIR={sestui.data}"),
            *(f"SESTUI_CONFIG={sestui.config}", str(PROGRAM), "run-due", *arguments),
        ],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


ONE_LINE = re.compile(r"tidy: succeeded in \d+\.\d s, Deleted: 0 task runs\n")


def occurrences(sestui: Sestui) -> list[datetime]:
    """Those of the task's runs, which all must have gone well, the oldest first."""
    runs = sestui.json("task", "log", "tidy")[::-1]
    assert all((run["state"], run["attempt"]) == ("succeeded", 1) for run in runs)
    assert all("Deleted: 0 task runs." in run["log"] for run in runs)
    return [datetime.fromisoformat(run["scheduled_for"]) for run in runs]


@pytest.mark.long
@pytest.mark.ci
def test_with_an_empty_environment(sestui: Sestui) -> None:
    sestui.ok("task", "add", "tidy", "--type", "purge", "--schedule", "@yearly")
    due_at = time.time() // 60 * 60
    with closing(Database(f"sqlite:///{sestui.data / 'sestui.db'}")) as database:
        make_due(database, due_at)
    assert ONE_LINE.fullmatch(run_due(sestui))
    assert [each.timestamp() for each in occurrences(sestui)] == [due_at]
    assert run_due(sestui) == "nothing due\n"


@pytest.mark.long
@pytest.mark.timeout(600)
def test_three_minutes_of_every_minute(sestui: Sestui) -> None:
    sestui.ok("task", "add", "tidy", "--type", "purge", "--schedule", "* * * * *")
    for _ in range(3):
        time.sleep(60 - time.time() % 60 + 1)
        assert ONE_LINE.fullmatch(run_due(sestui))
    first, *_ = found = occurrences(sestui)
    assert found == [first, first + MINUTE, first + 2 * MINUTE]
    assert (
        run_due(sestui, "--json")
        == '{\n  "runs": [],\n  "tasks": [],\n  "notes": [],\n  "reminders": []\n}\n'
    )


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", [("send", "news"), ("run-due",)])
def test_standard_streams_that_are_closed_are_no_reason_to_fail(
    ready: Sestui, closed: str, command: tuple[str, ...]
) -> None:
    if command == ("run-due",):
        ready.ok("campaign", "start", "news")
    process = ready.start(*command, under=("/bin/sh", "-c", f'exec "$@" {closed}', "sh"))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert ready.json("campaign", "show", "news")["run"]["accepted"] == 200


FULL = Path("/dev/full")


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_narration_that_cannot_be_written_stops_no_sending(ready: Sestui) -> None:
    process = ready.start("send", "news", under=("/bin/sh", "-c", 'exec "$@" 2>/dev/full', "sh"))
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert ready.json("campaign", "show", "news")["run"]["accepted"] == 200


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    "command",
    [("send", "news"), ("send", "news", "--json"), ("campaign", "list"), ("run-due",)],
    ids=" ".join,
)
def test_output_that_cannot_be_written_is_said_when_all_is_done(
    ready: Sestui, command: tuple[str, ...]
) -> None:
    process = ready.start(*command, under=("/bin/sh", "-c", 'exec "$@" >/dev/full', "sh"))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.endswith("its output can't be written: No space left on device.\n"), said
    if command[0] == "send":
        assert ready.json("campaign", "show", "news")["run"]["accepted"] == 200
