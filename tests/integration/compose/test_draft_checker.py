import pytest

from sestui.compose.checks import Checker
from sestui.compose.draft_checker import DraftChecker, PreviewTarget, Superseded
from sestui.core.campaign.audience import Audience
from sestui.core.campaign.draft import Draft, read_draft
from sestui.settings import load_settings
from sestui.store.campaigns.campaigns import CampaignVersion
from sestui.store.contacts.contacts import Contacts, NewContact
from sestui.store.contacts.members import Members
from tests.support.clocks import FakeClock

OFF = " [off]({{ unsubscribe_url }})"


@pytest.fixture
def checker(database):
    return DraftChecker(
        Checker(database, load_settings(), FakeClock()), Members(database, FakeClock())
    )


@pytest.fixture
def people(database):
    rows = [
        NewContact(f"{who}@example.com", f"{who}@example.com", attributes)
        for who, attributes in (("ada", {"first_name": "Ada"}), ("bob", {"city": "Berne"}))
    ]
    Contacts(database).add(rows, list_name="all", now=1.0)
    Contacts(database).add([], list_name="empty", now=1.0)


def look(checker, body, whom=None, *, seen=None, **typed):
    usual = {"name": "news", "subject": "News", "from_address": "a@example.com", "lists": "all"}
    draft = Draft(**usual | typed, body=body + OFF)
    return checker.check(read_draft(draft), seen, whom or PreviewTarget(), lambda: False)


def told(found):
    return [(each.severity.value, each.sentence) for each in found.findings]


def test_a_sound_draft_is_rendered_for_one_contact_after_the_other(checker, people):
    found = look(checker, "Hi {{ first_name or 'you' }}")
    assert (told(found), found.email, found.sendable) == ([], "ada@example.com", True)
    assert found.mail.text.startswith("Hi Ada")
    following = look(
        checker, "Hi {{ first_name or 'you' }}", PreviewTarget(found.contact.contact_id, 1)
    )
    assert (following.email, following.mail.text[:6]) == ("bob@example.com", "Hi you")
    same = look(checker, "Hi {{ city }}", PreviewTarget(following.contact.contact_id))
    assert same.mail.text.startswith("Hi Berne")
    back = look(checker, "{{ city }}", PreviewTarget(following.contact.contact_id, -1))
    assert (back.email, back.mail, back.sendable) == ("ada@example.com", None, False)
    assert told(back) == [
        (
            "error",
            "body, line 1: city has no value; write {{ city or 'something' }} to do without it "
            "(for ada@example.com).",
        )
    ]
    assert checker.find(Audience(("all",)), " BOB@example.com ").email == "bob@example.com"
    assert checker.find(Audience(("all",)), "zoe@example.com") is None


@pytest.mark.parametrize("lists", ["", "empty", "none"])
def test_with_nobody_to_send_to_a_contact_is_made_up(checker, people, lists):
    found = look(checker, "Hi {{ first_name }} of {{ planet }}", lists=lists)
    assert (found.contact, found.email) == (None, "ada@example.com")
    assert found.mail.text.startswith("Hi Ada of [planet]")
    assert (
        told(found)
        == {
            "": [
                (
                    "error",
                    "lists: it names no list and no segment; the campaign would reach no one.",
                )
            ],
            "empty": [],
            "none": [("warning", "lists: there is no list 'none' yet; `sestui import` makes it.")],
        }[lists]
    )


def test_a_variable_nobody_has_is_told_until_somebody_has_it(checker, people, database):
    body = "{{ frist_name or 'x' }} {{ season }}"
    typo = "body, line 1: nobody in its audience has frist_name; did you mean first_name?"
    for _ in range(2):
        assert told(look(checker, body, keywords="season: autumn")) == [("warning", typo)]
    rows = [NewContact("c@example.com", "c@example.com", {"frist_name": "C"})]
    Contacts(database).add(rows, list_name="all", now=1.0)
    assert told(look(checker, body, keywords="season: autumn")) == []


def test_faults_and_the_campaigns_own_rules_are_told_too(checker, people, campaigns):
    found = look(checker, "Hi", priority="11", start_at="2020-01-01T00:00+00:00", notify="a@b.ch")
    assert told(found) == [
        ("error", "priority: must be a whole number from 0 to 9; 9 goes first."),
        (
            "warning",
            "start: 2020-01-01T00:00:00.000Z is long past, so the campaign starts only by hand.",
        ),
    ]
    assert found.mail is not None


def test_a_look_that_is_of_no_use_any_more_ends(checker, people):
    with pytest.raises(Superseded):
        checker.check(
            read_draft(Draft()), CampaignVersion(1, "x", (1.0, 1)), PreviewTarget(), lambda: True
        )


def test_every_subject_of_a_split_is_shown_and_checked(checker, people):
    split = '"{{ first_name }}, your news", A gift'
    found = look(checker, "Hi", split=split, subject="")
    assert (told(found), found.subjects) == ([], ("Ada, your news", "A gift"))
    assert found.mail.subject == "Ada, your news"
    of_others = look(checker, "Hi", split=split, subject="Something else")
    assert told(of_others) == [
        ("warning", "subject: nobody gets it: the split has other subjects.")
    ]
    failing = look(checker, "Hi", split="Our news, {{ pet }}", subject="")
    assert (failing.mail, failing.subjects, failing.sendable) == (None, (), False)
    assert any("pet has no value" in sentence for _, sentence in told(failing))
    twice = look(checker, "Hi", split="Our news, Our news")
    assert ("error", "split: has a subject twice; nothing could be learnt from that.") in told(
        twice
    )
    by_clocks = look(checker, "Hi", split="One, Two", subject="One", local_time="09:00 local")
    assert any("it can't go with at" in sentence for _, sentence in told(by_clocks))
