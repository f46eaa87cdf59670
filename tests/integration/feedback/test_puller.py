"""From a queue to the ledger, on both engines."""

import json
import random

import pytest
from sqlmodel import select

from sestui.core.delivery.handover import ClaimRequest
from sestui.errors import StorageError
from sestui.feedback.puller import EventPuller
from sestui.feedback.retry import retry_quarantined
from sestui.ses_api.events import QueueMessage
from sestui.store.contacts.changes.bulk import Suppress, change_selected
from sestui.store.contacts.changes.selection import Selection
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.tables import Contact, Run, Suppression
from sestui.store.events.apply import EventRules
from sestui.store.events.event_tables import EventRow
from sestui.store.events.quarantine import Quarantine, Unreadable
from sestui.store.events.raw import uncompressed
from sestui.store.ledger.statements import DELIVERY
from sestui.store.ledger.transitions import put_in_doubt
from tests.support.clocks import FakeClock
from tests.support.seeding import (
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    open_ledger,
    rows_of,
    start_run,
    tell_governor,
    unknown,
)
from tests.support.ses_events import feedback, ses_event, through_sns, unsubscribe_mails


class Queue:
    """A queue in memory; what is received comes again until it is deleted."""

    def __init__(self, events=()):
        self.waiting = [
            QueueMessage(each if isinstance(each, str) else json.dumps(each), str(number))
            for number, each in enumerate(events)
        ]
        self.given = 0

    def receive(self, wait_seconds):
        batch = self.waiting[self.given : self.given + 10]
        self.given += len(batch)
        return batch

    def delete(self, messages):
        gone = {each.receipt for each in messages}
        self.waiting = [each for each in self.waiting if each.receipt not in gone]
        self.given = 0


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def mailed(database, clock):
    """So many accepted deliveries of a run, and the ledger."""

    def mail(count, answer=accepted):
        add_contacts(database, addresses(count))
        tell_governor(database, now=clock.now())
        run = start_run(database, make_campaign(database), clock.now())
        ledger = open_ledger(database, clock)
        claims = []
        while len(claims) < count:
            claims += ledger.exchange([], ClaimRequest(run.id, count)).claims
            clock.advance(1)
        ledger.exchange([answer(each) for each in claims], None)
        return run, claims

    return mail


@pytest.fixture
def pull(database, clock):
    def pulled(events, **options):
        queue = Queue(events)
        result = EventPuller(
            database, queue, clock, EventRules(**options), unsubscribe_mails(database)
        ).pull()
        assert not queue.waiting
        return result

    return pulled


def about(claim, kind, **more):
    given = {"run": claim.run_id, "delivery": claim.delivery_id}
    return ses_event(kind, claim.email, **(given | {"message_id": f"m{claim.delivery_id}"} | more))


def run_of(database, run_id):
    with database.read() as session:
        return session.get(Run, run_id)


def outcomes(database, run_id):
    return {row.email: row.outcome for row in rows_of(database, run_id)}


def checked_outcomes(database, run_id):
    """The run's counters, after holding them against its rows."""
    run, rows = run_of(database, run_id), rows_of(database, run_id)
    found = [row.outcome for row in rows]
    assert run.delivered == found.count("delivered") + found.count("complained")
    assert run.bounced == found.count("bounced")
    assert run.complained == found.count("complained")
    assert run.failed == found.count("rejected") + found.count("not_rendered")
    assert run.opened == sum(row.opened_at is not None for row in rows)
    assert run.clicked == sum(row.clicked_at is not None for row in rows)
    return run


def test_each_kind_becomes_its_outcome(database, mailed, pull):
    run, claims = mailed(8)
    result = pull(
        [
            about(claims[0], "Delivery"),
            about(claims[1], "Bounce"),
            about(claims[2], "Delivery"),
            about(claims[2], "Complaint"),
            about(claims[3], "DeliveryDelay"),
            about(claims[4], "Reject"),
            about(claims[5], "Rendering Failure"),
            about(claims[6], "Delivery"),
            about(claims[6], "Open", after=100),
            about(claims[6], "Click", after=120),
        ]
    )
    assert list(outcomes(database, run.id).values()) == [
        "delivered", "bounced", "complained", "delayed", "rejected", "not_rendered", "delivered",
        "",
    ]  # fmt: skip
    after = checked_outcomes(database, run.id)
    assert (after.delivered, after.bounced, after.complained) == (3, 1, 1)
    assert (after.failed, after.opened, after.clicked) == (2, 1, 1)
    assert (result.received, result.applied, result.unmatched) == (10, 10, 0)
    assert rows_of(database, run.id)[1].outcome_code == "Permanent/NoEmail"
    assert checked_counts(database, run.id).accepted == 8


def test_in_any_order_however_often_and_by_whichever_way(database, mailed, pull):
    run, claims = mailed(6)
    events = []
    for claim in claims:
        for kind, after in (("Delivery", 2), ("Open", 60), ("Open", 90), ("Click", 80)):
            events.append(about(claim, kind, after=after))
    events += [about(claims[0], "Bounce", after=5), about(claims[1], "Complaint", after=5)]
    ways = [*events, *map(through_sns, events), *map(feedback, events[-2:]), *events]
    random.Random(7).shuffle(ways)
    for start in range(0, len(ways), 13):
        pull(ways[start : start + 13])
    after = checked_outcomes(database, run.id)
    assert (after.delivered, after.bounced, after.complained) == (5, 1, 1)
    assert (after.opened, after.clicked) == (6, 6)
    with database.read() as session:
        assert len(session.exec(select(EventRow.id)).all()) == len(events)


def test_the_json_is_kept_as_it_came_and_small(database, mailed, pull):
    _, claims = mailed(1)
    event = json.dumps(about(claims[0], "Bounce"))
    pull([event])
    with database.read() as session:
        [row] = session.exec(select(EventRow)).all()
    assert uncompressed(row.raw).decode() == event
    assert len(row.raw) < 400


def test_feedback_without_tags_is_matched_by_message_and_recipient(database, mailed, pull):
    run, claims = mailed(3)
    events = [feedback(about(claims[0], "Bounce")), feedback(about(claims[1], "Complaint"))]
    result = pull(events)
    assert result.unmatched == 0
    assert list(outcomes(database, run.id).values()) == ["bounced", "complained", ""]


def test_mail_of_others_touches_no_delivery_but_its_bounces_count(database, mailed, pull):
    run, claims = mailed(2)
    result = pull(
        [
            # Another database's tags, which name rows of this one.
            ses_event("Bounce", "else@example.com", message_id="x1", run=run.id,
                      delivery=claims[0].delivery_id),
            ses_event("Delivery", "else@example.com", message_id="x2"),
            about(claims[1], "Bounce", run=run.id + 1, message_id="x3"),
            ses_event("Bounce", message_id="x4", run=2**80, delivery=2**80),
        ]
    )  # fmt: skip
    assert result.unmatched == 4
    assert set(outcomes(database, run.id).values()) == {""}
    assert Suppressions(database).get("else@example.com").reason == "bounced"


def test_bounces_and_complaints_suppress_and_say_why(database, mailed, pull):
    _, claims = mailed(5)
    result = pull(
        [
            about(claims[0], "Bounce"),
            about(claims[1], "Complaint"),
            about(claims[2], "Complaint", complaintFeedbackType="not-spam"),
            about(claims[3], "Bounce", bounceType="Transient", bounceSubType="MailboxFull"),
            about(claims[4], "Subscription"),
        ]
    )
    assert result.refused == 3
    found = [Suppressions(database).get(each.email) for each in claims]
    assert [each and each.reason for each in found] == ["bounced", "complained", None, None, None]
    assert found[0].detail == "Permanent/NoEmail, reported by SES on 2026-09-21"
    with database.read() as session:
        left = session.exec(select(Contact.email).where(Contact.status == "unsubscribed")).all()
    assert left == [claims[4].email]


def test_who_an_operator_lets_in_again_is_not_shut_out_by_an_old_event(database, mailed, pull):
    _, claims = mailed(1)
    event = about(claims[0], "Bounce")
    pull([event])
    Suppressions(database).remove(claims[0].email, FakeClock().now())
    pull([event, through_sns(event)])
    assert Suppressions(database).get(claims[0].email) is None


def test_undoing_what_was_suppressed_by_hand_releases_nobody_who_has_refused_mail(
    database, mailed, pull
):
    _, claims = mailed(3)
    suppressions, now = Suppressions(database), FakeClock().now()
    everybody = change_selected(database, Selection(), Suppress("by hand"), now)
    assert everybody.changed == 3
    pull([about(claims[0], "Bounce"), about(claims[1], "Complaint")])
    bounced = suppressions.get(claims[0].email)
    assert bounced is not None
    assert (bounced.reason, bounced.kept) == ("bounced", True)
    done = undo_change(database, now + 1)
    assert "2 of them are still suppressed" in done.sentence
    found = [suppressions.get(each.email) for each in claims]
    assert [each and each.reason for each in found] == ["bounced", "complained", None]
    assert [each and each.kept for each in found] == [False, False, None]


def test_a_complaint_that_names_a_whole_domain_is_about_the_recipient(database, mailed, pull):
    _, claims = mailed(3)
    people = [{"emailAddress": each.email} for each in claims]
    pull([about(claims[0], "Complaint", complainedRecipients=people)])
    with database.read() as session:
        assert session.exec(select(Suppression.email_key)).all() == [claims[0].email]


DAY = 86_400.0


FULL, TOO_LARGE, REFUSED = "MailboxFull", "MessageTooLarge", "ContentRejected"
CAME = ""


@pytest.mark.parametrize(
    ("mails", "given_up"),
    [
        ({0: FULL, 2: FULL, 4: FULL, 6: FULL, 8: FULL}, True),
        ({0: FULL, 1: FULL, 2: FULL, 3: FULL, 4: FULL}, False),  # too few days
        ({0: FULL, 3: FULL, 6: FULL, 9: FULL}, False),  # too few bounces
        ({0: FULL, 2: FULL, 4: CAME, 6: FULL, 8: FULL}, False),
        # What was wrong with the message says nothing of the mailbox.
        ({0: TOO_LARGE, 2: REFUSED, 4: TOO_LARGE, 6: "AttachmentRejected", 8: REFUSED}, False),
        ({0: FULL, 2: FULL, 4: REFUSED, 6: FULL, 8: FULL}, False),
        ({0: FULL, 1: REFUSED, 2: FULL, 4: FULL, 5: TOO_LARGE, 6: FULL, 8: FULL}, True),
    ],
)
def test_soft_bounces_in_a_row_over_days_give_an_address_up(
    database, mailed, pull, mails, given_up
):
    for number, (day, sub_type) in enumerate(mails.items()):
        _, [claim] = mailed_again(database, mailed, number)
        at = 1_790_000_000 + day * DAY
        if sub_type == CAME:
            pull([about(claim, "Delivery", mailed_at=at)])
        else:
            soft = {"bounceType": "Transient", "bounceSubType": sub_type}
            pull([about(claim, "Bounce", mailed_at=at, **soft)])
    suppression = Suppressions(database).get(addresses(1)[0])
    assert (suppression is not None) is given_up


@pytest.mark.parametrize(("diagnostic", "given_up"), [("", False), ("smtp; 421 later", True)])
def test_automatic_replies_of_an_identitys_feedback_are_no_bounces(
    database, mailed, pull, diagnostic, given_up
):
    """It may report nothing else, whereas event publishing reports the delivery beside them."""
    for number in range(5):
        run, [claim] = mailed_again(database, mailed, number)
        server = {"action": "failed", "status": "4.4.7", "diagnosticCode": diagnostic}
        told = {"emailAddress": claim.email} | (server if diagnostic else {})
        reply = about(
            claim, "Bounce", bounceType="Transient", bounceSubType="General",
            bouncedRecipients=[told], mailed_at=1_790_000_000 + 2 * number * DAY,
        )  # fmt: skip
        pull([feedback(reply)])
        assert outcomes(database, run.id) == {claim.email: "bounced" if diagnostic else ""}
        checked_outcomes(database, run.id)
    assert (Suppressions(database).get(addresses(1)[0]) is not None) is given_up


def mailed_again(database, mailed, number):
    """One more run for the one contact there is."""
    if number == 0:
        return mailed(1)
    clock = FakeClock()
    run = start_run(database, make_campaign(database, f"news{number}"), clock.now())
    ledger = open_ledger(database, clock)
    claims = []
    while not claims:
        claims = ledger.exchange([], ClaimRequest(run.id, 1)).claims
        clock.advance(1)
    ledger.exchange([accepted(each) for each in claims], None)
    return run, claims


@pytest.mark.parametrize("kind", ["Send", "Delivery", "Bounce", "Open", "Reject"])
def test_an_event_settles_what_is_in_doubt(database, mailed, pull, kind):
    run, claims = mailed(3, unknown)
    result = pull([about(claims[0], kind), about(claims[0], "Click")])
    assert result.settled == 1
    counts = checked_counts(database, run.id)
    assert (counts.accepted, counts.in_doubt) == (1, 2)
    row = rows_of(database, run.id)[0]
    assert (row.message_id, row.sent_at) == (f"m{row.id}", 1_790_000_000.0)


@pytest.mark.long
@pytest.mark.ci
def test_an_event_that_came_before_the_doubt_settles_it_too(database, mailed, pull, clock):
    mailed(2)
    late = start_run(database, make_campaign(database, "late"), clock.now())
    ledger = open_ledger(database, clock)
    flying = ledger.exchange([], ClaimRequest(late.id, 2)).claims
    pull([about(flying[0], "Delivery")])
    with database.write_connection() as connection:
        put_in_doubt(connection, DELIVERY.c.worker == "worker", "It died.")
    assert checked_counts(database, late.id).in_doubt == 2
    assert pull([]).settled == 1
    counts = checked_counts(database, late.id)
    assert (counts.accepted, counts.in_doubt) == (1, 1)
    assert outcomes(database, late.id)[flying[0].email] == "delivered"


def test_what_the_operator_resends_stays_pending(database, mailed, pull):
    run, claims = mailed(1, unknown)
    with database.write_connection() as connection:
        connection.execute(DELIVERY.update().values(state="pending"))
        connection.exec_driver_sql("UPDATE run SET in_doubt = 0, pending = 1")
    assert pull([about(claims[0], "Delivery")]).settled == 0
    assert checked_counts(database, run.id).pending == 1


def test_what_cant_be_read_is_kept_and_everything_else_applied(database, mailed, pull):
    run, claims = mailed(1)
    hostile = '{"eventType": "[red]\x1b[2J", "mail": {}}'
    result = pull(["nonsense", hostile, hostile, about(claims[0], "Delivery")])
    assert (result.quarantined, result.applied) == (2, 1)
    kept = Quarantine(database).list()
    assert {each.body.decode() for each in kept} == {"nonsense", hostile}
    assert outcomes(database, run.id) == {claims[0].email: "delivered"}


def test_a_retry_takes_out_what_can_be_read_and_what_reports_nothing(database, mailed, clock):
    run, claims = mailed(1)
    greeting = "Successfully validated SNS topic for Amazon SES event publishing."
    bodies = ["nonsense", greeting, json.dumps(about(claims[0], "Delivery"))]
    older = [Unreadable(body.encode(), "An older version could not read it.") for body in bodies]
    Quarantine(database).add(older, clock.now())
    mails = unsubscribe_mails(database)
    done = retry_quarantined(database, clock, EventRules(), mails)
    assert (done.applied, done.dropped, done.left) == (1, 1, 1)
    assert [each.body.decode() for each in Quarantine(database).list()] == ["nonsense"]
    assert outcomes(database, run.id) == {claims[0].email: "delivered"}


def test_greetings_are_deleted_and_counted(pull):
    result = pull(["Successfully validated SNS topic for Amazon SES event publishing."])
    assert (result.ignored, result.quarantined) == (1, 0)


def test_nothing_is_deleted_before_it_is_in_the_database(database, mailed, clock):
    _, claims = mailed(1)
    queue = Queue([about(claims[0], "Delivery")])
    with database.write_connection() as connection:
        connection.exec_driver_sql("ALTER TABLE ses_event RENAME TO gone")
    with pytest.raises(StorageError):
        EventPuller(database, queue, clock, EventRules(), unsubscribe_mails(database)).pull()
    assert len(queue.waiting) == 1
    with database.write_connection() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO ses_event")
    queue.given = 0
    assert (
        EventPuller(database, queue, clock, EventRules(), unsubscribe_mails(database))
        .pull()
        .applied
        == 1
    )
    assert not queue.waiting
