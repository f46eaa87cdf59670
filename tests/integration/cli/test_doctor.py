"""`sestui doctor` over the simulator, well and unwell, and where there is no database."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from sestui.core.clock import SystemClock
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from tests.support.cli import Done, Sestui


@contextmanager
def simulated(sestui: Sestui) -> Iterator[SimulatorState]:
    """The simulated account of a workspace, as its control API changes it."""
    with closing(SimulatorState(sestui.data / FILE_NAME, SystemClock())) as state:
        yield state


def findings(done: Done) -> dict[str, dict[str, Any]]:
    return {each["check"]: each for each in json.loads(done.stdout)["findings"]}


@pytest.mark.long
@pytest.mark.ci
def test_a_well_simulator_needs_nothing_and_says_what_it_can_t_check(ready: Sestui) -> None:
    done = ready.run("doctor", "--all")
    assert done.returncode == 0, done.stdout
    assert "Nothing needs doing" in done.stderr
    assert "DKIM, MAIL FROM, SPF, DMARC and SES's recommendations can't be checked" in done.stdout
    assert "ok       queue" in done.stdout
    assert "ok       queue" not in ready.run("doctor").stdout
    with simulated(ready) as state:
        state.add_identity("example.com")
    assert findings(ready.run("doctor", "--json"))["identity"]["severity"] == "ok"


@pytest.mark.parametrize(
    ("changes", "check", "severity"),
    [
        ({"production_access": False}, "production", "warning"),
        ({"production_access": False}, "identity", "error"),
        ({"enforcement": "PROBATION"}, "review", "error"),
        ({"enforcement": "SHUTDOWN"}, "review", "error"),
        ({"sending_enabled": False}, "sending", "error"),
        ({"quota": 0}, "quota", "warning"),
        ({"suppressed_reasons": "BOUNCE"}, "suppression", "warning"),
    ],
)
def test_each_trouble_of_the_simulated_account_ends_with_3(
    ready: Sestui, changes: dict[str, Any], check: str, severity: str
) -> None:
    with simulated(ready) as state:
        state.configure(**changes)
    done = ready.run("doctor", "--json")
    assert done.returncode == 3
    found = findings(done)[check]
    assert found["severity"] == severity
    assert found["meaning"]
    assert found["next_step"]
    assert json.loads(done.stdout)["healthy"] is False


def test_the_worst_comes_first(ready: Sestui) -> None:
    with simulated(ready) as state:
        state.configure(production_access=False, sending_enabled=False)
    lines = ready.run("doctor").stdout.splitlines()
    severities = [line.split()[0] for line in lines if not line.startswith(" ")]
    order = ["error", "warning", "unknown", "note"]
    assert severities == sorted(severities, key=order.index)
    assert severities[0] == "error"


def test_a_database_that_can_t_be_opened_is_a_finding(sestui: Sestui) -> None:
    sestui.data.mkdir(mode=0o700)
    (sestui.data / "sestui.db").write_bytes(b"not a database" * 100)
    done = sestui.run("doctor", "--json")
    assert done.returncode == 3
    found = findings(done)
    assert found["database"]["severity"] == "error"
    assert found["account"]["severity"] == "unknown"
    assert found["versions"]["severity"] == "ok"
    assert "sestui restore" in found["database"]["next_step"]
    nobody = "postgresql://nobody@127.0.0.1:1/none"
    elsewhere = findings(sestui.run("doctor", "--json", SESTUI_DATABASE_URL=nobody))["database"]
    assert elsewhere["severity"] == "error"
    assert elsewhere["next_step"].endswith("correct the setting database_url.")


def test_files_that_others_can_read_are_named_with_the_command(ready: Sestui) -> None:
    ready.data.chmod(0o755)
    (ready.data / "sestui.db").chmod(0o644)
    found = findings(ready.run("doctor", "--json"))["modes"]
    assert found["severity"] == "warning"
    assert str(ready.data / "sestui.db") in found["found"]
    assert found["next_step"] == f"chmod -R go-rwx {ready.data}"


@pytest.mark.long
@pytest.mark.ci
def test_a_schedule_without_a_crontab_line_is_told(ready: Sestui) -> None:
    ready.settings["PATH"] = str(ready.home)
    assert findings(ready.run("doctor", "--json"))["schedule"]["severity"] == "note"
    ready.ok("task", "add", "tidy", "--type", "purge", "--schedule", "@daily")
    done = ready.run("doctor", "--json")
    assert (done.returncode, findings(done)["schedule"]["severity"]) == (3, "warning")
    crontab = ready.home / "crontab"
    line = ready.ok("task", "crontab").splitlines()[0]
    crontab.write_text(f"#!/bin/sh\ncat <<'END'\n{line}\nEND\n")
    crontab.chmod(0o755)
    ready.settings["PATH"] = f"{ready.home}:/usr/bin:/bin"
    assert findings(ready.run("doctor", "--json"))["schedule"]["severity"] == "ok"


@pytest.mark.long
@pytest.mark.ci
def test_events_that_don_t_come_are_told(ready: Sestui) -> None:
    ready.settings["SESTUI_EVENTS_WHILE_SENDING"] = "false"
    ready.ok("send", "news")
    assert findings(ready.run("doctor", "--json"))["last_event"]["severity"] == "ok"
    with closing(sqlite3.connect(ready.data / "sestui.db")) as database:
        database.execute("UPDATE run SET finished_at = finished_at - 7200")
        database.commit()
    done = ready.run("doctor", "--json")
    assert findings(done)["last_event"]["severity"] == "warning"
    ready.ok("events", "pull")
    assert findings(ready.run("doctor", "--json"))["last_event"]["severity"] == "ok"
