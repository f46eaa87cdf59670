"""A campaign's frequency limit and its holdout, by the real command."""

import json

import pytest

from tests.integration.cli.conftest import Sestui


def campaign(sestui: Sestui, name: str, *lines: str) -> None:
    head = [f"name: {name}", "subject: News", "from: news@example.com", "lists: [all]", *lines]
    sestui.write(f"{name}.md", "\n".join(["---", *head, "---", "Hi [off]({{ unsubscribe_url }})"]))


@pytest.mark.long
@pytest.mark.ci
def test_who_has_had_enough_is_told_of_before_and_skipped_with_the_reason(sestui: Sestui) -> None:
    sestui.write("all.csv", "email\nada@example.com\nbob@example.com\n")
    sestui.ok("import", sestui.home / "all.csv", "--list", "all")
    campaign(sestui, "first")
    campaign(sestui, "second", "at_most: 1 per 2 days")
    sestui.ok("apply", sestui.home / "first.md")
    sestui.ok("apply", sestui.home / "second.md")
    told = "recipients have already been sent as much as at_most (1 per 2 days) allows"
    assert told not in sestui.ok("campaign", "check", "second")
    assert sestui.json("campaign", "forecast", "second")["over_limit"] == 0
    sestui.ok("send", "first")
    sestui.write("all.csv", "email\neve@example.com\n")
    sestui.ok("import", sestui.home / "all.csv", "--list", "all")
    assert f"2 {told}" in sestui.ok("campaign", "check", "second")
    assert f"2 {told}" in sestui.ok("campaign", "forecast", "second")
    assert sestui.json("campaign", "check", "second")["over_limit"] == 2
    assert sestui.json("send", "second")["skipped_for"] == {"at_most": 2}
    assert "campaign's at_most (1 per 2 days) allows" in sestui.ok(
        "contact", "show", "ada@example.com"
    )
    campaign(sestui, "second", "at_most: twice a week")
    bad = sestui.run("apply", sestui.home / "second.md")
    assert bad.returncode == 1
    assert "at_most" in bad.stderr
    assert "as in 2 per week" in bad.stderr


@pytest.mark.long
@pytest.mark.ci
def test_who_is_held_out_stands_beside_whom_it_mailed_in_every_report(sestui: Sestui) -> None:
    people = [f"reader{number}@example.com" for number in range(60)]
    sestui.write("all.csv", "\n".join(["email", *people, ""]))
    sestui.ok("import", sestui.home / "all.csv", "--list", "all")
    campaign(sestui, "news", "holdout: 50%")
    sestui.ok("apply", sestui.home / "news.md")
    assert sestui.json("campaign", "forecast", "news")["holdout"] == "50%"
    assert "50% of the recipients, chosen" in sestui.ok("campaign", "check", "news")
    out = sestui.json("send", "news")["skipped_for"]["holdout"]
    assert 0 < out < len(people)
    assert sestui.run("send", "news", "--only", "unreceived").returncode == 1
    told = json.loads(sestui.ok("campaign", "report", "news", "--format", "json"))
    assert told["skipped_for"] == {"holdout": out}
    assert told["holdout"]["share"] == "50%"
    assert told["holdout"]["held_out"]["contacts"] == out
    assert told["holdout"]["mailed"]["contacts"] == len(people) - out
    for kind in ("text", "csv", "html"):
        report = sestui.ok("campaign", "report", "news", "--format", kind)
        assert "Held out, beside whom it mailed" in report
        assert "got mail of other campaigns" in report
