"""The breaker, by events through the puller, on both engines."""

import random
from collections import Counter

import pytest
from sqlalchemy import update
from sqlmodel import select

from sestui.core.delivery.breaker import BreakerRule, Level, counts_as_bounce
from sestui.core.delivery.handover import ClaimRequest
from sestui.core.delivery.reputation import known_rates
from sestui.core.delivery.states import WaitReason
from sestui.errors import EXIT_NEEDS_OPERATOR, BreakerError
from sestui.store.db.tables import Run
from sestui.store.events.outcome_slices import OutcomeSlice, account_sample
from sestui.store.ledger.statements import DELIVERY, RUN
from sestui.store.runs.runs import Runs
from tests.support.clocks import FakeClock
from tests.support.reported import about, mail, pull
from tests.support.seeding import (
    add_contacts,
    addresses,
    make_campaign,
    open_ledger,
    rows_of,
    start_run,
    tell_governor,
)

HARD = {"bounceType": "Permanent"}
SOFT = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def going(database, clock):
    """Start a run over so many contacts: the run, and how to have the next mails accepted."""
    tell_governor(database, now=clock.now())

    def start(count, name="news", emails=None, **campaign):
        add_contacts(database, emails or addresses(count, name), name)
        made = make_campaign(database, name, lists=(name,), **campaign)
        run = start_run(database, made, clock.now())
        ledger = open_ledger(database, clock, name)

        def mailed(some):
            found = []
            while len(found) < some:
                found += mail(ledger, run, some - len(found))
                clock.advance(1)
            return found

        return run, mailed

    return start


def state(database, run):
    found = Runs(database).get(run.id)
    return found.state, found.reason


def an_hour_passes(database):
    """What has been so far was an hour earlier, by whichever clock it was noted."""
    slices = OutcomeSlice.__table__
    with database.write_connection() as connection:
        connection.execute(update(DELIVERY).values(sent_at=DELIVERY.c.sent_at - 3600))
        connection.execute(update(slices).values(at=slices.c.at - 3600))
        connection.execute(update(RUN).values(breaker_since=RUN.c.breaker_since - 3600))


def mixed(claims, run, bad, kind="Bounce", **detail):
    """The first ``bad`` with this event, the others delivered."""
    given = [about(each, kind, run=run.id, **detail) for each in claims[:bad]]
    return given + [about(each, "Delivery", run=run.id) for each in claims[bad:]]


def test_too_many_bounces_pause_the_run_and_name_where_they_come_from(database, clock, going):
    emails = addresses(40, "bad") + addresses(260, "good")
    emails = [each.replace("example.com", "gone.example") for each in emails[:40]] + emails[40:]
    run, mailed = going(400, emails=emails + addresses(100, "late"))
    claims = mailed(300)
    result = pull(database, clock, mixed(claims, run, 40))
    after = Runs(database).get(run.id)
    assert (after.state, after.reason) == ("paused", "breaker")
    assert after.detail == (
        "20.0 % of the last 200 mails of this run have bounced (40; the line is 8.0 %, and SES "
        "pauses accounts at 10 %). Worst domains: gone.example (40 of 40). Worst lists: news (40 "
        "of 300)."
    )
    assert [(each.level, each.number) for each in result.tripped] == [(Level.PAUSE, 1)]
    assert open_ledger(database, clock).exchange([], ClaimRequest(run.id, 10)).claims == ()


def test_the_accounts_rates_count_what_ses_counts(database, clock, going):
    run, mailed = going(120)
    claims = mailed(120)
    pull(database, clock, mixed(claims[:100], run, 3, **HARD))
    pull(database, clock, mixed(claims[100:], run, 20, **SOFT))
    bounced, complained = known_rates(account_sample(database, 10_000), BreakerRule())
    assert (bounced.count, complained.count) == (3, 0)
    assert bounced.mails == 120


def test_only_the_operator_lets_it_go_on_and_then_by_what_comes_later(database, clock, going):
    run, mailed = going(900)
    claims = mailed(300)
    pull(database, clock, mixed(claims[:250], run, 60))
    with pytest.raises(BreakerError) as refused:
        Runs(database).resume(run.id)
    assert refused.value.exit_code == EXIT_NEEDS_OPERATOR
    assert "30.0 % of the last 200 mails" in str(refused.value)
    assert state(database, run) == ("paused", "breaker")
    Runs(database).resume(run.id, despite_breaker=clock)
    assert state(database, run) == ("sending", "")
    pull(database, clock, mixed(claims[250:], run, 50))
    assert state(database, run) == ("sending", ""), "mail of before is judged no more"
    an_hour_passes(database)
    pull(database, clock, mixed(mailed(200), run, 60))
    assert state(database, run) == ("paused", "breaker")


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("Bounce", HARD | {"bounceSubType": "OnAccountSuppressionList"}),
        ("Bounce", HARD | {"bounceSubType": "OnTenantSuppressionList"}),
        ("Bounce", SOFT),
        ("Complaint", {"complaintFeedbackType": "not-spam"}),
        ("Complaint", {"complaintSubType": "OnAccountSuppressionList"}),
    ],
)
def test_what_ses_does_not_count_pauses_nothing(database, clock, going, kind, detail):
    run, mailed = going(300)
    claims = mailed(200)
    result = pull(database, clock, mixed(claims, run, 100, kind, **detail))
    assert not result.tripped
    assert state(database, run) == ("sending", "")


@pytest.mark.parametrize(
    ("kind", "bad", "detail"),
    [("Bounce", 50, HARD | {"bounceSubType": "Suppressed"}), ("Complaint", 20, {})],
)
def test_what_ses_counts_does(database, clock, going, kind, bad, detail):
    run, mailed = going(300)
    claims = mailed(200)
    pull(database, clock, mixed(claims, run, bad, kind, **detail))
    assert state(database, run) == ("paused", "breaker")


def test_ses_own_test_mailboxes_count_in_no_rate(database, clock, going):
    box = [f"bounce+{number}@simulator.amazonses.com" for number in range(200)]
    run, mailed = going(200, emails=box)
    pull(database, clock, mixed(mailed(200), run, 200))
    assert state(database, run)[0] in {"finished", "sending"}
    with database.read() as session:
        assert session.exec(select(OutcomeSlice)).all() == []


@pytest.mark.long
@pytest.mark.ci
def test_where_only_bounces_are_reported_they_are_a_share_of_what_was_accepted(
    database, clock, going
):
    """The feedback of an identity may be of bounces alone."""
    run, mailed = going(2_000)
    claims = mailed(1_500)
    pull(database, clock, [about(each, "Bounce", run=run.id) for each in claims[:30]])
    assert state(database, run) == ("sending", "")
    pull(database, clock, [about(each, "Bounce", run=run.id) for each in claims[30:250]])
    assert state(database, run) == ("paused", "breaker")


@pytest.mark.long
@pytest.mark.ci
def test_a_rate_near_the_line_is_warned_of_once(database, clock, going):
    run, mailed = going(1_000)
    claims = mailed(900)
    pulled = [
        pull(database, clock, mixed(claims[first : first + 150], run, 9))
        for first in range(0, 900, 150)
    ]
    assert [each.level for result in pulled for each in result.tripped] == [Level.WARNING]
    assert state(database, run) == ("sending", "")
    warning = Runs(database).get(run.id).warning
    assert warning.startswith("6.0 % of the last 300 mails of this run")
    assert warning.endswith(
        "Worst domains: example.com (18 of 900). Worst lists: news (18 of 900)."
    )


def test_the_account_s_rate_pauses_whoever_adds_to_it_and_nobody_else(database, clock, going):
    bad, bad_mailed = going(400, "bad")
    clean, clean_mailed = going(400, "clean")
    soso, soso_mailed = going(400, "soso")
    pull(database, clock, mixed(bad_mailed(300), bad, 120))
    pull(database, clock, mixed(clean_mailed(200), clean, 2))
    assert state(database, clean) == ("sending", "")
    pull(database, clock, mixed(soso_mailed(200), soso, 14))
    after = Runs(database).get(soso.id)
    assert (after.state, after.reason) == ("paused", "breaker")
    assert "mails of this account have bounced" in after.detail


def test_lines_are_settings(database, clock, going):
    run, mailed = going(300)
    off = BreakerRule(bounce_pause=0, complaint_pause=0)
    result = pull(database, clock, mixed(mailed(200), run, 100), off)
    assert [each.level for each in result.tripped] == [Level.WARNING]
    assert state(database, run) == ("sending", "")


def test_slices_are_what_a_count_of_all_rows_gives_in_any_order(database, clock, going):
    run, mailed = going(120)
    claims = mailed(120)
    with database.write_connection() as connection:
        spread = DELIVERY.c.sent_at - 60 * (DELIVERY.c.id % 4)
        connection.execute(update(DELIVERY).values(sent_at=spread))
    rng = random.Random(7)
    events = []
    for each in claims:
        kinds = rng.sample(["Delivery", "Bounce", "Complaint", "DeliveryDelay", "Open"], 2)
        events += [about(each, kind, run=run.id) for kind in kinds]
        events.append(about(each, "Bounce", run=run.id, **SOFT))
    rng.shuffle(events)
    off = BreakerRule(0, 0, 0, 0)
    for start in range(0, len(events), 37):
        pull(database, clock, events[start : start + 37], off)
    expected: dict[int, Counter[str]] = {}
    for row in rows_of(database, run.id):
        if row.outcome not in {"", "delayed"}:
            counts = expected.setdefault(int(row.sent_at // 60) * 60, Counter())
            counts["known"] += 1
            counts["delivered"] += row.outcome == "delivered"
            counts["bounced"] += counts_as_bounce(row.outcome, row.outcome_code)
            counts["complained"] += row.outcome == "complained"
    with database.read() as session:
        found = session.exec(select(OutcomeSlice)).all()
        paused = session.exec(select(Run.state)).all()
    assert len(expected) > 1
    assert {each.at: each.model_dump(exclude={"at", "run_id"}) for each in found} == {
        at: dict(counts) for at, counts in expected.items()
    }
    assert "paused" not in paused


def test_hostile_domains_are_made_printable(database, clock, going):
    emails = [f"r{number}@ex\x1b[31m\u202eample.com" for number in range(100)]
    run, mailed = going(100, emails=[*emails, *addresses(20)])
    pull(database, clock, mixed(mailed(100), run, 100))
    after = Runs(database).get(run.id)
    assert after.reason == "breaker"
    assert after.detail.isprintable()


@pytest.mark.long
@pytest.mark.ci
def test_relayed_mail_is_warned_of_and_never_paused(database, clock, going):
    run, mailed = going(400)
    claims = mailed(200)
    with database.write_connection() as connection:
        connection.execute(update(RUN).values(kind="relay"))
    result = pull(database, clock, mixed(claims, run, 100))
    assert [each.level for each in result.tripped] == [Level.WARNING]
    assert state(database, run) == ("sending", "")
    assert "50.0 % of the last 200 mails" in Runs(database).get(run.id).warning


def test_a_run_that_waits_is_paused_too_and_one_that_has_ended_is_left_alone(
    database, clock, going
):
    run, mailed = going(400)
    claims = mailed(200)
    Runs(database).wait(run.id, WaitReason.QUOTA, "Later.", clock.now() + 60)
    pull(database, clock, mixed(claims, run, 100))
    assert state(database, run) == ("paused", "breaker")
    ended, mailed = going(200, "ended")
    claims = mailed(200)
    assert state(database, ended)[0] == "finished"
    pull(database, clock, mixed(claims, ended, 100))
    assert state(database, ended) == ("finished", "")
    assert Runs(database).get(ended.id).warning
