"""What is known of an audience, on both engines."""

import pytest

from sestui.core.campaign.audience import Audience
from sestui.core.contact.address_verdict import AddressVerdict
from sestui.core.delivery.bounce_forecast import BounceRisk
from sestui.store.events import bounce_risks
from sestui.store.tasks.tables import ContactCheck
from tests.support.clocks import FakeClock
from tests.support.reported import about, mail, pull
from tests.support.seeding import (
    add_contacts,
    addresses,
    make_campaign,
    open_ledger,
    start_run,
    suppress,
    tell_governor,
)

DAY = 86_400.0


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def audience(database, clock):
    """A list of 12: 8 that were mailed, of whom 2 bounced softly; 4 that are new."""
    tell_governor(database, now=clock.now())
    add_contacts(database, addresses(8))
    run = start_run(database, make_campaign(database), clock.now())
    claims = mail(open_ledger(database, clock), run, 8)
    soft = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}
    after = claims[0].delivery_id, clock.now()
    events = [about(each, "Bounce", run=run.id, mailed_at=after[1], **soft) for each in claims[:2]]
    events += [about(each, "Delivery", run=run.id, mailed_at=after[1]) for each in claims[2:]]
    pull(database, clock, events)
    return add_contacts(database, addresses(4, "new"))


def groups(database, now):
    with database.read_connection() as connection:
        return bounce_risks.of_audience(connection, Audience(("all",)), 12, now)[0]


def test_everybody_is_in_the_group_that_tells_most(database, clock, audience):
    found = groups(database, clock.now() + DAY)
    assert found == {BounceRisk.NEW: 4, BounceRisk.BOUNCED: 2, BounceRisk.KNOWN: 6}
    later = groups(database, clock.now() + 200 * DAY)
    assert later == {BounceRisk.NEW: 4, BounceRisk.BOUNCED: 2, BounceRisk.SILENT: 6}


def test_who_is_not_mailed_is_left_out_and_a_bad_verdict_outweighs_all(database, clock, audience):
    suppress(database, "new00000@example.com")
    with database.write() as session:
        session.add(
            ContactCheck(
                contact_id=audience[1],
                verdict=AddressVerdict.INVALID.value,
                reason="",
                checked_at=0,
                decided=False,
            )
        )
    found = groups(database, clock.now() + DAY)
    assert (found[BounceRisk.NEW], found[BounceRisk.INVALID]) == (2, 1)
    suppress(database, "@example.com")
    assert groups(database, clock.now()) == {}


def test_of_a_large_audience_a_sample_is_scaled_up(database, clock, audience, monkeypatch):
    monkeypatch.setattr(bounce_risks, "SAMPLE", 4)
    with database.read_connection() as connection:
        found, sampled = bounce_risks.of_audience(
            connection, Audience(("all",)), 12, clock.now() + DAY
        )
    assert sampled
    assert sum(found.values()) == 12


def test_of_an_open_run_those_count_who_are_pending(database, clock, audience):
    run = start_run(database, make_campaign(database, "second"), clock.now())
    mail(open_ledger(database, clock), run, 5)
    with database.read_connection() as connection:
        found, sampled = bounce_risks.of_pending(connection, run, clock.now() + DAY)
    assert not sampled
    assert sum(found.values()) == 7
    assert found[BounceRisk.NEW] == 4
