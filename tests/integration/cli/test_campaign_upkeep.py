"""Campaigns copied, renamed, archived and deleted from the command line."""

import subprocess

import pytest

from tests.support.cli import Sestui


def names(sestui: Sestui, *options: str) -> list[str]:
    return [each["name"] for each in sestui.json("campaign", "list", *options)]


@pytest.mark.long
@pytest.mark.ci
def test_a_copy_gets_a_name_of_its_own(ready: Sestui) -> None:
    done = ready.run("campaign", "copy", "news")
    assert done.stdout == "news-copy is a copy of news\n"
    assert "no schedule and no start" in done.stderr
    copied = ready.json("campaign", "copy", "news", "december")
    assert (copied["name"], copied["state"], copied["run"]) == ("december", "draft", None)
    assert names(ready) == ["december", "news", "news-copy"]
    run = ready.json("send", "december")
    assert run["accepted"] == 200
    assert ready.json("campaign", "show", "news")["run"] is None


@pytest.mark.long
@pytest.mark.ci
def test_a_rename_keeps_what_was_sent_and_takes_its_tasks_along(ready: Sestui) -> None:
    ready.ok("send", "news")
    ready.ok(
        *("task", "add", "weekly", "--type", "campaign", "--schedule", "0 9 * * 1"),
        *("-p", "campaign=news"),
    )
    done = ready.run("campaign", "rename", "news", "journal")
    assert done.stdout == "news is journal now\n"
    assert "The task weekly starts journal now." in done.stderr
    assert "`name: journal`" in done.stderr
    shown = ready.json("campaign", "show", "journal")
    assert (shown["run"]["campaign"], shown["run"]["accepted"]) == ("journal", 200)
    assert ready.json("task", "show", "weekly")["parameters"]["campaign"] == "journal"
    assert "journal,1," in ready.ok("export", "deliveries", "--campaign", "journal")
    assert "There is no campaign 'news'" in ready.run("campaign", "show", "news").stderr
    ready.ok("campaign", "copy", "journal", "other")
    assert "choose another name" in ready.refused(1, "campaign", "rename", "journal", "other")


@pytest.mark.long
@pytest.mark.ci
def test_an_archived_campaign_is_shown_when_asked_for_and_sent_by_nobody(ready: Sestui) -> None:
    ready.ok("send", "news")
    ready.ok(
        *("task", "add", "weekly", "--type", "campaign", "--schedule", "0 9 * * 1"),
        *("-p", "campaign=news"),
    )
    done = ready.run("campaign", "archive", "news")
    assert done.stdout == "news is archived\n"
    assert "The task weekly, which starts it, is off now." in done.stderr
    assert names(ready) == []
    assert names(ready, "--archived") == ["news"]
    shown = ready.json("campaign", "show", "news")
    assert (shown["state"], shown["archived"], shown["run"]["accepted"]) == ("archived", True, 200)
    way_out = "`sestui campaign archive news --undo` does that."
    for command in (("send", "news", "--again"), ("campaign", "start", "news", "--again")):
        assert way_out in ready.run(*command).stderr
    for command in (("campaign", "test", "news", "--to", "me@example.com"), ("send", "news")):
        assert ready.run(*command).returncode == 1
    done = ready.run("campaign", "archive", "news", "--undo")
    assert done.stdout == "news is back\n"
    assert "`sestui task enable weekly` switches it on" in done.stderr
    assert ready.json("send", "news", "--again")["accepted"] == 200


def test_a_file_does_not_bring_it_back(ready: Sestui) -> None:
    head = "---\nname: daily\nsubject: Hi\nfrom: a@example.com\nlists: [readers]\n"
    body = "schedule: 0 9 * * *\n---\nHi {{ email }} [off]({{ unsubscribe_url }})\n"
    path = ready.write("daily.md", head + body)
    ready.ok("apply", path)
    ready.ok("campaign", "archive", "daily")
    for options in ((), ("--dry-run",)):
        assert "daily is archived; bring it back first" in ready.run("apply", path, *options).stderr
    assert ready.json("campaign", "show", "daily")["next_due_at"] is None
    done = ready.run("campaign", "archive", "daily", "--undo")
    assert "Its own schedule is off until you apply its file" in done.stderr
    assert ready.json("campaign", "show", "daily")["next_due_at"] is None
    ready.ok("apply", path)
    assert ready.json("campaign", "show", "daily")["next_due_at"] is not None


@pytest.mark.long
@pytest.mark.ci
def test_only_what_was_never_sent_is_deleted_and_only_when_said_so(ready: Sestui) -> None:
    ready.ok("campaign", "copy", "news", "draft")
    ready.ok("campaign", "test", "draft", "--to", "success@simulator.amazonses.com")
    asking = ready.start("campaign", "delete", "draft", stdin=subprocess.PIPE)
    _out, err = asking.communicate("n\n", timeout=60)
    assert "Delete draft and the records of its tests (1)" in err
    assert names(ready) == ["draft", "news"]
    assert ready.json("campaign", "delete", "draft", "--yes") == {"deleted": "draft", "tests": 1}
    assert names(ready) == ["news"]
    ready.ok("send", "news")
    said = ready.refused(1, "campaign", "delete", "news", "--yes")
    assert "news has been sent, and its log is kept; archive it instead" in said
    assert "`sestui campaign archive news` does that." in said


@pytest.mark.parametrize("command", ["copy", "rename", "archive", "delete"])
def test_a_campaign_that_is_not_there(ready: Sestui, command: str) -> None:
    more = ["other"] if command in {"copy", "rename"} else []
    said = ready.refused(1, "campaign", command, "nesw", *more)
    assert "There is no campaign 'nesw'" in said
