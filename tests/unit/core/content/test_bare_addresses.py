"""``{{ unsubscribe_url }}`` in a Markdown text is a link, as any other URL there is."""

import re

import pytest

from sestui.core.content.composer import Composer
from sestui.core.content.message import Envelope, MessageSource

PAGE = "https://example.org/leave?who={{ email }}&now=1"
LEAVE = "https://example.org/leave?who=ada%40example.org&now=1"
ANCHOR = re.compile(r'<a\b[^>]*href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def mail_of(body: str, page: str = "https://example.org/leave", **fields):
    envelope = Envelope(from_address="a@example.org", unsubscribe_url=page)
    composer = Composer(MessageSource(subject="s", body=body, **fields), envelope)
    return composer.mail("ada@example.org", {"vip": "yes"})


@pytest.mark.parametrize("page", ["https://example.org/leave", "mailto:leave@example.org"])
@pytest.mark.parametrize(
    "body",
    [
        "Leave: {{ unsubscribe_url }}.",
        "{{unsubscribe_url}}",
        "- ({{- unsubscribe_url -}})",
        "*{{ unsubscribe_url }}*",
        "{% if vip %}{{ unsubscribe_url }}{% endif %}",
        "| a |\n|---|\n| {{ unsubscribe_url }} |",
    ],
)
def test_a_bare_address_can_be_clicked(body, page):
    mail = mail_of(body, page)
    [(href, label)] = ANCHOR.findall(mail.html)
    assert href.startswith(page.replace("&", "&amp;"))
    assert label == href
    # The text part has it once and bare, which mail programs make a link of.
    assert mail.text.count(page) == 1
    assert f"<{page}" not in mail.text


@pytest.mark.parametrize(
    ("body", "links"),
    [
        ("[leave]({{ unsubscribe_url }})", [("https://example.org/leave", "leave")]),
        (
            "[{{ unsubscribe_url }}]({{ unsubscribe_url }})",
            [("https://example.org/leave", "https://example.org/leave")],
        ),
        (
            '<a href="{{ unsubscribe_url }}">out: {{ unsubscribe_url }}</a>',
            [("https://example.org/leave", "out: https://example.org/leave")],
        ),
        ("`{{ unsubscribe_url }}`", []),
        ("x/{{ unsubscribe_url }}", []),
        ("{{ unsubscribe_url }}/x", []),
        ("{{ unsubscribe_url | upper }} {{ vip }}", []),
    ],
)
def test_what_is_a_link_already_or_no_address_stays_as_it_is(body, links):
    assert ANCHOR.findall(mail_of(body).html) == links
