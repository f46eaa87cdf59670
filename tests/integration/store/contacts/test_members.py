import pytest
from sqlalchemy import text

from sestui.core.campaign.audience import Audience
from sestui.core.campaign.fields import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.errors import ConflictError, StateError
from sestui.store.campaigns.campaigns import Campaigns, CampaignVersion, fields_of
from sestui.store.contacts.audiences import Audiences, Reach
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.contacts.members import Members
from sestui.store.contacts.suppressions import Suppressions
from tests.support.clocks import FakeClock

NOW = 1_796_000_000.0


@pytest.fixture
def members(database):
    contacts = Contacts(database)
    for name, people in {
        "news": [("ada", {"first_name": "Ada"}), ("bob", {"first_name": "", "city": "Berne"})],
        "vip": [("bob", {}), ("cleo", {"it's": 'a "quote"'})],
        "other": [("dora", {"plan": "pro"})],
        "empty": [],
    }.items():
        rows = [
            NewContact(f"{who}@example.com", f"{who}@example.com", attributes)
            for who, attributes in people
        ]
        contacts.add(rows, list_name=name, now=NOW)
    return Members(database, FakeClock(NOW))


def walked(members, lists, *, back=False):
    at, seen = None, []
    while (found := members.beside(Audience(tuple(lists)), at, back=back)) is not None:
        if found.email in seen:
            break
        seen.append(found.email)
        at = found.contact_id
    return [email.partition("@")[0] for email in seen]


def test_members_come_one_by_one_and_go_round(members):
    assert walked(members, ["news", "vip", "none"]) == ["ada", "bob", "cleo"]
    assert walked(members, ["vip", "news"], back=True) == ["cleo", "bob", "ada"]
    assert walked(members, ["empty"]) == walked(members, []) == walked(members, ["none"]) == []


def unsubscribe(database, name):
    with database.write_connection() as connection:
        statement = text("UPDATE contact SET status = 'unsubscribed' WHERE email LIKE :name")
        connection.execute(statement, {"name": f"{name}@%"})


def test_a_mail_is_shown_for_the_first_who_can_be_mailed(members, database):
    news, nobody = Audience(("news", "vip")), Audience(("none",))
    assert members.stand_in(news).email == "ada@example.com"
    unsubscribe(database, "ada")
    assert members.stand_in(news).email == "bob@example.com"
    Suppressions(database).add("bob@example.com", "bounce", "550", NOW)
    assert members.stand_in(news).email == "cleo@example.com"
    audiences = Audiences(database, FakeClock(NOW))
    assert audiences.reach(news, transactional=False) == Reach(3, 1)
    assert audiences.reach(news, transactional=True, most=3) == Reach(3, 2)
    assert audiences.reach(news, transactional=True, most=2) == Reach(3, None)
    assert audiences.reach(nobody, transactional=False) is None
    unsubscribe(database, "cleo")
    assert members.stand_in(news).email == "ada@example.com"
    assert members.stand_in(nobody) is None


def test_a_member_is_found_by_address_and_by_id(members):
    ada = members.by_address(Audience(("news", "other")), "ada@example.com")
    assert ada.attributes == {"first_name": "Ada"}
    assert members.by_id(Audience(("news",)), ada.contact_id) == ada
    assert members.by_id(Audience(("vip",)), ada.contact_id) is None
    assert members.by_address(Audience(("vip",)), "ada@example.com") is None


def test_attributes_that_members_have(members):
    assert members.attribute_names(Audience(("news", "vip"))) == {"first_name", "city", "it's"}
    assert members.attribute_names(Audience(("news",)), of=1) == {"first_name"}
    names = ["first_name", "city", "plan", "it's", 'a"b', "x" * 300]
    assert members.without(Audience(("news", "vip")), names) == {"plan", 'a"b', "x" * 300}
    assert members.without(Audience(("empty",)), ["city"]) == {"city"}


def test_how_many_members_have_an_attribute_is_counted_within_bounds(members, database):
    use = members.attribute_use(Audience(("news", "vip", "none")))
    assert (use.counts, use.of, use.complete) == ({"first_name": 1, "city": 1, "it's": 1}, 3, True)
    assert members.attribute_use(Audience()) == members.attribute_use(Audience(("empty",)))
    assert members.attribute_use(Audience(("empty",))).of == 0
    people = [f"many{number:03}@example.com" for number in range(100)]
    rows = [
        NewContact(who, who, {"number": number} if number < 90 else {"late": "x", "number": ""})
        for number, who in enumerate(people)
    ]
    Contacts(database).add(rows, list_name="many", now=NOW)
    for most, of, complete in ((200, 100, True), (150, 100, True), (20, 20, False), (1, 2, False)):
        use = members.attribute_use(Audience(("many",)), of=most)
        assert (use.of, use.complete) == (of, complete)
        assert use.counts["late"] == min(10, -(-of // 2) if not complete else 10)
    assert members.attribute_use(Audience(("many",))).counts == {"number": 90, "late": 10}


def fields(name="news", **more):
    return CampaignFields(name, "a@example.com", **more)


def test_who_saves_must_have_seen_the_newest(database):
    campaigns = Campaigns(database)
    hi, bye = MessageSource("s", "hi"), MessageSource("s", "bye")
    seen = campaigns.save_seen(None, fields(), hi, now=NOW, next_due_at=None)
    mine = campaigns.save_seen(
        CampaignVersion.of(seen), fields("mine"), bye, now=NOW + 1, next_due_at=NOW + 9
    )
    assert (mine.id, mine.name, mine.next_due_at) == (seen.id, "mine", NOW + 9)
    with pytest.raises(ConflictError, match="mine has been changed in the meantime"):
        campaigns.save_seen(CampaignVersion.of(seen), fields(), hi, now=NOW + 2, next_due_at=None)
    campaigns.set_next(mine.id, None)  # a run that has started is no change
    again = campaigns.save_seen(
        CampaignVersion.of(mine), fields("mine", priority=7), bye, now=NOW, next_due_at=None
    )
    assert fields_of(campaigns.get("mine")) == fields_of(again) == fields("mine", priority=7)


def test_a_name_is_taken_once(database):
    campaigns = Campaigns(database)
    hi = MessageSource("s", "hi")
    for name in ("one", "two"):
        campaigns.save(fields(name), hi, now=NOW, next_due_at=None)
    with pytest.raises(StateError, match="There is already a campaign one"):
        campaigns.save_seen(None, fields("one"), hi, now=NOW, next_due_at=None)
    with pytest.raises(StateError, match="There is already a campaign one"):
        campaigns.save_seen(
            CampaignVersion.of(campaigns.get("two")), fields("one"), hi, now=NOW, next_due_at=None
        )
    assert campaigns.names() == ["one", "two"]


def test_a_campaign_without_lists_is_for_nobody(database):
    audiences = Audiences(database, FakeClock(NOW))
    assert list(audiences.batches(Audience())) == []
    assert audiences.size(Audience()) == 0
