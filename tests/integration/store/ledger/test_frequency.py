"""``at_most``: how many mails of campaigns a contact gets in a time, on both engines."""

import threading
from collections import Counter

import pytest
from sqlalchemy import text
from sqlmodel import update

from sestui.core.clock import SystemClock
from sestui.core.delivery.account import AccountStatus
from sestui.core.delivery.account_key import SIMULATOR
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.delivery.states import HANDED_OVER_STATES, RunKind, RunState
from sestui.store.db.tables import Delivery, Run
from sestui.store.ledger.frequency import count_over, take_turn
from sestui.store.ledger.unchecked import enter
from sestui.store.runs.runs import Runs
from tests.support.seeding import (
    ACCOUNT,
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    not_sent,
    open_ledger,
    refused,
    rows_of,
    start_run,
    suppress,
    tell_governor,
    unknown,
)
from tests.support.workspaces import until

DAY = 86_400.0
CLOCK = SystemClock()


def claim(database, run, account=ACCOUNT):
    ledger = open_ledger(database, CLOCK, account=account)
    return ledger.exchange([], ClaimRequest(run.id, 1000)).claims


def settle(database, answers):
    open_ledger(database, CLOCK).exchange(list(answers), None)


def mailed(database, name, answer=accepted, **fields):
    """Start a campaign and answer all that is claimed; its run."""
    run = start_run(database, make_campaign(database, name, **fields), CLOCK.now())
    settle(database, map(answer, claim(database, run)))
    return run


def aged(database, run, seconds):
    """What the run sent was handed over so much earlier."""
    with database.write() as session:
        earlier = Delivery.claimed_at - seconds
        session.exec(update(Delivery).where(Delivery.run_id == run.id).values(claimed_at=earlier))


def codes(database, run):
    checked_counts(database, run.id)
    return [row.code or row.state for row in rows_of(database, run.id)]


def over(database, campaign, run=None, account=ACCOUNT):
    with database.read_connection() as connection:
        return count_over(connection, campaign, run, CLOCK.now(), account).recipients


def test_a_contact_gets_no_more_across_campaigns(database):
    tell_governor(database)
    add_contacts(database, addresses(2))
    first = mailed(database, "first")
    add_contacts(database, addresses(2, "new"))  # who has only the second
    second = mailed(database, "second")
    campaign = make_campaign(database, "third", at_most="2 per week")
    assert over(database, campaign) == 2
    suppress(database, addresses(2)[0])  # who would be skipped anyway
    assert over(database, campaign) == 1
    run = start_run(database, campaign, CLOCK.now())
    assert over(database, campaign, run) == 1
    claims = claim(database, run)
    assert codes(database, run) == ["suppressed", "at_most", "sending", "sending"]
    settle(database, map(accepted, claims))
    assert codes(database, run) == ["suppressed", "at_most", "accepted", "accepted"]
    assert Runs(database).get(run.id).state == RunState.FINISHED
    # Once the older is a week ago, there is room for one; the campaign's own runs count, too.
    aged(database, first, 7 * DAY)
    assert over(database, campaign) == 2
    again = Runs(database).start(campaign, CLOCK.now(), again=True)
    settle(database, map(accepted, claim(database, again)))
    assert codes(database, again) == ["suppressed", "accepted", "at_most", "at_most"]
    assert second.at_most == ""
    assert again.at_most == "2 per week"


def test_who_is_unchecked_is_counted_as_everybody_pending(database):
    tell_governor(database)
    add_contacts(database, addresses(2))
    mailed(database, "before")
    add_contacts(database, addresses(2, "new"))
    campaign = make_campaign(database, at_most="1 per week")
    run = Runs(database).start(campaign, CLOCK.now(), beside=True)
    assert run.unchecked == 4
    assert over(database, campaign, run) == 2
    with database.write_connection() as connection:
        enter(connection, run.id)
    assert over(database, campaign, run) == 2


@pytest.mark.parametrize(
    ("answer", "fields", "counts"),
    [
        (accepted, {}, True),
        (unknown, {}, True),
        (None, {}, True),  # in flight
        (refused, {}, False),
        (not_sent, {}, False),
        (accepted, {"transactional": True}, False),
    ],
)
def test_what_may_have_arrived_counts(sqlite_database, answer, fields, counts):
    database = sqlite_database
    tell_governor(database)
    add_contacts(database, addresses(1))
    if answer is None:
        claim(database, start_run(database, make_campaign(database, "first"), CLOCK.now()))
    else:
        mailed(database, "first", answer, **fields)
    campaign = make_campaign(database, "second", at_most="1 per month")
    assert over(database, campaign) == counts
    run = start_run(database, campaign, CLOCK.now())
    assert bool(claim(database, run)) is not counts


def test_only_campaigns_count_and_are_limited(sqlite_database):
    database = sqlite_database
    tell_governor(database)
    (ada,) = add_contacts(database, addresses(1))
    before = mailed(database, "before")
    for kind in set(RunKind) - {RunKind.CAMPAIGN}:
        with database.write() as session:
            session.exec(update(Run).where(Run.id == before.id).values(kind=kind.value))
        assert over(database, make_campaign(database, at_most="1 per day")) == 0
    with database.write() as session:
        session.exec(update(Run).where(Run.id == before.id).values(kind=RunKind.CAMPAIGN.value))
    news = make_campaign(database, at_most="1 per day")
    assert over(database, news) == 1
    # A test reaches whom it is for, and so does transactional mail.
    test = Runs(database).start_test(news, [(addresses(1)[0], ada)], CLOCK.now())
    assert len(claim(database, test)) == 1
    receipt = make_campaign(database, "receipt", at_most="1 per day", transactional=True)
    assert over(database, receipt) == 0
    assert len(claim(database, start_run(database, receipt, CLOCK.now()))) == 1


@pytest.mark.parametrize(
    ("before", "then", "counts"),
    [
        (SIMULATOR, "ses:eu-west-1", False),
        ("ses:eu-west-1", SIMULATOR, False),
        (SIMULATOR, SIMULATOR, True),
        ("ses:eu-west-1", "ses:us-east-1", True),
    ],
)
def test_mail_of_the_simulator_counts_for_the_simulator_alone(database, before, then, counts):
    for account in (before, then):
        tell_governor(database, account=account)
    add_contacts(database, addresses(1))
    claim(database, start_run(database, make_campaign(database), CLOCK.now()), before)
    campaign = make_campaign(database, "second", at_most="1 per day")
    assert over(database, campaign, account=then) == counts
    run = start_run(database, campaign, CLOCK.now())
    assert bool(claim(database, run, then)) is not counts


def test_the_turn_is_awaited_before_the_rows_of_runs_are_locked(postgres_database):
    """Or two processes could wait for each other."""
    database = postgres_database
    tell_governor(database)
    add_contacts(database, addresses(1))
    first = start_run(database, make_campaign(database), CLOCK.now())
    limited = start_run(database, make_campaign(database, "l", at_most="1 per day"), CLOCK.now())
    ledger, [given] = open_ledger(database, CLOCK), claim(database, first)
    waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    want = ClaimRequest(limited.id, 9)
    other = threading.Thread(target=ledger.exchange, args=([accepted(given)], want))
    with database.write_connection() as holder:
        take_turn(holder, limited.id)
        other.start()
        until(lambda: holder.execute(waits).scalar())
        holder.execute(text("SET LOCAL lock_timeout = '2s'"))
        holder.execute(text(f"SELECT FROM run WHERE id = {first.id} FOR UPDATE"))
    other.join(60)
    assert codes(database, limited) == ["at_most"]


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("accounts", [("one", "one"), ("one", "two")])
def test_runs_that_race_never_exceed_it(database, accounts):
    people, errors = 150, []
    add_contacts(database, addresses(people))
    for account in accounts:
        tell_governor(database, AccountStatus(-1, 4_000, 0), now=CLOCK.now(), account=account)
    runs = [
        start_run(database, make_campaign(database, f"c{n}", at_most="2 per day"), CLOCK.now())
        for n in range(4)
    ]
    begin, never = threading.Barrier(len(runs)), threading.Event()

    def work(run, name, account):
        ledger, answers = open_ledger(database, CLOCK, name, account=account), []
        begin.wait()
        try:
            while True:
                taken = ledger.exchange(answers, ClaimRequest(run.id, 9))
                answers = [accepted(each) for each in taken.claims]
                if taken.run_state is RunState.FINISHED:
                    return
                CLOCK.wait(never, 0.002)  # SQLite's lock is not fair
        except BaseException as error:  # noqa: BLE001 # told to the test's own thread
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(run, f"w{n}", accounts[n % 2]))
        for n, run in enumerate(runs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    rows = [row for run in runs for row in rows_of(database, run.id)]
    got = Counter(row.email for row in rows if row.state in HANDED_OVER_STATES)
    assert got == dict.fromkeys(addresses(people), 2)
    assert {row.code for row in rows if row.state == "skipped"} == {"at_most"}
