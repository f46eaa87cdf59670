"""A part cut into pieces says exactly what Jinja makes of the whole, for everybody."""

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from sestui.core.content import Composer, Envelope, MessageSource, TemplateError
from sestui.core.content.template.parts import MessagePart
from sestui.core.content.template.sandbox import GLOBALS, compiled

BITS = [
    "Hello", " ", "\n", "  \n ", "a\u2028b", "<p>", "&", "{ ", " }}", "\\", "ok {", "\u00a0",
    "\U0001f600", "{{ a }}", "{{ b }}", "{{ a }} {{ b }}", "{{- a }}", "{{ a -}}",
    "{{ '' }}", "{{ '{' }}",
    "{{ a|upper|safe }}", "{# note #}", "{% raw %}{{ x }}{% endraw %}",
    "{% if a %} x{{ a }} {% endif %}", "{% if b %}{% set c = 1 %}{% endif %}",
    "{% for n in [1, 2] %}{{ n }} {% endfor %}", "{% set c = a %}", "{{ c }}",
    "{% macro m(x) %}[{{ x }}{{ a }}]{% endmacro %}", "{{ m(b) }}",
    "{% call m(1) %}x{% endcall %}", "{% filter upper %}q{{ a }}{% endfilter %}",
    "{% with c = b %}{{ c }}{% endwith %}", "{% autoescape false %}{{ b }}{% endautoescape %}",
    "{{ missing }}", "{% if missing %}y{% endif %}",
]  # fmt: skip
SOURCES = st.lists(st.sampled_from(BITS), max_size=8).map("".join)
VALUES = st.sampled_from(["", " ", "\n", "x", " <b> ", "{{ a }}", "{{{p0}}}", "\\", "é\u2028"]) | (
    st.text(max_size=8)
)


def outcome(render):
    try:
        return render()
    except Exception as error:  # noqa: BLE001 - whatever Jinja raises, both have to
        return type(error), str(error)


@given(source=SOURCES, a=VALUES, b=VALUES, html=st.booleans(), ending=st.sampled_from([None, "\n"]))
def test_pieces_and_constants_make_what_jinja_makes(source, a, b, html, ending):
    names = {"a": a, "b": b}

    try:
        template = compiled(source, "body", html=html)
    except TemplateError:
        reject()

    def expected():
        whole = template.render(names)
        return whole if ending is None else whole.strip() + ending

    part = MessagePart(source, "body", html=html, written=(), ending=ending)
    found = outcome(lambda: part.whole(part.pieces(GLOBALS | names)))
    assert found == outcome(expected)


def filled(texts, pieces):
    return texts[0] + "".join(pieces.pop(0) + text for text in texts[1:])


@given(
    subject=SOURCES.map(lambda source: "News" + source),
    body=SOURCES,
    text=st.just("") | SOURCES,
    kind=st.sampled_from(["markdown", "html"]),
    a=VALUES,
    b=VALUES,
)
def test_the_pattern_and_the_pieces_of_a_mail_are_the_mail(subject, body, text, kind, a, b):
    try:
        composer = Composer(
            MessageSource(subject, body, body_format=kind, text=text), Envelope("n@example.com")
        )
        mail = composer.mail("ada@example.org", {"a": a, "b": b})
    except TemplateError:
        return
    pieces = list(mail.pieces)
    parts = (mail.pattern.subject, mail.pattern.html, mail.pattern.text)
    assert [filled(texts, pieces) for texts in parts] == [mail.subject, mail.html, mail.text]
    assert pieces == []


def test_only_what_differs_is_a_piece():
    composer = Composer(
        MessageSource("News", "Hi {{ a }}, {% if b %}you{% endif %} there", text="{{ a }} x"),
        Envelope("n@example.com"),
    )
    mails = [composer.mail("ada@example.org", {"a": a}) for a in ("<Ada>", "Bob")]
    assert [mail.pieces for mail in mails] == [("&lt;Ada&gt;", "", "<Ada> "), ("Bob", "", "Bob ")]
    assert mails[0].pattern is mails[1].pattern
    assert mails[0].pattern.subject == ("News",)


@pytest.mark.parametrize("body", ["{{ a }}", "{{ a }} and {{ a }}", "{{ '\ud800' }} {{ a }}"])
def test_half_a_character_is_no_text(body):
    composer = Composer(MessageSource("News", body), Envelope("n@example.com"))
    with pytest.raises(TemplateError, match="characters that are not text"):
        composer.mail("ada@example.org", {"a": "x\ud800y"})
