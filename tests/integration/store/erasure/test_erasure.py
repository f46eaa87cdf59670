"""A person is erased from every table, and the counts of runs stay; on both engines."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlmodel import SQLModel

from sestui.audience import contacts_service as people
from sestui.audience.imports.importer import ImportOptions, import_contacts
from sestui.core.contact.address_check import check_address
from sestui.core.contact.address_in_text import AddressInText
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.delivery.account import QuotaRule
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.delivery.unsubscribe_token import LinkSubject
from sestui.errors import StateError
from sestui.feedback.puller import EventPuller
from sestui.ses_api.events import QueueMessage
from sestui.ses_api.relay_admission import Admission, AdmissionVerdict, Incoming, Terms
from sestui.ses_api.relayed import mail_of, packed
from sestui.store.contacts.changes.bulk import Join, Suppress, Tag, change_selected
from sestui.store.contacts.changes.edits import ContactEdits
from sestui.store.contacts.changes.journal import last_change
from sestui.store.contacts.changes.selection import Selection
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.contacts.erased import allow_again
from sestui.store.contacts.listed_suppressions import ListedAddress, ListedSuppressions
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.contacts.tables import ImportRecord, SavedFilter, SavedSegment
from sestui.store.db.tables import Contact, Run
from sestui.store.erasure.erasure import erase
from sestui.store.erasure.traces import clear_traces
from sestui.store.events.apply import EventRules
from sestui.store.events.event_tables import EventRow
from sestui.store.events.quarantine import Quarantine, Unreadable
from sestui.store.events.raw import uncompressed
from sestui.store.relay.admission import AdmissionStore
from sestui.store.relay.keys import RelayKeys
from sestui.store.relay.tables import RelayedPayload
from sestui.store.runs.runs import Runs
from sestui.store.tasks.tables import Task, TaskRun
from sestui.store.web.preferences import Chosen, Preferences, ReceivedChoice
from sestui.store.web.tables import SubscriptionRequest
from tests.support.clocks import FakeClock
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
    tell_governor,
    unknown,
)
from tests.support.ses_events import ses_event, unsubscribe_mails

ADA = "Ada.L@example.com"
ADDRESS = check_address(ADA)
KEY = ADDRESS.key
NAMED = AddressInText({ADA, KEY})


@pytest.fixture
def clock():
    return FakeClock()


def dump(database) -> dict[str, list[str]]:
    """Each row of each table as text, with what is compressed in it."""
    found: dict[str, list[str]] = {}
    with database.read_connection() as connection:
        for table in SQLModel.metadata.sorted_tables:
            rows = connection.execute(table.select()).all()
            packed = table.name in {"ses_event", "quarantined_event"}
            found[table.name] = [
                " ".join(
                    [
                        json.dumps(list(row._mapping.values()), default=str, ensure_ascii=False),
                        uncompressed(row.raw).decode() if packed and row.raw else "",
                    ]
                )
                for row in rows
            ]
    return found


def naming(database) -> set[str]:
    """Tables that still have the address."""
    return {name for name, rows in dump(database).items() if any(NAMED.is_in(row) for row in rows)}


class Queue:
    """A queue in memory that gives everything at once."""

    def __init__(self, events):
        self.waiting = [QueueMessage(json.dumps(each), str(n)) for n, each in enumerate(events)]

    def receive(self, wait_seconds):
        given, self.waiting = self.waiting, []
        return given

    def delete(self, messages):
        pass


def pull(database, clock, *events) -> Any:
    rules, mails = EventRules(), unsubscribe_mails(database)
    return EventPuller(database, Queue(events), clock, rules, mails).pull()


def relayed(database, clock, *to, name="1") -> Admission:
    """What the relay does with a program's mail."""
    keys = RelayKeys(database)
    key = keys.find("shop") or keys.add("SRLYTEST", "shop", proof="", now=clock.now())
    given = {
        "FromEmailAddress": "shop@example.com",
        "Destination": {"ToAddresses": list(to)},
        "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    }
    mail = mail_of(given, most=100)
    ledger = open_ledger(database, clock)
    store = AdmissionStore(
        database, ledger, account=ACCOUNT, worker="worker", quota_rule=QuotaRule(1.0), clock=clock
    )
    terms = Terms(key.id, key.campaign_id, key.rate_share, key.quota_share)
    taken = Incoming(terms, mail.recipients, packed(mail), f"retry{name}", name, False)
    [admission] = store.exchange([], [taken]).found
    ledger.exchange([accepted(each) for each in admission.claims], None)
    return admission


def everywhere(database, clock) -> Run:
    """Ada in every place that there is, and Bob beside her; a run that has mailed both."""
    add_contacts(
        database, [ADA, "bob@example.com"], attributes={"note": f"knows {ADA}", "name": "Ada"}
    )
    tell_governor(database, now=clock.now())
    campaign = make_campaign(database)
    run = start_run(database, campaign, clock.now())
    ledger = open_ledger(database, clock)
    claims = ledger.exchange([], ClaimRequest(run.id, 10)).claims
    answers = [refused(each) if each.email == ADA else accepted(each) for each in claims]
    ledger.exchange(answers, None)
    Runs(database).start_test(campaign, [(ADA, None), ("ops@example.com", 1)], clock.now())
    change_selected(database, Selection(), Tag("vip"), clock.now())
    change_selected(database, Selection(), Join("friends"), clock.now())
    change_selected(database, Selection(), Suppress("both"), clock.now())
    Suppressions(database).remove(KEY, clock.now())
    ids = {each.email: each.delivery_id for each in claims}
    pull(
        database,
        clock,
        ses_event("Click", ADA, run=run.id, delivery=ids[ADA], message_id=f"m{ids[ADA]}"),
        ses_event("Bounce", ADA, run=run.id, delivery=ids[ADA], message_id=f"m{ids[ADA]}"),
        ses_event("Delivery", ADA, message_id="another-program"),
        ses_event("Delivery", "bob@example.com", run=run.id, delivery=ids["bob@example.com"],
                  message_id=f"m{ids['bob@example.com']}"),
    )  # fmt: skip
    Quarantine(database).add(
        [Unreadable(f"<{ADA}>".encode(), "No JSON."), Unreadable(b"x", "No JSON.")], clock.now()
    )
    listed = ListedSuppressions(database, "account")
    listed.take([ListedAddress(KEY, "bounced", 1.0)], 1, clock.now(), {})
    subject = LinkSubject(ids[ADA], KEY)
    chosen = Chosen(ReaderChoice.ALL, Source.PAGE)
    Preferences(database).choose([ReceivedChoice(subject, chosen, clock.now())])
    relayed(database, clock, ADA)
    with database.write() as session:
        task = Task(
            name="nightly", type="command", schedule="0 3 * * *", created_at=0, updated_at=0
        )
        session.add_all([
            task,
            SavedFilter(name="her", words=KEY, created_at=0),
            SubscriptionRequest(email=ADA, email_key=KEY, name="Ada", lists=["all"], lang="en",
                                asked_at=clock.now(), delivery_id=999),
            SavedFilter(name="all", words="example", created_at=0),
            SavedSegment(name="vip", expression=f'email == "{KEY}"', created_at=0, updated_at=0),
            ImportRecord(file_name=f"{ADA} 2.csv", list_name="all", contacts=1, rejects=0,
                         finished_at=0),
        ])  # fmt: skip
        session.flush()
        log = {"log": f"mailed {ADA}\nand bob@example.com\n", "detail": f"1 mail to {ADA}."}
        session.add(TaskRun(task_id=task.id, queued_at=0, result={"to": [ADA]}, **log))
    return run


def test_nothing_names_them_any_more_and_everybody_else_stays(database, clock):
    run = everywhere(database, clock)
    before = dump(database)
    told = naming(database)
    assert {"contact", "delivery", "ses_event", "suppression", "listed_suppression"} <= told
    assert {"contact_change", "contact_change_row", "quarantined_event", "task_run"} <= told
    assert {"saved_filter", "import_record", "subscription_request"} <= told
    counts = checked_counts(database, run.id)

    would = erase(database, ADDRESS, clock.now(), dry_run=True)
    assert dump(database) == before
    done = erase(database, ADDRESS, clock.now())

    assert done == would
    assert naming(database) == {"segment"}, "which the operator wrote"
    assert done.written == ("the segment vip",)
    assert done.found["contact"] == 1
    assert done.found["deliveries"] == 3
    assert checked_counts(database, run.id) == counts
    after = dump(database)
    for table in ("contact", "saved_filter", "quarantined_event", "suppression"):
        assert len(after[table]) == 1, table
    assert len(after["delivery"]) == len(before["delivery"])
    assert len(after["ses_event"]) == len(before["ses_event"])
    assert "and bob@example.com" in after["task_run"][0]
    assert "knows [erased]" in after["contact"][0], "Bob's own record"
    assert [each for each in after["ses_event"] if "bob@example.com" in each]


def test_clicks_keep_their_links_and_reports_their_counts(database, clock):
    run = everywhere(database, clock)

    def seen():
        links = select(EventRow.detail, func.count()).where(EventRow.kind == "Click")
        with database.read() as session:
            counts = session.get(Run, run.id)
            return (counts.bounced, counts.clicked), session.execute(
                links.group_by(EventRow.detail)
            ).all()

    before = seen()
    erase(database, ADDRESS, clock.now())
    assert seen() == before


def test_no_byte_of_the_file_names_them(sqlite_database, clock):
    everywhere(sqlite_database, clock)
    with sqlite_database.write_connection() as connection:  # as an older version left it
        connection.execute(text("UPDATE contact SET attributes = '{}' WHERE id = 1"))
        connection.execute(text("DELETE FROM segment"))
    erase(sqlite_database, ADDRESS, clock.now())
    assert clear_traces(sqlite_database)
    folder = Path(str(sqlite_database.url.database)).parent
    files = [each for each in folder.iterdir() if each.name.startswith("sestui.db")]
    assert files
    for file in files:
        assert KEY.encode() not in file.read_bytes().lower(), file
    add_contacts(sqlite_database, ["carl@example.com"])  # it goes on working


@pytest.mark.long
@pytest.mark.ci
def test_a_reader_keeps_the_traces_until_it_ends(sqlite_database, clock):
    everywhere(sqlite_database, clock)
    with sqlite_database.read_connection() as connection:
        connection.execute(text("SELECT * FROM contact")).fetchone()
        erase(sqlite_database, ADDRESS, clock.now())
        assert not clear_traces(sqlite_database)
    assert clear_traces(sqlite_database)


@pytest.mark.parametrize("answer", [accepted, unknown, not_sent])
def test_a_run_in_progress_adds_up_and_sends_them_nothing_more(database, clock, answer):
    emails = [*addresses(5), ADA, *addresses(5, "s")]
    add_contacts(database, emails)
    tell_governor(database, now=clock.now())
    run = start_run(database, make_campaign(database), clock.now())
    ledger = open_ledger(database, clock)
    flying = ledger.exchange([], ClaimRequest(run.id, 6)).claims
    assert flying[-1].email == ADA

    done = erase(database, ADDRESS, clock.now())

    assert done.in_flight == 1
    assert sum(checked_counts(database, run.id).as_dict().values()) == len(emails)
    ledger.exchange(
        [answer(each) if each.email == ADA else accepted(each) for each in flying], None
    )
    went = []
    for _ in range(5):
        clock.advance(60)
        claims = ledger.exchange([], ClaimRequest(run.id, 10)).claims
        went += [each.email for each in claims]
        ledger.exchange([accepted(each) for each in claims], None)
    assert went == addresses(5, "s")
    counts = checked_counts(database, run.id)
    assert sum(counts.as_dict().values()) == len(emails)
    assert (counts.accepted, counts.in_doubt, counts.skipped) == {
        accepted: (11, 0, 0), unknown: (10, 1, 0), not_sent: (10, 0, 1)
    }[answer]  # fmt: skip
    assert Runs(database).get(run.id).state == "finished"
    assert naming(database) == set()


def test_who_is_pending_is_skipped_and_the_run_ends(database, clock):
    add_contacts(database, [ADA])
    tell_governor(database, now=clock.now())
    campaign = make_campaign(database)
    run = start_run(database, campaign, clock.now())
    test = Runs(database).start_test(campaign, [("ops@example.com", 1)], clock.now())
    done = erase(database, ADDRESS, clock.now())
    assert done.found["skipped"] == 2, "one to them, and a test that shows them"
    for each in (run, test):
        [row] = rows_of(database, each.id)
        assert (row.state, row.code) == ("skipped", "erased")
        assert checked_counts(database, each.id).skipped == 1
        assert Runs(database).get(each.id).state == "finished"
    assert row.email == "ops@example.com"


def test_no_door_lets_them_in_again(database, clock, tmp_path):
    run = everywhere(database, clock)
    erase(database, ADDRESS, clock.now())
    now = clock.now()
    # a file
    path = tmp_path / "old.csv"
    path.write_text(f"email,name\n{ADA.upper()},Ada\nbob@example.com,Bob\ncarl@example.com,Carl\n")
    result = import_contacts(database, path, ImportOptions(["news"]), now=now)
    assert (result.rows, result.imported, result.updated, result.erased) == (3, 1, 1, 1)
    path.write_text(f"email,status\n{ADA},bounced\n")
    result = import_contacts(database, path, ImportOptions(["news"]), now=now)
    assert (result.rows, result.imported, result.erased) == (1, 0, 1)
    # by hand
    with pytest.raises(StateError, match="erased on request"):
        people.add_contact(ContactEdits(database), ADA, "news", now)
    assert not people.suppress(Suppressions(database), ADA, "asked", now)
    with pytest.raises(StateError, match="erased on request"):
        Runs(database).start_test(make_campaign(database), [(ADA, None)], now)
    # another program, and SES
    both = relayed(database, clock, ADA.lower(), "carl@example.com", name="2")
    assert [each.email for each in both.claims] == ["carl@example.com"]
    assert relayed(database, clock, ADA, name="3").verdict is AdmissionVerdict.NOBODY
    listed = ListedSuppressions(database, "account")
    assert listed.take([ListedAddress(KEY, "bounced", 9.0)], 2, now, {}) == []
    # their own links
    subject = LinkSubject(rows_of(database, run.id)[0].id, KEY)
    for choice in (ReaderChoice.ALL, ReaderChoice.LISTS, ReaderChoice.UNDO):
        chosen = Chosen(choice, Source.PAGE)
        Preferences(database).choose([ReceivedChoice(subject, chosen, now)])
    [recipient] = Preferences(database).read([subject])
    assert recipient.unsubscribed
    assert not recipient.can_undo(now)
    # what was done before
    while last_change(database, now) is not None:
        undo_change(database, now)
    # what another program hands over for several stays as it is until it has been sent
    assert naming(database) == {"segment", "relayed_payload"}

    assert allow_again(database, KEY)
    assert not allow_again(database, KEY)
    people.add_contact(ContactEdits(database), ADA, "news", now)


def test_late_events_are_counted_and_name_nobody(database, clock):
    run = everywhere(database, clock)
    [delivery] = [each for each in rows_of(database, run.id) if each.email == ADA]
    erase(database, ADDRESS, clock.now())
    given = {"run": run.id, "delivery": delivery.id, "message_id": "m9"}
    pulled = pull(
        database,
        clock,
        ses_event("Open", ADA, **given, after=50.0),
        ses_event("Complaint", ADA, **given, after=60.0),
        ses_event("Bounce", ADA, message_id="another-program", after=70.0),
    )
    assert pulled
    assert naming(database) == {"segment"}
    [row] = [each for each in rows_of(database, run.id) if each.id == delivery.id]
    assert row.outcome == "complained"
    with database.read() as session:
        counts = session.get(Run, run.id)
        assert counts.complained == 1
        assert session.execute(select(func.count()).select_from(Contact)).scalar_one() == 1


def test_words_of_a_bounce_go_and_the_bounce_stays(database, clock):
    """A soft bounce without a word would be taken for an automatic reply."""
    run = everywhere(database, clock)
    [delivery] = [each for each in rows_of(database, run.id) if each.email == ADA]
    given = {"run": run.id, "delivery": delivery.id, "message_id": "m9"}
    soft = {"bounceType": "Transient", "bounceSubType": "General"}
    pull(database, clock, ses_event("Bounce", ADA, **given, after=40.0, **soft))
    with database.read() as session:
        before = session.get(Run, run.id).bounced
    erase(database, ADDRESS, clock.now())
    pull(database, clock, ses_event("Bounce", ADA, **given, after=45.0, **soft),
         ses_event("Open", ADA, **given, after=50.0))  # fmt: skip
    with database.read() as session:
        assert session.get(Run, run.id).bounced == before == 1
    assert naming(database) == {"segment"}


def test_who_got_the_mail_with_them_is_heard(database, clock):
    """A call of the relay may have several recipients, and one event names all of them."""
    tell_governor(database, now=clock.now())
    erase(database, ADDRESS, clock.now())
    complaint = ses_event("Complaint", "bob@example.com", message_id="m1")
    complaint["mail"]["destination"] = ["bob@example.com", ADA]
    pull(database, clock, complaint)
    assert Suppressions(database).get("bob@example.com").reason == "complained"
    assert naming(database) == set()


def test_relayed_mail_with_other_recipients_is_kept_for_them(database, clock):
    tell_governor(database, now=clock.now())
    mail = relayed(database, clock, "bob@example.com", ADA, "carl@example.com")
    done = erase(database, ADDRESS, clock.now())
    assert (done.found["skipped"], done.relayed) == (1, 1)
    run_id = mail.claims[0].run_id
    Runs(database).cancel(run_id, clock.now())

    again = erase(database, ADDRESS, clock.now())

    assert (dict(again.found), again.relayed) == ({"relayed mails": 1}, 0)
    with database.read() as session:
        assert session.execute(select(func.count()).select_from(RelayedPayload)).scalar_one() == 0
    assert checked_counts(database, run_id).skipped == 2


def test_somebody_unknown_is_kept_out_too(database, clock, tmp_path):
    done = erase(database, ADDRESS, clock.now())
    assert (done.found, done.erased_before) == ({}, None)
    clock.advance(100)
    assert erase(database, ADDRESS, clock.now()).erased_before == clock.now() - 100
    with pytest.raises(StateError, match="erased on request"):
        people.add_contact(ContactEdits(database), ADA.upper(), "", clock.now())
