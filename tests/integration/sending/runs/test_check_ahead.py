"""Large runs, which start before everybody's mail has been checked.

What is large is made small here: ten contacts, of whom the first five are checked before the start.
"""

import threading

import pytest
from sqlalchemy import text
from sqlmodel import update

from sestui.compose.render_check import UnrenderableError
from sestui.compose.renderable import Renderable
from sestui.compose.run_check import RunCheck
from sestui.core.campaign.follow_up import Only
from sestui.core.contact.address_check import check_address
from sestui.core.delivery.handover import ClaimRequest, RunCounts
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.errors import EXIT_NEEDS_OPERATOR, ContentError
from sestui.runtime import Runtime
from sestui.sending.runs.check_ahead import AheadChecker
from sestui.settings import load_settings
from sestui.store.contacts.memberships import Memberships
from sestui.store.db.shared_tables import Worker
from sestui.store.erasure.erasure import erase
from sestui.store.erasure.unmailed import forget_unmailed
from sestui.store.ledger.workers import LEASE_SECONDS, Workers
from sestui.store.runs.check_queue import CheckQueue
from sestui.tui.campaigns.start_check import CheckJob, PlannedStart
from tests.support.clocks import FakeClock
from tests.support.seeding import (
    accepted,
    add_contacts,
    addresses,
    checked_counts,
    make_campaign,
    open_ledger,
    rows_of,
    states_of,
    suppress,
    tell_governor,
)

NAMED = "Dear {{ first_name }}, [leave]({{ unsubscribe_url }})"


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr("sestui.compose.checks.LARGE", 10)
    monkeypatch.setattr("sestui.compose.checks.FIRST", 5)
    for module in ("contacts.unchecked", "ledger.unchecked", "runs.check_queue"):
        monkeypatch.setattr(f"sestui.store.{module}.PART", 5)


class Scene:
    """A campaign over a list, and the process that sends it."""

    behind, rate, broken = False, 0.0, False

    def __init__(self, database, tmp_path, clock):
        self.database, self.clock = database, clock
        self.runtime = Runtime(load_settings(data_dir=tmp_path), database, clock)
        self.account = self.runtime.ses.key
        tell_governor(database, now=clock.now(), account=self.account)

    def start(self, **fields):
        campaign = make_campaign(self.database, now=self.clock.now(), **fields)
        return self.runtime.starter.start(campaign, self.clock.now()).id

    def checker(self, worker="worker"):
        memberships = Memberships(self.database)

        def check(run):
            if self.broken:
                raise KeyError("broken")
            composer = self.runtime.composers.message_of(run)
            kept = Renderable(memberships, composer, transactional=run.transactional)
            return RunCheck(composer, kept)

        return AheadChecker(
            CheckQueue(self.database, worker, self.clock),
            self.runtime.audiences,
            self.runtime.runs,
            check=check,
            serves=lambda _run: True,
            engine=self,
            clock=self.clock,
            stop=threading.Event(),
        )

    def check_all(self):
        checker = self.checker()
        while checker.step():
            pass

    def claimed(self, run_id):
        """Claim all that can be, and have it accepted."""
        ledger = open_ledger(self.database, self.clock, account=self.account)
        claims = ledger.exchange([], ClaimRequest(run_id, 100)).claims
        ledger.exchange([accepted(each) for each in claims], None)
        self.clock.advance(60)
        return [each.email for each in claims]

    def counts(self, run_id):
        return checked_counts(self.database, run_id)

    def state(self, run_id):
        return self.runtime.runs.get(run_id).state


@pytest.fixture
def scene(database, tmp_path):
    made = Scene(database, tmp_path, FakeClock(1_000))
    yield made
    made.runtime.ses.close()


def test_each_part_is_claimed_once_it_is_checked_and_the_run_ends_with_the_last(scene):
    emails = addresses(12)
    add_contacts(scene.database, emails)
    run_id = scene.start()
    assert scene.counts(run_id) == RunCounts(pending=12, unchecked=12)
    assert scene.claimed(run_id) == []
    got, checker = [], scene.checker()
    while checker.step():
        assert scene.state(run_id) == RunState.SENDING
        assert scene.counts(run_id).audience == 12
        got.append(scene.claimed(run_id))
    assert [email for each in got for email in each] == emails
    assert max(map(len, got)) <= 5
    assert scene.counts(run_id) == RunCounts(accepted=12)
    assert scene.state(run_id) == RunState.FINISHED


def test_the_audience_is_that_of_the_start(scene):
    """Who joins later isn't in it; who is gone, suppressed or erased is skipped with the reason."""
    emails = addresses(12)
    ids = add_contacts(scene.database, emails, attributes={"plan": "pro"})
    run_id = scene.start(segment='plan == "pro"')
    add_contacts(scene.database, ["late@example.com"], attributes={"plan": "pro"})
    suppress(scene.database, emails[11])
    erase(scene.database, check_address(emails[0]), scene.clock.now())
    with scene.database.write_connection() as connection:
        connection.execute(text(f"DELETE FROM membership WHERE contact_id = {ids[1]}"))
        connection.execute(text(f"DELETE FROM membership WHERE contact_id = {ids[2]}"))
        connection.execute(text(f"DELETE FROM contact WHERE id = {ids[2]}"))
        connection.execute(text(f"UPDATE contact SET attributes = '{{}}' WHERE id = {ids[3]}"))
        connection.execute(text("UPDATE contact_list SET name = 'other'"))
    scene.check_all()
    assert scene.claimed(run_id) == [emails[1], *emails[4:11]]
    codes = sorted((row.code, row.email) for row in rows_of(scene.database, run_id) if row.code)
    assert codes == [
        ("erased", ""),
        ("erased", ""),
        ("left_segment", emails[3]),
        ("suppressed", emails[11]),
    ]
    assert scene.counts(run_id) == RunCounts(accepted=8, skipped=4)
    assert scene.state(run_id) == RunState.FINISHED


def named(scene):
    """Twelve contacts, of whom the ninth has no name; who has one has their own."""
    emails = addresses(12)
    for email in emails:
        name = {} if email == emails[8] else {"first_name": email[:6]}
        add_contacts(scene.database, [email], attributes=name)
    return emails


def test_who_cannot_be_rendered_is_skipped_with_the_reason(scene):
    emails = named(scene)
    run_id = scene.start(body=NAMED, skip_unrenderable=True)
    scene.check_all()
    assert scene.claimed(run_id) == [email for email in emails if email != emails[8]]
    (left_out,) = scene.runtime.deliveries.unmade(run_id)
    assert (left_out.email, left_out.code) == (emails[8], "unrenderable")
    assert "first_name" in left_out.reason
    assert scene.counts(run_id) == RunCounts(accepted=11, skipped=1)


def test_or_stops_the_run_until_the_contact_is_mended(scene):
    emails = named(scene)
    run_id = scene.start(body=NAMED)
    scene.check_all()
    run = scene.runtime.runs.get(run_id)
    assert (run.state, run.reason) == ("paused", "errors")
    assert "1 of 5 recipients can't be mailed" in run.detail
    assert emails[8] in run.detail
    assert run.unchecked == 3
    with pytest.raises(UnrenderableError):
        scene.runtime.run_control.resume("news")
    mended = '{"first_name": "Ada"}'
    with scene.database.write_connection() as connection:
        mend = f"UPDATE contact SET attributes = '{mended}' WHERE email = '{emails[8]}'"
        connection.execute(text(mend))
    scene.runtime.run_control.resume("news")
    scene.check_all()
    assert sorted(scene.claimed(run_id)) == emails
    assert scene.state(run_id) == RunState.FINISHED


def test_what_can_be_seen_before_the_start_stops_the_start(scene):
    named(scene)
    with scene.database.write_connection() as connection:
        connection.execute(text("UPDATE contact SET attributes = '{}'"))
    with pytest.raises(ContentError, match="5 of 5 recipients"):
        scene.start(body=NAMED)
    assert scene.runtime.overview.campaign("news").run is None


def test_that_nobody_of_the_first_can_be_mailed_holds_up_nobody_whom_it_is_to_skip(scene):
    emails = addresses(12)
    add_contacts(scene.database, emails[:5])
    add_contacts(scene.database, emails[5:], attributes={"first_name": "Ada"})
    with pytest.raises(UnrenderableError, match="5 of 5") as caught:
        scene.start(body=NAMED)
    assert caught.value.exit_code == EXIT_NEEDS_OPERATOR
    assert "--skip-unrenderable" in caught.value.by_option
    skips = {"body": NAMED, "skip_unrenderable": True}
    make_campaign(scene.database, now=scene.clock.now(), **skips)
    assert CheckJob(scene.runtime, PlannedStart("news")).work().ok
    run_id = scene.start(**skips)
    scene.check_all()
    assert scene.claimed(run_id) == emails[5:]


def test_another_message_is_checked_anew(scene):
    """It was changed while a part was rendered: what was found there says nothing any more."""
    add_contacts(scene.database, addresses(12))
    run_id = scene.start()
    queue, run = CheckQueue(scene.database, "worker", scene.clock), scene.runtime.runs.get(run_id)
    assert queue.take(run)
    part = queue.next(run_id)
    make_campaign(scene.database, now=scene.clock.now(), body=NAMED)
    scene.runtime.runs.pause(run_id, PauseReason.OPERATOR, "")
    scene.runtime.runs.resume(run_id, scene.runtime.campaigns.get("news"))
    assert not queue.enter(run, part, {})
    assert scene.counts(run_id) == RunCounts(pending=12, unchecked=12)
    scene.check_all()
    assert scene.state(run_id) == RunState.PAUSED


def _ended(scene, _run_id, worker):
    Workers(scene.database, scene.clock).leave(worker)


def _stopped(scene, _run_id, worker):
    with scene.database.write() as session:
        long_ago = Worker.heartbeat_at - LEASE_SECONDS
        session.exec(update(Worker).where(Worker.id == worker).values(heartbeat_at=long_ago))


def _without_the_account(scene, run_id, _worker):
    scene.runtime.runs.pause(run_id, PauseReason.OPERATOR, "")
    scene.runtime.runs.resume(run_id, move_to=("another", scene.clock))


@pytest.mark.parametrize("becomes", [_ended, _stopped, _without_the_account])
def test_a_run_is_one_workers_as_long_as_that_can(scene, becomes):
    add_contacts(scene.database, addresses(12))
    run_id = scene.start()
    workers = Workers(scene.database, scene.clock)
    worker = workers.register(host="h", pid=1, process_started_at=0)
    first, second = scene.checker(worker), scene.checker("second")
    assert first.step()
    assert not second.step()
    queue, run = CheckQueue(scene.database, worker, scene.clock), scene.runtime.runs.get(run_id)
    part = queue.next(run_id)
    becomes(scene, run_id, worker)
    assert second.step()
    assert not queue.enter(run, part, {})
    scene.check_all()
    assert scene.counts(run_id) == RunCounts(pending=12)


@pytest.mark.parametrize("steps", [0, 1, 9])
def test_a_cancelled_run_skips_who_is_unchecked_too(scene, steps):
    emails = addresses(12)
    add_contacts(scene.database, emails)
    run_id = scene.start()
    checker = scene.checker()
    for _ in range(steps):
        checker.step()
    scene.runtime.runs.cancel(run_id, scene.clock.now())
    assert not checker.step()
    assert states_of(scene.database, run_id) == dict.fromkeys(emails, "skipped")
    assert scene.counts(run_id) == RunCounts(skipped=12)


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.WAITING])
def test_what_needs_the_operator_is_not_checked_and_what_waits_is(scene, state):
    add_contacts(scene.database, addresses(12))
    run_id = scene.start()
    if state is RunState.PAUSED:
        scene.runtime.runs.pause(run_id, PauseReason.OPERATOR, "")
    else:
        scene.runtime.runs.wait(run_id, WaitReason.QUOTA, "", scene.clock.now() + 60)
    scene.check_all()
    assert scene.counts(run_id).unchecked == (12 if state is RunState.PAUSED else 0)


def test_it_stays_only_so_far_ahead_as_needed_where_the_sender_is_behind(scene):
    add_contacts(scene.database, addresses(20))
    run_id = scene.start()
    scene.behind, scene.rate = True, 1.0
    scene.check_all()
    assert scene.counts(run_id).unchecked == 11  # more than five seconds of sending are checked
    scene.claimed(run_id)
    scene.check_all()
    assert scene.counts(run_id) == RunCounts(pending=11, accepted=9, unchecked=1)
    scene.behind = False
    scene.check_all()
    assert not scene.counts(run_id).unchecked


@pytest.mark.parametrize("rate", [0.0, 1_000.0])
def test_no_large_run_waits_for_another_to_be_checked(scene, rate):
    """Whether the first is ahead of the sender by now, or never is."""
    add_contacts(scene.database, addresses(12))
    scene.rate = rate
    runs, checker = [scene.start(), scene.start(name="second")], scene.checker()
    for _ in runs:
        checker.step()
    assert all(scene.counts(each).unchecked < 12 for each in runs)


def test_a_part_that_cannot_be_checked_pauses_its_run_after_a_few_tries(scene):
    add_contacts(scene.database, addresses(12))
    run_id, checker, scene.broken = scene.start(), scene.checker(), True
    for _ in range(3):
        assert scene.state(run_id) == RunState.SENDING
        with pytest.raises(KeyError):
            checker.step()
    run = scene.runtime.runs.get(run_id)
    assert (run.state, run.reason) == ("paused", "errors")
    assert run.detail.startswith("Its mails can't be checked because of an unexpected error")
    scene.broken = False
    scene.runtime.run_control.resume("news")
    scene.check_all()
    assert scene.counts(run_id) == RunCounts(pending=12)


def test_a_follow_up_is_checked_beside_the_sending_too(scene):
    emails = addresses(12)
    add_contacts(scene.database, emails[:10])
    scene.claimed(scene.start(segment=""))
    scene.runtime.runs.cancel(1, scene.clock.now())
    add_contacts(scene.database, emails[10:])
    campaign = scene.runtime.campaigns.get("news")
    joined = scene.runtime.starter.start(campaign, scene.clock.now(), only=Only.JOINED)
    assert scene.counts(joined.id) == RunCounts(pending=2, unchecked=2)
    scene.check_all()
    assert scene.claimed(joined.id) == emails[10:]


def test_who_is_unchecked_is_not_forgotten(scene):
    ids = add_contacts(scene.database, addresses(12))
    scene.start()
    assert forget_unmailed(scene.database, 500, after=0, most=100) == (0, ids[-1])
