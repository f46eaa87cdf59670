"""The command under zone files that change: real processes, each of which reads them anew."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.cli import Sestui
from tests.support.zone_files import CITY, ZoneFiles

pytestmark = [pytest.mark.long, pytest.mark.ci]  # it waits for whole minutes


def ok(sestui: Sestui, *arguments: str) -> str:
    """What the command says, in a process of its own."""
    process = sestui.start(*arguments)
    told, wrong = process.communicate(timeout=60)
    assert process.returncode == 0, wrong
    return told


def test_the_command_under_zone_files_that_change(sestui: Sestui, tmp_path: Path) -> None:
    """The zone is set so that nine o'clock was half a minute ago, and then again and again."""
    files = ZoneFiles(tmp_path / "zones")
    sestui.settings["PYTHONTZPATH"] = str(files.folder)

    def shows(hour: int, minute: int, second: int = 30) -> None:
        """Set the zone so that its clock shows this now."""
        now = datetime.now(UTC)
        ahead = timedelta(hours=hour, minutes=minute, seconds=second) - (
            now - now.replace(hour=0, minute=0, second=0, microsecond=0)
        )
        sign, span = ("-", ahead) if ahead >= timedelta() else ("", -ahead)
        text = str(timedelta(seconds=int(span.total_seconds())))
        files.write(f"AAA{sign}{text}")

    shows(8, 40)
    ok(
        sestui,
        *("task", "add", "daily", "--type", "purge", "--schedule", "0 9 * * *"),
        *("--timezone", CITY),
    )
    assert ok(sestui, "run-due") == "nothing due\n"
    shows(9, 0)  # the rules have changed, and nine has gone by with them
    assert "daily: succeeded" in ok(sestui, "run-due")
    for hour, minute in ((8, 0), (8, 59), (9, 0), (9, 1), (7, 0), (9, 2)):
        shows(hour, minute)
        assert ok(sestui, "run-due") == "nothing due\n"
        (listed,) = json.loads(ok(sestui, "task", "list", "--json"))
        shown = json.loads(ok(sestui, "task", "show", "daily", "--json"))
        assert listed["next_run_at"] == shown["next_run_at"]
        assert re.fullmatch(r"\w{3} [\d-]{10} 09:00[+-].*", shown["fires"][0])
        next_run = datetime.fromisoformat(listed["next_run_at"])
        assert datetime.fromisoformat(shown["fires"][0][4:]) == next_run
    (_,) = json.loads(ok(sestui, "task", "log", "daily", "--json"))
