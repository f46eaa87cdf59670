"""One set of checks behind every door, and one bad contact that stops nobody else."""

import csv
import io
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

LETTERS = Path(__file__).parents[2] / "data" / "letters"


def overdue(sestui):
    """What has a time of its own is due a minute ago."""
    with closing(sqlite3.connect(sestui.data / "sestui.db")) as database, database:
        database.execute(
            "UPDATE campaign SET next_due_at = ?, next_occurrence = ''", (time.time() - 60,)
        )


@pytest.fixture
def misspelt(sestui):
    """The campaign whose every greeting falls back, and its two contacts."""
    sestui.ok("import", LETTERS / "misspelt-variable-with-or-contacts.csv", "--list", "people")
    return LETTERS / "misspelt-variable-with-or-everybody-gets-the-fallback.md"


def news(body, subject="News", **fields):
    lines = [f"{name}: {value}" for name, value in fields.items()]
    head = ["---", "name: news", f'subject: "{subject}"', "from: news@example.com"]
    return "\n".join([*head, "lists: [people]", *lines, "---", body, ""])


def people(sestui, *rows, head="email,first_name,age"):
    path = sestui.write("people.csv", "\n".join([head, *rows, ""]))
    sestui.ok("import", path, "--list", "people", "--on-conflict", "replace")


OFF = " [off]({{ unsubscribe_url }})"
BAD = ("bad1@example.com,,1", "bad2@example.com,,2")
GOOD = ("ann@example.com,Ann,3", "bob@example.com,Bob,4")


def test_apply_names_a_misspelt_variable(sestui, misspelt):
    done = sestui.run("apply", misspelt)
    assert done.returncode == 0
    assert "subject: nobody in its audience has FirstName; did you mean first_name?" in done.stderr
    assert "nobody in its audience has FNAME" in done.stderr


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    "command",
    [
        ("campaign", "start", "fn"),
        ("send", "fn"),
        ("campaign", "test", "fn", "--to", "me@example.com"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_every_door_warns_of_it_and_goes_on(sestui, misspelt, command):
    sestui.ok("apply", misspelt)
    done = sestui.run(*command)
    assert done.returncode == 0, done.stderr
    assert "warning: subject: nobody in its audience has FirstName; did you mean" in done.stderr


def test_run_due_warns_of_it_and_goes_on(sestui, misspelt):
    text = misspelt.read_text().replace("lists:", "schedule: '0 0 1 1 *'\nlists:")
    sestui.ok("apply", sestui.write("fn.md", text))
    overdue(sestui)
    found = sestui.json("run-due")
    assert [run["state"] for run in found["runs"]] == ["finished"]
    assert any(
        "fn: warning: subject: nobody in its audience has FirstName" in n for n in found["notes"]
    )


def test_check_says_everything_with_its_place(sestui, misspelt):
    sestui.ok("apply", misspelt)
    found = sestui.json("campaign", "check", "fn")
    assert found["ok"] is True
    places = {
        (each["severity"], each["part"], each["line"], each["column"])
        for each in found["findings"]
        if "nobody in its audience" in each["problem"]
    }
    assert places == {("warning", "subject", 1, 7), ("warning", "body", 1, 41)}
    said = sestui.ok("campaign", "check", "fn")
    assert "warning  body:1:41  nobody in its audience has FNAME" in said


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("{% if frist_name %}a{% endif %}", "body:1:7"),
        ("x\n\n{{ 'a' if frist_name else 'b' }}", "body:3:11"),
        ("{% set n = frist_name or 'x' %}{{ n }}", "body:1:12"),
        ("{{ frist_name | default('x') }}", "body:1:4"),
        ("{% if frist_name is defined %}a{% endif %}", "body:1:7"),
    ],
)
def test_wherever_a_misspelt_variable_hides(sestui, body, where):
    people(sestui, *GOOD)
    sestui.ok("apply", sestui.write("news.md", news(body + OFF)))
    said = sestui.ok("campaign", "check", "news")
    assert f"warning  {where}  nobody in its audience has frist_name; did you mean first_name?" in (
        said
    )


def test_an_attribute_that_one_contact_has_is_known(sestui):
    people(sestui, *GOOD, "cleo@example.com,,5")
    sestui.ok("apply", sestui.write("news.md", news("{{ first_name or 'you' }} {{ age }}" + OFF)))
    assert sestui.ok("campaign", "check", "news").endswith("news: no problems found\n")


def test_a_mail_that_gmail_clips_is_told_at_every_door(sestui):
    people(sestui, *GOOD)
    path = sestui.write("news.md", news(f"{'long ' * 21_000}{OFF}"))
    said = "Gmail shows the first 102 kB only"
    assert said in sestui.run("apply", path).stderr
    assert said in sestui.ok("campaign", "check", "news")
    assert said in sestui.run("campaign", "start", "news").stderr


@pytest.mark.long
@pytest.mark.ci
def test_what_is_wrong_stops_with_the_way_to_the_list(sestui):
    people(sestui, *GOOD, *BAD)
    sestui.ok("apply", sestui.write("news.md", news("Hi {{ first_name }}" + OFF)))
    said = sestui.run("send", "news")
    assert said.returncode == 3
    assert "2 of 4 recipients can't be mailed: body, line 1: first_name has no value" in said.stderr
    assert "`sestui campaign check news` lists everything. Its --list names them" in said.stderr
    assert "--skip-unrenderable sends to the others" in said.stderr
    done = sestui.run("campaign", "check", "news", "--list")
    assert done.returncode == 1
    listed = [line.split("  ")[0] for line in done.stdout.splitlines() if line.startswith("bad")]
    assert listed == ["bad1@example.com", "bad2@example.com"]
    assert "error    body:1:7  first_name has no value" in done.stdout
    out = sestui.data / "unmailed.csv"
    done = sestui.run("campaign", "check", "news", "--out", out)
    assert "2 who can't be mailed written to" in done.stderr
    assert "bad1@example.com  " not in done.stdout, "only --list lists them"
    with out.open(newline="") as file:
        rows = [(row["email"], row["reason"]) for row in csv.DictReader(file)]
    assert [email for email, _reason in rows] == ["bad1@example.com", "bad2@example.com"]
    assert all("first_name has no value" in reason for _email, reason in rows)


@pytest.mark.parametrize("command", [("send", "news"), ("campaign", "start", "news")])
def test_why_some_cannot_be_mailed_is_told_by_reason(sestui, command):
    """Exit code 3: the operator may say that the others get it."""
    people(sestui, *GOOD, *BAD, "cleo@example.com,Cleo,")
    sestui.ok("apply", sestui.write("news.md", news("Hi {{ first_name }}, {{ age }}" + OFF)))
    done = sestui.run(*command)
    assert done.returncode == 3
    said = done.stderr
    assert "2 can't be mailed: body, line 1: first_name has no value" in said
    assert "1 can't be mailed: body, line 1: age has no value" in said
    assert sestui.json("campaign", "show", "news")["run"] is None


@pytest.mark.long
@pytest.mark.ci
def test_skipping_sends_to_the_others_and_says_so(sestui):
    people(sestui, *GOOD, *BAD)
    sestui.ok("apply", sestui.write("news.md", news("Hi {{ first_name }}" + OFF)))
    run = sestui.json("send", "news", "--skip-unrenderable")
    assert (run["state"], run["accepted"], run["skipped"]) == ("finished", 2, 2)
    assert run["audience"] == 4
    assert run["skipped_for"] == {"unrenderable": 2}
    shown = sestui.json("campaign", "show", "news")
    assert {row["email"] for row in shown["unrenderable"]} == {
        "bad1@example.com",
        "bad2@example.com",
    }
    assert "first_name has no value" in shown["unrenderable"][0]["reason"]
    log = csv.DictReader(io.StringIO(sestui.ok("export", "deliveries", "--status", "skipped")))
    rows = [(row["email"], row["code"]) for row in log]
    assert rows == [("bad1@example.com", "unrenderable"), ("bad2@example.com", "unrenderable")]
    assert "the mail could not be rendered for them" in sestui.ok(
        "contact", "show", "bad1@example.com"
    )


@pytest.mark.long
@pytest.mark.ci
def test_somebody_who_is_mended_gets_it_by_a_follow_up(sestui):
    people(sestui, *GOOD, *BAD)
    sestui.ok("apply", sestui.write("news.md", news("Hi {{ first_name }}" + OFF)))
    sestui.ok("send", "news", "--skip-unrenderable")
    people(sestui, "bad1@example.com,Bea,1", "bad2@example.com,Ben,2")
    run = sestui.json("send", "news", "--only", "unreceived")
    assert (run["audience"], run["accepted"]) == (2, 2)


def test_nobody_left_is_an_error(sestui):
    people(sestui, *BAD)
    sestui.ok("apply", sestui.write("news.md", news("Hi {{ first_name }}" + OFF)))
    done = sestui.run("campaign", "start", "news", "--skip-unrenderable")
    assert done.returncode == 1
    assert "2 of 2 recipients can't be mailed" in done.stderr


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("by_file", [True, False])
def test_a_due_campaign_is_held_with_the_reasons_or_skips_them(sestui, by_file):
    people(sestui, *GOOD, *BAD)
    fields = {"skip_unrenderable": "true"} if by_file else {}
    text = news("Hi {{ first_name }}" + OFF, start="2026-01-01T00:00", **fields)
    sestui.ok("apply", sestui.write("news.md", text))
    overdue(sestui)
    done = sestui.run("run-due", "--json")
    shown = sestui.json("campaign", "show", "news")
    if by_file:
        assert done.returncode == 0, done
        assert shown["run"]["state"] == "finished"
        assert shown["skipped_for"] == {"unrenderable": 2}
        return
    assert done.returncode == 3
    assert (shown["run"]["state"], shown["run"]["pending"]) == ("paused", 4)
    assert [row["state"] for row in shown["unrenderable"]] == ["pending", "pending"]
    assert "The mail could not be rendered for 2:" in sestui.ok("campaign", "show", "news")
    assert "recipients can't be mailed" in sestui.run("campaign", "resume", "news").stderr
    sestui.ok("campaign", "resume", "news", "--skip-unrenderable")
    run = sestui.json("send", "news")
    assert (run["state"], run["accepted"], run["skipped"], run["audience"]) == (
        *("finished", 2),
        *(2, 4),
    )


@pytest.mark.long
@pytest.mark.ci
def test_a_contact_that_goes_bad_after_the_start_is_skipped_too(sestui):
    people(sestui, *GOOD, "cleo@example.com,Cleo,5")
    sestui.ok("apply", sestui.write("news.md", news("Hi {{ first_name }}" + OFF)))
    sestui.ok("campaign", "start", "news", "--skip-unrenderable")
    people(sestui, "cleo@example.com,,5")
    run = sestui.json("send", "news")
    assert (run["state"], run["accepted"], run["skipped"]) == ("finished", 2, 1)
    assert run["skipped_for"] == {"unrenderable": 1}
    (row,) = sestui.json("campaign", "show", "news")["unrenderable"]
    assert row["email"] == "cleo@example.com"
    assert "first_name has no value" in row["reason"]


@pytest.mark.long
@pytest.mark.ci
def test_columns_named_like_the_templates_own_words(sestui):
    sestui.ok("import", LETTERS / "reserved-column-names-contacts.csv", "--list", "people")
    letter = (LETTERS / "reserved-column-names-print-python-objects.md").read_text()
    sestui.ok("apply", sestui.write("k.md", letter))
    done = sestui.run("campaign", "check", "k")
    assert done.returncode == 1
    assert "error    subject:1:4  it prints a mapping" in done.stdout
    own = letter.replace("keywords", "keywords_").replace("range", "range_")
    own = own.replace("dict", "dict_").replace("{{ view_url", "{{ view_url_")
    sestui.ok("apply", sestui.write("k.md", own))
    assert sestui.ok("campaign", "check", "k").endswith("k: no problems found\n")
    sestui.ok("send", "k")
    (mail,) = sestui.json("simulator", "outbox")
    assert mail["subject"] == "tea"


def test_types_reach_the_template(sestui):
    path = sestui.write(
        "people.csv",
        "email,age,vip,signup\nann@example.com,20,no,2026-03-04\nbob@example.com,7,yes,4.3.2027\n"
        "bad@example.com,old,yes,\n",
    )
    text = news("{% if age > 18 %}adult{% endif %} {% if vip %}vip{% endif %} {{ signup }}" + OFF)
    sestui.ok("import", path, "--list", "people")
    sestui.ok("apply", sestui.write("news.md", text))
    done = sestui.run("campaign", "check", "news")
    assert done.returncode == 1
    assert "age: a text is compared with a number; import the column as int" in (done.stdout)
    types = ("--type", "age=int", "--type", "vip=bool", "--type", "signup=date")
    found = sestui.json("import", path, "--list", "typed", "--on-conflict", "replace", *types)
    assert (found["updated"], found["rejects"]) == (2, 1)
    sestui.ok("apply", sestui.write("news.md", text.replace("[people]", "[typed]")))
    assert sestui.ok("campaign", "check", "news").endswith("news: no problems found\n")
    rows = sestui.ok("export", "contacts", "--list", "typed", "--format", "jsonl").splitlines()
    assert [json.loads(row)["attributes"] for row in rows] == [
        {"age": 20, "vip": False, "signup": "2026-03-04"},
        {"age": 7, "vip": True, "signup": "2027-03-04"},
    ]
    again = sestui.json("import", path, "--list", "typed", *types)
    assert (again["updated"], again["unchanged"]) == (0, 2)


@pytest.mark.long
@pytest.mark.ci
def test_only_the_campaign_that_takes_too_much_is_held(sestui):
    people(sestui, *GOOD)
    heavy = news("{{ 'x'.ljust(3000000000) }}" + OFF, start="2026-01-01T00:00")
    sound = news("Hi" + OFF, start="2026-01-01T00:00").replace("name: news", "name: sound")
    sestui.ok("apply", sestui.write("news.md", heavy), sestui.write("sound.md", sound))
    overdue(sestui)
    found = json.loads(sestui.run("run-due", "--json").stdout)
    assert {run["campaign"]: run["state"] for run in found["runs"]} == {
        "news": "paused",
        "sound": "finished",
    }
    assert "body, line 1: a width or count is above 10,000" in str(found["notes"])


def test_check_says_what_mail_programs_do_not_show_and_nothing_else_does(sestui):
    people(sestui, *GOOD)
    body = f"Hi {OFF}\n\n<div style='display: flex'>a</div>\n\n![](https://x.example/a.webp)"
    sestui.ok("apply", sestui.write("news.md", news(body, subject="LAST CHANCE NOW")))
    done = sestui.run("campaign", "check", "news")
    assert done.returncode == 0
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert [(severity, place, text.partition(";")[0]) for severity, place, text in lines] == [
        ("warning", "subject", "it is in capitals, as spam is"),
        ("warning", "body:5", "an image has no text to be read where pictures are blocked"),
        ("hint", "body:3", "Outlook on Windows doesn't show display: flex"),
        ("hint", "body", "it has no postal address of the sender, which the law requires of "
         "advertising in the USA, Canada and elsewhere"),
    ]  # fmt: skip
    started = sestui.run("campaign", "start", "news")
    assert started.returncode == 0
    assert "capitals" not in started.stderr


def test_addresses_that_do_worse_are_warned_of(sestui):
    people(sestui, "info@example.com,Ann,1", "a@mailinator.com,Bob,2", "b@mailinator.com,Cid,3")
    sestui.ok("apply", sestui.write("news.md", news(f"Hi{OFF}")))
    told = [each["problem"] for each in sestui.json("campaign", "check", "news")["findings"]]
    assert any("1 of 3 recipients has an address of a function" in each for each in told), told
    assert any("2 of 3 recipients have an address at a domain for throw" in each for each in told)


@pytest.mark.long
@pytest.mark.ci
def test_a_large_run_says_what_is_yet_to_be_checked(sestui, monkeypatch):
    monkeypatch.setattr("sestui.compose.checks.LARGE", 4)
    monkeypatch.setattr("sestui.compose.checks.FIRST", 2)
    people(sestui, *GOOD, *BAD)
    sestui.ok("apply", sestui.write("news.md", news("{{ first_name }}" + OFF)))
    started = sestui.run("campaign", "start", "news")
    assert (started.returncode, started.stdout) == (0, "run 1 of news is sending: 4\n")
    assert "Checking the mail of 2 recipients; that of 2 more is checked while it" in started.stderr
    assert "unchecked         4 of the pending" in sestui.ok("campaign", "show", "news")
    told = sestui.json("campaign", "show", "news")["run"]
    assert (told["audience"], told["pending"], told["unchecked"], told["percent"]) == (4, 4, 4, 0)
    sent = sestui.run("send", "news")
    assert sent.returncode == 3
    assert "2 of 4 recipients can't be mailed: " in sent.stdout
    assert sestui.run("campaign", "resume", "news", "--skip-unrenderable").returncode == 0
    sestui.ok("send", "news")
    told = sestui.json("campaign", "show", "news")["run"]
    assert (told["accepted"], told["skipped"], told["unchecked"]) == (2, 2, 0)
