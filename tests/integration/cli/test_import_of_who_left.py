"""What `sestui import` says of people who have left, and what it asks."""

import json
import os
import pty
import sys
from pathlib import Path

import pytest

from tests.support.cli import Sestui

LEFT = "Email,Name,Status\nann@x.co,Ann,active\nbob@x.co,Bob,unsubscribed\ncat@x.co,Cat,cleaned\n"
GOLD = "Email,Status\nann@x.co,gold\nbob@x.co,lapsed\n"


def test_the_report_tells_before_and_after_it_is_written(sestui: Sestui) -> None:
    done = sestui.run("import", sestui.write("people.csv", LEFT), "--list", "a", "--list", "b")
    assert done.returncode == 0
    for said in (done.stdout, done.stderr):
        assert "Status: unsubscribed → unsubscribed: 1 row" in said
        assert "Status: cleaned → suppressed (bounced): 1 row" in said
        assert "1 unsubscribed and 1 suppressed." in said
    assert "people.csv → a, b" in done.stdout
    assert [each["name"] for each in sestui.json("contact", "show", "ann@x.co")["lists"]] == [
        "a",
        "b",
    ]


def test_json_and_dry_run_tell_it_too(sestui: Sestui) -> None:
    path = sestui.write("people.csv", LEFT)
    told = sestui.json("import", path, "--list", "a", "--dry-run")
    assert (told["unsubscribed"], told["suppressed"], told["all_active"]) == (1, 1, False)
    assert told["statuses"][2] == {
        "column": "Status",
        "value": "cleaned",
        "becomes": "suppressed (bounced)",
        "rows": 1,
    }
    assert "Status → who may be mailed" in sestui.ok("import", path, "--list", "a", "--dry-run")
    everybody = sestui.run("import", path, "--list", "a", "--all-active")
    assert "imported as active: 2 contacts that the file says not to mail" in everybody.stderr
    assert "imported as active: 2 contacts that the file says not to mail" in everybody.stdout


def test_what_is_not_understood_is_a_question_where_nobody_can_be_asked(sestui: Sestui) -> None:
    path = sestui.write("people.csv", GOLD)
    said = sestui.refused(2, "import", path, "--list", "a")
    assert "the column Status" in said
    assert "gold, lapsed" in said
    assert "--status 'gold=unsubscribed'" in said
    meant = ("--status", "gold=active", "--status", "Lapsed=unsubscribed")
    assert sestui.json("import", path, "--list", "a", *meant)["unsubscribed"] == 1
    left_out = sestui.json("import", path, "--list", "b", "--map", "Status=-")
    assert (left_out["contacts"], left_out["statuses"]) == (2, [])


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("answers", "statuses"),
    [
        (["what?", "active", "unsubscribed"], ["active", "unsubscribed"]),
        (["attribute"], ["active", "active"]),
        (["active", "-"], ["active", "active"]),
    ],
)
def test_a_person_is_asked(sestui: Sestui, answers: list[str], statuses: list[str]) -> None:
    path = sestui.write("people.csv", GOLD)
    assert _typed(sestui, answers, "import", path, "--list", "a") == 0
    shown = [sestui.json("contact", "show", f"{name}@x.co") for name in ("ann", "bob")]
    assert [each["status"] for each in shown] == statuses
    kept = {"status_text": "gold"} if answers == ["attribute"] else {}
    assert shown[0]["attributes"] == kept


def _typed(sestui: Sestui, answers: list[str], *arguments: object) -> int:
    """Run the command on a terminal and type the answers; its exit code."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(sestui.home)
        command = [sys.executable, "-m", "sestui", *map(str, arguments)]
        os.execve(sys.executable, command, sestui.environment())  # no shell is wanted
    os.write(terminal, "".join(f"{answer}\n" for answer in answers).encode())
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # the command has ended, and its terminal with it
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code == 0, shown.decode()
    return code


def test_own_words_survive_json(sestui: Sestui) -> None:
    """A value that is no word at all is shown as it is."""
    path: Path = sestui.write("people.csv", "Email,Unsubscribed\nann@x.co,2026-01-02\n")
    told = json.loads(sestui.ok("import", path, "--list", "a", "--json"))
    assert told["statuses"][0]["value"] == "(a date)"
