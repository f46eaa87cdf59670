from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.campaign.file import parse_campaign
from sestui.errors import BadFileError

DESIGN = """---
name: november-news
subject: "{{ first_name or 'Hello' }}, your November news"
from: Ada's Shop <news@example.com>
reply_to: help@example.com
lists: [newsletter]
segment: plan == "pro" and not received("october-news")
start: 2026-12-01T09:00
timezone: Europe/Paris
priority: 5
max_rate: 20
notify: [ops@example.com]
keywords: {season: autumn}
attachments: [price-list.pdf]
---
# Hi {{ first_name or "there" }}
It is {{ season }} ...
"""
MINIMAL = {"name": "n", "subject": "s", "from": "a@example.com", "lists": ["l"]}


def file_of(body="Hi", **fields):
    values = {name: value for name, value in (MINIMAL | fields).items() if value is not ...}
    return f"---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}---\n{body}\n"


def refused(content):
    with pytest.raises(BadFileError) as caught:
        parse_campaign(content, "news.md")
    sentence = str(caught.value)
    assert sentence.startswith("news.md")
    assert "\n" not in sentence
    return sentence


def test_the_example_of_the_design():
    file = parse_campaign(DESIGN, "news.md")
    fields = file.fields
    assert fields.name == "november-news"
    assert fields.from_address == "Ada's Shop <news@example.com>"
    assert fields.reply_to == ("help@example.com",)
    assert fields.lists == ("newsletter",)
    assert fields.segment == 'plan == "pro" and not received("october-news")'
    assert fields.max_rate == 20.0
    assert fields.keywords == {"season": "autumn"}
    assert fields.start_at == datetime(2026, 12, 1, 8, 0, tzinfo=UTC).timestamp()
    assert file.attachments == ("price-list.pdf",)
    assert file.message.body.startswith("# Hi {{ first_name")
    assert file.lines["body"] == DESIGN.split("\n").index('# Hi {{ first_name or "there" }}') + 1
    assert file.message.body_format == "markdown"
    assert parse_campaign(DESIGN, "news.html", by_name="html").message.body_format == "html"
    assert parse_campaign(DESIGN.replace("\n", "\r\n"), "news.md").message.body == file.message.body


def test_a_segment_needs_no_list_and_may_be_a_name():
    for text, kept in {
        "  adults of\n  Berne ": "adults of Berne",
        "age >= 18\n": "age >= 18",
        'age >= 18  # of age\nand city == "#1"': 'age >= 18  # of age\nand city == "#1"',
    }.items():
        fields = parse_campaign(file_of(lists=..., segment=text), "news.md").fields
        assert (fields.lists, fields.segment) == ((), kept)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("# Hi", "line 1: there is no front matter"),
        ("---\nname: x\n", "not closed"),
        ("---\n---\nx", "'name' is missing"),
        ("---\n- a\n---\nx", "must be fields"),
        ("---\nname: a\nname: b\n---\nx", "line 3: the field 'name' is given twice"),
        (
            "---\nname: &a x\nsubject: *a\n---\nx",
            "line 2: the front matter is not valid YAML (anch",
        ),
        ("---\nsubject: {{ x }}\n---\nx", "line 2: a value that begins with {{ must stand in quot"),
        ("---\nsubject: {{ x }}, news\nname: y\n---\nx", "must stand in quotes"),
        ("---\nsubject: a: b\n---\nx", "line 2: the front matter is not valid YAML"),
        ("---\nname: !!python/object/apply:os.system [ls]\n---\nx", "not valid YAML"),
        ("---\nname: a\x07\n---\nx", "characters YAML forbids"),
        ("---\n?\n---\nx", "line 2: the name of a field must be text"),
        ("---\n1: a\n---\nx", "line 2: the name of a field must be text, not 1"),
        ("---\nname: a\ntrue: a\n---\nx", "line 3: the name of a field must be text, not true"),
        ("---\n[a, b]: c\n---\nx", "line 2: the"),
        (file_of(subjekt="x"), "there is no field 'subjekt' (did you mean subject?)"),
        (file_of(segment="plan = 'pro'"), "segment: Column 6: write == to compare"),
        (file_of(segment="plan == 'pro' and\n\nage => 18"), "segment: Line 3, column 5: "),
        (file_of(segment=["pros"]), "segment: is a list"),
        (file_of(segment=""), "segment: is empty"),
        (file_of(lists=...), "'lists' is missing"),
        (file_of(name="../x"), "line 2: name: '../x' can't be a campaign's name"),
        (file_of(**{"from": "nobody"}), "line 4: from: 'nobody' is not an address"),
        (file_of(**{"from": "a@b"}), "from: 'a@b' is not an address"),
        (file_of(**{"from": ["a@example.com"]}), "from: is a list"),
        (file_of(reply_to="x y"), "reply_to:"),
        (file_of(lists=[]), "names no list"),
        (file_of(lists=[1]), "must be a list of strings"),
        (file_of(schedule="often"), "schedule: A schedule has five fields"),
        (file_of(schedule="@daily", start="2026-01-01"), "not both"),
        (file_of(start="soon"), "'soon' is not a time"),
        (file_of(timezone="Mars/Base"), "timezone: 'Mars/Base' is not"),
        (file_of(priority=10), "priority: must be a whole number from 0 to 9"),
        (file_of(priority=True), "priority:"),
        (file_of(only="failed"), "only: 'failed' can't be scheduled; write joined"),
        (file_of(misfire_hours=0), "misfire_hours: must be a number of hours above 0"),
        (file_of(max_rate=0), "max_rate: must be a number above 0"),
        (file_of(max_rate="inf"), "max_rate:"),
        (file_of(transactional="yes"), "transactional: must be true or false"),
        (file_of(keywords=["a"]), "keywords: must be names with values"),
        (file_of(keywords={"a b": 1}), "'a b' can't be a variable"),
        (file_of(keywords={"email": 1}), "sestui's own variable"),
        (file_of(keywords={"x": None}), "x has no value"),
        (file_of(format="pdf"), "not one of markdown, html, mjml"),
        (file_of(body="  "), "the message is empty"),
        (file_of(subject=...), "'subject' is missing"),
        (file_of(subject="  "), "subject: is empty"),
    ],
)
def test_each_fault_is_one_sentence_with_file_line_and_field(content, said):
    assert said in refused(content)


def test_deep_nesting_is_refused():
    assert "nested too deeply" in refused(f"---\nname: {'[' * 5000}\n---\nx")


def test_yaml_keeps_what_was_typed():
    keywords = "{country: no, price: 9.50, zip: 01234, at: 9:30, day: 2026-12-01, n: 3, f: 1.5}"
    content = file_of().replace("---\nHi", f"keywords: {keywords}\n---\nHi")
    assert parse_campaign(content, "f").fields.keywords == {
        "country": "no",
        "price": "9.50",
        "zip": "01234",
        "at": "9:30",
        "day": "2026-12-01",
        "n": 3,
        "f": 1.5,
    }


def test_a_start_without_a_zone_is_in_the_default_one():
    file = parse_campaign(file_of(start="2026-12-01T09:00"), "f", default_zone="Asia/Tokyo")
    assert file.fields.timezone == "Asia/Tokyo"
    assert file.fields.start_at == datetime(2026, 12, 1, 0, 0, tzinfo=UTC).timestamp()
    explicit = parse_campaign(file_of(start="2026-12-01T09:00+00:00"), "f")
    assert explicit.fields.start_at == datetime(2026, 12, 1, 9, 0, tzinfo=UTC).timestamp()


line = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
    ),
    min_size=1,
).filter(lambda value: value.strip() == value and value)
words = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@given(
    subject=line,
    lists=st.lists(line, min_size=1, max_size=3, unique=True),
    keywords=st.dictionaries(
        words.filter(lambda w: w not in {"email", "keywords"}),
        line | st.integers() | st.booleans(),
        max_size=3,
    ),
    priority=st.integers(0, 9),
    transactional=st.booleans(),
)
def test_what_is_written_as_yaml_is_read_back(subject, lists, keywords, priority, transactional):
    content = file_of(
        subject=subject,
        lists=lists,
        keywords=keywords,
        priority=priority,
        transactional=transactional,
    )
    file = parse_campaign(content, "f.md")
    assert file.message.subject == subject
    assert file.fields.lists == tuple(lists)
    assert file.fields.keywords == keywords
    assert (file.fields.priority, file.fields.transactional) == (priority, transactional)
    assert file.message.body == "Hi\n"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_a_sentence(content):
    for candidate in (content, f"---\n{content}\n---\nbody"):
        with pytest.raises(BadFileError):
            parse_campaign(candidate, "f.md")


def test_day_and_weekday():
    content = file_of(schedule="0 9 13 * fri", day_and_weekday=True)
    assert parse_campaign(content, "news.md").fields.schedule == "0 9 13 * +fri"
    content = file_of(schedule="0 9 13 * fri", day_and_weekday=False)
    assert parse_campaign(content, "news.md").fields.schedule == "0 9 13 * fri"
    assert "day_and_weekday" in refused(file_of(schedule="@daily", day_and_weekday=True))
