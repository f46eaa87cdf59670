import unicodedata
from dataclasses import replace
from email import message_from_string
from email.policy import default
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.content import Composer, Envelope, MessageSource, TemplateError
from sestui.core.delivery.mail import MailAttachment
from sestui.errors import ContentError
from sestui.ses.requests import single_request

ENVELOPE = Envelope("Ada's Shop <news@example.com>", keywords={"season": "autumn"})


def compose(body, subject="News", envelope=ENVELOPE, **source):
    return Composer(MessageSource(subject, body, **source), envelope)


def html_of(body, attributes=None, **source):
    return compose(body, **source).mail("ada@example.org", attributes or {}).html


def text_of(body, attributes=None, **source):
    return compose(body, **source).mail("ada@example.org", attributes or {}).text


def failure(body, attributes=None, subject="News", **source):
    with pytest.raises(ContentError) as caught:
        compose(body, subject, **source).mail("ada@example.org", attributes or {})
    return str(caught.value)


def test_markdown_becomes_inlined_html_and_text():
    mail = compose("# Hi {{ name }}\n\nIt is **{{ season }}**, see [us](https://e.org/).").mail(
        "ada@example.org", {"name": "Ada"}, (("sestui-run", "1"),)
    )
    assert '<h1 style="' in mail.html
    assert ">Hi Ada</h1>" in mail.html
    assert "<strong>autumn</strong>" in mail.html
    assert mail.text == f"Hi Ada\n{'=' * 40}\n\nIt is autumn, see us <https://e.org/>.\n"
    assert (mail.to, mail.subject) == ("ada@example.org", "News")
    assert mail.tags == (("sestui-run", "1"),)


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ first_name or 'there' }}", "there"),
        ("{{ first_name | default('x') }}", "x"),
        ("{% if first_name %}a{% else %}b{% endif %}", "b"),
        ("{% set who = first_name or 'you' %}{{ who }}", "you"),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
        ("{{ keywords.season }}", "autumn"),
        ("{% raw %}{{ x }} {% y %}{% endraw %}", "{{ x }} {% y %}"),
        ("&#123;{ x }}", "{{ x }}"),
        ("{# gone #}kept", "kept"),
    ],
)
def test_a_missing_attribute_can_be_done_without(template, shown):
    assert text_of(template) == f"{shown}\n"
    assert f">{shown}</p>" in html_of(template)


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_attribute_counts_as_missing(value):
    assert text_of("{{ name or 'there' }}", {"name": value}) == "there\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("a\n\nb {{ first_name }}", "body, line 3: first_name has no value"),
        ("{{ first_name | upper }}", "body, line 1: first_name has no value"),
        ("\n{{ 'a' ~ first_name }}", "body, line 2: first_name has no value"),
        ("x\n{% for i in range(999999) %}{% endfor %}", "line 2: the template fails: range()"),
        ("{{ 9 ** 999999 }}", "the power is too large"),
        ("{{ 'x' * 99999999 }}", "repeats something"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "without end"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ view_url }}", "view_url is not configured"),
    ],
)
def test_a_failure_is_one_sentence_with_part_and_line(body, said):
    sentence = failure(body)
    assert said in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("a\n{% if x %}", "body, line 2: the template is broken"),
        ("a\n\n{{ x | shout }}", "body, line 3: the template is broken: No filter named 'shout'"),
        ("{{ x", "body, line 1: the template is broken"),
        ("a\n{% include 'b' %}", "line 2: a message can't load other templates"),
        ("see <{{ url }}>", "line 1: {{ url }} stands inside an HTML tag"),
        ("<b {{ x }}>a</b>", "stands inside an HTML tag"),
    ],
)
def test_a_broken_template_is_told_at_compile_time(body, said):
    with pytest.raises(TemplateError) as caught:
        compose(body)
    assert said in str(caught.value)


def test_attribute_before_keyword_and_built_in_before_both():
    envelope = Envelope("a@example.com", keywords={"season": "autumn", "plan": "free"})
    composer = compose("{{ season }} {{ plan }} {{ email }}", envelope=envelope)
    mail = composer.mail("ada@example.org", {"plan": "pro", "email": "no@example.org"})
    assert mail.text == "autumn pro ada@example.org\n"


def test_values_are_never_markdown():
    assert ">**x** [a](b)</p>" in html_of("{{ v }}", {"v": "**x** [a](b)"})


def test_tags_survive_tables_links_and_attributes():
    body = (
        '<table>{% for n in range(2) %}<tr class="{{ c }}"><td>{{ n }}</td></tr>{% endfor %}'
        '</table><a {% if v %}title="t"{% endif %} href="{{ u }}?a={{ v }}">go</a>'
    )
    page = html_of(body, {"c": "k", "u": "https://e.org/", "v": 'x"&'}, body_format="html")
    assert page.count('<tr class="k">') == 2
    assert "</td></tr></tbody></table>" in page
    assert 'href="https://e.org/?a=x%22%26"' in page
    assert 'title="t"' in page


def test_html_body_keeps_media_rules_and_inlines_the_rest():
    page = html_of(
        "<style>p{color:red}@media print{p{color:blue}}</style><p>Hi {{ n }}</p>",
        {"n": "Ada"},
        body_format="html",
    )
    assert '<p style="color: red;">Hi Ada</p>' in page
    assert "@media print" in page


def test_the_preheader_is_the_first_hidden_thing():
    page = html_of("Body", {"n": "<Ada>"}, preheader="Read & {{ n }}")
    assert "Read &amp; &lt;Ada&gt;" in page
    assert page.index("Read &amp;") < page.index('class="mail"')
    assert "preheader, line 1: n has no value" in failure("Body", preheader="{{ n }}")


def test_text_alternative_reads_like_text():
    body = (
        "## News\n\n- one\n- two\n  1. a\n  2. b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "{% if x %}\nmaybe\n{% endif %}\n> said\n\n```\ncode  x\n```\n\n![Cat](c.png) "
        "<help@example.com>\n"
    )
    assert text_of(body) == (
        f"News\n{'-' * 40}\n\n- one\n- two\n  1. a\n  2. b\n\na | b\n1 | 2\n\n> said\n\ncode  x\n\n"
        "[Cat] help@example.com\n"
    )
    assert "\n\nmaybe\n\n> said" in text_of(body, {"x": "1"})
    assert text_of("# Other", text="Mine {{ n }}", attributes={"n": "<b>"}) == "Mine <b>\n"


def test_unsubscribe_headers():
    page = Envelope("a@example.com", unsubscribe_url="https://e.org/u?m={email}")
    mail = compose("[off]({{ unsubscribe_url }})", envelope=page).mail("a+b@example.org", {})
    assert mail.headers == (
        ("List-Unsubscribe", "<https://e.org/u?m=a%2Bb%40example.org>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
    assert 'href="https://e.org/u?m=a%2Bb%40example.org"' in mail.html
    for url in ("", "http://e.org/{email}"):
        envelope = Envelope("A <a@example.com>", unsubscribe_url=url)
        assert compose("x", envelope=envelope).mail("b@example.org", {}).headers == (
            ("List-Unsubscribe", "<mailto:a@example.com?subject=unsubscribe>"),
        )
    exempt = Envelope("a@example.com", transactional=True)
    assert compose("x", envelope=exempt).mail("b@example.org", {}).headers == ()
    with pytest.raises(ContentError, match="characters long"):
        compose("x", envelope=Envelope("a@example.com", unsubscribe_url="https://" + "x" * 990))


def test_links_to_sestuis_own_page():
    """A link for each delivery, before any other page; previews have one that does nothing."""
    envelope = Envelope(
        "a@example.com",
        unsubscribe_url="https://e.org/{email}",
        web_url="https://n.example.com",
        link_token=lambda delivery, email: f"{delivery}-{email[0]}",
    )
    composer = compose("[off]({{ unsubscribe_url }})", envelope=envelope)
    mail = composer.mail("bob@example.org", {}, (), 7)
    assert mail.headers == (
        ("List-Unsubscribe", "<https://n.example.com/u/7-b>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
    assert 'href="https://n.example.com/u/7-b"' in mail.html
    assert "https://n.example.com/u/7-b" in mail.text
    assert "https://n.example.com/u/preview" in composer.mail("bob@example.org", {}).html
    beside = replace(envelope, unsubscribe_email="off@example.com")
    assert dict(compose("x", envelope=beside).mail("bob@example.org", {}, (), 7).headers)[
        "List-Unsubscribe"
    ] == ("<https://n.example.com/u/7-b>, <mailto:off@example.com?subject=unsubscribe>")
    exempt = replace(envelope, transactional=True)
    mail = compose("[off]({{ unsubscribe_url }})", envelope=exempt).mail("b@example.org", {}, (), 7)
    assert mail.headers == ()
    assert 'href="https://n.example.com/u/7-b"' in mail.html


def test_mail_of_a_contact_list_leaves_unsubscribing_to_ses():
    envelope = Envelope(
        "a@example.com",
        web_url="https://n.example.com",
        contact_list="all",
        contact_topic="news",
    )
    composer = compose("[off]({{ unsubscribe_url }})", envelope=envelope)
    mail = composer.mail("b@example.org", {}, (("sestui-run", "1"),), 7)
    assert mail.headers == ()
    assert 'href="{{amazonSESUnsubscribeUrl}}"' in mail.html
    assert "{{amazonSESUnsubscribeUrl}}" in mail.text
    assert mail.tags == (("sestui-run", "1"), ("sestui-topic", "news"))
    assert single_request(mail)["ListManagementOptions"] == {
        "ContactListName": "all",
        "TopicName": "news",
    }
    # Bulk calls know no contact lists.
    assert not composer.bulk_capable
    assert not mail.shares_call(mail)
    whole = compose("x", envelope=replace(envelope, contact_topic="")).mail("b@example.org", {})
    assert single_request(whole)["ListManagementOptions"] == {"ContactListName": "all"}
    assert whole.tags == ()
    exempt = compose("[off]({{ unsubscribe_url }})", envelope=replace(envelope, transactional=True))
    assert "ListManagementOptions" not in single_request(exempt.mail("b@example.org", {}))
    assert "n.example.com" in exempt.mail("b@example.org", {}).html


def test_the_envelope_goes_over_the_wire_in_ascii():
    envelope = Envelope("Shöp, Inc <a@bücher.example.com>", reply_to=("Ö <b@example.com>",))
    mail = compose("x", envelope=envelope).mail("c@bücher.example.com", {})
    assert mail.from_address.endswith("<a@xn--bcher-kva.example.com>")
    assert mail.to == "c@xn--bcher-kva.example.com"
    parsed = message_from_string(f"From: {mail.from_address}\n\n", policy=default)["from"]
    assert parsed.addresses[0].display_name == "Shöp, Inc"
    with pytest.raises(ContentError, match="not an address"):
        compose("x").mail("a\r\nBcc: x@example.org", {})


def test_subject_rules():
    assert "subject: it is empty" in failure("x", {"n": " "}, "{{ n }}")
    assert compose("x", "{{ n }} & <co>").mail("a@example.org", {"n": "<b>"}).subject == (
        "<b> & <co>"
    )


def test_size_limit_counts_attachments_after_base64():
    big = MailAttachment("a.bin", "application/octet-stream", bytes(30_000_000))
    assert "SES takes 40 MB" in failure("x", attachments=(big,))
    assert "not text" in failure("{{ n }}", {"n": "\ud800"})


@pytest.mark.parametrize(
    ("files", "body", "capable"),
    [
        ((), 1, True),
        ((400_000,), 1, True),
        ((500_000,), 1, False),
        ((200_000, 300_000), 1, False),
        ((300_000,), 150_000, False),  # twice, as HTML and as text
        ((), 250_000, False),
    ],
)
def test_bulk_calls_are_for_messages_that_fit_one(files, body, capable):
    attached = tuple(MailAttachment("a", "application/pdf", bytes(size)) for size in files)
    assert compose("y" * body, attachments=attached).bulk_capable is capable


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(name for name, _ in attrs)))


def tags_in(page):
    reader = _Tags()
    reader.feed(page)
    reader.close()
    return reader.seen


HOSTILE = compose(
    '# Hi {{ a }}\n\n**{{ a }}** [x]({{ a }}) <i title="{{ a }}">`{{ a }}`</i>\n\n'
    "| {{ a }} | b |\n|---|---|\n| {{ a }} | {{ a }} |\n\n{% if a %}{{ a }}{% endif %}",
    preheader="{{ a }}",
)
HARMLESS_TAGS = tags_in(HOSTILE.mail("a@example.org", {"a": "x"}).html)
hostile_text = st.lists(
    st.sampled_from(["<b>", "</p>", "-->", '"', "'", " onclick=x", "**", "](", "{{ 7 }}", "&", "<"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    min_size=1,
    max_size=8,
).map("".join)


@given(hostile_text.filter(bool))
def test_no_value_becomes_markup(value):
    page = HOSTILE.mail("a@example.org", {"a": value}).html
    assert tags_in(page) == HARMLESS_TAGS


SUBJECT = compose("x", "Hello {{ a }}!")


def _solid(text):
    return [s for s in text if not s.isspace() and unicodedata.category(s) != "Cc"]


@given(hostile_text.filter(bool) | st.text("a\r\n\x00\x0b\x85\u2028", min_size=1))
def test_no_value_breaks_a_header(value):
    mail = SUBJECT.mail("a@example.org", {"a": value})
    assert len(mail.subject.splitlines()) == 1
    assert not any(unicodedata.category(sign) == "Cc" for sign in mail.subject)
    # Nothing but white space and controls differs, and a bulk call says the same.
    assert _solid(mail.subject) == _solid(f"Hello {value}!")
    first, last = mail.pattern.subject
    assert f"{first}{mail.pieces[0]}{last}" == mail.subject


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Ann\nO'Neil", "Ann O'Neil"),
        ("Ann\r\n\tLee", "Ann Lee"),
        ("Ann\u2028Lee\x85", "Ann Lee "),
        ("\x00Ann\x1b[31m\x7f\x9d", "Ann[31m"),
        ("Ann  Lee", "Ann  Lee"),
        ("\n", " "),
    ],
)
def test_a_value_in_a_header_is_tidied(value, said):
    assert SUBJECT.mail("a@example.org", {"a": value}).subject == f"Hello {said}!"
    assert (
        compose("x", "A\nsubject {{ a }}\tof one line").mail("a@example.org", {"a": value}).subject
        == f"A subject {said} of one line"
    )
