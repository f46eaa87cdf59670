"""The crontab line: quiet when there is nothing to do, exact when there is."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.cli import MESSAGE, Done, Sestui


def scheduled(minutes: int) -> str:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return MESSAGE.replace("lists:", f"start: {moment:%Y-%m-%dT%H:%M}\ntimezone: UTC\nlists:")


@pytest.mark.long
@pytest.mark.ci
def test_nothing_due(sestui: Sestui) -> None:
    done = sestui.process("run-due")
    assert done == Done(0, "nothing due\n", "")
    assert sestui.json("run-due") == {"runs": [], "tasks": [], "notes": [], "reminders": []}


@pytest.mark.long
@pytest.mark.ci
def test_a_campaign_is_started_once_when_its_time_has_come(ready: Sestui) -> None:
    path = ready.write("news.md", scheduled(2))
    ready.ok("apply", path)
    assert ready.json("run-due")["runs"] == []
    (listed,) = ready.json("campaign", "list")
    assert listed["state"] == "scheduled"
    assert listed["next_due_at"]

    path.write_text(scheduled(-2))
    ready.ok("apply", path)
    done = ready.run("run-due")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("news run 1: finished, 100 % done, 200 of 200 accepted")
    assert len(done.stdout.splitlines()) == 1
    assert ready.run("run-due").stdout == "nothing due\n"


def test_a_due_campaign_that_cannot_be_rendered_is_kept_and_told(ready: Sestui) -> None:
    body = scheduled(-2).replace("Hi {{ first_name }}", "Hi {{ city }}")
    ready.ok("apply", ready.write("news.md", body))
    done = ready.run("run-due", "--json")
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert said["runs"][0]["state"] == "paused"
    assert said["runs"][0]["pending"] == 200
    assert "city" in said["notes"][0]


@pytest.mark.long
@pytest.mark.ci
def test_a_campaign_whose_zone_is_gone_keeps_no_other_from_its_time(ready: Sestui) -> None:
    daily = MESSAGE.replace("name: news", "name: daily\nschedule: '0 9 * * *'\ntimezone: UTC")
    ready.ok("apply", ready.write("daily.md", daily), ready.write("news.md", scheduled(-2)))
    with closing(sqlite3.connect(ready.data / "sestui.db")) as database, database:
        # As after an upgrade of the system's zones: it was there when the campaign was stored.
        database.execute(
            "UPDATE campaign SET timezone = 'Gone/Zone', next_due_at = 1 WHERE name = 'daily'"
        )
    done = ready.run("run-due", "--json")
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert said["reminders"] == said["notes"]
    assert done.stderr == f"sestui: {said['notes'][0]}\n"
    assert [(run["campaign"], run["accepted"]) for run in said["runs"]] == [("news", 200)]
    (note,) = said["notes"]
    assert note == (
        "daily is due but was not started: 'Gone/Zone' is not an IANA time zone such as "
        "Europe/Paris."
    )


@pytest.mark.long
@pytest.mark.ci
def test_time_runs_out_and_the_next_minute_goes_on(ready: Sestui) -> None:
    ready.ok("campaign", "start", "news")
    first = ready.run("run-due", "--max-seconds", "8", "--json", SESTUI_SIMULATOR_RATE="15")
    assert first.returncode == 0
    (run,) = json.loads(first.stdout)["runs"]
    assert run["state"] == "sending"
    assert run["sending"] == run["in_doubt"] == 0
    assert 0 < run["accepted"] < 200
    (run,) = ready.json("run-due")["runs"]
    assert (run["state"], run["accepted"]) == ("finished", 200)


@pytest.mark.long
@pytest.mark.ci
def test_a_quota_makes_it_wait_and_the_roll_off_goes_on(ready: Sestui) -> None:
    ready.settings |= {"SESTUI_SIMULATOR_QUOTA": "100"}
    sent = ready.run("send", "news")
    assert sent.returncode == 75
    assert "run 1     waiting (quota)" in sent.stdout
    assert "expects to continue" in sent.stdout
    assert "accepted         80" in sent.stdout
    waiting = ready.run("run-due")
    assert (waiting.returncode, waiting.stderr) == (0, "")
    ready.settings |= {"SESTUI_SIMULATOR_QUOTA": "1000"}
    (run,) = ready.json("run-due")["runs"]
    assert (run["state"], run["accepted"]) == ("finished", 200)
