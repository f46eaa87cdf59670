"""`sestui contact …` over a campaign that was sent."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.cli import MESSAGE, Sestui

PEOPLE = """\
email,first name,last name,city
Ada@example.com,Ada,Lovelace,London
bob@example.com,Bob,[bold]x[/bold],
eve@example.com,Ève,\x1b[31mred,Paris
"""


@pytest.fixture(scope="module")
def _sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Sestui(tmp_path_factory.mktemp("sent"))
    made.ok("import", made.write("r.csv", PEOPLE), "--list", "readers")
    made.ok("apply", made.write("news.md", MESSAGE))
    made.ok("simulator", "fault", "add", "refuse", "--match", "bob@*")
    made.ok("contact", "suppress", "EVE@example.com", "--reason", "asked by phone")
    made.ok("send", "news")
    return made.home


@pytest.fixture
def sent(_sent: Path, tmp_path: Path) -> Sestui:
    """One accepted, one refused, one skipped."""
    shutil.copytree(_sent, tmp_path, dirs_exist_ok=True)
    return Sestui(tmp_path)


@pytest.mark.long
@pytest.mark.ci
def test_people_are_found_by_what_one_knows_of_them(sent: Sestui) -> None:
    lines = sent.ok("contact", "find", "ada").splitlines()
    assert [line.split() for line in lines] == [
        ["email", "status", "name"],
        ["Ada@example.com", "active", "Ada", "Lovelace"],
    ]
    found = sent.json("contact", "find", "ÈVE", "--list", "readers")
    assert [(each["email"], each["status"], each["reason"]) for each in found] == [
        ("eve@example.com", "suppressed", "manual: asked by phone")
    ]
    assert "\x1b" not in sent.ok("contact", "find", "red")
    assert len(sent.json("contact", "find", "example", "--status", "active")) == 2
    limited = sent.run("contact", "find", "example", "--limit", "2")
    assert len(limited.stdout.splitlines()) == 3
    assert "more than 2" in limited.stderr
    nobody = sent.run("contact", "find", "nobody")
    assert (nobody.returncode, nobody.stdout, nobody.stderr) == (0, "", "No contact matches.\n")
    assert sent.json("contact", "find", "nobody") == []
    assert "no list 'none'" in sent.refused(1, "contact", "find", "a", "--list", "none")


def test_why_didn_t_they_get_it(sent: Sestui) -> None:
    for email, state, said in (
        ("ada@example.com", "accepted", "SES accepted it at "),
        ("bob@example.com", "rejected", "MessageRejected: Message rejected by a scripted fault."),
        ("eve@example.com", "skipped", "(manual: asked by phone)"),
    ):
        record = sent.json("contact", "show", email)
        (entry,) = record["history"]
        assert (entry["campaign"], entry["run"], entry["state"]) == ("news", 1, state)
        assert said in entry["why"]
        text = sent.ok("contact", "show", email)
        assert f"news · run 1  {state}" in text
        assert said in text
    record = sent.json("contact", "show", "ADA@EXAMPLE.COM")
    assert (record["email"], record["status"]) == ("Ada@example.com", "active")
    assert record["attributes"]["city"] == "London"
    assert [each["name"] for each in record["lists"]] == ["readers"]
    assert "no contact nobody@example.com" in sent.refused(
        1, "contact", "show", "nobody@example.com"
    )


def test_hostile_attributes_are_shown_as_they_are_typed(sent: Sestui) -> None:
    assert "[bold]x[/bold]" in sent.ok("contact", "show", "bob@example.com")
    text = sent.ok("contact", "show", "eve@example.com")
    assert "\\x1b[31mred" in text
    assert "\x1b" not in text


def test_an_address_is_suppressed_and_released(sent: Sestui) -> None:
    assert sent.json("contact", "suppress", "ada@example.com", "--reason", "moved") == {
        "email": "ada@example.com",
        "suppressed": True,
        "changed": True,
    }
    again = sent.run("contact", "suppress", "ada@example.com", "--reason", "other")
    assert (again.returncode, again.stdout) == (0, "")
    assert "was already suppressed" in again.stderr
    assert "suppressed " in sent.ok("contact", "show", "ada@example.com")
    assert sent.json("contact", "show", "ada@example.com")["suppression"]["detail"] == "moved"
    assert "may be mailed again" in sent.ok("contact", "unsuppress", "ADA@example.com")
    assert "is not suppressed" in sent.run("contact", "unsuppress", "ada@example.com").stderr
    assert sent.json("contact", "show", "ada@example.com")["suppression"] is None
    assert "address" in sent.refused(2, "contact", "suppress", "no address", "--reason", "x")
    assert sent.run("contact", "suppress", "ada@example.com").returncode == 2


def test_a_whole_domain_is_suppressed_and_released(sent: Sestui) -> None:
    said = sent.ok("contact", "suppress", "*@Example.com", "--reason", "legal asked")
    assert "has been suppressed" in said
    shown = sent.json("contact", "show", "ada@example.com")["suppression"]
    assert (shown["address"], shown["detail"]) == ("@example.com", "legal asked")
    assert "all of example.com: manual: legal asked" in sent.ok(
        "contact", "show", "ada@example.com"
    )
    alone = sent.run("contact", "unsuppress", "ada@example.com")
    assert "suppressed with its whole domain; unsuppress @example.com" in alone.stderr
    assert sent.ok("contact", "unsuppress", "example.com") == "example.com may be mailed again.\n"
    assert sent.json("contact", "show", "ada@example.com")["suppression"] is None


def test_a_suppressed_stranger_has_a_page_too(sent: Sestui) -> None:
    sent.ok("contact", "suppress", "gone@example.org", "--reason", "spam trap")
    text = sent.ok("contact", "show", "gone@example.org")
    assert "no contact has this address" in text
    found = sent.json("contact", "find", "gone", "--status", "suppressed")
    assert [each["is_contact"] for each in found] == [False]


def test_contacts_are_exported_with_everything_they_have(sent: Sestui) -> None:
    lines = sent.ok("export", "contacts", "--format", "jsonl", "--list", "readers").splitlines()
    ada, _, eve = (json.loads(line) for line in lines)
    assert (ada["email"], ada["lists"], ada["attributes"]["city"]) == (
        "Ada@example.com",
        ["readers"],
        "London",
    )
    assert (eve["status"], eve["suppressed"]) == ("active", "manual: asked by phone")
    out = sent.home / "contacts.csv"
    done = sent.run("export", "contacts", "-o", out, "--status", "active")
    assert done.stderr == f"2 contacts written to {out}.\n"
    assert "no list 'none'" in sent.refused(1, "export", "contacts", "--list", "none")
    assert "csv or jsonl" in sent.refused(2, "export", "contacts", "--format", "xml")


def test_contacts_of_one_mailbox_are_shown(sestui: Sestui) -> None:
    assert sestui.run("contact", "duplicates").stderr == (
        "No two contacts share a mailbox, as far as addresses tell.\n"
    )
    rows = "Email\nada.l@gmail.com\nadal+x@googlemail.com\nbob@gmail.com\n"
    sestui.ok("import", sestui.write("people.csv", rows), "--list", "all")
    done = sestui.run("contact", "duplicates", "--list", "all")
    assert done.stdout == (
        "adal@gmail.com\n  ada.l@gmail.com  active\n  adal+x@googlemail.com  active\n"
    )
    assert done.stderr == "2 contacts share 1 mailbox. Nothing has been changed.\n"
    told = sestui.json("contact", "duplicates")
    assert (told["mailboxes"], told["contacts"], len(told["groups"])) == (1, 2, 1)
    said = sestui.refused(1, "contact", "duplicates", "--list", "none")
    assert "There is no list 'none'." in said
