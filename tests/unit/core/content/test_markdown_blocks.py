"""Markdown with Jinja: read once, before values are filled in, it is what each mail would be."""

import re
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st
from jinja2 import Environment, TemplateSyntaxError

from sestui.core.content import Composer, Envelope, MessageSource
from sestui.core.content.markup.body import body_sources
from sestui.core.content.markup.markdown import html_of, markdown_parser
from sestui.core.content.markup.plaintext import text_of
from sestui.core.content.message import TemplateError
from sestui.core.content.template.placeholders import Protected
from sestui.core.content.template.sandbox import HTML, PLAIN

DATA = Path(__file__).parents[3] / "data" / "letters"
PEOPLE = {"yes": 1, "no": "", "one": ["Ann"], "two": ["Ann", "Bob"], "few": []}
VOID = {"hr", "br", "img"}


class Structure(HTMLParser):
    """Elements and texts, without the paragraphs by which a list is loose or tight."""

    def __init__(self):
        super().__init__()
        self.root = []
        self._stack = [("", self.root)]

    def handle_starttag(self, tag, attrs):
        node = []
        self._stack[-1][1].append((tag, dict(attrs), node))
        if tag not in VOID:
            self._stack.append((tag, node))

    def handle_endtag(self, tag):
        while self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip():
            self._stack[-1][1].append(" ".join(data.split()))


def tidy(nodes, parent=""):
    found = []
    for node in nodes:
        if isinstance(node, str):
            found.append(node)
            continue
        tag, attrs, inside = node
        inside = tidy(inside, tag)
        if tag == "p" and parent == "li":
            found += inside
        elif inside or tag not in {"ul", "ol", "blockquote", "tbody"}:
            found.append((tag, attrs, inside))
    joined = []
    for node in found:  # texts that only a tag parts are one
        if isinstance(node, str) and joined and isinstance(joined[-1], str):
            joined[-1] += " " + node
        else:
            joined.append(node)
    return joined


def structure(html):
    reader = Structure()
    reader.feed(html)
    reader.close()
    return tidy(reader.root)


def filled(source, values, environment=HTML):
    return environment.from_string(source).render(values)


def before_jinja(body, values=PEOPLE):
    protected = Protected(body, "body")
    html = protected.blocks_in_text_as_comments(html_of(protected))
    return filled(protected.restored(html), values)


class NoTags:
    def opening_at_end(self, text):
        return len(text)

    def is_block(self, comment):
        return False

    def is_counter(self, comment):
        return False


def plain(html):
    return [line for line in text_of(html, NoTags()).split("\n") if line.strip("> ")]


def text_part(body, values=PEOPLE):
    source = body_sources(body, "markdown", "").text
    rendered = filled(source, values, PLAIN)
    return [line for line in rendered.split("\n") if line.strip("> ")]


# A document is a list of (whether the line holds only tags, its text); naive order: Jinja first,
# where a line that holds only tags is none, in a quote neither.


def as_written(lines):
    return "\n".join(text for _, text in lines)


def after_jinja(lines, values=PEOPLE):
    source = "".join(text.lstrip("> ") if only_tags else text + "\n" for only_tags, text in lines)
    return markdown_parser().render(Environment().from_string(source).render(values))


WORDS = st.sampled_from(
    ["Tea", "**Jam**", "{{ yes }}", "[shop](https://s.example.com/?a=1)", "x y"]
)
CONDITIONS = st.sampled_from(["yes", "no", "yes or no", "not yes"])
LOOPS = st.sampled_from(["one", "two", "few"])


def conditional(lines, condition):
    return [(True, f"{{% if {condition} %}}"), *lines, (True, "{% endif %}")]


def either(lines, others, condition):
    return [
        *conditional(lines, condition)[:-1],
        (True, "{% else %}"),
        *others,
        (True, "{% endif %}"),
    ]


def looped(lines, over):
    return [(True, f"{{% for p in {over} %}}"), *lines, (True, "{% endfor %}")]


def varied(parts):
    """Some lines, by themselves, in a loop, under a condition, or one of two."""
    return st.one_of(
        parts,
        st.builds(conditional, parts, CONDITIONS),
        st.builds(looped, parts, LOOPS),
        st.builds(either, parts, parts, CONDITIONS),
        st.builds(lambda lines, c, o: looped(conditional(lines, c), o), parts, CONDITIONS, LOOPS),
    )


def many(parts, size=3):
    return st.lists(parts, min_size=1, max_size=size).map(lambda groups: [*chain(*groups)])


def indented(lines, by):
    return [(only, f"{by}{text}") for only, text in lines]


def items(marker, inner):
    item = st.builds(lambda word: [(False, f"{marker} {word}")], WORDS)
    below = " " * (len(marker) + 1)
    nested = st.builds(lambda head, rest: head + indented(rest, below), item, inner)
    return many(varied(item | nested))


FLAT = items("-", st.just([]))
LISTS = items("-", FLAT) | items("1.", FLAT) | items("*", items("1.", st.just([])))
ROWS = many(varied(st.builds(lambda a, b: [(False, f"| {a} | {b} |")], WORDS, WORDS)))
TABLES = ROWS.map(lambda rows: [(False, "| a | b |"), (False, "|---|--:|"), *rows])
PARAGRAPHS = st.builds(lambda word: [(False, f"Say {word}")], WORDS)
HEADINGS = st.builds(lambda word: [(False, f"## {word}")], WORDS)
BLANK = [(False, "")]
SIMPLE = LISTS | TABLES | PARAGRAPHS | HEADINGS
QUOTES = SIMPLE.map(lambda lines: indented(lines, "> "))
BLOCKS = st.lists(SIMPLE | QUOTES, min_size=1, max_size=4).map(
    # A paragraph of one word parts them: two lists on end would be one.
    lambda blocks: [line for block in blocks for line in (*block, *BLANK, (False, "End."), *BLANK)]
)


@pytest.mark.long
@pytest.mark.ci
@given(lines=BLOCKS)
@example(lines=[(False, "| a | b |"), (False, "|---|--:|"), *looped([(False, "| x | y |")], "two")])
def test_markdown_before_jinja_is_markdown_after_jinja(lines):
    naive = after_jinja(lines)
    assert structure(before_jinja(as_written(lines))) == structure(naive)
    assert text_part(as_written(lines)) == plain(naive)


@pytest.mark.long
@pytest.mark.ci
@given(
    lines=st.lists(
        st.sampled_from(
            [
                "- a",
                "| x | y |",
                "|--|--|",
                "> q",
                "  - b",
                "1. n",
                "say",
                "",
                "# h",
                "```",
                "<div>",
                "{% if yes %}",
                "{% endif %}",
                "{% for p in two %}",
                "{% endfor %}",
                "{% if no %}- c{% else %}- d{% endif %}",
                "{# note #}",
                "> {% if yes %}",
                "{% else %}",
                "{% for p in two %}| {{ p }} | z |",
                "text {% if yes %}",
                "{%- endif -%}",
            ]
        ),
        max_size=9,
    )
)
@example(["text {% if yes %}", "```", "{%- endif -%}", "- a"])
def test_any_lines_that_are_a_template_stay_one(lines):
    """Whatever is opened and closed wherever: the HTML and the text are templates as well.

    All but what becomes the language of a code block, which no text shows; the author is told.
    """
    body = "\n".join(lines)
    try:
        Environment().from_string(body)
    except TemplateSyntaxError:
        reject()
    assert "zq" not in before_jinja(body)
    try:
        text_part(body)
    except TemplateSyntaxError:
        assert re.search(r"```\s*{%-", body)
        with pytest.raises(TemplateError, match="give the text alternative yourself"):
            mail(body)


def mail(body, **keywords):
    envelope = Envelope("news@example.com", keywords=keywords)
    return Composer(MessageSource("News", body), envelope).mail("ann@example.org", {})


PRODUCTS = [
    {"name": "Tea", "price": 3.5, "url": "https://s.example.com/tea?a=1&b=2"},
    {"name": "Jam", "price": 4, "url": "https://s.example.com/jam"},
]


def test_a_loop_around_list_items_and_table_rows():
    body = (DATA / "loop-around-list-and-table-rows-breaks-markdown.md").read_text()
    sent = mail(body.split("---\n", 2)[2], products=PRODUCTS)
    assert sent.text == (
        "Our list:\n\n"
        "- Tea <https://s.example.com/tea?a=1&b=2> — 3.50 €\n"
        "- Jam <https://s.example.com/jam> — 4.00 €\n\n"
        "Product | Price\nTea | 3.5\nJam | 4\n\n"
        "- Tea\n- Jam\n\n"
        "Unsub <mailto:news@example.com?subject=unsubscribe>\n"
    )
    assert (sent.html.count("<ul"), sent.html.count("<li>")) == (2, 4)
    assert (sent.html.count("<table"), sent.html.count("<tr>"), sent.html.count("<td")) == (1, 3, 4)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        # Seen in the wild: dashes, one-liners, rows behind the head, numbers of the loop.
        ("{%- for p in two -%}\n{{ p }}\n{%- if not loop.last %}, {% endif -%}\n{%- endfor %}",
         "Ann, Bob\n"),
        ("{% for p in two %}{{ p }} {% endfor %}", "Ann Bob\n"),
        ("| a | b |\n|--|--|{% for p in two %}\n| {{ p }} | x |{% endfor %}\n",
         "a | b\nAnn | x\nBob | x\n"),
        ("| a | b |\n|--|--|\n{%- for p in two %}\n| {{ p }} | x |\n{%- endfor %}\n\nEnd",
         "a | b\nAnn | x\nBob | x\n\nEnd\n"),
        ("{% for p in two %}\n{{ loop.index }}. {{ p }}\n{% endfor %}", "1. Ann\n2. Bob\n"),
        ("1. a\n{% if no %}\n1. b\n{% endif %}\n1. c", "1. a\n2. c\n"),
        ("3. a\n{% for p in two %}\n1. {{ p }}\n   more\n{% endfor %}",
         "3. a\n4. Ann more\n5. Bob more\n"),
        ("- a\n{% if yes %}- b{% endif %}\n{% if no %}- c{% endif %}\n- d", "- a\n- b\n- d\n"),
        ("- a{% if no %} x{% endif %}\n- {% if yes %}b{% else %}c{% endif %}", "- a\n- b\n"),
        ("{% if no %}# Big{% else %}- small{% endif %}", "- small\n"),
        ("{% for p in few %}\n- {{ p }}\n{% else %}\nNothing.\n{% endfor %}", "Nothing.\n"),
        ("{% for p in two %}\n- {{ p }}\n{% else %}\nNothing.\n{% endfor %}", "- Ann\n- Bob\n"),
        ("{% for p in two %}\n- {{ p }}\n{% endfor %}\nEnd", "- Ann\n- Bob\n\nEnd\n"),
        ("| a |\n|--|\n{% for p in two %}\n| {{ p }} |\n{% endfor %}\nEnd", "a\nAnn\nBob\n\nEnd\n"),
        ("{% if yes %}\nOne\n{% endif %}\nTwo\n{# note #}\nThree", "One\n\nTwo\n\nThree\n"),
        ("> {% for p in two %}\n> - {{ p }}\n> {% endfor %}\n>\n> x", "> - Ann\n> - Bob\n\n> x\n"),
        ("{% for p in two %}\n- {{ p }}\n  {% for q in two %}\n  - {{ q }}\n  {% endfor %}\n"
         "{% endfor %}", "- Ann\n  - Ann\n  - Bob\n- Bob\n  - Ann\n  - Bob\n"),
        ("{% if yes %}Hello\nyou{% endif %}\nand me", "Hello you and me\n"),
        ("```\n{% for p in two %}\n{{ p }}\n{% endfor %}\n```", "Ann\nBob\n"),
        ("{% set n = 2 %}- {{ n }}\n{# x #}- b", "- 2\n- b\n"),
    ],
)  # fmt: skip
def test_what_authors_write_around_lists_and_tables(body, text):
    assert mail(body, **PEOPLE).text == text


def test_a_list_without_items_is_no_list():
    sent = mail("{% for p in few %}\n- {{ p }}\n{% endfor %}\n\nEnd", **PEOPLE)
    assert "<ul" not in sent.html
