"""What needs a person: run-due says so on stderr, which cron mails, until it is settled."""

import sqlite3
from contextlib import closing

import pytest

from tests.support.cli import MESSAGE, Done, Sestui

DAY = 86_400.0
DOUBT = (
    "sestui: news run 1: 3 recipients are in doubt; `sestui campaign resolve news` resolves them.\n"
)


def change(sestui: Sestui, *statements: str) -> None:
    with closing(sqlite3.connect(sestui.data / "sestui.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def a_day_later(sestui: Sestui) -> None:
    """What has been told was told a day earlier."""
    change(sestui, f"UPDATE reminder SET told_at = told_at - {DAY}")


def in_doubt(sestui: Sestui) -> None:
    """A finished run of which three recipients are in doubt."""
    sestui.ok("send", "news")
    change(
        sestui,
        "UPDATE delivery SET state = 'in_doubt' WHERE id <= 3",
        "UPDATE run SET in_doubt = 3, accepted = accepted - 3",
    )


def paused(sestui: Sestui, reason: str, detail: str) -> None:
    sestui.ok("campaign", "start", "news")
    change(sestui, f"UPDATE run SET state = 'paused', reason = '{reason}', detail = '{detail}'")


def told(sestui: Sestui) -> str:
    """What the next run-due says on stderr; its exit code goes with it."""
    done = sestui.run("run-due")
    assert done.returncode == (3 if done.stderr else 0)
    return done.stderr


@pytest.mark.long
@pytest.mark.ci
def test_it_is_told_once_and_again_once_a_day_until_it_is_settled(ready: Sestui) -> None:
    in_doubt(ready)
    assert [told(ready) for _ in range(3)] == [DOUBT, "", ""]
    assert ready.run("run-due") == Done(0, "nothing due\n", ""), "as quick as ever"
    a_day_later(ready)
    assert [told(ready) for _ in range(2)] == [DOUBT, ""]
    ready.ok("campaign", "resolve", "news", "--assume-sent", "--yes")
    a_day_later(ready)
    assert told(ready) == ""


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(("reminders", "expected"), [("once", ""), ("off", "")])
def test_the_setting_says_how_often(ready: Sestui, reminders: str, expected: str) -> None:
    ready.settings["SESTUI_REMINDERS"] = reminders
    in_doubt(ready)
    assert told(ready) == (DOUBT if reminders == "once" else "")
    a_day_later(ready)
    assert told(ready) == expected


@pytest.mark.parametrize("reason", ["errors", "breaker", "account"])
def test_a_run_that_something_has_paused_is_told_of(ready: Sestui, reason: str) -> None:
    paused(ready, reason, "MessageRejected: no")
    option = " --despite-breaker" if reason == "breaker" else ""
    assert told(ready) == (
        f"sestui: news run 1 is paused ({reason}): MessageRejected: no. Once that is fixed, "
        f"`sestui campaign resume news{option}` continues it.\n"
    )
    assert told(ready) == ""


@pytest.mark.long
@pytest.mark.ci
def test_what_the_breaker_has_paused_goes_on_only_if_the_operator_says_so(ready: Sestui) -> None:
    paused(ready, "breaker", "9.3 % have bounced.")
    for command in (("campaign", "resume", "news"), ("send", "news")):
        done = ready.run(*command)
        assert done.returncode == 3
        assert "9.3 % have bounced." in done.stderr
        assert "--despite-breaker" in done.stderr
    assert "sending" in ready.ok("campaign", "resume", "news", "--despite-breaker")
    assert told(ready) == ""


def test_a_warning_of_the_breaker_is_told_while_the_run_goes_on(ready: Sestui) -> None:
    ready.ok("campaign", "start", "news")
    warning = "4.2 % of the last 900 mails have bounced"
    change(
        ready,
        "UPDATE run SET state = 'waiting', reason = 'quota', resume_at = 4e9, "
        f"warning = '{warning}'",
    )
    assert told(ready) == (
        f"sestui: news run 1 goes on, with a warning: {warning}. `sestui campaign pause news` "
        "pauses it.\n"
    )
    assert told(ready) == "", "once"
    change(ready, "UPDATE run SET state = 'cancelled'")
    a_day_later(ready)
    assert told(ready) == "", "nothing can be done about it any more"


def test_a_run_that_the_operator_has_paused_is_not(ready: Sestui) -> None:
    paused(ready, "operator", "You paused this run.")
    assert told(ready) == ""


@pytest.mark.long
@pytest.mark.ci
def test_what_comes_again_after_it_was_settled_is_news(ready: Sestui) -> None:
    paused(ready, "errors", "First.")
    assert "First." in told(ready)
    change(ready, "UPDATE run SET state = 'waiting', reason = 'window', resume_at = 9e9")
    assert told(ready) == ""
    change(ready, "UPDATE run SET state = 'paused', reason = 'errors', detail = 'Second.'")
    assert "Second." in told(ready)


def test_a_run_that_waits_for_approval_is_told_of(ready: Sestui) -> None:
    change(ready, "UPDATE campaign SET next_due_at = strftime('%s', 'now') - 200000")
    said = told(ready)
    assert said.startswith("sestui: news run 1 waits for approval: It was due ")
    assert "`sestui campaign resume news` sends it" in said
    assert told(ready) == ""


@pytest.mark.long
@pytest.mark.ci
def test_a_campaign_that_stays_due_is_told_of_once_though_every_minute_tries(ready: Sestui) -> None:
    daily = MESSAGE.replace("name: news", "name: news\nschedule: '0 9 * * *'\ntimezone: UTC")
    ready.ok("apply", ready.write("news.md", daily))
    change(ready, "UPDATE campaign SET timezone = 'Gone/Zone', next_due_at = 1")
    for said in ("sestui: news is due but was not started: 'Gone/Zone' is", ""):
        done = ready.run("run-due")
        assert done.returncode == 3
        assert done.stderr.startswith(said)
        assert len(done.stderr.splitlines()) == bool(said)


@pytest.mark.long
@pytest.mark.ci
def test_the_operator_is_mailed_too_once(ready: Sestui) -> None:
    ready.settings["SESTUI_OPERATOR"] = "Ada <ada@example.com>"
    in_doubt(ready)
    assert told(ready) == DOUBT
    for _ in range(2):
        ready.run("run-due")
    mails = ready.ok("simulator", "outbox").splitlines()
    (mail,) = (line for line in mails if "ada@example.com" in line)
    assert "sestui needs you: news run 1" in mail


@pytest.mark.long
@pytest.mark.ci
def test_a_notice_that_nobody_takes_is_told_of_by_no_other(ready: Sestui) -> None:
    ready.settings["SESTUI_OPERATOR"] = "ada@example.com"
    in_doubt(ready)
    assert told(ready) == DOUBT
    change(ready, "UPDATE run SET state = 'paused', reason = 'errors' WHERE kind = 'notice'")
    said = told(ready)
    assert said.startswith("sestui: (notices) notice 1 is paused")
    assert ready.run("run-due") == Done(0, "nothing due\n", ""), "no mail has been added"


def test_an_address_that_is_none_is_refused(ready: Sestui) -> None:
    said = ready.refused(2, "run-due", SESTUI_OPERATOR="ada")
    assert "operator in SESTUI_OPERATOR" in said
