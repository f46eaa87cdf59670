"""Deliveries that are due by their recipients' own clocks, on both engines."""

from datetime import UTC, datetime

import pytest
from sqlmodel import update

from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.handover import ClaimRequest, RunCounts
from sestui.core.delivery.states import Completion, RunState, WaitReason
from sestui.core.schedule.recipient_zones import ZoneSource
from sestui.store.contacts.recipient_zones import LocalStart, local_hours
from sestui.store.db.tables import Contact, Delivery
from sestui.store.ledger.clocks import ledger_now
from sestui.store.ledger.in_doubt import InDoubt, Resolution
from sestui.store.ledger.local_times import LocalTimes
from sestui.store.runs.runs import Runs
from sestui.store.tasks.due_check import anything_due
from tests.support.seeding import (
    accepted,
    add_contacts,
    checked_counts,
    make_campaign,
    not_sent,
    open_ledger,
    rows_of,
    start_run,
    tell_governor,
    unknown,
)

HOUR = 3_600.0
PEOPLE = {
    "utc": {"timezone": "UTC"},
    "east": {"tz": "+01:00"},
    "west": {"time_zone": "-01:00", "country": "FR"},
    "later": {"timezone": " utc-3"},
    "nepal": {"timezone": "", "country": "nepal"},
    "narnia": {"timezone": "Narnia", "country": 7},
    "unheard": {},
    'quo"te': {"timezone": 'A "b" \\ c'},
}
"""Hours from UTC's due: see ``due``."""
AHEAD = {"utc": 0, "east": -1, "west": 1, "later": 3, "nepal": 24 - 5.75}


@pytest.fixture
def ledger(database, clock):
    tell_governor(database, now=clock.now())
    return open_ledger(database, clock)


@pytest.fixture
def at(database, clock):
    """UTC's due, two hours ago by the ledger's clock: on the minute, as a clock shows it."""
    with database.read_connection() as connection:
        now = ledger_now(connection, clock)
    return (now - 2 * HOUR) // 60 * 60


@pytest.fixture
def started(database, at):
    """A run of 90 minutes before UTC's due, and the emails by their due."""
    for name, attributes in PEOPLE.items():
        add_contacts(database, [f"{name}@example.com"], attributes=attributes)
    local = f"{datetime.fromtimestamp(at, UTC):%H:%M} local"
    campaign = make_campaign(database, local_time=local, timezone="UTC")
    return start_run(database, campaign, at - 1.5 * HOUR)


def names(claims):
    return [claim.email.partition("@")[0] for claim in claims]


def test_everybody_is_due_when_it_is_that_time_where_they_are(started, database, at):
    dues = {row.email.partition("@")[0]: row.due_at for row in rows_of(database, started.id)}
    assert dues == {name: at + AHEAD.get(name, 0) * HOUR for name in PEOPLE}
    assert LocalTimes(database).first(started.id, at) == at - HOUR
    assert sum(count for _, count in LocalTimes(database).pending(started.id)) == len(PEOPLE)


def test_the_hours_are_told_before_it_starts(started, database, at):
    local = LocalStart(started.due_time, "UTC", started.created_at)
    with database.read_connection() as connection:
        hours = local_hours(connection, local, [Contact.id > 0])
    assert dict(hours.dues) == {
        at - HOUR: 1,
        at: 4,
        at + HOUR: 1,
        at + 3 * HOUR: 1,
        at + 18.25 * HOUR: 1,
    }
    source = ZoneSource
    assert hours.sources == {source.ATTRIBUTE: 4, source.COUNTRY: 1, source.CAMPAIGN: 3}
    assert (hours.unread, set(hours.examples)) == (2, {"Narnia", 'A "b" \\ c'})


def test_only_who_is_due_is_claimed_in_that_order(started, database, ledger, at):
    first = ledger.exchange([], ClaimRequest(started.id, 2)).claims
    assert names(first) == ["east", "utc"]
    rest = ledger.exchange([], ClaimRequest(started.id, 100)).claims
    assert names(rest) == ["narnia", "unheard", 'quo"te', "west"]
    nobody = ledger.exchange([], ClaimRequest(started.id, 100))
    assert (nobody.claims, nobody.next_at, nobody.nobody) == ((), at + 3 * HOUR, False)
    ledger.exchange([accepted(each) for each in (*first, *rest)], None)
    assert checked_counts(database, started.id) == RunCounts(accepted=6, pending=2)
    assert Runs(database).get(started.id).state == RunState.SENDING


def test_what_was_not_sent_keeps_its_time(started, database, ledger, at):
    [claim] = ledger.exchange([], ClaimRequest(started.id, 1)).claims
    ledger.exchange([not_sent(claim, retry_after=60)], None)
    others = ledger.exchange([], ClaimRequest(started.id, 100)).claims
    assert "east" not in names(others)
    [east] = [row for row in rows_of(database, started.id) if row.email == claim.email]
    assert (east.state, east.due_at) == ("pending", at - HOUR)
    nobody = ledger.exchange([], ClaimRequest(started.id, 100))
    assert (nobody.claims, nobody.next_at, nobody.nobody) == ((), east.not_before, False)
    ledger.exchange([not_sent(each) for each in others], None)
    again = ledger.exchange([], ClaimRequest(started.id, 100)).claims
    assert names(again) == names(others)


def test_a_run_that_waits_for_a_local_time_is_nothing_to_do_until_then(
    started, database, ledger, at, clock
):
    claims = ledger.exchange([], ClaimRequest(started.id, 100)).claims
    ledger.exchange([unknown(claims[0]), *map(accepted, claims[1:])], None)
    runs, due_at = Runs(database), at + 3 * HOUR
    runs.wait(started.id, WaitReason.LOCAL_TIME, "Early.", due_at, at=at)
    with database.write() as session:
        run = session.get(type(started), started.id)
        run.completion, run.in_doubt = Completion.TOLD.value, 0
        session.add(run)
    assert not anything_due(database, at)
    assert not anything_due(database, due_at - 1)
    assert anything_due(database, due_at)
    assert anything_due(database, due_at - 100 * 24 * HOUR)  # the clock was set back
    with database.write() as session:
        run = session.get(type(started), started.id)
        run.in_doubt = 1
        session.add(run)
    InDoubt(database).resolve(started.id, Resolution.RESEND)
    after = runs.get(started.id)
    assert (after.state, after.reason, after.resume_at) == (RunState.SENDING, "", None)
    assert names(ledger.exchange([], ClaimRequest(started.id, 100)).claims) == ["east"]


def test_what_comes_back_late_wakes_a_run_that_waits_for_a_local_time(
    started, database, ledger, at
):
    claims = ledger.exchange([], ClaimRequest(started.id, 100)).claims
    ledger.exchange([unknown(claims[0]), *map(accepted, claims[1:])], None)
    due_at = at + 3 * HOUR
    Runs(database).wait(started.id, WaitReason.LOCAL_TIME, "Early.", due_at, at=at)
    now = ledger.exchange([not_sent(claims[0])], None).now  # by a process presumed dead
    assert Runs(database).get(started.id).resume_at == pytest.approx(now, abs=5) != due_at
    assert anything_due(database, now + 5)


@pytest.mark.parametrize(("hours", "stranded"), [(20, False), (72, True)])
def test_a_clock_set_back_strands_nobody(started, database, ledger, at, hours, stranded):
    with database.write() as session:
        session.exec(update(Delivery).values(due_at=Delivery.due_at + hours * HOUR))
    first = at + (hours - 1) * HOUR
    assert LocalTimes(database).first(started.id, at) == (at if stranded else first)
    taken = ledger.exchange([], ClaimRequest(started.id, 100))
    assert len(taken.claims) == (len(PEOPLE) if stranded else 0)
    if stranded:
        ledger.exchange([not_sent(each, retry_after=60) for each in taken.claims], None)
        assert ledger.exchange([], ClaimRequest(started.id, 100)).nobody


def test_a_follow_up_is_counted_from_its_own_start(started, database, ledger, at):
    [claim] = ledger.exchange([], ClaimRequest(started.id, 1)).claims
    ledger.exchange([accepted(claim)], None)
    Runs(database).cancel(started.id, at)
    campaign = make_campaign(database, local_time=started.due_time, timezone="UTC")
    again = Runs(database).start(campaign, at + 60, only=Only.UNRECEIVED)
    dues = {row.email.partition("@")[0]: row.due_at for row in rows_of(database, again.id)}
    assert checked_counts(database, again.id) == RunCounts(pending=len(PEOPLE) - 1)
    ahead = AHEAD | dict.fromkeys(("utc", "narnia", "unheard", 'quo"te'), 24)
    assert dues == {name: at + ahead[name] * HOUR for name in PEOPLE if name != "east"}


def test_tests_and_other_campaigns_go_at_once(started, database, ledger, at):
    campaign = make_campaign(database, "other", local_time="09:00 local")
    test = Runs(database).start_test(campaign, [("ops@example.com", None)], at)
    assert names(ledger.exchange([], ClaimRequest(test.id, 5)).claims) == ["ops"]
    plain = start_run(database, make_campaign(database, "plain"), at)
    assert len(ledger.exchange([], ClaimRequest(plain.id, 100)).claims) == len(PEOPLE)
