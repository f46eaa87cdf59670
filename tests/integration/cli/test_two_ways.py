"""A campaign starts by itself in one way: every door that schedules it refuses the second."""

import os
import pty
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.support.cli import MESSAGE, Sestui

TASK = """\
kind: task
name: weekly
type: campaign
schedule: 0 9 * * 1
active: {active}
parameters: {{campaign: news}}
"""
SCHEDULED = MESSAGE.replace("lists:", 'schedule: "0 9 * * *"\nlists:')
STARTING = MESSAGE.replace("lists:", "start: 2099-01-01T09:00\nlists:")

OF_WEEKLY = ("--schedule", "0 9 * * 1", "-p", "campaign=news")
ADD = ("task", "add", "weekly", "--type", "campaign", *OF_WEEKLY)
BY_ITSELF = (
    "news is scheduled already, by its own schedule (0 9 * * *); take that out of the campaign, or "
    "leave the task weekly off."
)
BY_TASK = (
    "news is scheduled already, by the task weekly (0 9 * * 1); switch that task off, or leave out "
    "the campaign's own schedule."
)


@pytest.fixture
def both(sestui: Sestui) -> Sestui:
    """A workspace with a list, and files of one campaign and of a task that starts it."""
    sestui.ok("import", sestui.write("people.csv", "email\nada@example.com\n"), "--list", "readers")
    sestui.write("plain.md", MESSAGE.replace("{{ first_name }}", "You"))
    for name, text in (("scheduled.md", SCHEDULED), ("starting.md", STARTING)):
        sestui.write(name, text.replace("{{ first_name }}", "You"))
    sestui.write("task.yaml", TASK.format(active="true"))
    sestui.write("off.yaml", TASK.format(active="false"))
    return sestui


def files(sestui: Sestui, *arguments: str) -> list[object]:
    """The arguments, names of files as their paths."""
    return [sestui.home / each if each.endswith((".md", ".yaml")) else each for each in arguments]


@pytest.mark.parametrize(
    ("before", "refused", "said"),
    [
        ([("apply", "scheduled.md")], ADD, BY_ITSELF),
        (
            [("apply", "starting.md")],
            ADD,
            "news is scheduled already, by its own start (2099-01-01T09:00); take",
        ),
        (
            [("apply", "scheduled.md"), (*ADD[:4], "purge", "--schedule", "0 9 * * 1")],
            ("task", "edit", "weekly", "--type", "campaign", "-p", "campaign=news"),
            BY_ITSELF,
        ),
        (
            [("apply", "scheduled.md"), (*ADD, "--disabled")],
            ("task", "enable", "weekly"),
            BY_ITSELF,
        ),
        ([("apply", "scheduled.md")], ("apply", "task.yaml"), f"task.yaml: {BY_ITSELF}"),
        ([ADD], ("apply", "scheduled.md"), f"scheduled.md: {BY_TASK}"),
        ([ADD], ("apply", "--dry-run", "scheduled.md"), f"scheduled.md: {BY_TASK}"),
        ([("apply", "plain.md"), ADD], ("apply", "starting.md"), f"starting.md: {BY_TASK}"),
        (
            [],
            ("apply", "scheduled.md", "task.yaml"),
            "task.yaml: the task weekly starts news, ",
        ),
        ([], ("apply", "task.yaml", "scheduled.md"), "scheduled.md schedules already; take the"),
        (
            [("apply", "task.yaml")],
            ("apply", "task.yaml", "scheduled.md"),
            "the task weekly starts",
        ),
        ([("apply", "scheduled.md")], ("apply", "task.yaml", "scheduled.md"), "starts news, which"),
    ],
)
def test_the_second_way_is_refused_and_nothing_is_written(
    both: Sestui, before: list[tuple[str, ...]], refused: tuple[str, ...], said: str
) -> None:
    for command in before:
        both.ok(*files(both, *command))
    agenda = both.json("task", "list")
    assert said in both.refused(1, *files(both, *refused))
    assert both.json("task", "list") == agenda


def agenda(sestui: Sestui) -> list[tuple[str, str, bool]]:
    return [(each["kind"], each["name"], each["active"]) for each in sestui.json("task", "list")]


@pytest.mark.long
@pytest.mark.ci
def test_one_apply_can_change_from_one_way_to_the_other(both: Sestui) -> None:
    both.ok(*files(both, "apply", "scheduled.md", "off.yaml"))
    assert agenda(both) == [("campaign", "news", True), ("task", "weekly", False)]
    both.ok(*files(both, "apply", "plain.md", "task.yaml"))
    assert agenda(both) == [("task", "weekly", True)]
    both.ok(*files(both, "apply", "scheduled.md", "off.yaml"))
    assert agenda(both) == [("campaign", "news", True), ("task", "weekly", False)]


@pytest.mark.long
@pytest.mark.ci
def test_the_list_shows_both_kinds_and_what_nobody_has_started(both: Sestui) -> None:
    both.ok(*files(both, "apply", "starting.md"))
    both.ok("task", "add", "tidy", "--type", "purge", "--schedule", "0 3 * * *")
    head, *rows = (line.split() for line in both.ok("task", "list").splitlines())
    assert head[:4] == ["name", "kind", "type", "schedule"]
    assert rows[0][:3] == ["tidy", "task", "purge"]
    assert " ".join(rows[1]) == "news campaign - once on 1 Jan 2099 at 09:00 - -"
    with closing(sqlite3.connect(both.data / "sestui.db")) as database, database:
        database.execute(
            "UPDATE campaign SET next_occurrence = '', next_due_at = strftime('%s', 'now') - 270"
        )
    done = both.run("task", "list")
    first = " ".join(done.stdout.splitlines()[1].split())
    assert first.startswith("news campaign - once overdue 4 min ")
    assert done.stderr.startswith("overdue 4 min: nothing runs tasks here; `sestui task crontab")
    both.run("run-due")
    done = both.run("task", "list")
    assert ("overdue" in done.stdout, done.stderr) == (False, "")


def test_what_a_run_due_could_not_start_is_not_called_overdue(both: Sestui) -> None:
    """Something does run tasks here; that it can't start this one, it says itself."""
    both.ok(*files(both, "apply", "starting.md"))
    with closing(sqlite3.connect(both.data / "sestui.db")) as database, database:
        database.execute(
            "UPDATE campaign SET lists = '[\"nobody\"]', next_occurrence = '', "
            "next_due_at = strftime('%s', 'now') - 270"
        )
    assert "is due but was not started" in both.run("run-due").stderr
    assert both.run("task", "list").stderr == ""


def sent_once(sestui: Sestui) -> None:
    """The campaign has been sent, and a task starts it."""
    sestui.ok(*files(sestui, "apply", "plain.md"))
    sestui.ok(*ADD)
    sestui.ok("send", "news")


def accepted(sestui: Sestui) -> int:
    runs = sestui.json("campaign", "show", "news")["runs"]
    return sum(each["audience"] for each in runs)


@pytest.mark.long
@pytest.mark.ci
def test_a_task_sends_nothing_again_unless_that_is_said(both: Sestui) -> None:
    sent_once(both)
    said = both.refused(1, "task", "run", "weekly")
    assert said == (
        "news has been sent before (run 1: 1 accepted). Add --again to mail its whole audience "
        "again."
    )
    assert (accepted(both), both.json("task", "log", "weekly")) == (1, [])
    assert both.json("task", "run", "weekly", "--again")["state"] == "succeeded"
    assert accepted(both) == 2
    assert "has not ended" in both.refused(1, "task", "run", "weekly", "--again")


@pytest.mark.long
@pytest.mark.parametrize(("answer", "mailed"), [(b"n\n", 1), (b"\n", 1), (b"y\n", 2)])
def test_at_a_terminal_it_asks_with_the_number_of_recipients(
    both: Sestui, answer: bytes, mailed: int
) -> None:
    sent_once(both)
    process, terminal = pty.fork()
    if not process:  # pragma: no cover - becomes the command
        os.chdir(both.home)
        os.execve(
            sys.executable,
            [sys.executable, "-m", "sestui", "task", "run", "weekly"],
            both.environment(),
        )
    said = b""
    while b"[y/N]" not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, answer)
    try:
        while more := os.read(terminal, 4096):
            said += more
    except OSError:  # a terminal whose last program has ended
        pass
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert b"1 accepted). Send it again to 1 recipient? [y/N]" in said
    assert os.waitstatus_to_exitcode(status) == (0 if mailed == 2 else 1)
    assert accepted(both) == mailed
