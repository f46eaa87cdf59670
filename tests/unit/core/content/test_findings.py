import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.content.lint.findings import (
    CLIPPED_BYTES,
    Severity,
    check_message,
    rendered,
    unknown_variables,
    wanted_attributes,
)
from sestui.core.content.lint.links import broken_links
from sestui.core.content.message import Envelope, MessageSource

OFF = "\n\n[off]({{ unsubscribe_url }})"
SENDER = Envelope("Ada's Shop <news@example.com>", keywords={"season": "autumn"})


def found(body="Hi", *, envelope=SENDER, end=OFF, subject="News", **more):
    checked = check_message(MessageSource(subject, body + end if body else "", **more), envelope)
    return [(each.severity.value, each.sentence) for each in checked.findings]


def test_nothing_is_found_in_a_sound_message():
    assert found() == []
    body = '<p>Hi</p><a href="{{ unsubscribe_url }}">off</a>'
    assert found(body, end="", body_format="html", text="Hi {{ unsubscribe_url }}") == []


@pytest.mark.parametrize(
    ("message", "severity", "said"),
    [
        ({"subject": "  "}, "error", "subject: it is empty."),
        ({"body": ""}, "error", "body: the message is empty: write its body."),
        (
            {"body": "a\n{% if x %}"},
            "error",
            "body, line 2: the template is broken: {% if x %} is not closed; end it with "
            "{% endif %}.",
        ),
        (
            {"subject": "{{ a | shout }}"},
            "error",
            "subject: the template is broken: No filter named 'shout'.",
        ),
        (
            {"body": '<p class={{ x }}>a</p>\n{% include "b" %}'},
            "error",
            "body, line 2: a message can't load other templates; in a campaign file "
            '{% include "footer.html" %} puts one in its place.',
        ),
        (
            {"body": "\n<p {{ x }}>a</p>"},
            "error",
            'body, line 2: {{ x }} stands inside an HTML tag outside of quotes; write it as "{{ x '
            '}}" in an attribute, or as a Markdown link [text]({{ x }}).',
        ),
        (
            {"envelope": Envelope("")},
            "error",
            "from: there is no sender; write it as Ada's Shop <news@example.com>.",
        ),
        (
            {"envelope": Envelope("Ada <ada@b>")},
            "error",
            "from: 'ada@b' is not an address (The part after the @-sign is not valid. It should "
            "have a period).",
        ),
        (
            {"envelope": Envelope("a@example.com", ("b",))},
            "error",
            "reply_to: 'b' is not an address like 'Ada <ada@example.com>' "
            "(Missing final '@domain').",
        ),
        (
            {"envelope": Envelope("a@example.com", unsubscribe_url="https://x/" + "y" * 990)},
            "error",
            "The header List-Unsubscribe is 1002 characters long; SES takes 995.",
        ),
        (
            {"end": ""},
            "warning",
            "body: it has no unsubscribe link; add one with {{ unsubscribe_url }} or mark the "
            "campaign transactional.",
        ),
        (
            {"body": "a\nHi *|FNAME|*"},
            "warning",
            "body, line 2: *|FNAME|* looks like a placeholder of another system and is sent as it "
            "stands; sestui's look like {{ first_name }}.",
        ),
        ({"body": "a\x1b[31m"}, "warning", "body, line 1: it holds a control character (\\x1b)."),
        (
            {"subject": "a\u202eb"},
            "warning",
            "subject: it holds a character that turns the direction of writing (\\u202e).",
        ),
        (
            {"body": "<!DOCTYPE html><p>a</p>"},
            "warning",
            "body, line 1: it is a whole HTML page, but its format is Markdown.",
        ),
        (
            {"body": "<p>a</p>", "body_format": "html"},
            "hint",
            "text: there is none; it is made from the HTML.",
        ),
        (
            {"body": "<img src='cid:a'><!-- {{ unsubscribe_url }} -->", "body_format": "html"}
            | {"end": ""},
            "warning",
            "text: there is none, and the HTML holds no text to make it from.",
        ),
    ],
)
def test_each_rule(message, severity, said):
    assert (severity, said) in found(**message)


def test_a_transactional_message_needs_no_unsubscribe_link():
    assert found(end="", envelope=Envelope("a@example.com", transactional=True)) == []


def test_the_worst_comes_first_and_everything_is_told_at_once():
    severities = [each for each, _ in found("a {% if %}", subject="{{ x", text="{{ y | z }} {b}")]
    assert severities == ["error"] * 3
    assert [each for each, _ in found("{b}", subject="")] == ["error", "warning"]


def test_unknown_variables_are_named_with_their_place_and_a_close_name():
    source = MessageSource("{{ frist_name or 'x' }}", "a {{ season }}\n{{ zzz }} {{ email }}" + OFF)
    checked = check_message(source, SENDER)
    assert wanted_attributes(checked, SENDER) == {"frist_name", "zzz"}
    told = unknown_variables(checked, SENDER, {"frist_name", "zzz"}, {"first_name", "city"})
    assert [each.sentence for each in told] == [
        "subject: nobody in its audience has frist_name; did you mean first_name?",
        "body, line 2: nobody in its audience has zzz.",
    ]


def test_what_only_a_rendered_mail_shows():
    source = MessageSource("{{ x }}", "a\n\n{{ y + y }}" + OFF)
    composer = check_message(source, SENDER).composer

    def mail_of(**attributes):
        return rendered(lambda: composer.mail("a@example.com", attributes), "a@example.com")

    mail, (fault,) = mail_of(x="s")
    assert mail is None
    assert fault.sentence == (
        "body, line 3: y has no value; write {{ y or 'something' }} to do without it "
        "(for a@example.com)."
    )
    mail, findings = mail_of(x="s", y="v" * (CLIPPED_BYTES // 2))
    assert mail.subject == "s"
    assert findings[0].sentence.startswith("body: its HTML is 10")
    assert findings[0].severity is Severity.WARNING
    _, (fault,) = mail_of(x="a", y="\ud800")
    assert fault.sentence == "a value holds characters that are not text (for a@example.com)."
    assert mail_of(x="a", y="v")[1] == ()


LINKS = [
    ("https://example.com/a?b=c#d", ""),
    ("http://{{ host }}/x", ""),
    ("{{ url }}", ""),
    ("{{ base }}/x", ""),
    ("mailto:a@example.com", ""),
    ("mailto:{{ who }}", ""),
    ("tel:+123", ""),
    ("#top", ""),
    ("whatsapp:x", ""),
    ("www.example.com", "has no scheme; write https://www.example.com"),
    ("//example.com", "has no scheme; write https://example.com"),
    ("/shop", "has no host: a mail belongs to no web site"),
    ("ada@example.com", "has no scheme; write mailto:ada@example.com"),
    ("htps://example.com", "has an unknown scheme; did you mean https:?"),
    ("https:/example.com", "has no host after https:"),
    ("https://", "has no host after https:"),
    ("http://https://example.com", "has its scheme twice"),
    ("mailto:", "has no address after mailto:"),
    ("javascript:alert(1)", "would not open: mail programs don't follow javascript:"),
    ("https://example.com/a b", "contains a space; write %20 instead"),
    ("", "has no address"),
]


@pytest.mark.parametrize(("address", "said"), LINKS)
def test_each_way_a_link_is_broken(address, said):
    for body, body_format in (
        (f"\n\nSee\n[it]({address})", "markdown"),
        (f'\n\n<p>\n<a class="b" href="{address}">it</a>', "html"),
        (f'\n\n<p>\n<a href="{address}">it</a>', "markdown"),
    ):
        links = broken_links(body, body_format)
        assert links == (((4, f"the link {address!r} {said}"),) if said else ())


def test_links_are_found_where_they_stand():
    body = (
        "{% if a -%}\n\n[a](b.example)\n{% endif %}\n\n"
        "- ![pic](logo.png) and [x]: y\n\n`[code](not one)` [ok](https://e.org 'a title')\n"
        "www.example.com a@example.com\n\n    [indented](code here)\n"
    )
    assert broken_links(body, "markdown") == (
        (3, "the link 'b.example' has no scheme; write https://b.example"),
        (
            6,
            "the image 'logo.png' is not an attachment; put the file beside the campaign's, or "
            "write a web address",
        ),
    )


@given(st.text("[]()<>{}%#a b\n.:/\"'=`!-", max_size=60))
def test_any_text_is_examined(body):
    for body_format in ("markdown", "html"):
        checked = check_message(MessageSource("s", body, body_format), SENDER)
        errors = [each for each in checked.findings if each.severity is Severity.ERROR]
        assert (checked.composer is None) <= bool(errors)
        lines = body.count("\n") + 1
        assert all(each.line is None or 1 <= each.line <= lines for each in checked.findings)
