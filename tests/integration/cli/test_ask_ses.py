"""`sestui campaign resolve --ask-ses`, what it offers, and the task that asks by itself."""

import sqlite3
from contextlib import closing

import pytest

from sestui.simulator.account.storage import FILE_NAME
from tests.support.cli import Sestui


def change(sestui: Sestui, name: str, *statements: str) -> None:
    with closing(sqlite3.connect(sestui.data / name)) as database, database:
        for statement in statements:
            database.execute(statement)


@pytest.mark.long
@pytest.mark.ci
def test_ses_is_asked_and_what_it_has_no_record_of_is_offered(ready: Sestui) -> None:
    ready.ok("send", "news")
    days = 2 * 86_400
    change(
        ready,
        "sestui.db",
        "UPDATE delivery SET state = 'in_doubt', message_id = '' WHERE id <= 3",
        f"UPDATE delivery SET claimed_at = claimed_at - {days} WHERE id <= 3",
        "UPDATE run SET in_doubt = 3, accepted = accepted - 3",
    )
    doubtful = sorted(row["email"] for row in ready.json("campaign", "show", "news")["in_doubt"])
    change(ready, FILE_NAME, f"UPDATE outbox SET accepted_at = accepted_at - {days}")
    change(
        ready,
        FILE_NAME,
        "UPDATE outbox SET recipients = '[\"x@example.org\"]' "
        f"WHERE recipients LIKE '%{doubtful[2]}%'",
    )
    assert "--ask-ses" in ready.refused(
        1, "campaign", "resolve", "news", "--resend", "--unrecorded"
    )
    for wrong in (["--ask-ses", "--resend"], ["--assume-sent", "--unrecorded"], []):
        ready.refused(2, "campaign", "resolve", "news", *wrong)
    asked = ready.run("campaign", "resolve", "news", "--ask-ses")
    assert asked.stdout == (
        "run 1 of news: SES was asked about 3: 2 accepted, 1 without a record, 0 unclear\n"
    )
    assert "`sestui campaign resolve news --resend --unrecorded`" in asked.stderr
    assert "had no record of 1 of them 24 hours" in ready.ok("campaign", "show", "news")
    shown = ready.json("campaign", "show", "news")
    figures = {"total": 1, "not_asked": 0, "unrecorded": 1, "unclear": {}, "safe_to_resend": 1}
    assert shown["asked_ses"] == figures
    (row,) = shown["in_doubt"]
    assert (row["email"], row["safe_to_resend"], row["asked_ses_at"] is None) == (
        doubtful[2],
        True,
        False,
    )
    told = ready.json("campaign", "resolve", "news", "--ask-ses")
    assert (told["settled"], told["unrecorded"], told["safe_to_resend"]) == (0, 1, [doubtful[2]])
    again = ready.json("campaign", "resolve", "news", "--resend", "--unrecorded", "--yes")
    assert (again["resolved"], again["run"]["in_doubt"]) == (1, 0)


@pytest.mark.long
@pytest.mark.ci
def test_pulling_events_asks_about_what_no_event_has_settled(ready: Sestui) -> None:
    ready.ok("send", "news")
    change(
        ready,
        "sestui.db",
        "UPDATE delivery SET state = 'in_doubt', message_id = '', "
        "claimed_at = claimed_at - 90000 WHERE id <= 3",
        "UPDATE run SET in_doubt = 3, accepted = accepted - 3",
        "DELETE FROM ses_event",
    )
    change(
        ready,
        FILE_NAME,
        "UPDATE outbox SET accepted_at = accepted_at - 90000",
        "UPDATE event SET due_at = NULL",
    )
    ready.ok("task", "add", "events", "--type", "pull-events", "--schedule", "@daily")
    ready.ok("task", "run", "events")
    (run,) = ready.json("task", "log", "events")
    assert "3 no longer in doubt, as SES's records have them." in run["log"]
    assert ready.json("campaign", "show", "news")["run"]["in_doubt"] == 0
