"""Lists, a segment, or a segment of lists: counted, read and started as the same people."""

import contextlib

import pytest

from sestui.core.campaign.audience import Audience
from sestui.core.campaign.follow_up import MailedBefore, Only
from sestui.core.segments.expression import quoted
from sestui.core.segments.names import Refers
from sestui.errors import NotFoundError, SegmentError, SestuiError, StateError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.campaigns.upkeep import CampaignUpkeep
from sestui.store.contacts.audiences import Audiences, Reach
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.contacts.contact_lists import ContactLists
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.contacts.members import Members
from sestui.store.events.bounce_risks import of_audience
from sestui.store.runs.runs import Runs
from sestui.store.segments.segments import Segments
from tests.support.clocks import FakeClock
from tests.support.seeding import make_campaign, rows_of, start_run
from tests.support.statements import counted

PEOPLE = {
    "ada": ({"plan": "pro", "age": 40}, ["news"]),
    "bob": ({"plan": "free", "city": "Berne"}, ["news", "vip"]),
    "cleo": ({"plan": "pro"}, ["vip"]),
    "dora": ({"plan": "pro", "age": 17}, []),
    "eve": ({}, ["news"]),
}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def people(database, clock):
    contacts = Contacts(database)
    for who, (attributes, lists) in PEOPLE.items():
        email = f"{who}@example.com"
        for name in [*lists, "everybody"]:
            contacts.add([NewContact(email, email, attributes)], list_name=name, now=1)
    Segments(database).save("pros", 'plan == "pro"', 1)
    return contacts


def names(members):
    return "".join(each.email[0] for each in members)


AUDIENCES = (
    (("everybody",), "not received() and mails_in(7) < 1", "abcde"),
    ((), "", ""),
    (("news",), "", "abe"),
    (("news", "vip"), "", "abce"),
    ((), "pros", "acd"),
    ((), 'segment("pros")', "acd"),
    ((), 'plan == "pro" and not list("vip")', "ad"),
    (("news",), "pros", "a"),
    (("vip", "news"), "pros", "ac"),
    (("news", "vip", "news"), 'not segment("pros")', "be"),
    (("news",), 'list("vip") - list("news")', ""),
    (("everybody",), "age > 17 and joined < days_ago(1)", "a"),
)


def test_an_audience_is_the_same_people_wherever_it_is_asked(database, people, clock):
    for number, (lists, segment, who) in enumerate(AUDIENCES):
        campaign = make_campaign(database, f"c{number}", lists=lists, segment=segment)
        same_people(database, clock, campaign, who)


def same_people(database, clock, campaign, who):
    audience, audiences = Audience.of(campaign), Audiences(database, clock)
    assert audiences.size(audience) == len(who)
    assert audiences.sizes([audience, Audience(("news",)), audience]) == [len(who), 3, len(who)]
    for batch in (1, 2, 1000):
        pages = list(audiences.batches(audience, batch))
        assert names(each for page in pages for each in page) == who
        assert all(0 < len(page) <= batch for page in pages)
    members = Members(database, clock)
    seen, at = [], None
    while (found := members.beside(audience, at)) is not None and found not in seen:
        seen.append(found)
        at = found.contact_id
    assert names(seen) == who
    assert [members.by_id(audience, each.contact_id) for each in seen] == seen
    found = [members.by_address(audience, f"{each}@example.com") for each in PEOPLE]
    assert [each for each in found if each] == seen
    attributes = {name for each in seen for name in each.attributes}
    assert members.attribute_names(audience) == members.attribute_use(audience).counts.keys()
    assert members.attribute_names(audience) == attributes
    assert members.without(audience, ["plan", "city", "x"]) == {"plan", "city", "x"} - attributes
    with database.read_connection() as connection:
        groups, _ = of_audience(connection, audience, len(who), clock.now())
    assert sum(groups.values()) == len(who)
    assert audiences.follow_up_size(campaign, Only.JOINED) == len(who)
    run = start_run(database, campaign, clock.now())
    assert names(rows_of(database, run.id)) == who
    assert audiences.mailed_before(campaign) == MailedBefore()
    newest = [f"{name}@example.com" for name in reversed(PEOPLE) if name[0] in who]
    assert audiences.sample(audience, 2) == newest[:2]


@pytest.mark.parametrize(
    ("lists", "segment", "error", "said"),
    [
        (("nwes",), "pros", NotFoundError, "There is no list 'nwes'"),
        ((), "prso", NotFoundError, "There is no segment 'prso'; did you mean pros?"),
        (("news",), 'received("x")', NotFoundError, "There is no campaign 'x'."),
        ((), 'not list("x")', NotFoundError, "There is no list 'x'."),
        ((), "plan = 1", SegmentError, "Column 6: write == to compare"),
    ],
)
def test_what_is_missing_is_named_and_nobody_is_in_it(
    database, people, clock, lists, segment, error, said
):
    audience, audiences = Audience(lists, segment), Audiences(database, clock)
    with pytest.raises(error, match=said.replace("?", r"\?")):
        audiences.size(audience)
    with pytest.raises(error):
        list(audiences.batches(audience))
    assert audiences.sizes([audience]) == [None]
    if lists != ("nwes",):
        assert said in audiences.segment_fault(audience)
        assert Members(database, clock).beside(audience, None) is None


def test_a_count_that_takes_long_is_remembered_for_a_while(database, people, clock):
    class Slow(FakeClock):
        def monotonic(self):
            self.advance(0.5)
            return super().monotonic()

    slow, audience = Slow(), Audience((), "pros")
    audiences, quick = Audiences(database, slow), Audiences(database, clock)
    assert (audiences.sizes([audience]), quick.sizes([audience])) == ([3], [3])
    people.add([NewContact("f@x.co", "f@x.co", {"plan": "pro"})], list_name="news", now=2)
    assert (audiences.sizes([audience]), quick.sizes([audience])) == ([3], [3])
    clock.advance(3)
    assert (audiences.sizes([audience]), quick.sizes([audience])) == ([3], [4])
    slow.advance(60)
    assert audiences.sizes([audience]) == [4]


def test_who_can_be_mailed_is_remembered_if_it_took_long(database, people, clock):
    class Slow(FakeClock):
        def monotonic(self):
            self.advance(0.05)
            return super().monotonic()

    def reach(audiences):
        return audiences.reach(Audience(("news",)), transactional=False)

    slow = Slow()
    audiences, quick = Audiences(database, slow), Audiences(database, clock)
    assert reach(audiences) == reach(quick) == Reach(3, 3)
    people.add([NewContact("f@x.co", "f@x.co", {})], list_name="news", now=2)
    assert (reach(audiences), reach(quick)) == (Reach(3, 3), Reach(4, 4))
    slow.advance(1)
    assert reach(audiences) == Reach(4, 4)


def test_segments_that_use_others_are_all_read_by_one_statement(database, people, clock):
    def effort(expression):
        with counted(database) as found:
            assert Audiences(database, clock).size(Audience((), expression)) == 3
        return len(found.statements)

    segments = Segments(database)
    for number in range(4):
        segments.save(f"s{number}", f'segment("{f"s{number - 1}" if number else "pros"}")', 1)
    assert effort("s3") == effort("pros")


def test_segments_of_campaigns_follow_other_names(database, people):
    lists, upkeep = ContactLists(database), CampaignUpkeep(database)
    text = 'list("vip") and not received("news") and not received("old")'
    make_campaign(database, "old")
    make_campaign(database, "news", lists=(), segment=text)
    found = lists.rename("vip", "best", 2)
    assert found.mentions.sentence() == "the campaign news"
    upkeep.rename("old", "older", 3)
    upkeep.rename("news", "letters", 4)

    def segment():
        return Campaigns(database).get("letters").segment

    assert segment() == 'list("best") and not received("letters") and not received("older")'
    with pytest.raises(StateError, match=r"older is named by segments of campaigns \(letters\)"):
        upkeep.delete("older")
    with pytest.raises(StateError, match="'best' is named by the campaign letters"):
        lists.delete("best", 5)
    lists.merge("best", "everybody", 6)
    assert segment().startswith('list("everybody")')
    undo_change(database, 7)
    assert segment().startswith('list("best")')
    assert upkeep.delete("letters") == 0  # its own segment is no obstacle


def test_a_segment_that_is_used_stays(database, people):
    segments = Segments(database)
    segments.save("old pros", 'segment("pros") and age > 60', 2)
    make_campaign(database, "a", segment="pros")
    make_campaign(database, "b", lists=(), segment='valid() and segment("pros")')
    make_campaign(database, "c", segment='plan == "pros"')
    said = "the campaigns a, b use it and the segment old pros uses it"
    with pytest.raises(StateError, match=f"'pros' can't be removed: {said}"):
        segments.remove("pros")
    assert segments.campaigns_of("pros") == ["a", "b"]


def test_a_list_of_the_segment_of_a_run_stays_until_its_end(database, people, clock):
    Segments(database).save("of vips", 'list("vip")', 2)
    campaign = make_campaign(database, lists=(), segment="of vips")
    run = start_run(database, campaign, clock.now())
    Segments(database).save("of vips", "valid()", 3, replace=True)
    lists = ContactLists(database)
    for change in (
        lambda: lists.delete("vip", 4),
        lambda: lists.merge("vip", "news", 4),
    ):
        with pytest.raises(StateError, match="part of the segment of run 1 of news, which has not"):
            change()
    Runs(database).cancel(run.id, clock.now())
    lists.delete("vip", 5)


HOSTILE = (
    "'; DROP TABLE contact; --",
    '" OR 1=1 --',
    "') OR ('1'='1",
    "\\",
    "%",
    "_",
    "$.plan",
    '"].plan',
    "a'||(SELECT 1)||'",
    ":b_ids",
    "%(b_ids)s",
    "{name}",
    "\u202e",
)
"""Names and texts that would be something else if they ever became part of a statement."""


def test_hostile_names_are_only_names(database, clock):
    """As an attribute, its value, a tag, a list, in a campaign's segment and in its run."""
    contacts, audiences = Contacts(database), Audiences(database, clock)
    contacts.add([NewContact("b@x.co", "b@x.co", {"plan": "pro"})], list_name="others", now=1)
    for number, text in enumerate(HOSTILE):
        email, it = f"a{number}@x.co", quoted(text)
        contacts.add([NewContact(email, email, {text: text})], list_name=text, now=1)
        expressions = {
            f"attribute({it}) == {it}": 1,
            f"attribute({it}) in ({it}, 'x')": 1,
            f"not attribute({it}).startswith({it})": 1,
            f"{it} in attribute({it})": 1,
            f"missing(attribute({it}))": 1,
            f"list({it})": 1,
            f'joined({it}) < days_ago(1) or list("others") - list({it})': 2,
            f"plan == {it} or tag({it}) or email == {it} or domain('x.co') and plan == {it}": 0,
        }
        for expression, size in expressions.items():
            assert audiences.size(Audience((text, "others"), expression)) == size, expression
        together = " and ".join(f"({each})" for each, size in expressions.items() if size == 1)
        together = together.replace("missing(", "not missing(").replace("(not attr", "(attr")
        campaign = make_campaign(database, f"c{number}", lists=(text,), segment=together)
        assert start_run(database, campaign, clock.now()).pending == 1
        for bare in (f"plan == {text}", text):
            with contextlib.suppress(SestuiError):  # an expression it may well be
                assert audiences.size(Audience((), bare)) < 2
    assert contacts.count() == len(HOSTILE) + 1


def test_refers_are_found_in_names_and_expressions(database):
    assert Audience((), "pros").expression.names(Refers.SEGMENT) == ["pros"]
    assert Audience((), 'list("a")').expression.names(Refers.LIST) == ["a"]
    assert Audience(("a",)).expression is None
    assert Audience(("a", "b"), "pros").words == "a, b in the segment pros"
    assert (
        Audience((), "age > 1 # x\nand valid()").words == "all contacts where age > 1 and valid()"
    )
