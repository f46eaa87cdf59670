"""What the shell is offered for a name, as its completion script asks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Sestui


def offered(sestui: Sestui, line: str) -> list[str]:
    asked = {
        "_SESTUI_COMPLETE": "complete_bash",
        "COMP_WORDS": f"sestui {line}",
        "COMP_CWORD": str(len(line.split(" "))),
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("sestui")],
        env=sestui.environment(**asked),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("campaign show n", ["news"]),
        ("send x", []),
        ("export contacts --list r", ["readers"]),
        ("export deliveries --campaign ne", ["news"]),
        ("task show ni", ["nightly"]),
        ("task add x --type pu", ["pull-events", "purge"]),
        ("config set time", ["timezone"]),
    ],
)
def test_names_are_completed(ready: Sestui, line: str, names: list[str]) -> None:
    ready.ok("task", "add", "nightly", "--type", "purge", "--schedule", "0 3 * * *")
    assert offered(ready, line) == names


def test_completion_makes_nothing_and_says_nothing(sestui: Sestui) -> None:
    assert offered(sestui, "campaign show n") == []
    assert not sestui.data.exists()
    sestui.write("config.toml", "senders = ")
    assert offered(sestui, "campaign show n") == []
