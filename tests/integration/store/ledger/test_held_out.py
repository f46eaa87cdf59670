"""``holdout``: a share of a campaign's recipients who get none of its mail, on both engines."""

import pytest
from sqlmodel import update

from sestui.core.campaign.follow_up import Only
from sestui.core.clock import SystemClock
from sestui.core.delivery.account_key import SIMULATOR
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.delivery.holdout import is_held_out
from sestui.core.delivery.states import PauseReason, RunState
from sestui.errors import StateError
from sestui.reports.report_tables import as_text, tables_of
from sestui.reports.run_report import run_report
from sestui.store.contacts.audiences import Audiences
from sestui.store.db.tables import Contact, Delivery, Membership, Run
from sestui.store.ledger.held_out import ComparedGroup
from sestui.store.runs.runs import Runs
from tests.support.seeding import (
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    open_ledger,
    rows_of,
    start_run,
    suppress,
    tell_governor,
)

CLOCK = SystemClock()
PEOPLE = 80
SHARE = 0.25


def finish(database, run):
    """Send all of the run; the ids of those whom it held out."""
    ledger, answers, state = open_ledger(database, CLOCK), [], None
    while state is not RunState.FINISHED:
        said = ledger.exchange(answers, ClaimRequest(run.id, 30))
        answers, state = [accepted(each) for each in said.claims], said.run_state
    counts = checked_counts(database, run.id)
    rows = rows_of(database, run.id)
    assert counts.audience == len(rows)
    assert {row.state for row in rows if row.code == "holdout"} <= {"skipped"}
    return {row.contact_id for row in rows if row.code == "holdout"}


def expected(campaign, ids):
    return {each for each in ids if is_held_out(campaign.id, each, SHARE)}


def again(database, campaign, only=None):
    return Runs(database).start(campaign, CLOCK.now(), again=only is None, only=only)


def test_the_same_are_held_out_of_every_run_and_of_no_follow_up(database):
    tell_governor(database)
    ids = add_contacts(database, addresses(PEOPLE))
    campaign = make_campaign(database, lists=("all",), holdout="25%")
    out = expected(campaign, ids)
    gone = min(out)
    suppress(database, addresses(PEOPLE)[ids.index(gone)])
    # Whoever isn't mailed anyway isn't held out.
    assert finish(database, start_run(database, campaign, CLOCK.now())) == out - {gone}
    audiences = Audiences(database, CLOCK)
    for only in Only:
        assert audiences.follow_up_size(campaign, only) == 0
    with pytest.raises(StateError, match="Nobody in news's audience is unreceived"):
        again(database, campaign, Only.UNRECEIVED)
    # On another list they are who they were, and who is new gets a side of their own.
    more = add_contacts(database, addresses(PEOPLE, "new"), "others")
    with database.write() as session:
        session.exec(update(Membership).where(Membership.contact_id.in_(out)).values(list_id=2))
    campaign = make_campaign(database, lists=("all", "others"), holdout="25%")
    follow_up = again(database, campaign, Only.UNRECEIVED)
    assert follow_up.pending == PEOPLE
    assert finish(database, follow_up) == expected(campaign, more)
    # Without the field follow-ups leave them alone, and a new run mails them.
    campaign = make_campaign(database, lists=("all", "others"))
    assert audiences.follow_up_size(campaign, Only.UNRECEIVED) == 0
    assert finish(database, again(database, campaign)) == set()


def test_a_run_that_is_resumed_keeps_its_holdout(sqlite_database):
    add_contacts(sqlite_database, addresses(1))
    runs = Runs(sqlite_database)
    run = start_run(sqlite_database, make_campaign(sqlite_database, holdout="25%"), CLOCK.now())
    runs.pause(run.id, PauseReason.OPERATOR, "")
    other = make_campaign(sqlite_database, holdout="50%", at_most="1 per day")
    resumed = runs.resume(run.id, other)
    assert (resumed.holdout, resumed.at_most) == ("25%", "1 per day")


def test_the_report_compares_them_with_whom_it_mailed(database):
    tell_governor(database)
    ids = add_contacts(database, addresses(PEOPLE))
    before = make_campaign(database, "before")
    finish(database, start_run(database, before, CLOCK.now()))
    campaign = make_campaign(database, holdout="25%")
    out = finish(database, start_run(database, campaign, CLOCK.now()))
    other = start_run(database, make_campaign(database, "other"), CLOCK.now())
    one, two = sorted(out)[:2], sorted(set(ids) - out)[:3]
    with database.write() as session:
        left = update(Contact).where(Contact.id.in_([one[0], *two]))
        session.exec(left.values(status="unsubscribed"))
    finish(database, other)
    opened = {"opened_at": CLOCK.now(), "clicked_at": CLOCK.now()}
    with database.write() as session:
        for run_id, people in ((other.id, [one[1]]), (1, two)):  # what it was before tells nothing
            whom = (Delivery.run_id == run_id, Delivery.contact_id.in_(people))
            session.exec(update(Delivery).where(*whom).values(**opened))
    simulated = start_run(database, make_campaign(database, "simulated"), CLOCK.now())
    finish(database, simulated)  # which nobody got
    with database.write() as session:
        session.exec(update(Run).where(Run.id == simulated.id).values(account=SIMULATOR))
        tried = update(Delivery).where(Delivery.run_id == simulated.id)
        session.exec(tried.values(opened_at=CLOCK.now()))
    report = run_report(database, "news")
    mailed = PEOPLE - len(out)
    assert report.holdout.share == "25%"
    assert report.holdout.mailed == ComparedGroup(mailed, 3, mailed - 3)
    assert report.holdout.held_out == ComparedGroup(len(out), 1, len(out) - 1, 1, 1)
    assert report.as_dict()["holdout"]["held_out"]["unsubscribed"] == 1
    assert report.skipped_for == {"holdout": len(out)}
    table = next(each for each in tables_of(report, str) if each.title.startswith("Held out"))
    assert table.rows[0] == ("contacts", mailed, "", len(out), "")
    assert "held out, to compare with" in "\n".join(as_text(report, str))
    assert run_report(database, "other").holdout is None
