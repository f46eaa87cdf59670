"""Bodies in MJML: tables that Outlook reads, with the author's tags where they were."""

import builtins

import pytest

from sestui.compose.files import load_campaign
from sestui.core.content import Composer, Envelope, MessageSource, TemplateError
from sestui.core.content.lint.findings import check_message
from sestui.core.content.markup import mjml as module

SHOP = """<mjml>
  <mj-head><mj-title>{{ season }}</mj-title></mj-head>
  <mj-body>
    {% if vip %}
    <mj-section><mj-column><mj-text>For you</mj-text></mj-column></mj-section>
    {% endif %}
    <mj-section>
      <mj-column>
        {% for item in items %}
        <mj-text>{{ loop.index }} {{ item }}</mj-text>
        {% endfor %}
        <mj-button href="https://example.com/?who={{ email }}">Buy</mj-button>
        <mj-text><a href="{{ unsubscribe_url }}">Leave</a></mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""


def mail_of(body, attributes=None, **more):
    envelope = Envelope("a@example.com", keywords={"items": ["Tea & milk", "Cups"]})
    composer = Composer(MessageSource("s", body, "mjml", **more), envelope)
    return composer.mail("ann+n@example.org", {"season": "Autumn"} | (attributes or {}))


def refused(body):
    with pytest.raises(TemplateError) as caught:
        mail_of(body)
    return caught.value


def test_it_becomes_tables_with_what_jinja_makes_of_it():
    html = mail_of(SHOP).html
    assert "<mj-" not in html
    assert "[if mso" in html
    assert "Tea &amp; milk" in html
    assert html.index("1 Tea") < html.index("2 Cups") < html.index("Buy")
    assert "https://example.com/?who=ann%2Bn%40example.org" in html
    assert "For you" not in html
    assert "For you" in mail_of(SHOP, {"vip": "yes"}).html
    assert "fonts.googleapis" not in html
    assert 'lang="und"' not in html


def test_its_text_part_reads_as_text():
    lines = [line for line in mail_of(SHOP).text.splitlines() if line]
    assert lines == [
        "1 Tea & milk",
        "2 Cups",
        "Buy <https://example.com/?who=ann%2Bn%40example.org>",
        "Leave <mailto:a@example.com?subject=unsubscribe>",
    ]


def test_a_preheader_and_a_language_find_their_places():
    html = mail_of("<mjml><mj-body><mj-section><mj-column><mj-text>שלום עולם</mj-text>"
                   "</mj-column></mj-section></mj-body></mjml>", preheader="Look").html  # fmt: skip
    assert html.index("<body") < html.index("Look") < html.index("שלום")
    assert 'lang="he"' in html
    assert 'dir="rtl"' in html


@pytest.mark.parametrize("name", ["news.mjml", "news.md"])
def test_a_file_says_that_it_is_mjml(tmp_path, name):
    field = "" if name.endswith("mjml") else "format: mjml\n"
    path = tmp_path / name
    path.write_text(
        f"---\nname: n\nsubject: s\nfrom: a@example.com\nlists: [l]\n{field}---\n{SHOP}"
    )
    assert load_campaign(path).message.body_format == "mjml"


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("<p>Hi</p>", 1, "it has no <mjml>"),
        ("<mjml>\n<mj-body>\n<mj-section>\n</mj-body></mjml>", None, "it is not MJML"),
        ("<mjml><mj-body>\n<mj-include path='/etc/passwd'/></mj-body></mjml>", 2, "mj-include"),
    ],
)
def test_what_is_none_is_an_error_with_its_line(body, line, said):
    error = refused(body)
    assert said in str(error)
    assert error.where == "body"
    assert line is None or error.line == line


def test_what_a_comment_says_of_include_is_no_include():
    body = SHOP.replace("<mj-body>", "<mj-body><!-- <mj-include path='x'/> -->")
    assert "Buy" in mail_of(body).html


def test_without_the_extra_one_sentence_says_how_to_get_it(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **more):
        if name == "mjml":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    module._converter.cache_clear()
    found = check_message(MessageSource("s", SHOP, "mjml"), Envelope("a@example.com")).findings
    assert "body: MJML needs another package; install it with: pip install 'sestui[mjml]'." in [
        each.sentence for each in found
    ]
    monkeypatch.undo()
    module._converter.cache_clear()
