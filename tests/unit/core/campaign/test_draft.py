import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sestui.core.campaign.draft import Draft, Origin, read_draft
from sestui.core.campaign.fields import CampaignFields
from sestui.core.campaign.kinds import keywords_of, split
from sestui.core.content.message import MessageSource
from sestui.core.delivery.mail import MailAttachment

PRICES = MailAttachment("prices.pdf", "application/pdf", b"%PDF")
CAMPAIGN = CampaignFields(
    "november-news",
    "Ada's Shop <news@example.com>",
    reply_to=("help@example.com", '"Grün, Ada" <ada@example.com>'),
    lists=("newsletter", "vip, old", 'the "best"'),
    keywords={"season": "autumn, late", "year": 2026, "deep": {"a": [1, "b"]}},
    transactional=True,
    priority=7,
    max_rate=0.1,
    send_window="Mon-Fri 09:00-18:00",
    notify=("ops@example.com",),
    start_at=1796112000.0,
    timezone="Europe/Paris",
)
MESSAGE = MessageSource("s", "# Hi\n", "html", "Hi", "soon", (PRICES,))


def test_a_campaign_becomes_text_and_comes_back():
    draft = Draft.of(CAMPAIGN, MESSAGE)
    assert draft.lists == 'newsletter, "vip, old", "the ""best"""'
    assert draft.keywords.startswith("season: 'autumn, late', year: 2026")
    assert (draft.start_at, draft.max_rate, draft.priority) == ("2026-12-01T09:00", "0.1", "7")
    read = read_draft(draft)
    assert (read.campaign, read.message, read.faults) == (CAMPAIGN, MESSAGE, ())


def test_an_empty_draft_lacks_nothing_but_a_name():
    read = read_draft(Draft())
    assert [(each.field, each.problem) for each in read.faults] == [
        ("name", "a campaign needs a name, such as november-news")
    ]
    assert read.campaign == CampaignFields("", "")


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"name": "a b"}, "name", "'a b' can't be a campaign's name"),
        ({"priority": "10"}, "priority", "must be a whole number from 0 to 9"),
        ({"priority": "high"}, "priority", "must be a whole number"),
        ({"max_rate": "0"}, "max_rate", "must be a number above 0"),
        ({"schedule": "often"}, "schedule", "A schedule has five fields"),
        ({"start_at": "soon"}, "start", "'soon' is not a time"),
        ({"start_at": "2026-12-01", "schedule": "@daily"}, "start", "not both"),
        ({"timezone": "Mars"}, "timezone", "'Mars' is not an IANA time zone"),
        ({"send_window": "9-5"}, "send_window", "'9-5' is not a send window"),
        ({"at_most": "2 a week"}, "at_most", "'2 a week' is not a limit; write how many mails"),
        ({"holdout": "5"}, "holdout", "'5' is not a share of the recipients; write a percentage"),
        ({"keywords": "season"}, "keywords", "season has no value"),
        ({"keywords": "a: [}"}, "keywords", "must be names with values"),
        ({"keywords": "a: b}\nlists: {c: d"}, "keywords", "must be names with values"),
        ({"keywords": "email: x"}, "keywords", "sestui's own variable"),
        ({"lists": "a\x1bb"}, "lists", "holds control characters"),
    ],
)
def test_what_no_campaign_can_hold(typed, field, said):
    (fault,) = read_draft(Draft(**{"name": "news"} | typed)).faults
    assert fault.field == field
    assert said in fault.problem


def test_what_is_merely_wrong_is_kept_as_typed():
    read = read_draft(Draft(name="n", from_address=" nobody ", reply_to="x, y@EXAMPLE.com"))
    assert read.faults == ()
    assert read.campaign.from_address == "nobody"
    assert read.campaign.reply_to == ("x", "y@example.com")


def test_fields_nobody_touched_stay_what_they_were():
    odd = CampaignFields("old name", " odd ", lists=(" a\x1b",), start_at=1.0000001, timezone="?")
    odd = dataclasses.replace(odd, only="joined", misfire_hours=3.0)  # no editor shows these
    message = MessageSource("s\n", "\r\n\nbody\x0c")
    shown = Draft.of(dataclasses.replace(odd, timezone=""), message)
    shown = dataclasses.replace(shown, timezone="?", body="body")
    origin = Origin(odd, message, shown)
    read = read_draft(dataclasses.replace(shown, priority="3"), origin)
    assert read.faults == ()
    assert read.campaign == dataclasses.replace(odd, priority=3)
    assert read.message == message
    renamed = read_draft(dataclasses.replace(shown, name="new name", timezone="UTC"), origin)
    assert [each.field for each in renamed.faults] == ["name"]
    assert renamed.campaign.start_at != odd.start_at


def test_drafts_are_kept_as_json():
    kept: dict[str, bytes] = {}

    def stored(item):
        kept["1"] = item.content
        return "1"

    draft = Draft.of(CAMPAIGN, MESSAGE)
    text = draft.as_json(stored)
    assert Draft.of_json(text, kept.__getitem__) == draft
    for broken in ("", "[]", "{}", text.replace('"name"', '"nome"', 1), text.replace("true", '""')):
        with pytest.raises(ValueError, match="it is not a draft"):
            Draft.of_json(broken, kept.__getitem__)


def test_items():
    assert split(' a,b , "c, d",,a') == ("a", "b", "c, d")
    assert keywords_of("a: 1, b: no") == {"a": 1, "b": "no"}


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_read(one, two, three):
    read = read_draft(Draft(lists=one, keywords=two, start_at=three, max_rate=one, reply_to=two))
    assert isinstance(read.campaign, CampaignFields)


def test_what_has_no_field_goes_through_an_editor_as_it_is():
    message = MessageSource(
        "s",
        "b",
        "mjml",
        layout="<p>{{ content }}</p>",
        layout_name="shop.html",
        to_name="{{ first_name }}",
        headers=(("X-B", "1, 2"), ("X-A", "{{ email }}")),
    )
    draft = Draft.of(CampaignFields("news", "a@example.com", lists=("l",)), message)
    again = Draft.of_json(draft.as_json(lambda _: ""), lambda _: b"")
    assert again == draft
    assert read_draft(again).message == message
