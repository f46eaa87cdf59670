"""A run for a segment whose members change while it runs, on both engines."""

from zoneinfo import ZoneInfo

from sqlmodel import delete, select, update

from sestui.core.campaign.follow_up import Only
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.segments.parse import parse
from sestui.store.contacts.contact_lists import ContactLists
from sestui.store.db.tables import Contact, ContactList, Delivery, Membership
from sestui.store.runs.runs import Runs
from sestui.store.segments.segments import Segments
from tests.support.seeding import (
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    not_sent,
    open_ledger,
    rows_of,
    start_run,
    states_of,
    tell_governor,
)
from tests.support.segment_oracle import Mailed, Oracle, Person

DAY = 86_400.0
ZONE = "Europe/Paris"


def change(database, email, **attributes):
    with database.write() as session:
        session.exec(update(Contact).where(Contact.email == email).values(**attributes))


def claimed(ledger, run, most=1000):
    return sorted(each.email for each in ledger.exchange([], ClaimRequest(run.id, most)).claims)


def reasons(database, run):
    return {row.email: row.code for row in rows_of(database, run.id) if row.state == "skipped"}


def test_who_left_is_skipped_and_who_joined_is_not_added(database, clock):
    tell_governor(database)
    emails = addresses(6)
    add_contacts(database, emails[:4], attributes={"plan": "pro"})
    add_contacts(database, emails[4:], attributes={"plan": "free"})
    segments = Segments(database)
    make_campaign(database)
    segments.save("pros", 'plan == "pro" and list("all")', clock.now())
    segments.save("used", 'segment("pros") and not received("news")', clock.now())
    campaign = make_campaign(database, lists=(), segment="used")
    run = start_run(database, campaign, clock.now())
    assert states_of(database, run.id) == dict.fromkeys(emails[:4], "pending")
    ledger = open_ledger(database, clock)
    first = ledger.exchange([], ClaimRequest(run.id, 1)).claims
    assert [each.email for each in first] == emails[:1]
    # While it goes: one leaves, one joins, one is neither any more, and the names change.
    change(database, emails[1], attributes={"plan": "free"})
    change(database, emails[4], attributes={"plan": "pro"})
    change(database, emails[2], status="unsubscribed", attributes={"plan": "free"})
    segments.save("pros", "valid()", clock.now(), replace=True)
    ContactLists(database).rename("all", "everybody", clock.now())
    make_campaign(database, lists=(), segment="not valid()")  # the next run's
    clock.advance(40 * DAY)
    # It comes back once, which is no history: nobody got anything.
    (again,) = ledger.exchange([not_sent(first[0])], ClaimRequest(run.id, 1)).claims
    assert again.email == emails[0]
    rest = ledger.exchange([accepted(again)], ClaimRequest(run.id, 9)).claims
    assert [each.email for each in rest] == [emails[3]]
    assert reasons(database, run) == {emails[1]: "left_segment", emails[2]: "unsubscribed"}
    ledger.exchange([accepted(each) for each in rest], None)
    counts = checked_counts(database, run.id)
    assert (counts.accepted, counts.skipped, counts.pending, counts.sending) == (2, 2, 0, 0)
    assert Runs(database).get(run.id).state == "finished"
    # The next run asks anew, with the segment and the names of now.
    campaign = make_campaign(database, lists=(), segment='list("everybody") and received("news")')
    again = Runs(database).start(campaign, clock.now(), again=True)
    assert set(states_of(database, again.id)) == {emails[0], emails[3]}
    follow_up = make_campaign(database, lists=("everybody",), segment='plan == "pro"')
    Runs(database).cancel(again.id, clock.now())
    joined = Runs(database).start(follow_up, clock.now(), only=Only.JOINED)
    assert set(states_of(database, joined.id)) == {emails[4]}


def test_a_run_that_everybody_has_left_ends(database, clock):
    tell_governor(database)
    add_contacts(database, addresses(300), attributes={"plan": "pro"})
    run = start_run(database, make_campaign(database, segment='plan == "pro"'), clock.now())
    with database.write() as session:
        session.exec(update(Contact).values(attributes={}))
        gone = session.exec(select(Contact.id).order_by(Contact.id)).first()
        session.exec(update(Delivery).where(Delivery.contact_id == gone).values(contact_id=None))
    ledger = open_ledger(database, clock)
    for _ in range(100):
        assert claimed(ledger, run, 7) == []
        if Runs(database).get(run.id).state == "finished":
            break
    assert checked_counts(database, run.id).skipped == 300
    assert set(reasons(database, run).values()) == {"left_segment"}


TEXTS = (
    'plan == "pro"',
    'not plan == "pro"',
    'list("all") - list("extra")',
    'age >= 18 and (plan != "free" or tag("vip"))',
    "missing(age) or age in (17, 19)",
    "joined < days_ago(5)",
    "not joined > days_ago(5)",
    'not received("old") and mails_in(days=30) < 2',
    'last_received < days_ago(1) or plan.startswith("f")',
    "not (last_received > days_ago(1))",
    'segment("pros") or valid() and birthday.month == today().month',
    'joined("extra") > date("2027-01-01") or email.endswith("3@example.com")',
)
PLANS = ("pro", "free", "", "prof")


def test_claims_skip_whom_plain_python_leaves_out(database, clock):
    """Everybody changes between the start and the claim; relative days stay those of the start."""
    tell_governor(database)
    started, tick = clock.now(), 3 * DAY
    persons = [
        Person(
            f"p{number}@example.com",
            {
                "plan": PLANS[number % 4],
                "age": 15 + number % 6,
                "birthday": f"2000-0{number % 8 + 1}-15",
            },
            ("vip",) if number % 3 == 0 else (),
            {"all": 0.0},
            created_at=started - number * DAY,
        )
        for number in range(24)
    ]
    for each in persons:
        fields = {"attributes": each.attributes, "tags": list(each.tags)}
        add_contacts(database, [each.email], **fields)
        change(database, each.email, created_at=each.created_at)
    with database.write() as session:
        session.add(ContactList(name="extra", created_at=0))
    Segments(database).save("pros", 'plan == "pro"', started)
    by_email = {each.email: each for each in persons}
    old = make_campaign(database, "old", segment='age == 17 or plan == "free"')
    ledger = open_ledger(database, clock)
    mail(database, ledger, start_run(database, old, started), by_email, "old", clock)
    clock.advance(tick)
    began, runs = clock.now(), []
    named = {"pros": parse('plan == "pro"').root}
    for number, text in enumerate(TEXTS):
        campaign = make_campaign(database, f"c{number}", lists=(), segment=text, timezone=ZONE)
        runs.append(start_run(database, campaign, began))
    before = [set(states_of(database, run.id)) for run in runs]
    oracle = Oracle(began, ZoneInfo(ZONE), named)
    roots = [parse(text).root for text in TEXTS]
    assert before == [
        {each.email for each in persons if oracle.holds(root, each)} for root in roots
    ]
    move_everybody(database, persons, began + tick)
    clock.advance(2 * tick)
    for number, (run, root) in enumerate(zip(runs, roots, strict=True)):
        oracle = Oracle(began, ZoneInfo(ZONE), named, without_run=run.id)
        expected = {email for email in before[number] if oracle.holds(root, by_email[email])}
        assert mail(database, ledger, run, by_email, f"c{number}", clock) == expected, TEXTS[number]
        counts = checked_counts(database, run.id)
        assert (counts.sending, counts.pending) == (len(expected), 0), TEXTS[number]
        left = before[number] - expected
        assert reasons(database, run) == dict.fromkeys(left, "left_segment")
    assert any(reasons(database, run) for run in runs)


def mail(database, ledger, run, by_email, campaign, clock):
    """Claim all of a run; whose it is has been sent one."""
    found = set(claimed(ledger, run))
    with database.write() as session:  # PostgreSQL has a clock of its own
        of_run = update(Delivery).where(Delivery.run_id == run.id, Delivery.state == "sending")
        session.exec(of_run.values(claimed_at=clock.now()))
    for email in found:
        by_email[email].mail.append(
            Mailed(run.id, campaign, "campaign", "sending", claimed_at=clock.now())
        )
    return found


def move_everybody(database, persons, now):
    """Another plan, another age, a tag less, another list."""
    with database.write() as session:
        lists = dict(session.exec(select(ContactList.name, ContactList.id)).all())
        for number, each in enumerate(persons):
            contact = session.exec(select(Contact).where(Contact.email == each.email)).one()
            each.attributes = {"plan": PLANS[(number + 1) % 4], "age": 15 + number % 5}
            each.tags = ("vip",) if number % 2 else ()
            contact.attributes, contact.tags = each.attributes, list(each.tags)
            session.add(contact)
            if number % 3 == 0:
                each.lists = {"extra": now}
                session.exec(delete(Membership).where(Membership.contact_id == contact.id))
                session.add(
                    Membership(list_id=lists["extra"], contact_id=contact.id, joined_at=now)
                )
