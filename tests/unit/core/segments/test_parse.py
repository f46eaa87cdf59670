"""Expressions: what can be read, what can't, and where an error points."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.segments.expression import quoted
from sestui.core.segments.names import FUNCTIONS, METHODS, PARTS, VALUES, Gives, Refers
from sestui.core.segments.nodes import (
    And,
    AttributeValue,
    Comparison,
    DaysFromNow,
    HasTag,
    Not,
    OnList,
    Op,
    Or,
    PartValue,
    TodaysPart,
    leaves,
)
from sestui.core.segments.parse import MOST_CONDITIONS, parse
from sestui.core.segments.source import MOST_CHARACTERS, MOST_LEVELS
from sestui.errors import SegmentError
from tests.support import documents

PLAN = AttributeValue("plan")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ('plan == "pro"', Comparison(PLAN, Op.EQ, "pro")),
        ('"pro" == plan', Comparison(PLAN, Op.EQ, "pro")),
        ("18 <= age", Comparison(AttributeValue("age"), Op.GE, 18)),
        (
            "18 < age <= 65",
            And(
                (
                    Comparison(AttributeValue("age"), Op.GT, 18),
                    Comparison(AttributeValue("age"), Op.LE, 65),
                )
            ),
        ),
        ('list("a") - list("b")', And((OnList("a"), Not(OnList("b"))))),
        (
            'list("a") | tag("b") & tag("c")',
            Or((OnList("a"), And((HasTag("b"), HasTag("c"))))),
        ),
        (
            'list("a") - tag("b") - tag("c")',
            And((OnList("a"), Not(HasTag("b")), Not(HasTag("c")))),
        ),
        (
            "birthday.day == today().day",
            Comparison(PartValue("birthday", "day"), Op.EQ, TodaysPart("day")),
        ),
        ("renewal < in_days(14)", Comparison(AttributeValue("renewal"), Op.LT, DaysFromNow(14.0))),
        ('attribute("a \\"b\\"") == "x"', Comparison(AttributeValue('a "b"'), Op.EQ, "x")),
        ('tag("a")\n  # those who\n  or tag("b")', Or((HasTag("a"), HasTag("b")))),
    ],
)
def test_what_is_written_is_what_is_meant(text, root):
    assert parse(text).root == root


@pytest.mark.parametrize(
    ("text", "where"),
    [
        # What Python has and expressions have not.
        ('__import__("os").system("x")', 1),
        ("[x for x in y]", 1),
        ("lambda: 1", 1),
        ("(x := 5)", 2),
        ('f"{x}" == plan', 1),
        ('plan == f"{x}"', 9),
        ('plan == b"x"', 9),
        ("plan == x.y.z", 9),
        ("plan == [1][0]", 9),
        ("plan.__class__ == 1", 1),
        ('plan.format("x")', 1),
        ('list("a")(1)', 1),
        ("age + 1 == 2", 1),
        ("tag('a') if tag('b') else tag('c')", 1),
        ("list(*x)", 6),
        ("list(**x)", 1),
        ("print(1)", 1),
        ("yield", 1),
        ("{plan: 1}", 1),
        ("age == 1j", 8),
        ("...", 1),
        ("plan == None", 9),
        ("plan is None", 1),
        ("~tag('a')", 1),
        ("a) or (b", 1),
        # What may be meant well.
        ("plan", 1),
        ("plan == pro", 9),
        ('plan = "pro"', 6),
        ("plan == “pro”", 9),
        ('plan == "pro', 9),
        ('plan == "pro" AND age > 3', 15),
        ("age >= 18 & plan == 3", 8),
        ('city in ("Paris" "Lyon")', 10),
        ('city in ("Paris", "Lyon" "Nice")', 19),
        ('city in "Paris"', 9),
        ("age in (1, 'a')", 8),
        ("class == 1", 1),
        ("failed", 1),
        ('lisst("a")', 1),
        ('joined == date("2026-11-01")', 11),
        ('joined > date("2026-11-31")', 15),
        ("joined > 5", 10),
        ("plan == ''", 9),
        ("'' in plan", 1),
        ("age > 1e999", 7),
        ("age > " + "9" * 5_000, 1),
        ("mails_in(days=-1) > 2", 1),
        ('domain("not a domain")', 8),
        ("é == 'ü' and plan = 3", 19),
        ('list("a") and', 14),
        ("missing(email)", 9),
        ("tag('\\d')", 6),
        ("tag('\\ud800')", 5),
        ("tag('\\u0000')", 5),
        ("tag('\x1b[31m')", 6),
    ],
)
def test_an_error_says_where(text, where):
    with pytest.raises(SegmentError) as caught:
        parse(text)
    sentence = str(caught.value)
    assert (caught.value.line, caught.value.column) == (1, where), sentence
    assert sentence.startswith(f"Column {where}: ") or "digits" in sentence
    assert sentence.endswith((".", "?"))
    assert "\x1b" not in sentence


def test_an_error_in_several_lines_says_in_which():
    with pytest.raises(SegmentError, match=r"^Line 2, column 13: write == ") as caught:
        parse('list("a")\nand ü and x = 3')
    assert (caught.value.line, caught.value.column) == (2, 13)


HOSTILE = [
    "not " * 2_400 + 'tag("a")',
    "(" * 4_000 + ")" * 4_000,
    "(" * 150 + 'tag("a")' + ")" * 150 + "==" * 10,
    "-" * 9_000 + "3 == a",
    "a." * 4_000 + "b == 3",
    "[" * 9_000,
    "{" * 300,
    "lambda:" * 1_400,
    "f(" * 3_000,
    "x == " * 1_900 + "3",
    "a if " * 1_900,
    "`" * 100,
    "a = " * 2_000,
    "'" * 9_999,
    "\\" * 1_000,
    "x" * 9_000 + "==1 and (",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:8])
def test_hostile_texts_are_refused_with_a_sentence(text):
    with pytest.raises(SegmentError, match=r"\.$"):
        parse(text)


def test_hostile_texts_are_refused_in_a_thread_with_a_small_stack():
    refused = []

    def read() -> None:
        for text in HOSTILE:
            try:
                parse(text)
            except SegmentError:
                refused.append(text)

    size = threading.stack_size(1 << 20)
    try:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    assert refused == HOSTILE


@given(st.text() | st.lists(st.sampled_from([*"()=<>!.,\"'-|&[]{}:;#\n\\ ", "plan", "not ", "in"])))
def test_any_text_is_read_or_refused(given_):
    text = given_ if isinstance(given_, str) else "".join(given_)
    column = 1
    try:
        parse(text)
    except SegmentError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


def test_bounds_are_told_and_what_is_within_them_is_read():
    values = ", ".join(f'"{number:05d}"' for number in range(1_100))
    longest = f"plan in ({values})"
    longest += " " * (MOST_CHARACTERS - len(longest) - 8) + " or x==1"
    assert len(longest) == MOST_CHARACTERS
    assert parse(longest).text == longest
    with pytest.raises(SegmentError, match="10,001 characters; at most 10,000"):
        parse(longest + "1")
    deep = "not " * (MOST_LEVELS - 1) + 'tag("a")'
    assert sum(1 for _ in leaves(parse(deep).root)) == 1
    with pytest.raises(SegmentError, match="too deeply"):
        parse("not " + deep)
    many = " or ".join(['tag("a")'] * MOST_CONDITIONS)
    assert sum(1 for _ in leaves(parse(many).root)) == MOST_CONDITIONS
    with pytest.raises(SegmentError, match="more than 400"):
        parse(many + ' or tag("a")')


def test_names_keep_the_letters_they_were_written_in():
    # Python would make the ligature and the combined accent other names.
    for name in ("ﬁrst", "nai\u0308ve", "naïve", "名前", "ª"):
        assert parse(f'{name} == "x"').root.value == AttributeValue(name)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda t: "\0" not in t)
)
def test_a_quoted_text_is_read_as_it_was(text):
    assert parse(f"tag({quoted(text)})").root == HasTag(text)


def test_names_in_an_expression_are_found_and_changed():
    text = "list('a') - list(\"b\") and received('a') and tag('a') or\n segment('a')"
    expression = parse(text)
    assert expression.names(Refers.LIST) == ["a", "b"]
    assert expression.names(Refers.CAMPAIGN) == ["a"]
    assert expression.names(Refers.SEGMENT) == ["a"]
    renamed = expression.renamed(Refers.LIST, "a", 'the "new" \\ one')
    assert parse(renamed).names(Refers.LIST) == ['the "new" \\ one', "b"]
    assert renamed.replace('"the \\"new\\" \\\\ one"', "'a'") == text


def test_every_function_is_read_as_its_usage_says():
    for function in FUNCTIONS.values():
        text = {
            Gives.CONDITION: function.usage,
            Gives.VALUE: f"{function.usage} > days_ago(3)",
            Gives.OPERAND: f"joined > {function.usage}",
        }[function.gives]
        if function.name == "mails_in":
            text = f"{function.usage} < 3"
        assert parse(text).text == text


def test_the_guide_has_every_word():
    page = "\n".join(documents.read("docs/guide/segments.md").prose)
    words = [f"{name}(" for name in (*FUNCTIONS, *METHODS)] + [*VALUES, *PARTS]
    assert [word for word in words if word not in page] == []
