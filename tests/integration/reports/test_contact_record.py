"""Why didn't they get it: records of contacts over a real ledger, on both engines."""

import pytest

from sestui.core.campaign.follow_up import Only
from sestui.core.contact.address_verdict import AddressVerdict, Checked
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.delivery.states import PauseReason, RunKind, Standing
from sestui.errors import NotFoundError
from sestui.reports.contact_record import ContactRecords
from sestui.store.contacts.address_checks import AddressChecks
from sestui.store.contacts.changes.edits import ContactEdits
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.history import ContactHistory
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.tables import Campaign, Delivery
from sestui.store.events.event_tables import EventRow
from sestui.store.runs.new_runs import new_run, number_run
from sestui.store.runs.runs import Runs
from sestui.store.web.preferences import Preferences
from tests.support.clocks import FakeClock
from tests.support.seeding import (
    accepted,
    add_contacts,
    make_campaign,
    open_ledger,
    refused,
    rows_of,
    start_run,
    suppress,
    tell_governor,
    unknown,
)

ADA, BOB, EVE, DAN = (f"{name}@example.com" for name in ("ada", "bob", "eve", "dan"))


@pytest.fixture
def records(database):
    return ContactRecords(
        database,
        Contacts(database),
        Suppressions(database),
        ContactHistory(database),
        lambda instant: f"at {instant:g}",
        preferences=Preferences(database),
        clock=FakeClock(1_000.0),
    )


def send(database, run, answers):
    """Claim the run's deliveries and answer them by address."""
    clock = FakeClock(1_000.0)
    tell_governor(database, now=clock.now())
    ledger = open_ledger(database, clock)
    claims = ledger.exchange([], ClaimRequest(run.id, 100)).claims
    ledger.exchange([answers[claim.email](claim) for claim in claims], None)


def told(records, email):
    return [
        (entry.campaign, entry.run, entry.state and entry.state.value, entry.why)
        for entry in records.of(email).history
    ]


@pytest.mark.parametrize(
    ("local_time", "why"),
    [
        ("00:20 local", "due at 1200, by the recipient's own clock."),
        ("00:16 local", "the run is sending, and their turn has not come yet."),
    ],
)
def test_whose_local_time_has_come_is_not_told_when(database, records, local_time, why):
    add_contacts(database, [ADA])
    start_run(database, make_campaign(database, local_time=local_time, timezone="UTC"), 900)
    assert told(records, ADA) == [("news", 1, "pending", f"Still pending: {why}")]


def test_each_of_a_run_s_recipients_has_an_answer(database, records):
    add_contacts(database, [ADA, BOB, EVE, DAN])
    suppress(database, DAN)
    run = start_run(database, make_campaign(database), 900)
    send(database, run, {ADA: accepted, BOB: refused, EVE: unknown})
    answers = {email: told(records, email) for email in (ADA, BOB, EVE, DAN)}
    assert [answer[0][:3] for answer in answers.values()] == [
        ("news", 1, "accepted"),
        ("news", 1, "rejected"),
        ("news", 1, "in_doubt"),
        ("news", 1, "skipped"),
    ]
    assert "SES accepted it at " in answers[ADA][0][3]
    assert ": MessageRejected: No." in answers[BOB][0][3]
    assert ": Lost. It may have arrived" in answers[EVE][0][3]
    assert answers[DAN][0][3].startswith("Skipped: the address was suppressed")
    record = records.of("DAN@example.com")
    assert record.standing is Standing.SUPPRESSED
    assert record.as_dict()["suppression"]["reason"] == "manual"
    assert record.as_dict()["history"][0]["why"] == answers[DAN][0][3]


def test_who_waits_learns_what_for(database, records):
    add_contacts(database, [ADA])
    run = start_run(database, make_campaign(database), 900)
    assert "their turn has not come yet" in told(records, ADA)[0][3]
    Runs(database).pause(run.id, PauseReason.OPERATOR, "You paused this run.")
    assert "the run is paused. You paused this run." in told(records, ADA)[0][3]
    Runs(database).cancel(run.id, 950)
    assert "the run was cancelled at 950" in told(records, ADA)[0][3]


def test_runs_without_them_say_why(database, records):
    add_contacts(database, [ADA, EVE])
    campaign = make_campaign(database)
    run = start_run(database, campaign, 900)
    send(database, run, {ADA: accepted, EVE: refused})
    edits = ContactEdits(database)
    (bob,) = add_contacts(database, [BOB], "others")
    edits.change_lists(bob, join=["all"], leave=[], now=1_500)
    follow_up = Runs(database).start(campaign, 2_000, only=Only.FAILED)
    assert follow_up is not None
    assert [entry[:3] for entry in told(records, ADA)] == [
        ("news", 2, None),
        ("news", 1, "accepted"),
    ]
    assert "it was a follow-up, and run 1 had mailed them already" in told(records, ADA)[0][3]
    assert "the run was for a part of the list" in told(records, BOB)[0][3]
    assert "they joined all at 1500, after the run had started at 900" in told(records, BOB)[1][3]
    assert [entry.on_their_list for entry in records.of(BOB).history] == [True, True]
    add_contacts(database, [DAN], "others")
    assert "they are not on its list all" in told(records, DAN)[0][3]
    assert [entry.on_their_list for entry in records.of(DAN).history] == [False, False]


def test_tests_are_part_of_the_history(database, records):
    add_contacts(database, [ADA])
    campaign = make_campaign(database)
    Runs(database).start_test(campaign, [("ADA@Example.com", None), (BOB, None)], 900)
    entry = records.of(ADA).history[0]
    assert (entry.kind, entry.run, entry.state) == ("test", 1, "pending")
    stranger = records.of(BOB)
    assert stranger.contact is None
    assert stranger.standing is None
    assert len(stranger.history) == 1


def test_a_whole_record_has_events_relayed_mail_and_the_check(database, records):
    (ada,) = add_contacts(database, [ADA])
    run = start_run(database, make_campaign(database), 900)
    send(database, run, {ADA: accepted})
    [delivery] = rows_of(database, run.id)
    AddressChecks(database).write([(ada, Checked(AddressVerdict.VALID))], 950)
    with database.write() as session:
        given = {"mailed_at": 900, "received_at": 905, "message_id": delivery.message_id}
        session.add(EventRow(key=b"1", delivery_id=delivery.id, kind="Click", occurred_at=904,
                             detail="https://example.com/", **given))  # fmt: skip
        relay = new_run(session.get_one(Campaign, run.campaign_id), 950, RunKind.RELAY, None)
        number_run(session, relay)
        session.add(Delivery(run_id=relay.id, email=ADA.upper(), state="accepted", queued_at=950,
                             relayed_id=1, place=0))  # fmt: skip
    short, whole = records.of(ADA), records.of(ADA, whole=True)
    assert (short.events, short.check, len(short.history)) == ((), None, 1)
    told = whole.as_dict()
    assert [each["kind"] for each in told["history"]] == ["relay", "campaign"]
    assert [(each["event"], each["detail"]) for each in told["events"]] == [
        ("Click", "https://example.com/")
    ]
    assert told["address_check"]["verdict"] == "valid"


def test_an_address_may_be_suppressed_without_being_a_contact(database, records):
    suppress(database, "gone@example.com")
    record = records.of("Gone@example.com")
    assert record.contact is None
    assert record.standing is Standing.SUPPRESSED
    assert record.as_dict()["is_contact"] is False
    with pytest.raises(NotFoundError, match="no contact nobody@"):
        records.of("nobody@example.com")


def test_the_newest_come_first_and_lists_are_named(database, records):
    (ada,) = add_contacts(database, [ADA])
    ContactEdits(database).change_lists(ada, join=["zebra", "ant"], leave=[], now=5)
    for name in ("one", "two", "three"):
        start_run(database, make_campaign(database, name), 900)
    assert [entry[0] for entry in told(records, ADA)] == ["three", "two", "one"]
    assert [each.name for each in records.of(ADA).lists] == ["all", "ant", "zebra"]
