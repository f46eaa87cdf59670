"""Whole runs: sender, ledger, gateway and a simulator in a process of its own.

What is believed of the outside is what the simulator's own outbox says.
"""

import itertools
import sqlite3
import threading
from contextlib import closing
from itertools import pairwise

import pytest

from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.mail import MailAttachment
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.sending.engine.answer_policy import REFUSALS_IN_A_ROW
from sestui.sending.engine.loop import End
from sestui.sending.engine.report import SenderReport
from sestui.simulator.api.faults import checked_fault
from sestui.simulator.launch import start_simulator
from sestui.simulator.outbox.outbox_reader import OutboxReader
from sestui.store.ledger.ledger import Ledger
from tests.support.seeding import addresses
from tests.support.workspaces import control, counts, once, until


def ran(runtime, **limits):
    """Send until the sender ends by itself."""
    sender = runtime.sender(**limits)
    sender.start()
    assert sender.join(60), "the sender did not end"
    assert sender.error is None
    return sender.end


def sending(runtime, **limits):
    sender = runtime.sender(**limits)
    sender.start()
    return sender


@pytest.mark.long
@pytest.mark.ci
def test_everybody_gets_it_once_and_the_ledger_knows_each_message_id(world):
    w = world()
    runtime, emails = w.runtime(), addresses(300)
    run = w.started(runtime, emails)
    assert ran(runtime) is End.IDLE
    assert w.outbox() == once(emails)
    assert counts(runtime, run) == RunCounts(accepted=300)
    assert runtime.runs.get(run.id).state == RunState.FINISHED
    ids = {row.message_id: row.email for row in runtime.deliveries.of_run(run.id, limit=1000)}
    listed = w.account.outbox(limit=1000)
    assert ids == {mail["message_id"]: mail["recipients"][0] for mail in listed}
    tags = {mail["tags"]["sestui-delivery"] for mail in listed}
    assert len(tags) == 300
    assert w.account.account().throttled == 0


@pytest.mark.long
@pytest.mark.ci
def test_a_second_sender_of_the_same_process_goes_on(world):
    w = world()
    runtime = w.runtime()
    w.started(runtime, addresses(5), "first")
    ran(runtime)
    w.started(runtime, addresses(5, "s"), "second")
    ran(runtime)
    assert w.outbox() == once([*addresses(5), *addresses(5, "s")])


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("mode", ["single", "bulk"])
def test_single_and_bulk_calls_account_alike(world, mode):
    w = world(simulator_rate=400, send_mode=mode)
    w.account.add_fault(checked_fault("refuse", match="r00007*"))
    runtime, emails = w.runtime(), addresses(200)
    run = w.started(runtime, emails)
    ran(runtime)
    assert w.outbox() == once([email for email in emails if not email.startswith("r00007")])
    assert counts(runtime, run) == RunCounts(accepted=199, rejected=1)


def calls_made(w):
    """How many mails went in bulk calls and how many singly, and the number of calls."""
    with closing(sqlite3.connect(w.account.path)) as connection:
        mails = "SELECT count(*) FROM outbox JOIN call ON call.id = call_id WHERE bulk = ?"
        in_bulk, singly = (connection.execute(mails, (bulk,)).fetchone()[0] for bulk in (1, 0))
        return in_bulk, singly, connection.execute("SELECT count(*) FROM call").fetchone()[0]


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("mode", ["auto", "bulk"])
def test_a_campaign_with_attachments_goes_in_bulk_calls(world, mode):
    w = world(simulator_rate=20_000, send_mode=mode)
    runtime, emails = w.runtime(), addresses(200)
    files = (
        MailAttachment("prices.pdf", "application/pdf", bytes(range(256)) * 200),
        MailAttachment("Größe.txt", "text/plain", b"notes"),
    )
    w.started(runtime, emails, attachments=files)
    assert ran(runtime) is End.IDLE
    assert w.outbox() == once(emails)
    in_bulk, singly, calls = calls_made(w)
    assert in_bulk + singly == 200
    assert singly <= 2  # a last one that was left
    assert calls <= 50
    reader = OutboxReader(w.account.path)
    for listed in reader.page(limit=200):
        arrived = reader.mail(listed.message_id).content.files
        assert [(each.name, each.content_type, each.content) for each in arrived] == [
            (file.name, file.content_type, file.content) for file in files
        ]


@pytest.mark.long
@pytest.mark.ci
def test_attachments_too_large_for_a_bulk_call_go_singly(world):
    w = world(simulator_rate=400, send_mode="bulk")
    runtime, emails = w.runtime(), addresses(8)
    file = MailAttachment("film.mp4", "video/mp4", bytes(1_200_000))
    run = w.started(runtime, emails, attachments=(file,))
    assert ran(runtime) is End.IDLE
    assert w.outbox() == once(emails)
    assert counts(runtime, run) == RunCounts(accepted=8)
    assert calls_made(w) == (0, 8, 8)


# quota


@pytest.mark.long
@pytest.mark.ci
def test_at_the_quota_the_run_waits_and_goes_on_when_it_frees(world):
    w = world(simulator_quota=100, max_quota_usage=0.8)
    runtime, emails = w.runtime(), addresses(150)
    run = w.started(runtime, emails)
    assert ran(runtime) is End.IDLE
    assert len(w.outbox()) == 80
    held = runtime.runs.get(run.id)
    assert (held.state, held.reason) == (RunState.WAITING, WaitReason.QUOTA)
    assert counts(runtime, run) == RunCounts(pending=70, accepted=80)
    assert "80 of the 80 mails" in held.detail
    assert held.resume_at == pytest.approx(runtime.clock.now() + 86_400, abs=120)
    assert w.account.account().over_quota == 0

    assert ran(runtime) is End.IDLE  # nothing to do before its time
    assert len(w.outbox()) == 80

    control(runtime, "clock", advance=86_401)
    runtime.wake_waiting()
    assert ran(runtime) is End.IDLE
    assert w.outbox() == once(emails)
    assert runtime.runs.get(run.id).state == RunState.FINISHED


@pytest.mark.long
@pytest.mark.ci
def test_other_services_share_of_the_quota_is_left_to_them(world):
    w = world(simulator_quota=100, max_quota_usage=0.8)
    runtime = w.runtime()
    runtime.ses.clients.sesv2.send_email(
        FromEmailAddress="other@example.com",
        Destination={"ToAddresses": [f"o{n}@example.com" for n in range(30)]},
        Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    )
    run = w.started(runtime, addresses(70))
    ran(runtime)
    assert counts(runtime, run) == RunCounts(pending=20, accepted=50)
    assert w.account.account().over_quota == 0


@pytest.mark.long
@pytest.mark.ci
def test_a_quota_answer_makes_the_run_wait_whatever_the_account_tells(world):
    w = world()
    w.account.add_fault(checked_fault("daily_quota", count=1))
    runtime, emails = w.runtime(), addresses(30)
    run = w.started(runtime, emails)
    assert ran(runtime) is End.IDLE
    held = runtime.runs.get(run.id)
    assert (held.state, held.reason) == (RunState.WAITING, WaitReason.QUOTA)
    assert "SES says" in held.detail
    assert counts(runtime, run).rejected == 0
    runtime.wake_waiting()
    assert ran(runtime) is End.IDLE
    assert w.outbox() == once(emails)


# steering from elsewhere


@pytest.mark.long
@pytest.mark.ci
def test_pause_and_resume_from_another_process(world):
    w = world(simulator_rate=100)
    runtime, other, emails = w.runtime(), w.runtime(), addresses(120)
    run = w.started(runtime, emails)
    sender = sending(runtime, until_idle=False)
    until(lambda: counts(other, run).accepted >= 20)
    other.run_control.pause("news")
    until(lambda: counts(other, run).sending == 0)
    paused = counts(other, run)
    reached = len(w.outbox())
    assert paused.accepted == reached < 120
    assert other.runs.get(run.id).reason == PauseReason.OPERATOR
    threading.Event().wait(0.3)
    assert len(w.outbox()) == reached
    other.run_control.resume("news")
    until(lambda: other.runs.get(run.id).state == RunState.FINISHED)
    sender.stop()
    assert sender.join(10)
    assert w.outbox() == once(emails)


@pytest.mark.long
@pytest.mark.ci
def test_cancel_from_another_process(world):
    w = world(simulator_rate=100)
    runtime, other = w.runtime(), w.runtime()
    run = w.started(runtime, addresses(200))
    sender = sending(runtime)
    until(lambda: counts(other, run).accepted >= 20)
    other.run_control.cancel("news")
    assert sender.join(20)
    ended = counts(other, run)
    assert ended == RunCounts(accepted=len(w.outbox()), skipped=200 - len(w.outbox()))
    assert other.runs.get(run.id).state == RunState.CANCELLED


# what pauses


@pytest.mark.long
@pytest.mark.ci
def test_refusals_in_a_row_pause_instead_of_burning_the_list(world):
    w = world()
    w.account.add_fault(checked_fault("refuse"))
    runtime = w.runtime()
    run = w.started(runtime, addresses(400))
    ran(runtime)
    paused = runtime.runs.get(run.id)
    assert (paused.state, paused.reason) == (RunState.PAUSED, PauseReason.ERRORS)
    assert "MessageRejected" in paused.detail
    found = counts(runtime, run)
    assert REFUSALS_IN_A_ROW <= found.rejected <= REFUSALS_IN_A_ROW + 60  # what was under way
    assert found.pending + found.rejected == 400
    w.account.clear_faults()
    runtime.run_control.resume("news")
    ran(runtime)
    assert len(w.outbox()) == found.pending


@pytest.mark.long
@pytest.mark.ci
def test_a_paused_account_pauses_the_run_and_loses_nobody(world):
    w = world()
    runtime, emails = w.runtime(), addresses(100)
    run = w.started(runtime, emails)
    w.account.add_fault(checked_fault("sending_paused"))
    ran(runtime)
    paused = runtime.runs.get(run.id)
    assert (paused.state, paused.reason) == (RunState.PAUSED, PauseReason.ACCOUNT)
    assert counts(runtime, run) == RunCounts(pending=100)
    w.account.clear_faults()
    runtime.run_control.resume("news")
    ran(runtime)
    assert w.outbox() == once(emails)


# what goes wrong on the way


@pytest.mark.long
@pytest.mark.ci
def test_throttling_slows_down_and_loses_nobody(world):
    w = world(simulator_rate=400, send_mode="single")
    w.account.add_fault(checked_fault("throttle", probability=0.5))
    runtime, emails = w.runtime(), addresses(600)
    reports: list[SenderReport] = []
    run = w.started(runtime, emails)
    ran(runtime, report=reports.append)
    assert w.outbox() == once(emails)
    assert counts(runtime, run) == RunCounts(accepted=600)
    slowest = min((report for report in reports if report.rate), key=lambda report: report.rate)
    assert slowest.rate < 300


@pytest.mark.long
@pytest.mark.ci
def test_what_ses_failed_on_is_tried_again(world):
    w = world()
    for kind in ("error_500", "error_503"):
        w.account.add_fault(checked_fault(kind, count=5))
    runtime, emails = w.runtime(), addresses(60)
    run = w.started(runtime, emails)
    ran(runtime)
    assert w.outbox() == once(emails)
    assert counts(runtime, run) == RunCounts(accepted=60)


@pytest.mark.long
@pytest.mark.ci
def test_a_lost_answer_is_a_doubt_and_never_a_second_mail(world):
    w = world(send_mode="single")
    taken = ("reset_after", "truncated", "gateway_502")
    for kind in (*taken, "reset_before"):
        w.account.add_fault(checked_fault(kind, count=1))
    runtime, emails = w.runtime(), addresses(60)
    run = w.started(runtime, emails)
    ran(runtime)
    assert counts(runtime, run) == RunCounts(accepted=56, in_doubt=4)
    assert set(w.outbox().values()) == {1}
    assert len(w.outbox()) == 56 + 3  # what was reset before it was read is in doubt all the same
    ran(runtime)
    assert len(w.outbox()) == 56 + 3


@pytest.mark.long
@pytest.mark.ci
def test_an_ses_that_is_gone_for_a_while_is_waited_for(world):
    w = world()
    runtime, emails = w.runtime(), addresses(200)
    run = w.started(runtime, emails)
    troubles: list[str] = []
    sender = sending(runtime, report=lambda report: troubles.append(report.trouble))
    until(lambda: counts(runtime, run).accepted >= 30)
    port = int(runtime.ses.clients.endpoint_url.rpartition(":")[2])
    runtime.ses._simulator.stop()
    until(lambda: any("SES" in trouble for trouble in troubles))
    until(lambda: counts(runtime, run).sending == 0)
    during = counts(runtime, run)
    assert during.pending > 100
    with start_simulator(w.folder, latency=0.01, port=port):
        assert sender.join(60)
    after = counts(runtime, run)
    assert (after.pending, after.sending, after.rejected) == (0, 0, 0)
    assert set(w.outbox().values()) == {1}
    assert len(w.outbox()) >= after.accepted
    assert after.in_doubt <= 3 + during.in_doubt  # an answer that was cut off, no more


@pytest.mark.long
@pytest.mark.ci
def test_a_database_that_is_locked_for_a_while_is_waited_for(world, monkeypatch):
    monkeypatch.setattr("sestui.store.db.write_turn.BUSY_SECONDS", 0.2)
    w = world(simulator_rate=100)
    runtime, emails = w.runtime(), addresses(200)
    run = w.started(runtime, emails)
    sender = sending(runtime)
    until(lambda: counts(runtime, run).accepted >= 30)
    with closing(sqlite3.connect(w.folder / "sestui.db", isolation_level=None, timeout=5)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Event().wait(2)
    assert sender.join(30)
    assert sender.error is None
    assert counts(runtime, run) == RunCounts(accepted=200)
    assert w.outbox() == once(emails)


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("unheard", [{1}, {2, 5, 6}])
def test_a_commit_that_nobody_can_tell_of_costs_nothing(world, monkeypatch, unheard):
    """As when a database server falls silent while it commits: it did, and it can't say so."""
    w = world(simulator_rate=100)
    runtime, emails = w.runtime(), addresses(100)
    run = w.started(runtime, emails)
    sender = sending(runtime)
    until(lambda: counts(runtime, run).accepted >= 10)
    dialect, numbers = runtime.database.engine.dialect, itertools.count(1)
    commit = dialect.do_commit

    def committed(connection):
        commit(connection)
        if next(numbers) in unheard:
            raise sqlite3.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(dialect, "do_commit", committed)
    assert sender.join(30)
    assert sender.error is None
    assert next(numbers) > max(unheard)
    assert w.outbox() == once(emails)
    assert counts(runtime, run) == RunCounts(accepted=100)


@pytest.mark.long
@pytest.mark.ci
def test_two_processes_on_one_postgresql_share_a_run(world, postgres_database):
    w = world(database_url=postgres_database.url.render_as_string(hide_password=False))
    first, second, emails = w.runtime(), w.runtime(), addresses(300)
    run = w.started(first, emails)
    senders = [sending(first), sending(second)]
    for sender in senders:
        assert sender.join(60)
        assert sender.error is None
    assert w.outbox() == once(emails)
    assert counts(first, run) == RunCounts(accepted=300)
    assert len({row.worker for row in first.deliveries.of_run(run.id, limit=1000)}) == 2
    assert w.account.account().throttled == 0


# stopping


@pytest.mark.long
@pytest.mark.ci
def test_stop_takes_back_what_has_not_left_and_awaits_what_has(world):
    w = world(simulator_rate=100, simulator_latency=0.3)
    runtime = w.runtime()
    run = w.started(runtime, addresses(120))
    sender = sending(runtime)
    until(lambda: counts(runtime, run).accepted >= 20)
    sender.stop()
    assert sender.join(10)
    assert sender.end is End.STOPPED
    found = counts(runtime, run)
    assert (found.sending, found.in_doubt) == (0, 0)
    assert found.accepted == len(w.outbox())
    assert runtime.runs.get(run.id).state == RunState.SENDING
    ran(runtime)
    assert w.outbox() == once(addresses(120))


@pytest.mark.long
@pytest.mark.ci
def test_a_deadline_is_kept(world):
    w = world(simulator_rate=20)
    runtime = w.runtime()
    run = w.started(runtime, addresses(200))
    runtime.account.poll()  # brings the simulator up
    began = runtime.clock.monotonic()
    assert ran(runtime, seconds=3) is End.DEADLINE
    assert runtime.clock.monotonic() - began < 3 + 2
    found = counts(runtime, run)
    assert (found.sending, found.in_doubt) == (0, 0)
    assert 10 <= found.accepted == len(w.outbox()) <= 70


@pytest.mark.long
@pytest.mark.ci
def test_a_stop_with_a_call_that_hangs_leaves_that_one_in_doubt(world):
    w = world(simulator_rate=100)
    w.account.add_fault(checked_fault("hang_after", count=1, match="r00010*"))
    runtime = w.runtime()
    run = w.started(runtime, addresses(40))
    sender = sending(runtime)
    until(lambda: counts(runtime, run).accepted == 39)
    began = runtime.clock.monotonic()
    sender.stop()
    assert sender.join(15)
    assert runtime.clock.monotonic() - began < 8
    assert counts(runtime, run) == RunCounts(accepted=39, in_doubt=1)
    assert w.outbox() == once(addresses(40))


# several runs


@pytest.mark.long
def test_a_higher_priority_has_the_larger_share_and_none_starves(world):
    w = world(simulator_rate=100)
    runtime = w.runtime()
    low = w.started(runtime, addresses(120, "low"), "low", priority=1)
    high = w.started(runtime, addresses(120, "high"), "high", priority=9)
    sender = sending(runtime)
    until(lambda: counts(runtime, high).accepted >= 60)
    assert 0 < counts(runtime, low).accepted < counts(runtime, high).accepted / 2
    assert sender.join(30)
    assert len(w.outbox()) == 240
    assert counts(runtime, low) == counts(runtime, high) == RunCounts(accepted=120)


@pytest.mark.long
def test_a_slow_run_keeps_its_own_rate_and_leaves_the_rest_to_others(world):
    w = world(simulator_rate=200)
    runtime = w.runtime()
    slow = w.started(runtime, addresses(25, "slow"), "slow", priority=9, max_rate=10)
    fast = w.started(runtime, addresses(300, "fast"), "fast", priority=1)
    ran(runtime)
    assert counts(runtime, slow) == RunCounts(accepted=25)
    assert counts(runtime, fast) == RunCounts(accepted=300)
    mails = w.account.outbox(limit=1000)
    arrived = {"slow": [], "fast": []}
    for mail in mails:
        arrived[mail["recipients"][0][:4]].append(mail["arrived_at"])
    gaps = [later - before for before, later in pairwise(sorted(arrived["slow"]))]
    assert sum(gaps) == pytest.approx(2.4, abs=0.6)
    assert max(arrived["fast"]) < max(arrived["slow"])  # it did not queue behind the slow one


@pytest.mark.long
@pytest.mark.ci
def test_waiting_for_the_last_answers_costs_the_database_next_to_nothing(world, monkeypatch):
    w = world(simulator_latency=1.5)
    runtime = w.runtime()
    w.started(runtime, addresses(4))
    asked: list[float] = []
    exchange = Ledger.exchange

    def counted(ledger, answers, want):
        asked.append(runtime.clock.monotonic())
        return exchange(ledger, answers, want)

    monkeypatch.setattr(Ledger, "exchange", counted)
    ran(runtime)
    assert len(w.outbox()) == 4
    assert len(asked) < 60  # about 1.6 s; others want the write lock too
