"""Starting and steering runs, on both engines."""

import threading

import pytest
from sqlmodel import select, update

from sestui.core.campaign.follow_up import MailedBefore, Only
from sestui.core.delivery.handover import ClaimRequest, RunCounts
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.core.schedule.cron import Occurrence
from sestui.errors import ConflictError, NotFoundError, StateError, StorageError
from sestui.reports.overview import run_view
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.contacts.audiences import Audiences
from sestui.store.contacts.contact_lists import ContactLists
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.tables import Contact, ContactList, Membership, Run
from sestui.store.runs.runs import Runs
from tests.support.seeding import (
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
    tell_governor,
    unknown,
)


@pytest.fixture
def runs(database):
    return Runs(database)


@pytest.fixture
def campaign(database):
    add_contacts(database, addresses(4))
    return make_campaign(database)


def test_everybody_on_any_of_the_lists_gets_one_row(database, runs, clock):
    both = add_contacts(database, ["a@example.com", "b@example.com"], "one")
    add_contacts(database, ["c@example.com"], "two")

    with database.write() as session:
        two = session.exec(select(ContactList).where(ContactList.name == "two")).one()
        session.add(Membership(list_id=two.id, contact_id=both[0], joined_at=0))
    run = runs.start(make_campaign(database, lists=("one", "two")), clock.now())
    assert sorted(row.email[0] for row in rows_of(database, run.id)) == ["a", "b", "c"]
    assert checked_counts(database, run.id) == RunCounts(pending=3)


def test_a_second_run_is_refused_while_the_first_has_not_ended(runs, campaign, clock):
    runs.start(campaign, clock.now())
    with pytest.raises(StateError, match="has not ended"):
        runs.start(campaign, clock.now())
    with pytest.raises(StateError, match="has not ended"):
        runs.start(campaign, clock.now(), again=True)


def test_a_second_run_after_the_end_has_to_be_said(runs, campaign, clock):
    first = runs.start(campaign, clock.now())
    runs.cancel(first.id, clock.now())
    with pytest.raises(StateError, match="has been sent before"):
        runs.start(campaign, clock.now())
    second = runs.start(campaign, clock.now(), again=True)
    assert (first.number, second.number) == (1, 2)


def nine(instant):
    """An occurrence at that instant."""
    return Occurrence(instant, f"2026-12-01T{instant:.0f}")


def test_a_scheduled_occurrence_is_started_once(runs, campaign, clock):
    assert runs.start(campaign, clock.now(), scheduled_for=nine(500.0)) is not None
    # Whether its run still goes on or not.
    assert runs.start(campaign, clock.now(), scheduled_for=nine(500.0)) is None
    runs.cancel(runs.latest([campaign.id])[campaign.id].id, clock.now())
    assert runs.start(campaign, clock.now(), scheduled_for=nine(500.0)) is None
    assert runs.start(campaign, clock.now(), scheduled_for=nine(600.0)) is not None


def test_processes_at_once_start_an_occurrence_once(database, runs, campaign, clock):
    at_once = 4
    begin = threading.Barrier(at_once)
    results: list[object] = []

    def start() -> None:
        begin.wait()
        try:
            results.append(Runs(database).start(campaign, clock.now(), scheduled_for=nine(500.0)))
        except BaseException as error:  # noqa: BLE001 # told to the test's own thread
            results.append(error)

    threads = [threading.Thread(target=start) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(result is None for result in results) == [False] + [True] * (at_once - 1)
    (run,) = runs.of_campaign(campaign.id)
    assert checked_counts(database, run.id) == RunCounts(pending=4)


def test_processes_at_once_start_a_campaign_by_hand_once(database, runs, campaign, clock):
    begin = threading.Barrier(3)
    results: list[object] = []

    def start() -> None:
        begin.wait()
        try:
            results.append(Runs(database).start(campaign, clock.now()))
        except StateError as error:
            results.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(isinstance(result, StateError) for result in results) == 2
    assert len(results) == 3


def test_a_run_held_from_its_start_keeps_its_audience(database, runs, campaign, clock):
    run = runs.start(campaign, clock.now(), held_for="It can't be rendered.")
    assert (run.state, run.detail) == (RunState.PAUSED, "It can't be rendered.")
    assert checked_counts(database, run.id) == RunCounts(pending=4)


def test_tests_take_no_number_of_a_run_and_are_nobodys_repeat(database, runs, campaign, clock):
    def tested():
        return runs.start_test(campaign, [("me@example.net", None)], clock.now())

    started = [tested(), tested(), runs.start(campaign, clock.now()), tested()]
    labels = [run_view(run, "news").label for run in started]
    assert labels == ["test 1", "test 2", "run 1", "test 3"]
    assert [run.id for run in runs.of_campaign(campaign.id)] == [4, 3, 2, 1]
    assert runs.latest([campaign.id])[campaign.id].id == 3


def test_what_an_older_version_numbered_keeps_its_number(database, runs, campaign, clock):
    """Tests and runs shared their numbers."""
    test = runs.start_test(campaign, [("me@example.net", None)], clock.now())
    with database.write() as session:
        session.get(Run, test.id).number = 1
    assert runs.start(campaign, clock.now()).number == 2
    again = runs.start_test(campaign, [("me@example.net", None)], clock.now())
    assert run_view(again, "news").label == "test 2"


def test_it_is_said_how_many_would_get_it_once_more_and_by_which_run(
    database, runs, campaign, clock
):
    def before():
        return Audiences(database, clock).mailed_before(campaign)

    assert before() == MailedBefore()
    first = runs.start(campaign, clock.now())
    with database.write_connection() as connection:
        set_state = connection.exec_driver_sql
        set_state(f"UPDATE delivery SET state = 'rejected' WHERE run_id = {first.id}")
        set_state("UPDATE delivery SET state = 'accepted' WHERE id IN (1, 2, 3)")
        set_state("UPDATE run SET state = 'finished', accepted = 3")
    assert before() == MailedBefore(3, 1, 3)
    second = runs.start(campaign, clock.now(), only=Only.FAILED)
    with database.write_connection() as connection:
        connection.exec_driver_sql(
            f"UPDATE delivery SET state = 'accepted' WHERE run_id = {second.id}"
        )
        connection.exec_driver_sql(
            f"UPDATE run SET state = 'finished', accepted = 1 WHERE id = {second.id}"
        )
    assert before() == MailedBefore(4, 1, 3)
    said = r"has been sent before \(2 runs, 4 accepted, 3 of them in run 1\)"
    with pytest.raises(StateError, match=said):
        runs.start(campaign, clock.now())


@pytest.mark.parametrize(
    ("first", "second"),
    [("pause", "pause"), ("cancel", "pause"), ("cancel", "resume"), ("cancel", "cancel")],
)
def test_what_cannot_be_done_is_refused_with_the_state(runs, campaign, clock, first, second):
    run = runs.start(campaign, clock.now())
    steps = {
        "pause": lambda: runs.pause(run.id, PauseReason.OPERATOR, ""),
        "resume": lambda: runs.resume(run.id),
        "cancel": lambda: runs.cancel(run.id, clock.now()),
    }
    steps[first]()
    with pytest.raises(StateError, match=r"Run 1 is (paused|cancelled)"):
        steps[second]()


def test_a_run_that_does_not_exist(runs, clock):
    with pytest.raises(NotFoundError):
        runs.get(77)
    with pytest.raises(NotFoundError):
        runs.cancel(77, clock.now())


def test_waiting_only_happens_to_a_sending_run(runs, campaign, clock):
    run = runs.start(campaign, clock.now())
    waiting = runs.wait(run.id, WaitReason.QUOTA, "Quota.", clock.now() + 60)
    assert (waiting.state, waiting.resume_at) == (RunState.WAITING, clock.now() + 60)
    assert runs.wait(run.id, WaitReason.QUOTA, "Quota.", clock.now() + 90) is None
    paused = runs.pause(run.id, PauseReason.OPERATOR, "Stop.")
    assert (paused.state, paused.resume_at) == (RunState.PAUSED, None)


def test_a_run_whose_last_answers_came_while_paused_finishes_when_resumed(
    database, runs, campaign, clock
):
    tell_governor(database)
    run = start_run(database, campaign, clock.now())
    ledger = open_ledger(database, clock)
    clock.advance(3_600)
    claims = ledger.exchange([], ClaimRequest(run.id, 4)).claims
    runs.pause(run.id, PauseReason.OPERATOR, "")
    ledger.exchange([accepted(claim) for claim in claims], None)
    assert runs.get(run.id).state == RunState.PAUSED
    ended = runs.resume(run.id)
    assert ended.state == RunState.FINISHED
    claimed_at = {row.claimed_at for row in rows_of(database, run.id)}
    assert ended.finished_at == max(claimed_at)  # not before its mail went


def test_cancelling_is_all_or_nothing(sqlite_database, clock):
    # A kill between two transactions would leave a cancelled run with pending rows for ever.
    add_contacts(sqlite_database, addresses(4))
    runs = Runs(sqlite_database)
    run = start_run(sqlite_database, make_campaign(sqlite_database), clock.now())
    with sqlite_database.write_connection() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE OF state ON delivery "
            "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    with pytest.raises(StorageError):
        runs.cancel(run.id, clock.now())
    assert runs.get(run.id).state == RunState.SENDING
    assert checked_counts(sqlite_database, run.id) == RunCounts(pending=4)


def test_a_resumed_run_takes_over_the_message_as_it_is_now(database, runs, campaign, clock):
    run = runs.start(campaign, clock.now())
    runs.pause(run.id, PauseReason.OPERATOR, "")
    edited = make_campaign(database, body="Better.", max_rate=3.0)
    resumed = runs.resume(run.id, edited)
    assert resumed.message_id == edited.message_id != campaign.message_id
    assert resumed.max_rate == 3.0


def test_when_the_quota_frees_is_a_day_after_the_oldest_mail(sqlite_database, clock):
    add_contacts(sqlite_database, addresses(4))
    tell_governor(sqlite_database)
    runs = Runs(sqlite_database)
    run = start_run(sqlite_database, make_campaign(sqlite_database), clock.now())
    ledger = open_ledger(sqlite_database, clock)
    assert runs.quota_frees_at(clock.now()) is None
    first = clock.now()
    (claim,) = ledger.exchange([], ClaimRequest(run.id, 1)).claims
    ledger.exchange([accepted(claim)], None)
    clock.advance(7_200)
    (claim,) = ledger.exchange([], ClaimRequest(run.id, 1)).claims
    ledger.exchange([accepted(claim)], None)
    assert runs.quota_frees_at(clock.now()) == pytest.approx(first + 86_400, abs=1)
    clock.advance(86_400 - 7_100)
    (claim,) = ledger.exchange([], ClaimRequest(run.id, 1)).claims
    ledger.exchange([not_sent(claim)], None)
    assert runs.quota_frees_at(clock.now()) == pytest.approx(first + 7_200 + 86_400, abs=1)


@pytest.mark.parametrize("only", list(Only))
def test_a_follow_up_is_for_as_many_as_were_counted(database, runs, campaign, clock, only):
    tell_governor(database)
    run = start_run(database, campaign, clock.now())
    claims = open_ledger(database, clock).exchange([], ClaimRequest(run.id, 4)).claims
    answers = [accepted(claims[0]), refused(claims[1]), unknown(claims[2]), refused(claims[3])]
    open_ledger(database, clock).exchange(answers, None)
    add_contacts(database, addresses(3, "late"))
    sizes = {each: Audiences(database, clock).follow_up_size(campaign, each) for each in Only}
    assert sizes == {Only.FAILED: 2, Only.UNRECEIVED: 5, Only.JOINED: 3}
    assert runs.start(campaign, clock.now(), only=only).pending == sizes[only]


@pytest.mark.parametrize("only", list(Only))
def test_a_follow_up_leaves_out_whom_a_cancelled_run_still_has_in_flight(
    database, runs, campaign, clock, only
):
    tell_governor(database)
    ledger = open_ledger(database, clock)
    first = start_run(database, campaign, clock.now())
    claims = ledger.exchange([], ClaimRequest(first.id, 4)).claims
    ledger.exchange([refused(claim) for claim in claims], None)
    again = runs.start(campaign, clock.now(), only=Only.FAILED)
    (in_flight,) = ledger.exchange([], ClaimRequest(again.id, 1)).claims
    runs.cancel(again.id, clock.now())
    add_contacts(database, ["late@example.com"])
    refused_before = {claim.email for claim in claims} - {in_flight.email}
    expected = {
        Only.FAILED: refused_before,
        Only.UNRECEIVED: refused_before | {"late@example.com"},
        Only.JOINED: {"late@example.com"},
    }[only]
    assert Audiences(database, clock).follow_up_size(campaign, only) == len(expected)
    run = runs.start(campaign, clock.now(), only=only)
    assert {row.email for row in rows_of(database, run.id)} == expected


@pytest.mark.parametrize("only", list(Only))
def test_a_follow_up_is_for_nobody_who_may_not_be_mailed(database, runs, campaign, clock, only):
    """They are skipped in the run before, and would be in this one."""
    tell_governor(database)
    if only is not Only.JOINED:
        run = start_run(database, campaign, clock.now())
        ledger = open_ledger(database, clock)
        claims = ledger.exchange([], ClaimRequest(run.id, 9)).claims
        ledger.exchange([refused(claim) for claim in claims], None)
    left, gone, *others = addresses(Audiences(database, clock).follow_up_size(campaign, only))
    add_contacts(database, ["r@blocked.example"])
    with database.write() as session:
        session.exec(update(Contact).where(Contact.email == left).values(status="unsubscribed"))
    for key in (gone, "@blocked.example"):
        Suppressions(database).add(key, "bounced", "", clock.now())
    assert Audiences(database, clock).follow_up_size(campaign, only) == len(others)
    again = runs.start(campaign, clock.now(), only=only)
    assert {row.email for row in rows_of(database, again.id)} == set(others)


@pytest.mark.parametrize("only", list(Only))
def test_a_follow_up_looks_at_its_own_campaign_and_lists(database, runs, campaign, clock, only):
    tell_governor(database)
    ledger = open_ledger(database, clock)
    run = start_run(database, campaign, clock.now())
    claims = ledger.exchange([], ClaimRequest(run.id, 4)).claims
    ledger.exchange([refused(claim) for claim in claims], None)
    add_contacts(database, ["late@example.com"])
    add_contacts(database, ["elsewhere@example.com"], "elsewhere")
    # Another campaign has reached them all.
    other = start_run(database, make_campaign(database, "other"), clock.now())
    claims = ledger.exchange([], ClaimRequest(other.id, 9)).claims
    ledger.exchange([accepted(claim) for claim in claims], None)
    size = {Only.FAILED: 4, Only.UNRECEIVED: 5, Only.JOINED: 1}[only]
    assert Audiences(database, clock).follow_up_size(campaign, only) == size
    assert runs.start(campaign, clock.now(), only=only).pending == size


def test_a_run_begins_with_rows_that_nothing_has_happened_to(database, campaign, clock):
    for row in rows_of(database, start_run(database, campaign, clock.now()).id):
        assert (row.state, row.worker, row.queued_at) == ("pending", "", clock.now())
        assert (row.attempts, row.faults, row.not_before) == (0, 0, 0)
        assert (row.message_id, row.code, row.reason, row.outcome) == ("", "", "", "")


def test_a_list_that_is_renamed_while_the_mails_are_checked_is_not_missed(database):
    """The run would be for nobody, and its occurrence over."""
    add_contacts(database, ["ada@example.com"])
    campaign = make_campaign(database)
    ContactLists(database).rename("all", "everybody", 5.0)
    with pytest.raises(ConflictError, match="has been changed since"):
        Runs(database).start(campaign, 6.0, scheduled_for=Occurrence(5.0, "2026-12-01T09:00"))
    fresh = Campaigns(database).get(campaign.name)
    assert Runs(database).start(fresh, 6.0).pending == 1
