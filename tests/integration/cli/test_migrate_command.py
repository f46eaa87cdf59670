"""`sestui migrate`: the report, what stops it, and that nobody who had left is mailed after it."""

import csv
import io
import json
from typing import Any

import pytest

from tests.support.cli import Sestui
from tests.support.migrations import FOLDER

LISTMONK = FOLDER / "listmonk.sql"
COMPLETE = "-- PostgreSQL database dump complete\n--\n\n"
SOURCES = {
    "keila": (FOLDER / "keila.sql", {"ada@example.org", "left.news@example.org"}),
    "listmonk": (LISTMONK, {"ada@example.org", "left.news@example.org", "Zoe@example.org"}),
    "mailchimp": (
        FOLDER / "mailchimp",
        {"ada@example.org", "Zoe@example.org", "left.news@example.org"},
    ),
    "sendy": (FOLDER / "sendy.sql", {"ada@example.org", "left.news@example.org"}),
}
"""By tool: its data, and who may still be mailed."""
EVERYBODY = """\
---
name: everybody
subject: Hello
from: Ada <ada@example.com>
lists: [everybody]
---
Hello [No more]({{ unsubscribe_url }})
"""


def test_the_report_counts_by_kind_and_names_what_to_look_at(sestui: Sestui) -> None:
    rejects = sestui.home / "rejects.csv"
    done = sestui.run("migrate", "listmonk", LISTMONK, "--rejects", rejects)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].endswith("listmonk.sql → sestui")
    assert lines[1].split() == ["read", "taken", "already", "here", "left", "out"]
    assert [line.split() for line in lines[2:8]] == [
        ["suppressions", "5", "3", "0", "2"],
        ["lists", "3", "3", "0", "0"],
        ["contacts", "10", "9", "0", "1"],
        ["subscriptions", "12", "10", "0", "2"],
        ["templates", "2", "2", "0", "0"],
        ["campaigns", "4", "3", "0", "1"],
    ]
    assert "         1  subscriptions: never confirmed" in lines
    assert any("Not-yet: {{ range" in line for line in lines)
    assert "line 80, contacts: no address: " in done.stderr
    (row,) = csv.DictReader(io.StringIO(rejects.read_text("utf-8")))
    assert (row["line"], row["kind"], row["value"]) == ("80", "contacts", "no address")
    checked = sestui.run("campaign", "check", "Not-yet")
    assert checked.returncode == 1
    assert "the template is broken" in checked.stdout


def test_json_and_dry_run_say_the_same(sestui: Sestui) -> None:
    planned = sestui.json("migrate", "listmonk", LISTMONK, "--dry-run")
    assert sestui.json("campaign", "list") == []
    done = sestui.json("migrate", "listmonk", LISTMONK)
    assert planned == done | {"dry_run": True}
    assert done["kinds"]["contacts"] == {
        "read": 10,
        "taken": 9,
        "already_here": 0,
        "left_out": 1,
        "reasons": {"An email address must have an @-sign.": 1},
    }
    assert {each["name"] for each in done["drafts"]} == {
        "Receipt-template",
        "March-news",
        "Not-yet",
    }


def test_what_is_no_dump_is_one_sentence(sestui: Sestui) -> None:
    path = sestui.write("half.sql", LISTMONK.read_text("utf-8").removesuffix(COMPLETE))
    assert "half.sql breaks off after line" in sestui.refused(1, "migrate", "listmonk", path)
    assert "is a folder" in sestui.refused(1, "migrate", "listmonk", sestui.home)
    assert "There is no file" in sestui.refused(1, "migrate", "listmonk", "none.sql")
    said = sestui.refused(1, "migrate", "listmonk", "postgresql://a:secret@127.0.0.1:1/x")
    assert "no connection" in said
    assert "secret" not in said
    dump = sestui.write("whole.sql", LISTMONK.read_text("utf-8"))
    assert "name another" in sestui.refused(2, "migrate", "listmonk", dump, "--rejects", dump)
    assert dump.read_text("utf-8") == LISTMONK.read_text("utf-8")
    assert sestui.json("campaign", "list") == []


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("tool", SOURCES)
def test_nobody_who_had_left_is_mailed(sestui: Sestui, tool: str) -> None:
    path, may_be_mailed = SOURCES[tool]
    sestui.ok("migrate", tool, path)
    everybody = [each["email"] for each in exported(sestui)]
    assert len(everybody) > len(may_be_mailed)
    readers = sestui.write("everybody.csv", "\n".join(["email", *everybody]))
    sestui.ok("import", readers, "--list", "everybody")
    sestui.ok("apply", sestui.write("everybody.md", EVERYBODY))
    sestui.ok("send", "everybody")
    assert recipients(sestui) == may_be_mailed
    for campaign in sestui.json("campaign", "list"):
        assert campaign["name"] == "everybody" or campaign["state"] == "draft"


def exported(sestui: Sestui) -> list[dict[str, Any]]:
    lines = sestui.ok("export", "contacts", "--format", "jsonl").splitlines()
    return [json.loads(line) for line in lines]


def recipients(sestui: Sestui) -> set[str]:
    return {
        address for mail in sestui.json("simulator", "outbox") for address in mail["recipients"]
    }
