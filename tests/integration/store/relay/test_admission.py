"""Taking mail over, on both engines: the ledger alone, with a clock of the test's own."""

import pytest
from sqlmodel import select, update

from sestui.core.delivery.account import AccountStatus, QuotaRule
from sestui.core.delivery.handover import PLACE, RELAYED, ClaimRequest, HoldBack
from sestui.core.delivery.pacing import CHUNK_SECONDS, CLAIM_AHEAD_SECONDS, PACE
from sestui.core.delivery.rate_control import RateControl
from sestui.core.delivery.states import DeliveryState, PauseReason, RunKind, RunState
from sestui.errors import NotFoundError, StateError
from sestui.ses_api.relay_admission import (
    HOLD_SECONDS,
    AdmissionVerdict,
    CallAnswer,
    Incoming,
    Terms,
)
from sestui.ses_api.relayed import mail_of, packed
from sestui.store.db.shared_tables import GovernorRow
from sestui.store.ledger.governor import Governor, locked_row, row_control
from sestui.store.relay.admission import AdmissionStore
from sestui.store.relay.keys import RelayKeys
from sestui.store.relay.mails import RelayedMails
from sestui.store.relay.tables import RelayUsage
from sestui.store.runs.runs import Runs
from tests.support.clocks import FakeClock
from tests.support.seeding import (
    ACCOUNT,
    accepted,
    checked_counts,
    not_sent,
    open_ledger,
    refused,
    rows_of,
    suppress,
    tell_governor,
    unknown,
)

ADMITTED, KNOWN, LATER = AdmissionVerdict.ADMITTED, AdmissionVerdict.KNOWN, AdmissionVerdict.LATER


class Relay:
    """One relay process's ledger."""

    def __init__(self, database, *, rate=10_000.0, quota=-1, worker="relay", **shares):
        self.database = database
        self.clock = FakeClock()
        self.ledger = open_ledger(database, self.clock, worker)
        tell_governor(database, AccountStatus(quota, rate, 0), now=self.clock.now())
        self.intake = AdmissionStore(
            database,
            self.ledger,
            account=ACCOUNT,
            worker=worker,
            quota_rule=QuotaRule(1.0),
            clock=self.clock,
        )
        keys = RelayKeys(database)
        key = keys.find("shop") or keys.add(
            "SRLYTEST", "shop", proof="", now=self.clock.now(), **shares
        )
        self.terms = Terms(key.id, key.campaign_id, key.rate_share, key.quota_share)
        self.mails = RelayedMails(database, self.clock)
        self.runs = Runs(database)

    def incoming(self, *to, name="1", cc=(), replay="", own_call=False):
        given = {
            "FromEmailAddress": "shop@example.com",
            "Destination": {"ToAddresses": list(to), "CcAddresses": list(cc)},
            "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
        }
        mail = mail_of(given, most=100)
        return Incoming(
            self.terms, mail.recipients, packed(mail), f"retry{name}", replay or name, own_call
        )

    def admit(self, *mails):
        return self.intake.exchange([], mails).found

    def one(self, *to, **more):
        [admission] = self.admit(self.incoming(*to, **more))
        return admission

    def answer(self, admission, how, recipients=1, **more):
        answers = tuple(how(claim, **more) for claim in admission.claims)
        at = self.clock.now()
        call = CallAnswer(admission.mail_id, answers, self.terms, recipients, at)
        self.intake.exchange([call], [])

    def run(self):
        [run] = self.runs.of_campaign(self.terms.campaign_id)
        checked_counts(self.database, run.id)
        return run

    def claim(self, most=50, worker="sender"):
        """What the ordinary sender gets of the run just now."""
        ledger = open_ledger(self.database, self.clock, worker)
        return ledger.exchange([], ClaimRequest(self.run().id, most)).claims


@pytest.fixture
def relay(database):
    return Relay(database)


@pytest.fixture
def timed(sqlite_database):
    """A relay whose ledger goes by the test's clock; PostgreSQL has a clock of its own."""
    return Relay(sqlite_database)


def test_the_first_goes_at_once_and_the_others_when_it_has_its_answer(relay):
    admission = relay.one("a@x.org", "b@x.org", "c@x.org", cc=["d@x.org"])
    assert admission.verdict is ADMITTED
    assert [claim.email for claim in admission.claims] == ["a@x.org", "d@x.org"]
    run = relay.run()
    assert (run.kind, run.state) == (RunKind.RELAY, RunState.SENDING)
    assert (run.sending, run.pending) == (2, 2)
    assert relay.claim() == ()
    relay.answer(admission, accepted, recipients=4)
    relay.clock.advance(1)
    claims = relay.claim()
    assert [claim.email for claim in claims] == ["b@x.org", "c@x.org"]
    assert [claim.attributes for claim in claims] == [
        {RELAYED: admission.mail_id, PLACE: place} for place in (1, 2)
    ]
    relay.intake = open_ledger(relay.database, relay.clock, "sender")
    relay.intake.exchange([accepted(claim) for claim in claims], None)
    run = relay.run()
    assert (run.state, run.accepted) == (RunState.FINISHED, 4)
    assert (
        relay.mails.outcome(admission.mail_id).message_id == f"m{admission.claims[0].delivery_id}"
    )
    content = relay.mails.contents([admission.mail_id])[admission.mail_id]
    assert [each.email for each in content.recipients] == [
        "a@x.org",
        "b@x.org",
        "c@x.org",
        "d@x.org",
    ]


def test_every_row_of_a_large_batch_is_its_own_mails(relay):
    """More rows than one statement takes, between others, with one who is skipped."""
    relay.one("before@x.org", name="before")
    suppress(relay.database, "r3-7@x.org")
    people = {f"mail{n}": [f"r{n}-{place}@x.org" for place in range(90)] for n in range(12)}
    mails = [relay.incoming(*to, name=name) for name, to in people.items()]
    found = relay.admit(*mails, mails[5])
    assert [each.verdict for each in found] == [ADMITTED] * 12 + [KNOWN]
    assert found[12].mail_id == found[5].mail_id
    assert relay.one("after@x.org", name="after").verdict is ADMITTED
    rows = rows_of(relay.database, relay.run().id)
    assert len({row.id for row in rows}) == len(rows) == 12 * 90 + 2
    for admission, to in zip(found[:12], people.values(), strict=True):
        own = [row for row in rows if row.relayed_id == admission.mail_id]
        assert [(row.place, row.email) for row in own] == list(enumerate(to))
        [claim] = admission.claims
        assert (claim.delivery_id, claim.email) == (own[0].id, to[0])
        content = relay.mails.contents([admission.mail_id])[admission.mail_id]
        assert [each.email for each in content.recipients] == to
    assert [row.email for row in rows if row.state == DeliveryState.SKIPPED] == ["r3-7@x.org"]


def test_what_comes_later_goes_on_in_the_run_of_the_day(timed):
    timed.answer(timed.one("a@x.org"), accepted)
    assert timed.run().state == RunState.FINISHED
    timed.answer(timed.one("b@x.org", name="2"), accepted)
    run = timed.run()
    assert (run.state, run.accepted, run.number) == (RunState.FINISHED, 2, 1)
    timed.clock.advance(86_400)
    timed.one("c@x.org", name="3")
    assert [run.number for run in timed.runs.of_campaign(timed.terms.campaign_id)] == [2, 1]


def test_a_lost_answer_is_in_doubt_and_lets_the_others_go(relay):
    admission = relay.one("a@x.org", "b@x.org")
    relay.answer(admission, unknown, recipients=2)
    assert relay.mails.outcome(admission.mail_id).state == DeliveryState.IN_DOUBT
    assert [claim.email for claim in relay.claim()] == ["b@x.org"]


@pytest.mark.parametrize("how", [refused, not_sent])
def test_when_the_first_is_not_taken_nobody_gets_it(relay, how):
    admission = relay.one("a@x.org", "b@x.org", cc=["c@x.org"])
    relay.answer(admission, how, recipients=3)
    run = relay.run()
    assert run.state == RunState.FINISHED
    if how is refused:
        assert (run.rejected, run.skipped) == (2, 1)
        assert relay.one("a@x.org", "b@x.org", cc=["c@x.org"]).verdict is KNOWN
        assert relay.mails.outcome(admission.mail_id).code == "MessageRejected"
    else:
        assert (run.skipped, run.pending) == (3, 0)
        again = relay.one("a@x.org", "b@x.org", cc=["c@x.org"])
        assert again.verdict is ADMITTED
        assert again.mail_id != admission.mail_id
    assert relay.mails.contents([admission.mail_id]) == {}


def test_throttle_answers_to_clients_count_for_everybodys_rate(relay):
    relay.answer(relay.one("a@x.org"), not_sent, hold_back=HoldBack.RATE)
    assert not row_control(Governor(relay.database).row(ACCOUNT)).is_quiet
    limited = RateControl(limit=2_000.0, since=relay.intake.exchange([], []).now).as_dict()
    with relay.database.write_connection() as connection:
        connection.execute(update(GovernorRow).values(rate_control=limited))
    assert relay.intake.exchange([], []).rate == 2_000


@pytest.mark.parametrize("again", ["retry", "replay"])
def test_what_comes_again_is_known(relay, again):
    first = relay.one("a@x.org", name="1", replay="r1")
    twice = (
        relay.one("a@x.org", name="1", replay="r2")
        if again == "retry"
        else relay.one("a@x.org", name="2", replay="r1")
    )
    assert (twice.verdict, twice.mail_id) == (KNOWN, first.mail_id)
    own = relay.one("a@x.org", name="4", replay="r1", own_call=True)
    assert own.verdict is ADMITTED
    same = relay.incoming("b@x.org", name="3")
    one, other = relay.admit(same, same)
    assert (one.verdict, other.verdict) == (ADMITTED, KNOWN)
    assert one.mail_id == other.mail_id


@pytest.mark.parametrize("again", ["retry", "replay"])
def test_what_comes_again_in_the_same_batch_is_known(relay, again):
    first = relay.incoming("a@x.org", name="1", replay="r1")
    twice = (
        relay.incoming("a@x.org", name="1", replay="r2")
        if again == "retry"
        else relay.incoming("a@x.org", name="2", replay="r1")
    )
    own = relay.incoming("a@x.org", name="3", replay="r1", own_call=True)
    found = relay.admit(relay.incoming("z@x.org", name="0"), first, twice, own)
    assert [each.verdict for each in found] == [ADMITTED, ADMITTED, KNOWN, ADMITTED]
    assert found[2].mail_id == found[1].mail_id
    assert len({found[0].mail_id, found[1].mail_id, found[3].mail_id}) == 3


def test_suppressed_addresses_are_recorded_and_not_mailed(relay):
    for email in ("A@x.org", "c@x.org"):
        suppress(relay.database, email)
    admission = relay.one("a@x.org", "b@x.org", cc=["C@X.org", "d@x.org"])
    assert [claim.email for claim in admission.claims] == ["b@x.org", "d@x.org"]
    nobody = relay.one("A@x.org", name="2")
    assert (nobody.verdict, nobody.claims) == (AdmissionVerdict.NOBODY, ())
    outcome = relay.mails.outcome(nobody.mail_id)
    assert (outcome.state, outcome.code) == (DeliveryState.SKIPPED, "suppressed")
    assert relay.run().skipped == 3


def test_a_suppressed_domain_is_not_mailed_either(relay):
    suppress(relay.database, "@x.org")
    admission = relay.one("a@X.org", "b@sub.x.org", cc=["c@x.org", "x.org@y.org"])
    assert [claim.email for claim in admission.claims] == ["b@sub.x.org", "x.org@y.org"]
    assert relay.one("d@x.org", name="2").verdict is AdmissionVerdict.NOBODY


def test_where_nothing_comes_nothing_is_found(relay):
    assert relay.intake.exchange([], []).found == ()


def test_mails_of_one_batch_keep_their_own_recipients(relay):
    mails = [
        relay.incoming(*(f"r{n}-{k}@x.org" for k in range(n)), cc=[f"cc{n}@x.org"], name=str(n))
        for n in range(1, 6)
    ]
    for mail, admission in zip(mails, relay.admit(*mails), strict=True):
        assert [mail.recipients[place].email for place in admission.places] == [
            claim.email for claim in admission.claims
        ]
        relay.answer(admission, accepted)
    assert relay.run().accepted == 10


def test_what_was_admitted_unnoticed_is_taken_back_and_nothing_else(relay):
    held = relay.one("a@x.org", name="1")
    relay.one("b@x.org", "c@x.org", name="2")  # committed, but nobody was told
    relay.intake.take_back({claim.delivery_id for claim in held.claims})
    assert (relay.run().sending, relay.run().pending) == (1, 2)


def test_rows_begin_with_what_they_are(timed):
    suppress(timed.database, "c@x.org")
    timed.one("a@x.org", "b@x.org", "c@x.org")
    now = timed.clock.now()
    assert [
        (row.state, row.attempts, row.worker, row.claimed_at, row.not_before, row.code)
        for row in rows_of(timed.database, timed.run().id)
    ] == [
        ("sending", 1, "relay", now, 0.0, ""),
        ("pending", 0, "", None, now + HOLD_SECONDS, ""),
        ("skipped", 0, "", None, 0.0, "suppressed"),
    ]


# pace


def test_slots_are_spaced_and_no_further_ahead_than_a_chunk(sqlite_database):
    relay = Relay(sqlite_database, rate=20.0)
    found = relay.admit(*[relay.incoming(f"r{n}@x.org", name=str(n)) for n in range(6)])
    assert [each.verdict for each in found] == [ADMITTED] * 2 + [LATER] * 4
    assert found[1].slot - found[0].slot == pytest.approx(1 / (20 * PACE), abs=1e-6)
    assert found[2].next_at == pytest.approx(found[1].slot + 1 / (20 * PACE) - 0.05, abs=1e-6)
    relay.clock.advance(1)
    again = relay.admit(*[relay.incoming(f"r{n}@x.org", name=str(n)) for n in range(2, 4)])
    assert [each.verdict for each in again] == [ADMITTED] * 2


def test_everybody_in_the_first_call_takes_a_slot(sqlite_database):
    relay = Relay(sqlite_database, rate=10.0)
    relay.one("a@x.org", cc=["b@x.org", "c@x.org"])
    later = relay.one("d@x.org", name="2")
    assert later.verdict is LATER
    assert later.next_at == pytest.approx(relay.clock.now() + 0.3 / PACE - 0.05, abs=0.001)


def test_a_share_of_the_rate_is_the_keys_own(sqlite_database):
    relay = Relay(sqlite_database, rate=100.0, rate_share=0.1)
    relay.one("a@x.org", "b@x.org")
    assert relay.one("c@x.org", name="2").verdict is LATER
    relay.clock.advance(0.1)
    assert relay.one("c@x.org", name="2").verdict is ADMITTED
    assert relay.run().max_rate == 10


def test_a_key_without_a_share_has_no_rate_and_no_count_of_its_own(relay):
    relay.one("a@x.org")
    assert relay.run().max_rate is None
    with relay.database.read() as session:
        assert session.exec(select(RelayUsage)).all() == []


@pytest.mark.parametrize(("further", "verdict"), [(0.0, ADMITTED), (1e-3, LATER)])
def test_a_slot_may_lie_as_far_ahead_as_the_sender_claims(timed, further, verdict):
    ahead = timed.clock.now() + CHUNK_SECONDS + CLAIM_AHEAD_SECONDS
    with timed.database.write_connection() as connection:
        connection.execute(update(GovernorRow).values(tat=ahead + further))
    assert timed.one("a@x.org").verdict is verdict


def test_without_a_rate_nothing_is_taken(database):
    relay = Relay(database, rate=0.0)
    assert relay.one("a@x.org").verdict is LATER
    assert relay.runs.of_campaign(relay.terms.campaign_id)[0].pending == 0


def test_without_a_rate_it_is_asked_again_in_a_second(sqlite_database):
    relay = Relay(sqlite_database, rate=0.0)
    assert relay.one("a@x.org").next_at == relay.clock.now() + 1


# quota


def test_at_the_quota_nothing_more_is_taken(database):
    relay = Relay(database, quota=2)
    relay.one("a@x.org")
    refusal = relay.one("b@x.org", name="2", cc=["c@x.org"])
    assert refusal.verdict is AdmissionVerdict.REFUSED
    assert refusal.error.text == "Daily message quota exceeded."
    assert relay.one("b@x.org", name="3").verdict is ADMITTED


def test_mails_of_one_batch_share_what_is_left_of_the_quota(database):
    relay = Relay(database, quota=2)
    found = relay.admit(*[relay.incoming(f"r{n}@x.org", name=str(n)) for n in range(3)])
    assert [each.verdict for each in found] == [ADMITTED, ADMITTED, AdmissionVerdict.REFUSED]


def test_whoever_can_wait_for_the_quota_needs_none_yet(database):
    relay = Relay(database, quota=2)
    assert relay.one("a@x.org", "b@x.org", "c@x.org").verdict is ADMITTED
    assert relay.run().pending == 2


def test_a_share_of_an_unlimited_quota_is_unlimited(database):
    relay = Relay(database, quota=-1, quota_share=0.5)
    assert relay.one("a@x.org", "b@x.org").verdict is ADMITTED


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        (0, AdmissionVerdict.REFUSED),
        (24 * 3600 - 1, AdmissionVerdict.REFUSED),
        (24 * 3600, ADMITTED),
    ],
)
def test_a_share_of_the_quota_is_counted_by_whole_hours(sqlite_database, seconds, verdict):
    relay = Relay(sqlite_database, quota=100, quota_share=0.01)
    assert relay.clock.now() % 3600 == 0
    relay.one("a@x.org")
    relay.clock.advance(seconds)
    assert relay.one("b@x.org", name="2").verdict is verdict


def test_a_share_of_the_quota_counts_every_recipient_for_a_day(sqlite_database):
    relay = Relay(sqlite_database, quota=100, quota_share=0.04)
    relay.one("a@x.org", "b@x.org", "c@x.org")
    assert relay.one("d@x.org", "e@x.org", name="2").verdict is AdmissionVerdict.REFUSED
    assert relay.one("d@x.org", name="3").verdict is ADMITTED
    relay.clock.advance(86_400 + 3600)
    failed = relay.one("d@x.org", "e@x.org", "f@x.org", "g@x.org", name="4")
    assert failed.verdict is ADMITTED
    relay.answer(failed, not_sent, recipients=4)
    assert relay.one("h@x.org", name="5").verdict is ADMITTED


def test_only_what_was_counted_comes_back_to_a_share_of_the_quota(database):
    relay = Relay(database, quota=100, quota_share=0.04)
    suppress(database, "@gone.org")
    gone = [f"r{n}@gone.org" for n in range(3)]
    relay.answer(relay.one("a@x.org", *gone), not_sent, recipients=4)
    five = [f"r{n}@x.org" for n in range(5)]
    assert relay.one(*five, name="2").verdict is AdmissionVerdict.REFUSED
    assert relay.one(*five[:4], name="3").verdict is ADMITTED


# what holds back


def test_a_paused_run_takes_nothing_until_it_is_resumed(timed):
    timed.answer(timed.one("a@x.org", "b@x.org"), accepted, recipients=2)
    timed.runs.pause(timed.run().id, PauseReason.OPERATOR, "You paused this run.")
    refusal = timed.one("c@x.org", name="2")
    assert refusal.error.code == "SendingPausedException"
    timed.clock.advance(86_400)
    assert timed.one("c@x.org", name="2").verdict is AdmissionVerdict.REFUSED
    timed.runs.resume(timed.run().id)
    assert timed.one("c@x.org", name="2").verdict is ADMITTED


def test_a_run_paused_by_refusals_still_takes_mail_and_a_cancelled_one_is_followed(relay):
    relay.answer(relay.one("a@x.org", "b@x.org"), accepted, recipients=2)
    relay.runs.pause(relay.run().id, PauseReason.ERRORS, "Too many refusals.")
    assert relay.one("c@x.org", name="2").verdict is ADMITTED
    assert relay.run().state == RunState.PAUSED
    relay.runs.cancel(relay.run().id, relay.clock.now())
    relay.one("d@x.org", name="3")
    assert len(relay.runs.of_campaign(relay.terms.campaign_id)) == 2


# after a crash


def test_what_waits_for_a_dead_process_goes_in_the_end_or_when_told(timed):
    admission = timed.one("a@x.org", "b@x.org")
    timed.clock.advance(HOLD_SECONDS - 1)
    assert timed.claim() == ()
    timed.clock.advance(2)
    assert [claim.email for claim in timed.claim()] == ["b@x.org"]
    other = timed.one("c@x.org", "d@x.org", name="2")
    timed.answer(other, unknown)
    assert admission.mail_id != other.mail_id


def test_orphans_are_released_at_once(relay):
    admission = relay.one("a@x.org", "b@x.org")
    with relay.database.write_connection() as connection:
        row = locked_row(connection, ACCOUNT)
        answers = [unknown(claim) for claim in admission.claims]
        relay.ledger.settle(connection, row, answers, relay.clock.now())
    assert relay.claim() == ()
    relay.mails.release_orphans()
    assert [claim.email for claim in relay.claim()] == ["b@x.org"]


def test_the_queue_is_what_waits(timed):
    assert timed.mails.queue().depth == 0
    timed.answer(timed.one("a@x.org", "b@x.org", "c@x.org"), accepted, recipients=3)
    timed.clock.advance(10)
    queue = timed.mails.queue()
    assert (queue.depth, queue.age) == (2, 10)


def test_content_goes_after_its_time_unless_somebody_still_needs_it(timed):
    settled = timed.one("a@x.org")
    timed.answer(settled, accepted)
    open_ = timed.one("b@x.org", name="2")
    timed.answer(open_, unknown)
    timed.clock.advance(100)
    assert timed.mails.purge(retention=200) == 0
    assert timed.mails.purge(retention=50) == 1
    assert timed.mails.contents([settled.mail_id, open_.mail_id]).keys() == {open_.mail_id}
    assert timed.one("a@x.org").verdict is KNOWN
    timed.clock.advance(86_400)
    timed.mails.purge(retention=50)
    assert timed.one("a@x.org").verdict is ADMITTED


# keys


def test_keys_are_added_listed_and_revoked(database):
    keys = RelayKeys(database)
    keys.add("K1", "shop", proof="p", now=1, senders=["example.com"], send_only=True)
    with pytest.raises(StateError, match="already an active relay key"):
        keys.add("K2", "shop", proof="p", now=2)
    assert keys.revoke("shop", 3).revoked_at == 3
    with pytest.raises(NotFoundError):
        keys.revoke("shop", 4)
    again = keys.add("K2", "shop", proof="p", now=5)
    assert again.campaign_id == keys.by_id("K1").campaign_id
    assert [key.id for key in keys.all()] == ["K2", "K1"]
    keys.revoke("K2", 6)
    assert keys.find("shop") is None
