"""Segments from the command line."""

import csv
import io
import json

import pytest

from tests.support.cli import Sestui

PEOPLE = """\
email,plan,age,city,tags
ada@example.org,pro,36,Paris,vip
bob@gmail.com,free,,Lyon,
info@example.org,pro,17,,
"""


@pytest.fixture
def sestui(sestui, tmp_path) -> Sestui:
    (tmp_path / "people.csv").write_text(PEOPLE)
    sestui.ok("import", str(tmp_path / "people.csv"), "--list", "news")
    return sestui


def test_a_segment_is_saved_asked_changed_and_removed(sestui: Sestui) -> None:
    assert "No segments yet" in sestui.run("segment", "list").stderr
    assert sestui.ok("segment", "add", "pros", 'plan == "pro"') == "Saved pros: 2 contacts now.\n"
    assert sestui.ok("segment", "count", "pros") == "2\n"
    assert sestui.json("segment", "count", 'segment("pros") - role_address()')["contacts"] == 1
    sestui.ok("segment", "add", "adults", 'segment("pros") and\n age >= 18')
    shown = sestui.json("segment", "show", "pros")
    assert (shown["contacts"], shown["used_by"]) == (2, ["adults"])
    assert shown["sample"] == ["info@example.org", "ada@example.org"]
    assert "used by adults" in sestui.ok("segment", "show", "pros")
    listed = sestui.ok("segment", "list")
    assert 'adults   segment("pros") and …\n' in listed
    assert [each["name"] for each in sestui.json("segment", "list")] == ["adults", "pros"]
    again = sestui.run("segment", "add", "pros", "valid()")
    assert again.returncode == 1
    assert "--replace changes it" in again.stderr
    assert sestui.json("segment", "add", "pros", "valid()", "--replace")["contacts"] == 3
    assert sestui.run("segment", "remove", "pros").returncode == 1
    sestui.ok("segment", "remove", "adults")
    assert sestui.json("segment", "remove", "pros")["removed"] is True
    assert sestui.json("segment", "list") == []


def test_a_contact_is_explained_condition_by_condition(sestui: Sestui) -> None:
    sestui.ok("segment", "add", "pros", 'plan == "pro"')
    asked = (
        'segment("pros") and age >= 18 and not (tag("x") or city == "Paris") and valid() - tag("x")'
    )
    explained = sestui.json("segment", "explain", asked, "Info@example.org")
    assert explained["in"] is False
    conditions = explained["conditions"]
    assert [(each["condition"], each["level"], each["holds"]) for each in conditions] == [
        ('segment("pros")', 0, True),
        ('plan == "pro"', 1, True),
        ("age >= 18", 0, False),
        ('tag("x")', 0, False),
        ('city == "Paris"', 0, False),
        ("valid()", 0, True),
        ('not tag("x")', 0, True),
    ]
    assert explained["conditions"][2]["value"] == "17"
    told = sestui.ok("segment", "explain", asked, "info@example.org")
    assert "info@example.org is not in the segment." in told
    assert 'no  age >= 18    age is "17"' in told
    assert "city is missing" in told
    recent = "mails_in(7) < 3 and joined > days_ago(1)"
    of_mail = sestui.json("segment", "explain", recent, "ada@example.org")
    assert [each["value_of"] for each in of_mail["conditions"]] == ["mails_in(7)", "joined"]
    assert of_mail["conditions"][0]["value"] == 0
    assert of_mail["conditions"][1]["value"].endswith("Z")
    counted = sestui.json("segment", "explain", asked)
    assert (counted["contacts"], counted["of"]) == (0, 3)
    assert [each["contacts"] for each in counted["conditions"]] == [2, 2, 1, 0, 1, 3, 3]
    assert "0 of 3 contacts are in it." in sestui.ok("segment", "explain", asked)
    unknown = sestui.run("segment", "explain", "pros", "nobody@example.org")
    assert unknown.returncode == 1
    assert "There is no contact 'nobody@example.org'" in unknown.stderr


def test_a_segment_is_exported(sestui: Sestui, tmp_path) -> None:
    rows = list(csv.DictReader(io.StringIO(sestui.ok("segment", "export", 'plan == "pro"'))))
    assert [row["email"] for row in rows] == ["ada@example.org", "info@example.org"]
    assert [row["age"] for row in rows] == ["36", "17"]
    out = tmp_path / "out.jsonl"
    said = sestui.run("segment", "export", 'tag("vip")', "-o", str(out), "--format", "jsonl").stderr
    assert said == f"1 contacts written to {out}.\n"
    assert json.loads(out.read_text())["email"] == "ada@example.org"
    assert sestui.ok("segment", "export", 'plan == "none"').startswith("email,")


@pytest.mark.parametrize(
    ("asked", "code", "sentence"),
    [
        ("adults", 1, "There is no segment 'adults'."),
        ("plan == pro", 2, "Column 9: pro is a value of the contact"),
        ('list("nwes")', 1, "There is no list 'nwes'; did you mean news?"),
        ("", 2, "The expression is empty"),
    ],
)
def test_what_can_not_be_asked_is_one_sentence(sestui: Sestui, asked, code, sentence) -> None:
    for command in ("count", "export", "explain"):
        refused = sestui.run("segment", command, asked)
        assert refused.returncode == code
        assert refused.stderr.startswith(f"sestui: {sentence}")
        assert refused.stderr.count("\n") == 1


def test_a_misspelt_attribute_is_told(sestui: Sestui) -> None:
    counted = sestui.run("segment", "count", 'not plna == "pro"')
    assert (counted.stdout, counted.stderr) == (
        "3\n",
        "warning: no contact has the attribute 'plna'.\n",
    )
    added = sestui.json("segment", "add", "s", 'tag("vpi")')
    assert added["unknown"] == ["the tag 'vpi'"]


def test_segments_are_files_too(sestui: Sestui, tmp_path) -> None:
    adults = tmp_path / "adults.yaml"
    adults.write_text('kind: segment\nname: adults\nexpression: segment("pros") and age >= 18\n')
    pros = tmp_path / "pros.yml"
    pros.write_text('kind: segment\nname: pros\nexpression: |\n  plan == "pro"\n  # who pays\n')
    both = (str(adults), str(pros))
    planned = sestui.json("apply", *both, "--dry-run")
    assert [each["change"] for each in planned] == ["created", "created"]
    assert sestui.json("segment", "list") == []
    alone = sestui.run("apply", str(adults))
    assert alone.returncode == 1
    assert f"{adults}: There is no segment 'pros'." in alone.stderr
    sestui.ok("apply", *both)
    assert sestui.ok("segment", "count", "adults") == "1\n"
    assert [each["change"] for each in sestui.json("apply", *both)] == ["unchanged"] * 2
    pros.write_text('kind: segment\nname: pros\nexpression: plan != "pro"\n')
    assert '- expression: plan == "pro"' in sestui.ok("apply", *both)
    for text, why in (
        ('expression: plan = "x"', "expression: Column 6: write =="),
        ('expression: segment("adults")', "can't use itself"),
        ("expression: 5", "expression must be text"),
        ("expression: valid()\nexpresion: x", "no field 'expresion'"),
    ):
        pros.write_text(f"kind: segment\nname: pros\n{text}\n")
        refused = sestui.run("apply", *both)
        assert refused.returncode == 1
        assert why in refused.stderr
    assert sestui.json("segment", "show", "pros")["expression"] == 'plan != "pro"'
