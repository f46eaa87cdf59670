from dataclasses import dataclass, field
from typing import Any

import pytest

from sestui.compose.render_check import UnrenderableError, check_recipients
from sestui.core.content import Composer, Envelope, MessageSource
from sestui.errors import ContentError


@dataclass
class Member:
    email: str
    attributes: dict[str, Any] = field(default_factory=dict)
    contact_id: int = 0


def composer(body, subject="News", **envelope):
    return Composer(MessageSource(subject, body), Envelope("a@example.com", **envelope))


def members(count, **attributes):
    return [Member(f"u{n}@example.org", dict(attributes)) for n in range(count)]


def test_all_well():
    report = check_recipients(
        composer("Hi {{ name }}"), [members(3, name="Ada"), members(2, name="B")]
    )
    assert report.ok
    assert (report.checked, report.failed, report.sentence()) == (5, 0, "")


def test_problems_are_grouped_with_their_recipients():
    audience = [*members(8), *members(3, name="Ada"), *members(1, name="\ud800")]
    report = check_recipients(composer("{{ name }}", "For {{ name or 'you' }}"), [audience])
    assert (report.checked, report.failed) == (12, 9)
    first, second = report.problems
    assert first.count == 8
    assert first.examples == tuple(f"u{n}@example.org" for n in range(5))
    assert "body, line 1: name has no value" in first.sentence
    assert second.sentence == "a value holds characters that are not text."
    with pytest.raises(ContentError) as caught:
        raise UnrenderableError(report, sendable=report.sendable)
    assert str(caught.value).startswith("9 of 12 recipients can't be mailed: body, line 1: name")
    assert "and 3 more) and 1 other problem." in str(caught.value)


def test_equal_looking_values_of_other_types_are_rendered_apart():
    audience = [Member("a@example.org", {"n": 1}), Member("b@example.org", {"n": True})]
    body = "{% if n is boolean %}{{ gone }}{% endif %}x"
    assert check_recipients(composer(body), [audience]).problems[0].examples == ("b@example.org",)


def test_the_address_itself_is_checked_for_each():
    long = Member("a" * 60 + "@" + "b" * 60 + ".example.org")
    url = "https://e.org/" + "x" * 900 + "?{email}"
    report = check_recipients(composer("same for all", unsubscribe_url=url), [members(1), [long]])
    assert report.problems[0].examples == (long.email,)
    assert "List-Unsubscribe" in report.problems[0].sentence


def test_addresses_that_do_worse_are_counted():
    them = ["Info@x.co", "sales@x.co", "ann@MAILINATOR.com", "information@x.co"]
    report = check_recipients(composer("Hi"), [[Member(each) for each in them]])
    assert (report.ok, report.roles, report.disposable) == (True, 2, 1)
