"""`sestui task …` as people and scripts use it, and all that it refuses to store."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from sestui.core.task.fields import TASK_FIELDS
from sestui.store.db.database import Database
from tests.support.cli import Sestui
from tests.support.tasks import install_shop, make_due

NIGHTLY = ("task", "add", "nightly", "--type", "purge", "--schedule", "0 3 * * *")


def shown(sestui: Sestui, name: str = "nightly") -> dict[str, Any]:
    task: dict[str, Any] = sestui.json("task", "show", name)
    return task


def names(sestui: Sestui) -> list[str]:
    """The tasks in the file, without the second that it takes to ask the command for many."""
    with closing(sqlite3.connect(sestui.data / "sestui.db")) as database:
        return [name for (name,) in database.execute("SELECT name FROM task")]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Sestui:
    """A workspace with the task `nightly`, for tests that change nothing in it: one for all."""
    made = Sestui(tmp_path_factory.mktemp("untouched"))
    made.ok(*NIGHTLY)
    return made


@pytest.fixture
def nightly(sestui: Sestui, untouched: Sestui) -> Sestui:
    """A workspace of the test's own with the task `nightly`."""
    shutil.copytree(untouched.data, sestui.data)
    return sestui


def test_add_with_every_option(sestui: Sestui) -> None:
    made = sestui.json(
        *NIGHTLY,
        *("--timezone", "Europe/Paris", "-p", "task_runs=30", "-p", "relayed=7"),
        *("--description", "Forget", "--priority", "9", "--misfire", "all", "--misfire-bound", "3"),
        *("--timeout", "600", "--overlap", "wait"),
        *("--start", "2090-01-01T00:00", "--end", "2091-01-01T00:00"),
    )
    expected = {
        "kind": "task",
        "name": "nightly",
        "description": "Forget",
        "type": "purge",
        "schedule": "0 3 * * *",
        "day_and_weekday": False,
        "timezone": "Europe/Paris",
        "parameters": {"task_runs": 30, "relayed": 7},
        "active": True,
        "priority": 9,
        "starts_at": "2089-12-31T23:00:00.000Z",
        "ends_at": "2090-12-31T23:00:00.000Z",
        "misfire": "all",
        "misfire_bound": 3,
        "timeout": 600.0,
        "overlap": "wait",
        "first_run_at": None,
        "last_run_at": None,
        "next_run_at": "2090-01-01T02:00:00.000Z",
        "last_run": None,
    }
    assert {name: made[name] for name in expected} == expected
    assert made.keys() - expected.keys() == {"created_at", "updated_at"}
    assert made["created_at"] == made["updated_at"]
    (listed,) = sestui.json("task", "list")
    assert listed == made
    told = shown(sestui)
    assert told == made | {
        "words": "at 03:00, every day",
        "fires": told["fires"],
        "notes": told["notes"],
    }
    assert len(told["notes"]) == len(told["fires"])
    assert told["fires"][0] == "Sun 2090-01-01 03:00+01:00"
    assert len(told["fires"]) == 5


OPTIONS = {
    "name": ("--name", "other"),
    "type": ("--type", "backup"),
    "schedule": ("--schedule", "30 4 * * 1"),
    "timezone": ("--timezone", "Europe/Paris"),
    "description": ("--description", "the copy of the night"),
    "priority": ("--priority", "9"),
    "timeout": ("--timeout", "600.5"),
    "starts_at": ("--start", "2090-01-01T00:00"),
    "ends_at": ("--end", "2091-01-01T00:00"),
    "misfire": ("--misfire", "all"),
    "misfire_bound": ("--misfire-bound", "3"),
    "overlap": ("--overlap", "wait"),
    "parameters": ("--param", "folder=copies"),
}
"""How `task edit` is told of each field, but for those that have commands of their own."""


def test_every_field_can_be_edited_and_is_shown(nightly: Sestui) -> None:
    assert OPTIONS.keys() == TASK_FIELDS.keys() - {"active"}
    before = shown(nightly)
    after = nightly.json("task", "edit", "nightly", *chain.from_iterable(OPTIONS.values()))
    assert [name for name in OPTIONS if after[name] == before[name]] == []
    told = nightly.ok("task", "show", "other")
    said = {name: text.rpartition("=")[2] for name, (_, text) in OPTIONS.items()}
    said |= {"starts_at": "Sun 1 Jan 2090 00:00 CET", "ends_at": "Mon 1 Jan 2091 00:00 CET"}
    assert [name for name, text in said.items() if text not in told] == []


def test_what_people_read(nightly: Sestui) -> None:
    assert nightly.ok(*NIGHTLY[:2], "launch", *NIGHTLY[3:5], "--at", "2090-12-01T09:00") == (
        "added launch: runs next on 1 Dec 2090 at 09:00 (0 9 1 12 * 2090)\n"
    )
    head, purge, launch = nightly.ok("task", "list").splitlines()
    assert " ".join(head.split()) == "name kind type schedule next run last run result"
    assert launch.split() == [
        "launch",
        "task",
        "purge",
        "0",
        "9",
        "1",
        "12",
        "*",
        "2090",
        "on",
        "1",
        "Dec",
        "2090",
        "at",
        "09:00",
        "-",
        "-",
    ]
    assert purge.startswith("nightly  task  purge  0 3 * * *")
    said = nightly.ok("task", "show", "launch")
    assert "schedule  0 9 1 12 * 2090 (at 09:00, on day 1 of the month, " in said
    assert said.count("next run") == 1
    nightly.ok("task", "disable", "launch")
    off = nightly.ok("task", "list").splitlines()[-1]
    assert off.split()[-3:] == ["off", "-", "-"]


def test_an_empty_list_says_how_to_begin(sestui: Sestui) -> None:
    done = sestui.run("task", "list")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("No tasks yet: `sestui task add NAME --type TYPE")
    assert sestui.json("task", "list") == []


def test_edit_changes_what_is_named_and_nothing_else(nightly: Sestui) -> None:
    nightly.ok("task", "edit", "nightly", "-p", "task_runs=30", "-p", "relayed=7")
    before = shown(nightly)
    said = nightly.ok("task", "edit", "nightly", "--priority", "9", "-p", "relayed=")
    assert said.startswith("changed nightly: runs next ")
    after = shown(nightly)
    changed = {name for name in before if before[name] != after[name]} - {"updated_at"}
    assert changed == {"priority", "parameters"}
    assert (after["priority"], after["parameters"]) == (9, {"task_runs": 30})
    nightly.ok("task", "edit", "nightly", "--name", "weekly", "--schedule", "@weekly")
    assert shown(nightly, "weekly")["words"] == "at 00:00, only on Sunday"
    assert nightly.refused(1, "task", "show", "nightly").startswith("There is no task 'nightly'; ")


def test_another_type_forgets_the_parameters_of_the_first(nightly: Sestui) -> None:
    nightly.ok("task", "edit", "nightly", "-p", "task_runs=30")
    nightly.ok("task", "edit", "nightly", "--type", "backup", "-p", "folder=/var/backups")
    task = shown(nightly)
    assert (task["type"], task["parameters"]) == ("backup", {"folder": "/var/backups"})


def test_enable_and_disable(nightly: Sestui) -> None:
    assert nightly.ok("task", "disable", "nightly") == "disabled nightly: is off (0 3 * * *)\n"
    off = shown(nightly)
    assert (off["active"], off["next_run_at"], off["fires"]) == (False, None, [])
    on = nightly.json("task", "enable", "nightly")
    assert on["active"]
    assert datetime.fromisoformat(on["next_run_at"]) > datetime.now(UTC)


def test_run_and_log(nightly: Sestui) -> None:
    assert nightly.run("task", "log", "nightly").stderr == "nightly has not run yet.\n"
    told = nightly.ok("task", "run", "nightly")
    head, line = told.splitlines()
    assert head.startswith("run 1 at ")
    assert ": succeeded in " in head
    assert ", by hand, on " in head
    assert line.endswith("Deleted: 0 task runs.")
    ran = nightly.json("task", "run", "nightly")
    assert (ran["task"], ran["state"], ran["attempt"]) == ("nightly", "succeeded", 1)
    assert (ran["scheduled_for"], ran["result"]) == (None, {"task runs": 0})
    assert [run["id"] for run in nightly.json("task", "log", "nightly")] == [2, 1]
    assert nightly.json("task", "log", "nightly", "-n", "1") == [ran]
    lines = nightly.ok("task", "log", "nightly").splitlines()
    assert [line[:5] for line in lines if line.startswith("run")] == ["run 1", "run 2"]
    task = shown(nightly)
    assert task["last_run"] == ran
    assert task["first_run_at"] < task["last_run_at"]
    assert nightly.ok("task", "list").rstrip().endswith("succeeded")


def test_a_run_that_fails_is_told_in_its_log_and_by_the_exit_code(sestui: Sestui) -> None:
    sestui.ok(
        "task", "add", "copy", "--type", "command", "--schedule", "@daily", "-p", 'argv=["x"]'
    )
    done = sestui.run("task", "run", "copy")
    assert done.returncode == 1
    assert ": failed in " in done.stdout
    assert done.stdout.count("Commands are switched off; `sestui config set allow_commands") == 1
    assert json.loads(sestui.run("task", "run", "copy", "--json").stdout)["state"] == "failed"


def test_remove(nightly: Sestui) -> None:
    nightly.ok("task", "run", "nightly")
    unsure = nightly.run("task", "remove", "nightly")
    assert (unsure.returncode, unsure.stdout.strip()) == (1, "")
    assert unsure.stderr.startswith("Remove the task nightly and its log? [y/N]")
    assert shown(nightly)["last_run"]["id"] == 1
    assert nightly.ok("task", "remove", "nightly", "--yes") == "removed nightly\n"
    assert nightly.json("task", "list") == []


def test_types(sestui: Sestui) -> None:
    types = sestui.json("task", "types")
    assert types["purge"] == "Delete old logs."
    assert {"backup", "campaign", "command", "http-request", "report", "verify-contacts"} < {*types}


@pytest.mark.parametrize("command", ["show", "edit", "enable", "disable", "run", "log", "remove"])
def test_a_task_that_is_not_there(nightly: Sestui, command: str) -> None:
    said = nightly.refused(1, "task", command, "nightli")
    assert said == "There is no task 'nightli'; did you mean nightly?"


REFUSED = [
    (
        ("--schedule", "0 0 31 2 *"),
        "schedule: The schedule '0 0 31 2 *' never fires: there is no such day.",
    ),
    (("--schedule", "0 9 31 6 * 2090"), "there is no such day."),
    (
        ("--schedule", "0 9 1 1 * 2020"),
        "The task nightly would never run: '0 9 1 1 * 2020' has no occurrence to come.",
    ),
    (("--at", "2020-12-01T09:00"), "The task nightly would never run: '0 9 1 12 * 2020' has no"),
    (("--at", "2090-02-31T09:00"), "--at '2090-02-31T09:00' is not a time; write it as"),
    (("--at", "tomorrow"), "--at 'tomorrow' has no time of day; write it as tomorrow 9:00."),
    (("--at", "2090-12-01T09:00", "--schedule", "@daily"), "Choose either --schedule or --at."),
    (("--schedule", "61 * * * *"), "the minute can't be '61'"),
    (("--schedule", "* * *"), "and perhaps a year, not 3."),
    (("--schedule", "@sometimes"), "@sometimes is not a schedule; use one of @annually,"),
    (("--schedule", "0 9 * * 1 1999"), "has no occurrence to come."),
    (("--type", "bakcup"), "There is no task type 'bakcup'; did you mean backup?"),
    (("--type", "nothing"), "There is no task type 'nothing'; there are backup, campaign,"),
    (("-p", "folder=/x"), "The parameters of nightly are wrong: there is no parameter folder"),
    (("-p", "task_run=3"), "there is no parameter task_run (did you mean task_runs)."),
    (("-p", "task_runs=-1"), "wrong: task_runs: input should be greater than or equal to 0."),
    (("-p", "task_runs=soon"), "wrong: task_runs: input should be a valid integer"),
    (("-p", "task_runs"), "--param task_runs: write it as NAME=VALUE."),
    (("-p", "task_runs=[1"), "--param task_runs: [1 is not JSON."),
    (("--timezone", "Mars/Base"), "timezone: 'Mars/Base' is not an IANA time zone"),
    (("--timezone", "../etc/passwd"), "timezone: '../etc/passwd' is not an IANA time zone"),
    (("--priority", "10"), "priority: must be a whole number from 0 to 9"),
    (("--timeout", "0"), "timeout: must be a number from 1 to 604,800."),
    (("--timeout", "nan"), "timeout: must be a number from 1 to 604,800."),
    (("--misfire-bound", "0"), "misfire_bound: must be a number from 1 to 1,000."),
    (("--description", "a\x1b[31mb"), "description: holds control characters."),
    (("--start", "2090-01-02T00:00", "--end", "2090-01-01T00:00"), "end: it is before the start."),
    (("--end", "2020-01-01T00:00"), "has no occurrence to come between its start and its end."),
    (("--start", "someday"), "--start: "),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[" ".join(case[0]) for case in REFUSED])
def test_what_can_not_be_is_one_sentence_and_stored_nowhere(
    untouched: Sestui, given: tuple[str, ...], said: str
) -> None:
    asked = [*given]
    if "--type" not in given:
        asked += ["--type", "purge"]
    if not {"--schedule", "--at"} & {*given}:
        asked += ["--schedule", "@daily"]
    refused = untouched.refused(2, "task", "add", "another", *asked)
    assert said.replace("nightly", "another") in refused
    assert names(untouched) == ["nightly"]


def test_neither_is_it_stored_by_an_edit(untouched: Sestui) -> None:
    before = untouched.json("task", "list")
    for given, said in REFUSED[::4]:
        assert said in untouched.refused(2, "task", "edit", "nightly", *given)
    assert untouched.json("task", "list") == before


def test_what_add_alone_refuses(nightly: Sestui) -> None:
    assert nightly.refused(1, *NIGHTLY) == (
        "There is already a task nightly; `sestui task edit` changes it."
    )
    assert nightly.refused(2, "task", "add", "a b", *NIGHTLY[3:]).startswith(
        "name: 'a b' can't be a task's name; use up to 100 letters"
    )
    assert nightly.refused(2, "task", "add", "x", "--type", "purge").startswith("Set a time: ")
    missing = nightly.refused(2, "task", "add", "x", "--type", "command", "--schedule", "@daily")
    assert missing == "The parameters of x are wrong: argv: field required."
    assert len(nightly.json("task", "list")) == 1


def test_one_of_the_past_may_be_kept_switched_off_but_not_on(sestui: Sestui) -> None:
    sestui.ok(*NIGHTLY[:5], "--at", "2020-12-01T09:00", "--disabled")
    assert "would never run" in sestui.refused(2, "task", "enable", "nightly")
    assert not shown(sestui)["active"]


FILE = """\
kind: task
name: nightly
type: purge
schedule: "0 3 * * *"
timezone: Europe/Paris
parameters: {task_runs: 30}
"""


def test_apply_is_the_same_twice(sestui: Sestui) -> None:
    path = sestui.write("nightly.yaml", FILE)
    planned = sestui.json("apply", path, "--dry-run")
    assert sestui.json("task", "list") == []
    (made,) = sestui.json("apply", path)
    assert made["change"] == planned[0]["change"] == "created"
    task = shown(sestui)
    assert (task["timezone"], task["parameters"]) == ("Europe/Paris", {"task_runs": 30})
    (again,) = sestui.json("apply", path)
    assert again["change"] == "unchanged"
    assert shown(sestui) == task
    sestui.ok("task", "disable", "nightly")
    path.write_text(FILE.replace("30", "40"))
    (changed,) = sestui.json("apply", path)
    assert changed["change"] == "updated"
    task = shown(sestui)
    assert (task["parameters"], task["active"]) == ({"task_runs": 40}, False)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"0 3 * * *"', '"0 0 31 2 *"', "never fires: there is no such day."),
        ('"0 3 * * *"', '"0 3 1 1 * 2020"', "The task nightly would never run"),
        ("type: purge", "type: purgatory", "There is no task type 'purgatory'; "),
        ("task_runs: 30", "task_runs: soon", "wrong: task_runs: input should be a valid integer"),
        ("task_runs: 30", "taskruns: 30", "there is no parameter taskruns (did you mean task_runs"),
        ("Europe/Paris", "Mars/Base", "timezone: 'Mars/Base' is not an IANA time zone"),
        ("kind: task", "kind: tusk", "begin with 'kind: task', 'kind: list' or 'kind: segment'."),
    ],
)
def test_a_bad_file_is_named_and_stores_nothing(
    untouched: Sestui, before: str, after: str, said: str
) -> None:
    good = untouched.write("good.yaml", FILE.replace("nightly", "good"))
    bad = untouched.write("bad.yaml", FILE.replace(before, after))
    refused = untouched.refused(1, "apply", good, bad)
    assert refused.startswith(f"{bad}: ")
    assert said in refused
    assert names(untouched) == ["nightly"], "all of the files, or none"


@pytest.mark.long
@pytest.mark.ci
def test_what_is_due_is_run_by_run_due_and_found_in_the_log(nightly: Sestui) -> None:
    occurrence = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    with closing(Database(f"sqlite:///{nightly.data / 'sestui.db'}")) as database:
        make_due(database, occurrence.timestamp())
    done = nightly.run("run-due")
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("nightly: succeeded in ")
    (run,) = nightly.json("task", "log", "nightly")
    assert (run["state"], run["attempt"]) == ("succeeded", 1)
    assert run["scheduled_for"] == f"{occurrence:%Y-%m-%dT%H:%M:%S.000Z}"
    assert nightly.run("run-due").stdout == "nothing due\n"


@pytest.mark.long
@pytest.mark.ci
def test_a_type_whose_package_is_gone(sestui: Sestui, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("--type", "note", "--schedule", "@yearly", "-p", f"file={sestui.home / 'notes'}")
    with monkeypatch.context() as installed:
        installed.syspath_prepend(str(install_shop(sestui.home / "site")))
        sestui.ok("task", "add", "noted", *given)
    assert sestui.refused(2, "task", "add", "another", *given).startswith(
        "There is no task type 'note'; "
    )
    with closing(Database(f"sqlite:///{sestui.data / 'sestui.db'}")) as database:
        make_due(database, 1.0)
    done = sestui.run("run-due")
    why = "The task type 'note' is unknown; is the package that provides it still installed?"
    assert done.returncode == 1
    assert done.stderr.startswith("noted: failed in ")
    assert done.stderr.endswith(f", {why}\n")
    told = shown(sestui, "noted")
    assert (told["type"], told["last_run"]["detail"]) == ("note", why)
    assert sestui.json("task", "disable", "noted")["active"] is False
    assert "There is no task type 'note'" in sestui.refused(2, "task", "enable", "noted")


def test_day_and_weekday_where_both_are_wanted(sestui: Sestui) -> None:
    friday = ("task", "add", "friday", "--type", "purge", "--schedule", "0 9 13 * fri")
    made = sestui.json(*friday, "--day-and-weekday")
    assert (made["schedule"], made["day_and_weekday"]) == ("0 9 13 * +fri", True)
    assert (
        shown(sestui, "friday")["words"] == "at 09:00, on day 13 of the month, but only on Friday"
    )
    sestui.ok("task", "edit", "friday", "--day-or-weekday")
    told = shown(sestui, "friday")
    assert (told["schedule"], told["day_and_weekday"]) == ("0 9 13 * fri", False)
    assert told["words"] == "at 09:00, on day 13 of the month or on Friday"
    refused = sestui.run(*NIGHTLY[:-1], "@daily", "--day-and-weekday")
    assert (refused.returncode, "both a day and a weekday" in refused.stderr) == (2, True)


def test_seconds_first_are_asked_back(sestui: Sestui) -> None:
    refused = sestui.run(*NIGHTLY[:-1], "0 0 9 * * *")
    assert refused.returncode == 2
    assert "did you mean '0 9 * * *' (at 09:00, every day)" in refused.stderr


def test_where_words_would_be_wrong_the_next_dates_stand(sestui: Sestui) -> None:
    sestui.ok(*NIGHTLY[:-1], "0 9 */2 * *")
    told = shown(sestui)
    dates = [datetime.fromisoformat(each[4:]) for each in told["fires"][:3]]
    stands = ", ".join(f"{date:%a} {date.day} {date:%b %Y %H:%M} UTC" for date in dates)
    assert told["words"] == f"{stands}, …"
    assert sestui.json("task", "list")[0]["next_run_at"] == told["next_run_at"]


def test_a_year_with_a_step_is_shown(sestui: Sestui) -> None:
    sestui.ok(*NIGHTLY[:-1], "0 9 1 * * 2027-2035/2")
    assert shown(sestui)["words"].endswith("only in 2027, 2029, 2031, 2033, and 2035")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("schedule", "every day", "A schedule has five fields"),
        ("timezone", "Mars/Base", "'Mars/Base' is not an IANA time zone"),
    ],
)
def test_a_row_that_nobody_can_read_is_shown_with_what_is_wrong(
    nightly: Sestui, column: str, value: str, said: str
) -> None:
    with closing(sqlite3.connect(nightly.data / "sestui.db")) as database, database:
        database.execute(f"UPDATE task SET {column} = ?", (value,))
    assert said in nightly.ok("task", "show", "nightly")
    assert "nightly" in nightly.ok("task", "list")


@pytest.mark.long
@pytest.mark.ci
def test_a_task_that_nothing_runs_is_overdue(sestui: Sestui) -> None:
    sestui.ok("task", "add", "tidy", "--type", "purge", "--schedule", "* * * * *")
    done = sestui.run("task", "list")
    assert (done.returncode, done.stderr) == (0, "")
    with closing(sqlite3.connect(sestui.data / "sestui.db")) as database, database:
        database.execute(
            "UPDATE task SET next_occurrence = '', next_run_at = strftime('%s', 'now') - 270"
        )
    done = sestui.run("task", "list")
    assert "overdue 4 min" in done.stdout
    assert done.stderr == (
        "overdue 4 min: nothing runs tasks here; `sestui task crontab --install` adds the line "
        "that does so to your crontab.\n"
    )
    sestui.run("run-due")
    done = sestui.run("task", "list")
    assert ("overdue" in done.stdout, done.stderr) == (False, "")


def test_relative_folders_are_those_of_where_they_are_entered(
    sestui: Sestui, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sestui.home)
    given = ("--type", "backup", "--schedule", "@daily")
    sestui.ok("task", "add", "nightly", *given, "-p", "folder=kept/../copies")
    assert shown(sestui, "nightly")["parameters"]["folder"] == str(sestui.home / "copies")
    sestui.ok("task", "edit", "nightly", "-p", "folder=~/copies")
    assert shown(sestui, "nightly")["parameters"]["folder"] == str(sestui.home / "copies")

    (sestui.home / "tasks").mkdir()
    file = sestui.write(
        "tasks/weekly.yaml",
        "kind: task\nname: weekly\ntype: backup\n"
        "schedule: '@weekly'\nparameters: {folder: copies}\n",
    )
    sestui.ok("apply", file)
    assert shown(sestui, "weekly")["parameters"]["folder"] == str(sestui.home / "tasks/copies")
    monkeypatch.chdir("/")
    assert sestui.ok("apply", file) == "unchanged weekly\n"


def test_a_type_tells_of_its_parameters(sestui: Sestui) -> None:
    told = {each["name"]: each for each in sestui.json("task", "types", "campaign")}
    assert told["campaign"]["required"]
    assert told["only"]["choices"] == ["failed", "unreceived", "joined"]
    assert "The campaign to send" in sestui.ok("task", "types", "campaign")
    assert "did you mean campaign" in sestui.run("task", "types", "campain").stderr


def test_dates_say_what_the_clocks_do(sestui: Sestui) -> None:
    done = sestui.run(
        *("task", "add", "gap", "--type", "purge", "--schedule", "30 2 25-27 3 * 2090"),
        *("--timezone", "Europe/Paris"),
    )
    assert "Sun 26 Mar 2090 03:00 CEST  the clocks skip 02:30 that day" in done.stderr
    assert sestui.json("task", "show", "gap")["notes"][1] == "the clocks skip 02:30 that day"
