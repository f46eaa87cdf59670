"""Splits from the command line: part of the readers get several subjects, the rest the winner."""

from collections import Counter

import pytest

from tests.support.cli import MESSAGE, Sestui

SPLIT = """\
split: ["{{ first_name }}, your news", "A gift, {{ first_name }}"]
split_share: 50
"""


@pytest.fixture
def split(ready: Sestui) -> Sestui:
    subject = 'subject: "{{ first_name }}, your news"\n'
    ready.ok("apply", ready.write("news.md", MESSAGE.replace(subject, SPLIT)))
    return ready


def subjects(sestui: Sestui) -> Counter[str]:
    mails = sestui.json("simulator", "outbox", "--limit", "500")
    return Counter("gift" if mail["subject"].startswith("A gift, ") else "news" for mail in mails)


@pytest.mark.long
@pytest.mark.ci
def test_the_rest_gets_the_subject_that_the_operator_chooses(split: Sestui) -> None:
    split.refused(1, "campaign", "winner", "news")
    assert split.run("send", "news").returncode == 3
    sent = subjects(split)
    assert 60 <= sent.total() <= 140
    assert min(sent["news"], sent["gift"]) >= 25
    assert "`sestui campaign winner news`" in split.refused(3, "send", "news")
    assert "winner" in split.refused(1, "campaign", "resume", "news")
    assert split.run("campaign", "winner", "news", "--variant", "X").returncode == 2
    assert split.refused(1, "campaign", "winner", "news", "--variant", "C")
    assert "B is the winner" in split.ok("campaign", "winner", "news", "--variant", "b")
    split.refused(1, "campaign", "winner", "news", "--variant", "A")
    split.ok("send", "news")
    assert subjects(split) == {"news": sent["news"], "gift": 200 - sent["news"]}
    report = split.ok("campaign", "report", "news")
    assert "Too few to tell: nobody has clicked. B was chosen by" in report
    assert "Split by subject" in report


def test_a_test_mail_comes_with_every_subject(split: Sestui) -> None:
    split.ok("campaign", "test", "news", "--to", "ada@example.com", "--as", "reader1@example.com")
    assert subjects(split) == {"news": 1, "gift": 1}


def test_each_subject_is_checked_for_everybody(split: Sestui) -> None:
    written = (split.home / "news.md").read_text()
    broken = written.replace("A gift, {{ first_name }}", "A gift, {{ pet }}")
    split.ok("apply", split.write("news.md", broken))
    said = split.run("campaign", "check", "news").stdout
    assert "pet has no value" in next(line for line in said.splitlines() if "split" in line)
    assert split.run("send", "news").returncode == 1
    assert subjects(split).total() == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("split: [Only one]", "split: must be 2 to 5 subjects, not 1"),
        ("split: [Same, Same]", "split: has a subject twice"),
        ("split: {a: b}", "split: is a mapping"),
        ("split: [One, Two]\nsplit_share: 0", "split_share: must be a number above 0, up to 100"),
        ("split: [One, Two]\nsplit_hours: soon", "split_hours: must be a number of hours above 0"),
    ],
)
def test_splits_that_cannot_be(ready: Sestui, line: str, said: str) -> None:
    file = ready.write("news.md", MESSAGE.replace("lists:", f"{line}\nlists:"))
    assert said in ready.refused(1, "apply", file)
