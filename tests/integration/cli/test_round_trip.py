"""From a CSV and a Markdown file to an accounted-for campaign, by commands alone."""

import csv
import io
import json

import pytest

from tests.support.cli import MESSAGE, Sestui

STATES = ("pending", "sending", "accepted", "rejected", "in_doubt", "skipped")
RUN_KEYS = {
    *("campaign", "run", "kind", "state", "reason", "detail", "resume_at", "started_at"),
    *("finished_at", "allowed_rate", "rate_factor", "audience", *STATES),
    *("warning", "average_rate", "done", "percent", "delivered", "bounced", "complained"),
    "skipped_for",
    "unchecked",
}


def test_from_file_to_sent_log(sestui: Sestui) -> None:
    readers = sestui.write("r.csv", "email,first name\nada@example.com,Ada\nbob@example.org,=1+1\n")
    imported = sestui.json("import", readers, "--list", "readers")
    assert (imported["rows"], imported["imported"], imported["rejects"]) == (2, 2, 0)
    (applied,) = sestui.json("apply", sestui.write("news.md", MESSAGE))
    assert (applied["name"], applied["change"]) == ("news", "created")

    (listed,) = sestui.json("campaign", "list")
    assert listed == {
        "name": "news",
        "subject": "{{ first_name }}, your news",
        "state": "draft",
        "lists": ["readers"],
        "segment": "",
        "archived": False,
        "audience": 2,
        "next_due_at": None,
        "run": None,
    }

    (tested,) = sestui.json(
        "campaign", "test", "news", "--to", "me@example.net", "--as", "ada@example.com"
    )
    assert (tested["email"], tested["state"]) == ("me@example.net", "accepted")

    sent = sestui.run("send", "news", "--json")
    assert sent.returncode == 0, sent.stderr
    run = json.loads(sent.stdout)
    assert set(run) == RUN_KEYS
    assert (run["state"], run["audience"], run["accepted"]) == ("finished", 2, 2)
    assert sum(run[state] for state in STATES) == run["audience"]
    assert "Checking the mail of 2 recipients." in sent.stderr

    again = sestui.refused(1, "send", "news")
    assert "has been sent before" in again
    assert "--again" in again
    assert "is finished" in sestui.refused(1, "campaign", "pause", "news")

    shown = sestui.ok("campaign", "show", "news")
    assert "audience          2" in shown
    assert "accepted          2" in shown

    rows = list(csv.DictReader(io.StringIO(sestui.ok("export", "deliveries"))))
    by_run = [(row["run"], row["email"], row["state"]) for row in rows]
    assert by_run == [
        ("1", "me@example.net", "accepted"),
        ("1", "ada@example.com", "accepted"),
        ("1", "bob@example.org", "accepted"),
    ]
    mails = {mail["message_id"]: mail for mail in sestui.json("simulator", "outbox")}
    assert {row["message_id"] for row in rows} == set(mails)
    whole = sestui.ok("simulator", "outbox", rows[0]["message_id"])
    assert "Subject: Ada, your news" in whole  # --as: her data, his address

    account = sestui.json("account")
    assert (account["account"], account["sent_last_24_hours"]) == ("simulator", 3)
    assert (account["ours_24_hours"], account["others_24_hours"]) == (3, 0)
    assert "3 by sestui, 0 by others" in sestui.ok("account")


@pytest.mark.long
@pytest.mark.ci
def test_again_is_said_in_as_many_words(ready: Sestui) -> None:
    assert "accepted        200" in ready.ok("send", "news")
    ready.refused(1, "campaign", "start", "news")
    started = ready.json("campaign", "start", "news", "--again")
    assert (started["run"]["run"], started["run"]["pending"]) == (2, 200)
    assert "has not ended" in ready.refused(1, "send", "news", "--again")
    done = ready.run("run-due")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "news run 2: finished, 100 % done, 200 of 200 accepted\n"


@pytest.mark.long
@pytest.mark.ci
def test_a_test_mail_that_ses_refuses_fails(ready: Sestui) -> None:
    ready.run("simulator", "fault", "add", "refuse", "--match", "me@*")
    done = ready.run("campaign", "test", "news", "--to", "me@example.net")
    assert done.returncode == 1
    assert done.stdout.startswith("me@example.net  rejected  ")


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("suppressed", "to"),
    [
        ("bücher.example.com", "Ada@Bücher.example.com"),
        ("ada@bücher.example.com", "Ada@Bücher.example.com"),
        ("me@example.net", "Me@Example.net"),
    ],
)
def test_a_test_mail_to_a_suppressed_address_is_skipped(
    ready: Sestui, suppressed: str, to: str
) -> None:
    ready.ok("contact", "suppress", suppressed, "--reason", "asked")
    done = ready.run("campaign", "test", "news", "--to", to)
    assert done.returncode == 1
    assert "  skipped  " in done.stdout
    assert ready.json("simulator", "outbox") == []


@pytest.mark.long
@pytest.mark.ci
def test_the_demo_accounts_for_everybody(sestui: Sestui) -> None:
    done = sestui.run("demo", "--headless", "--contacts", "120", "--rate", "500", "--latency", "0")
    assert done.returncode == 0, done.stderr
    assert "simulator's outbox: " in done.stdout
    assert ", 0 of them twice" in done.stdout
    assert not sestui.data.exists()  # a throw-away workspace, not this one
