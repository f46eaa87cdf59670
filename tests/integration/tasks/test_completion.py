"""The end of a run is told of: once, through the ledger, and by whoever is there."""

import csv
import io
import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from sestui.core.delivery.states import Completion, RunKind, RunState, WaitReason
from sestui.core.schedule.cron import Occurrence
from sestui.core.task.fields import TaskFields
from sestui.core.task.values import once as once_at
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.simulator.api.faults import checked_fault
from sestui.simulator.outbox.outbox_reader import OutboxReader
from sestui.store.db.tables import Run
from sestui.store.ledger.in_doubt import Resolution
from tests.support.cli import Sestui
from tests.support.clocks import ShiftedClock
from tests.support.seeding import add_contacts, addresses, checked_counts, make_campaign, rows_of
from tests.support.workspaces import World, control, once, sent, until

OPS = "ops@example.com"


def notices(runtime: Runtime) -> list[Run]:
    with runtime.database.read() as session:
        return list(session.exec(select(Run).where(Run.kind == RunKind.NOTICE.value)))


@pytest.mark.long
@pytest.mark.ci
def test_the_accounting_and_the_rejects_are_mailed_like_everything_else(world):
    runtime = world.runtime()
    bad = "=1+1@example.com"
    world.account.add_fault(checked_fault("refuse", match="=1*"))
    both = ("Ops <ops@example.com>", "boss@example.com")
    run = world.started(runtime, [*addresses(4), bad], notify=both)
    world.started(runtime, addresses(2, "q"), "quiet")
    world.started(runtime, addresses(2, "f"), "fine", notify=("fine@example.com",))
    sent(runtime)
    told = [OPS, "boss@example.com", "fine@example.com"]
    assert world.outbox() == once([*addresses(4), *addresses(2, "q"), *addresses(2, "f"), *told])

    (notice,) = (each for each in notices(runtime) if each.notice_of == run.id)
    assert (notice.state, notice.notice_of, notice.accepted) == (RunState.FINISHED, run.id, 2)
    rows = {row.email: row for row in rows_of(runtime.database, notice.id)}
    outbox = OutboxReader(world.account.path)
    for listed in outbox.page(limit=99, wanted="news run"):
        mail = outbox.mail(listed.message_id)
        assert rows[listed.to].message_id == listed.message_id, "the ledger knows it"
        assert dict(mail.tags)["sestui-run"] == str(notice.id)
        assert listed.subject == "news run 1: 4 of 5 accepted"
        assert listed.sender == "news@example.com"
        for text in (mail.content.text, mail.content.html):
            assert "Run 1 of the campaign news has finished." in text
        lines = mail.content.text.splitlines()
        assert {"recipients: 5", "accepted: 4", "rejected: 1", "skipped: 0"} <= set(lines)
        (file,) = mail.content.files
        assert file.name == "news-run-1-rejects.csv"
        header, *rejects = csv.reader(io.StringIO(file.content.decode()))
        assert header == ["email", "state", "code", "reason"]
        assert [line[:3] for line in rejects] == [[f"'{bad}", "rejected", "MessageRejected"]]
    (listed,) = outbox.page(limit=99, wanted="fine run")
    assert listed.subject == "fine run 1: 2 of 2 accepted"
    assert outbox.mail(listed.message_id).content.files == (), "without rejects there is no file"


@pytest.mark.long
@pytest.mark.ci
def test_a_notice_waits_for_the_quota_like_everybody(tmp_path):
    world = World(tmp_path, simulator_latency=0, simulator_quota=5, max_quota_usage=1.0)
    runtime = world.runtime()
    world.started(runtime, addresses(5), notify=(OPS,))
    sent(runtime)
    assert world.outbox() == once(addresses(5))
    (notice,) = notices(runtime)
    assert (notice.state, notice.reason) == (RunState.WAITING, WaitReason.QUOTA)
    control(runtime, "clock", advance=86_401)
    runtime.wake_waiting()
    sent(runtime)
    assert world.outbox() == once([*addresses(5), OPS])
    world.close()


@pytest.mark.long
@pytest.mark.ci
def test_who_was_in_doubt_and_is_sent_again_is_no_second_end(world):
    runtime = world.runtime()
    world.account.add_fault(checked_fault("reset_after", match="r00001*", count=1))
    run = world.started(runtime, addresses(3), notify=(OPS,))
    sent(runtime)
    assert checked_counts(runtime.database, run.id).in_doubt == 1
    outbox = OutboxReader(world.account.path)
    (listed,) = [mail for mail in outbox.page(limit=9) if mail.to == OPS]
    mail = outbox.mail(listed.message_id).content
    assert "`sestui campaign resolve news` resolves them" in mail.text
    assert b"r00001@example.com,in_doubt," in mail.files[0].content
    runtime.doubts.resolve(run.id, Resolution.RESEND)
    sent(runtime)
    assert checked_counts(runtime.database, run.id).accepted == 3
    assert world.outbox()[OPS] == 1


# by whom


@pytest.fixture
def several(database, tmp_path) -> Iterator[list[Runtime]]:
    """What five processes see of one database, on either engine."""
    url = database.url.render_as_string(hide_password=False)
    settings = load_settings(data_dir=tmp_path, database_url=url)
    with ExitStack() as stack:
        yield [stack.enter_context(Runtime.open(settings)) for _ in range(5)]


def finished(runtime: Runtime, name: str) -> Run:
    """A run that has ended and of whose end nobody was told, as a kill leaves it."""
    campaign = make_campaign(runtime.database, name, notify=(OPS,))
    run = runtime.runs.start(campaign, runtime.clock.now())
    assert run is not None
    with runtime.database.write() as session:
        row = session.get_one(Run, run.id)
        row.state, row.finished_at = RunState.FINISHED.value, runtime.clock.now()
    return run


def test_however_many_tell_of_it_it_is_told_once(several):
    first = several[0]
    add_contacts(first.database, addresses(3))
    ended = [finished(first, f"news-{number}") for number in range(6)]
    together = threading.Barrier(len(several))
    told: list[int] = []

    def tell(runtime: Runtime) -> None:
        together.wait()
        told.append(runtime.notices.announce())

    threads = [threading.Thread(target=tell, args=(each,)) for each in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == len(ended)
    assert sorted(run.notice_of for run in notices(first)) == [run.id for run in ended]
    assert first.notices.announce() == 0
    assert {first.runs.get(run.id).completion for run in ended} == {Completion.TOLD}


def killed_at_the_end(sestui: Sestui, world: World, runtime: Runtime, name: str, pause: float):
    """Send the campaign by run-due and kill that so long after the run's end."""
    run = world.started(runtime, addresses(2, name), name, notify=(f"{name}@ops.example.com",))
    process = sestui.start("run-due")
    until(lambda: runtime.runs.get(run.id).state == RunState.FINISHED or process.poll() is not None)
    threading.Event().wait(pause)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def kill(folder, pauses: list[float], *, then: int) -> None:
    """Kill one run-due for each pause; ``then`` others come at once."""
    sestui = Sestui(folder, {"SESTUI_SIMULATOR_LATENCY": "0.05"})
    world = World(sestui.data, timezone="UTC")
    runtime = world.runtime()
    names = [f"news{number}" for number in range(len(pauses))]
    for name, pause in zip(names, pauses, strict=True):
        killed_at_the_end(sestui, world, runtime, name, pause)
    together = [sestui.start("run-due") for _ in range(then)]
    for process in together:
        process.communicate(timeout=60)
    assert len(notices(runtime)) == len(names)
    outbox = world.outbox()
    for name, notice in zip(names, sorted(notices(runtime), key=lambda run: run.id), strict=True):
        address = f"{name}@ops.example.com"
        (row,) = rows_of(runtime.database, notice.id)
        assert (row.email, notice.state) == (address, RunState.FINISHED)
        # In flight when the process died: what every mail is then.
        known = {"accepted": [1], "in_doubt": [0, 1]}[row.state]
        assert outbox.get(address, 0) in known
    world.close()
    sestui.close()


@pytest.mark.long
@pytest.mark.ci
def test_killed_at_the_end_of_a_run_the_next_one_tells_of_it(tmp_path):
    kill(tmp_path, [0.0], then=1)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_at_many_instants_after_the_end(tmp_path):
    chance = random.Random(5)
    kill(tmp_path, [chance.uniform(0, 0.15) for _ in range(30)], then=4)


# what runs once only


def test_a_task_for_one_time_is_switched_off_by_its_run(runtime_at_nine, tmp_path):
    runtime, clock, nine = runtime_at_nine
    fields = TaskFields("x", "backup", once_at("2027-03-01T09:00"), timezone="UTC")
    assert runtime.tasks.add(fields).next_run_at == nine
    clock.set(nine + 1)
    worker_pool = runtime.worker_pool()
    worker_pool.start()
    until(lambda: bool(worker_pool.ended))
    worker_pool.finish()
    assert worker_pool.join(30)
    done = runtime.tasks.get("x")
    assert done.run is not None
    assert (done.run.state, done.run.scheduled_for) == ("succeeded", nine)
    assert (done.fields.active, done.next_run_at) == (False, None)


def test_a_campaign_for_one_time_is_not_due_again(runtime_at_nine):
    runtime, clock, nine = runtime_at_nine
    add_contacts(runtime.database, addresses(2))
    campaign = make_campaign(runtime.database, start_at=nine)
    runtime.campaigns.set_next(campaign.id, Occurrence(nine, ""))
    clock.set(nine + 1)
    assert len(runtime.campaign_scheduler.start_campaigns().run_ids) == 1
    assert runtime.campaigns.get("news").next_due_at is None
    clock.set(nine + 86_400)
    assert runtime.campaign_scheduler.start_campaigns().run_ids == []


@pytest.fixture
def runtime_at_nine(world: World):
    """A runtime, its clock, and the instant that it will soon be."""
    clock = ShiftedClock()
    nine = datetime(2027, 3, 1, 9, tzinfo=UTC).timestamp()
    clock.set(nine - 3_600)
    return world.runtime(clock), clock, nine
