"""What became of a run, from the command line: forecast before, report after."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import datetime

import pytest

from tests.support.cli import Sestui


@pytest.fixture
def reported(ready: Sestui) -> Sestui:
    """A run whose recipients have reacted, each for certain."""
    ready.settings["SESTUI_SIMULATOR_RECIPIENTS"] = "bounce=1"
    ready.ok("send", "news")
    while ready.json("events", "pull", "--wait", "2")["received"]:
        pass
    return ready


@pytest.mark.long
@pytest.mark.ci
def test_the_report_in_every_format(reported: Sestui) -> None:
    report = json.loads(reported.ok("campaign", "report", "news", "--format", "json"))
    count = report["accepted"]
    assert count > 0
    assert report["bounced"] == count
    assert sum(each["count"] for each in report["bounces"]) == count
    text = reported.ok("campaign", "report", "news")
    assert text.startswith("news run 1: finished\n")
    assert "Bounced, by domain and reason" in text
    rows = list(
        csv.reader(io.StringIO(reported.ok("campaign", "report", "news", "--format", "csv")))
    )
    assert ["Recipients", "bounced", str(count), "100 %"] in rows
    hours = [row[1] for row in rows if row[0] == "Hour by hour"][1:]
    assert [datetime.fromisoformat(each).timestamp() for each in hours] == [
        datetime.fromisoformat(each["at"]).timestamp() for each in report["hours"]
    ]
    page = reported.home / "report.html"
    reported.ok("campaign", "report", "news", "--format", "html", "-o", page)
    assert page.read_text().startswith("<!doctype html>")
    assert all(each in page.read_text() for each in hours)
    assert reported.run("campaign", "report", "news", "--format", "pdf").returncode == 2
    assert reported.run("campaign", "report", "news", "--run", "9").returncode == 1


@pytest.mark.long
@pytest.mark.ci
def test_the_forecast_says_how_many_may_bounce(ready: Sestui) -> None:
    before = ready.json("campaign", "forecast", "news")
    assert before["acquaintance"]["new"] == before["recipients"]
    assert "may bounce" in ready.ok("campaign", "forecast", "news") or before["bounces"] < 0.5
    ready.ok("send", "news")
    after = ready.json("campaign", "forecast", "news")
    assert after["acquaintance"]["new"] == 0
    with closing(sqlite3.connect(ready.data / "sestui.db")) as database, database:
        database.execute("UPDATE delivery SET outcome = 'bounced', outcome_at = sent_at")
    again = ready.json("campaign", "forecast", "news")
    assert again["acquaintance"]["bounced"] == again["recipients"]
    assert again["bounces"] > before["bounces"]


@pytest.mark.long
@pytest.mark.ci
def test_the_forecast_shows_the_hours_of_a_local_time(ready: Sestui) -> None:
    (ready.home / "early.md").write_text(
        "---\nname: early\nsubject: Hi\nfrom: shop@example.com\nlists: [readers]\n"
        "at: 09:00 local\ntimezone: UTC\n---\nHi [off]({{ unsubscribe_url }})\n"
    )
    ready.ok("apply", ready.home / "early.md")
    assert ready.json("campaign", "forecast", "news")["local_time"] is None
    told = ready.json("campaign", "forecast", "early")
    everybody, local = told["recipients"], told["local_time"]
    assert (local["at"], local["unreadable"], local["examples"]) == ("09:00 local", 0, [])
    assert local["zones"] == {"campaign": everybody}
    [hour] = local["hours"]
    assert hour["hour"].endswith("T09:00+00:00")
    assert hour["recipients"] == everybody
    text = ready.ok("campaign", "forecast", "early")
    assert "09:00 local, in hours of the campaign's time zone:" in text
    assert f"{everybody:,}  {'█' * 30}" in text
    assert f"{everybody:,} by the campaign's time zone" in text
