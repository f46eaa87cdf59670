"""A campaign's segment on its way from a file to a start."""

import pytest

from sestui.compose.checks import Checker
from sestui.compose.files import load_campaign
from sestui.core.segments.expression import Together
from sestui.core.segments.parse import parse
from sestui.errors import BadFileError, NotFoundError, StateError
from sestui.sending.runs.run_starter import RunStarter
from sestui.settings import load_settings
from sestui.store.campaigns.campaigns import fields_of
from sestui.store.contacts.audiences import Audiences
from sestui.store.contacts.contacts import Contacts
from sestui.store.runs.runs import Runs
from sestui.store.segments.segments import Segments
from tests.support.clocks import FakeClock
from tests.support.compose import plan
from tests.support.seeding import add_contacts, make_campaign

NOW = 1_790_000_000.0


def test_apply_shows_a_segment_and_warns_of_what_is_missing(campaigns, write, database):
    add_contacts(database, ["ada@example.com"], attributes={"plan": "pro", "name": "Ada"})
    text = 'plna == "pro" and not received("news") and segment("pros")'
    first = plan(campaigns, load_campaign(write(lists=None, segment=text)), NOW)
    changes = {each.field: (each.old, each.new) for each in first.changes}
    assert changes["segment"] == ("", text)
    (missing,) = first.warnings
    assert missing.endswith("news.md, line 5: segment: There is no segment 'pros'.")
    Segments(database).save("pros", "valid()", NOW)
    again = plan(campaigns, load_campaign(write(lists=None, segment=text + ' or opened("x")')), NOW)
    assert [each.partition(": segment: ")[2] for each in again.warnings] == [
        "There is no campaign 'x'."  # news, itself, will be there
    ]
    make_campaign(database, lists=(), segment=text)
    last = plan(campaigns, load_campaign(write(lists=None, segment=text)), NOW)
    assert [each.partition(": segment: ")[2] for each in last.warnings] == [
        "no contact has the attribute 'plna'."
    ]
    with pytest.raises(BadFileError, match=r"news.md, line 6: segment: Column 6: write == to comp"):
        load_campaign(write(segment="plan = 'pro'"))


def test_segments_that_are_applied_at_the_same_time_are_there(write, database):
    loaded = load_campaign(write(lists=None, segment="pros"))
    checker = Checker(database, load_settings(), FakeClock())
    given = loaded.file.fields, loaded.message, None
    other = load_campaign(write(file="b.md", lists=None, segment='not opened("c")'))
    together = Together(campaigns=frozenset({"c"}))
    assert checker.for_file(other.file.fields, other.message, None, together) == ()
    said = [each.sentence for each in checker.for_file(*given)]
    assert said == ["segment: There is no segment 'pros'."]
    assert checker.for_file(*given, Together({"pros": parse("valid()")})) == ()


@pytest.fixture
def starter(database):
    clock = FakeClock()
    return RunStarter(
        Contacts(database),
        Audiences(database, clock),
        Runs(database),
        lambda campaign: None,
        lambda: Checker(database, load_settings(), clock),
    )


def test_a_start_renders_for_those_in_the_segment_only(database, starter, campaigns):
    """Who is outside of it may lack what the message needs."""
    add_contacts(database, ["ada@example.com"], attributes={"plan": "pro", "name": "Ada"})
    add_contacts(database, ["bob@example.com", "cleo@example.com"], attributes={"plan": "free"})
    body = "{{ name }} [off]({{ unsubscribe_url }})"
    campaign = make_campaign(database, body=body, segment="not missing(name)")
    check = starter.check_start(campaign, lambda _: None)
    assert (check.ok, check.audience, check.recipients.checked) == (True, 1, 1)
    assert starter.start(campaign, NOW, check=check).pending == 1
    everybody = make_campaign(database, "all", body=body)
    assert starter.check_start(everybody, lambda _: None).recipients.failed == 2


def test_a_start_for_nobody_says_whose_segment_it_is(database, starter, campaigns):
    add_contacts(database, ["ada@example.com"])
    Segments(database).save("pros", 'plan == "pro"', NOW)
    for name, fields, said in (
        ("a", {"segment": "pros"}, "Nobody on all is in the segment of a now: pros."),
        ("b", {"lists": (), "segment": "age > 1"}, "Nobody is in the segment of b now: age > 1."),
        ("c", {"lists": ()}, "Nobody is on any list of the campaign; import contacts first."),
    ):
        with pytest.raises(StateError) as caught:
            starter.start(make_campaign(database, name, **fields), NOW)
        assert str(caught.value).partition("`")[0].strip().startswith(said)
    gone = make_campaign(database, "d", segment="prso")
    with pytest.raises(NotFoundError, match=r"no segment .prso.; did you mean pros\?"):
        starter.start(gone, NOW)
    assert fields_of(gone).segment == "prso"
