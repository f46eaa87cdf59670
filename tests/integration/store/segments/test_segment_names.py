"""Names in segments: what they mean, circles, renaming, and texts that would like to be SQL."""

import pytest
from sqlalchemy import select

from sestui.core.segments.expression import quoted
from sestui.core.segments.parse import MOST_CONDITIONS, parse
from sestui.core.segments.present import Present
from sestui.core.segments.source import MOST_LEVELS
from sestui.errors import NotFoundError, SegmentError, StateError, UsageError
from sestui.store.campaigns.upkeep import CampaignUpkeep
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.contacts.contact_lists import ContactLists
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.db.tables import Contact
from sestui.store.segments.segment_queries import count_segment, unknown_names
from sestui.store.segments.segments import NO_NAME, Segments
from tests.support.seeding import add_contacts, make_campaign

NOW = 1_000.0


@pytest.fixture
def segments(database):
    return Segments(database)


def count(database, text):
    segment = Segments(database).resolve(parse(text))
    return count_segment(database, segment, Present(NOW))


def test_segments_use_each_other_but_not_themselves(database, segments):
    add_contacts(database, ["a@example.com"], attributes={"plan": "pro"})
    segments.save("pro", 'plan == "pro"', NOW)
    segments.save("others", 'not segment("pro")', NOW)
    assert count(database, 'segment("pro") | segment("others")') == 1
    assert segments.used_by("pro") == ["others"]
    for text in ('segment("others")', 'segment("pro")'):
        with pytest.raises(SegmentError, match=r"can't use itself: pro → (others → )?pro"):
            segments.save("pro", text, NOW, replace=True)
    with pytest.raises(StateError, match="can't be removed: the segment others uses it"):
        segments.remove("pro")
    with pytest.raises(StateError, match="already a segment 'pro'"):
        segments.save("pro", "valid()", NOW)
    segments.save("others", "valid()", NOW + 1, replace=True)
    segments.remove("pro")
    assert [each.name for each in segments.all()] == ["others"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('list("nwes")', "There is no list 'nwes'; did you mean news?"),
        ('joined("nwes") > days_ago(1)', "There is no list 'nwes'; did you mean news?"),
        ('received("x")', "There is no campaign 'x'."),
        ('segment("x")', "There is no segment 'x'."),
    ],
)
def test_names_that_nothing_has_are_refused(database, segments, text, sentence):
    add_contacts(database, ["a@example.com"], "news")
    with pytest.raises(NotFoundError) as caught:
        segments.save("s", text, NOW)
    assert str(caught.value) == sentence
    assert segments.all() == []


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x1bb", "valid()", "a == b", "it's"])
def test_a_segment_has_a_name(segments, name):
    with pytest.raises(UsageError, match=r"needs a name|has no brackets"):
        segments.save(name, "valid()", NOW)


def test_the_biggest_segments_can_be_asked_and_bigger_ones_are_refused(database, segments):
    add_contacts(database, ["a@example.com"], attributes={"plan": "7"})
    values = ", ".join(f"'{number}'" for number in range(1_380))
    assert count(database, f"plan in ({values})") == 1
    many = " or ".join(f"age == {number} or plan > 'x'" for number in range(MOST_CONDITIONS // 2))
    assert count(database, many) == 0
    assert count(database, "not " * (MOST_LEVELS - 3) + "(plan == '7' and not age > 3)") == 0
    segments.save("s0", " or ".join(["plan == 'x'"] * 100), NOW)
    segments.save("s1", 'segment("s0") or segment("s0")', NOW)
    segments.save("s2", 'segment("s1") or segment("s1")', NOW)
    with pytest.raises(SegmentError, match="has 800 conditions"):
        segments.save("s3", 'segment("s2") or segment("s2")', NOW)
    segments.save("d0", "valid()", NOW)
    for number in range(1, MOST_LEVELS):
        segments.save(f"d{number}", f'segment("d{number - 1}")', NOW)
    assert count(database, f'segment("d{MOST_LEVELS - 2}")') == 1
    with pytest.raises(SegmentError, match=r"in 31 levels|too deep"):
        segments.save("deepest", f'segment("d{MOST_LEVELS - 1}")', NOW)


def test_what_is_renamed_is_renamed_in_segments_too_and_back(database, segments):
    add_contacts(database, ["a@example.com"], "news")
    add_contacts(database, ["b@example.com"], "old")
    make_campaign(database, "november", lists=("news",))
    text = 'list("news") - list("old") and not received("november")'
    segments.save("s", text, NOW)
    lists = ContactLists(database)
    done = lists.rename("news", 'the "new" one', NOW)
    assert done.mentions.sentence() == "the campaign november and the segment s"
    assert 'list("the \\"new\\" one")' in segments.get("s").expression
    assert count(database, 'segment("s")') == 1
    undo_change(database, NOW + 1)
    assert segments.get("s").expression == text
    with pytest.raises(StateError, match="named by the segment s;"):
        lists.delete("old", NOW)
    lists.merge("old", "news", NOW + 2)
    assert segments.get("s").expression == text.replace("old", "news")
    undo_change(database, NOW + 3)
    assert segments.get("s").expression == text
    upkeep = CampaignUpkeep(database)
    upkeep.rename("november", "december", NOW + 4)
    assert segments.get("s").expression == text.replace("november", "december")
    with pytest.raises(StateError, match=r"named by segments \(s\)"):
        upkeep.delete("december")


def test_names_that_no_contact_has_are_told(database, segments):
    add_contacts(database, ["a@example.com"], attributes={"plan": ""}, tags=["vip"])
    asked = 'plna == "pro" and missing(plan) or tag("vpi") | tag("vip") or since.month == 3'
    assert unknown_names(database, segments.resolve(parse(asked))) == [
        "the attribute 'plna'",
        "the attribute 'since'",
        "the tag 'vpi'",
    ]


INJECTIONS = [
    "'; DROP TABLE contact; --",
    '"; DROP TABLE contact; --',
    "' OR '1'='1",
    '" OR ""="',
    "x') OR 1=1 --",
    '$."a"',
    '$."a"] OR 1=1 --',
    "%",
    "_",
    "*",
    "[a-z]*",
    "\\",
    "\\' OR 1=1 --",
    "{0} %s %(x)s :x ?",
    "/* */",
    "NULL",
    "\u2028",
    "null\U0001f512é",
    "a.b[0]",
    "#-1",
    "x" * 3_000,
]


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_texts_that_would_like_to_be_sql_are_texts(database, segments, text):
    """As attribute, value, tag, list, segment, campaign: those that are named so, and no others."""
    name = " ".join(text.split())[:90] or "it"
    contacts = Contacts(database)
    contacts.add(
        [NewContact("a@example.com", "a@example.com", {text: text}, (text,))],
        list_name=name,
        now=1,
    )
    contacts.add(
        [NewContact("b@example.com", "b@example.com", {"x": "y"}, ("x",))], list_name="x", now=1
    )
    it = quoted(text)
    called = "".join(sign for sign in name if sign not in NO_NAME)
    segments.save(called, f"list({quoted(name)})", NOW)
    assert count(database, f"segment({quoted(' '.join(called.split()))})") == 1
    for expression in (
        f"attribute({it}) == {it}",
        f"attribute({it}) >= {it}",
        f"attribute({it}) in ({it}, 'b')",
        f"{it} in attribute({it})",
        f"attribute({it}).startswith({it})",
        f"attribute({it}).endswith({it})",
        f"not missing(attribute({it}))",
        f"tag({it})",
        f"list({quoted(name)})",
        f"joined({quoted(name)}) > date('1970-01-01')",
        f"not x == 'y' and not email == {it}",
    ):
        assert count(database, expression) == 1, expression
    assert count(database, f"attribute({it}).month == 3 or attribute({it}) > 3") == 0
    assert count(database, f"clicked() or x == {it}") == 0
    with database.read() as session:
        assert len(session.execute(select(Contact.id)).all()) == 2
