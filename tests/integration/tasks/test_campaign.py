"""Campaigns that start by themselves: each occurrence once, and what is late waits for a word."""

import shutil
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from sestui.core.content.notice import Notice
from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.core.schedule.cron import Occurrence
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import TaskRunState
from sestui.errors import StateError
from sestui.store.tasks.tables import Task, TaskRun
from tests.support.cli import Sestui
from tests.support.clocks import ShiftedClock
from tests.support.seeding import add_contacts, addresses, checked_counts, make_campaign, states_of
from tests.support.tasks import ran
from tests.support.workspaces import World, once, sent, until

DAY = 86_400.0
NINE = datetime(2027, 3, 1, 9, tzinfo=UTC).timestamp()
"""When ``DAILY`` is due, on a Monday."""
DAILY = {"schedule": "0 9 * * *", "timezone": "UTC"}
FIRST, SECOND = addresses(3), addresses(2, "later")


@pytest.fixture
def clock() -> ShiftedClock:
    made = ShiftedClock()
    made.set(NINE - DAY)
    return made


@pytest.fixture
def runtime(world: World, clock: ShiftedClock):
    return world.runtime(clock)


def scheduled(runtime, **fields):
    """The campaign ``news``, due at nine."""
    add_contacts(runtime.database, FIRST)
    campaign = make_campaign(runtime.database, **DAILY, **fields)
    runtime.campaigns.set_next(campaign.id, Occurrence(NINE, ""))
    return campaign


def runs(runtime, campaign):
    """The campaign's runs, the oldest first."""
    return list(reversed(runtime.runs.of_campaign(campaign.id)))


def test_each_occurrence_is_a_run_over_the_audience_as_it_is_then(runtime, clock):
    campaign = scheduled(runtime)
    clock.set(NINE - 1)
    assert runtime.campaign_scheduler.start_campaigns().run_ids == []
    clock.set(NINE + 0.1)
    assert len(runtime.campaign_scheduler.start_campaigns().run_ids) == 1
    assert runtime.campaign_scheduler.start_campaigns().run_ids == []
    runtime.run_control.cancel("news")
    add_contacts(runtime.database, SECOND)
    clock.set(NINE + DAY + 60)
    assert len(runtime.campaign_scheduler.start_campaigns().run_ids) == 1
    first, second = runs(runtime, campaign)
    assert (first.scheduled_for, set(states_of(runtime.database, first.id))) == (NINE, {*FIRST})
    assert second.scheduled_for == NINE + DAY
    assert set(states_of(runtime.database, second.id)) == {*FIRST, *SECOND}
    assert runtime.campaigns.get("news").next_due_at == NINE + 2 * DAY


@pytest.mark.long
@pytest.mark.ci
def test_only_those_who_joined_since(world, runtime, clock):
    campaign = scheduled(runtime, only="joined", notify=("ops@example.com",))
    clock.set(NINE)
    runtime.campaign_scheduler.start_campaigns()
    sent(runtime)
    add_contacts(runtime.database, SECOND)
    clock.set(NINE + DAY)
    runtime.campaign_scheduler.start_campaigns()
    sent(runtime)
    clock.set(NINE + 2 * DAY)  # a day on which nobody has joined
    runtime.campaign_scheduler.start_campaigns()
    sent(runtime)
    assert [(run.state, run.accepted) for run in runs(runtime, campaign) if not run.notice_of] == [
        (RunState.FINISHED, 3),
        (RunState.FINISHED, 2),
        (RunState.FINISHED, 0),
    ]
    assert world.outbox() == once([*FIRST, *SECOND]) | {"ops@example.com": 2}


@pytest.mark.parametrize(("hours", "held"), [(5.9, False), (6.1, True)])
def test_what_is_overdue_beyond_its_bound_waits_for_approval(runtime, clock, hours, held):
    campaign = scheduled(runtime, misfire_hours=6)
    clock.set(NINE + hours * 3_600)
    started = runtime.campaign_scheduler.start_campaigns()
    (run,) = runs(runtime, campaign)
    assert (run.state, run.reason) == (
        (RunState.WAITING, WaitReason.APPROVAL) if held else (RunState.SENDING, "")
    )
    assert bool(started.notes) == held
    assert run.pending == 3
    assert runtime.campaigns.get("news").next_due_at == NINE + DAY


def test_of_several_that_were_missed_the_newest_counts(runtime, clock):
    """A laptop that slept from Friday to Monday sends Monday's, and nothing of the weekend."""
    campaign = scheduled(runtime)
    clock.set(NINE + 3 * DAY + 60)
    assert runtime.campaign_scheduler.start_campaigns().notes == []
    (run,) = runs(runtime, campaign)
    assert (run.state, run.scheduled_for) == (RunState.SENDING, NINE + 3 * DAY)


@pytest.mark.long
@pytest.mark.ci
def test_a_held_run_is_sent_once_it_is_approved_and_not_before(world, runtime, clock):
    campaign = scheduled(runtime, misfire_hours=1)
    clock.set(NINE + 5 * 3_600)
    (note,) = runtime.campaign_scheduler.start_campaigns().notes
    assert note == (
        "news waits for approval: It was due at 09:00, 5 h ago, and the campaign goes out by "
        "itself up to 1 h late. `sestui campaign resume news` sends it, `sestui campaign cancel "
        "news` doesn't."
    )
    sent(runtime)
    assert (world.outbox(), runtime.campaign_scheduler.unfinished()) == ({}, [])
    runtime.run_control.resume("news")
    sent(runtime)
    sent(runtime)
    assert world.outbox() == once(FIRST)
    clock.set(NINE + DAY)
    runtime.campaign_scheduler.start_campaigns()
    assert [run.state for run in runs(runtime, campaign)] == [RunState.FINISHED, RunState.SENDING]


def test_a_held_run_that_nobody_wants_is_cancelled_and_the_next_goes_out(runtime, clock):
    campaign = scheduled(runtime, misfire_hours=1)
    clock.set(NINE + 5 * 3_600)
    runtime.campaign_scheduler.start_campaigns()
    clock.set(NINE + DAY)
    (note,) = runtime.campaign_scheduler.start_campaigns().notes
    assert note.startswith("news is due but was not started: ")
    runtime.run_control.cancel("news")
    assert set(states_of(runtime.database, runs(runtime, campaign)[0].id).values()) == {"skipped"}
    assert runtime.campaign_scheduler.start_campaigns().notes == []
    assert runs(runtime, campaign)[1].state == RunState.SENDING


@pytest.mark.long
@pytest.mark.ci
def test_the_operator_is_told_until_somebody_decides(tmp_path, monkeypatch):
    """The doors: what cron runs, `campaign show`, and `campaign resume`."""
    sestui = Sestui(tmp_path, {"SESTUI_SIMULATOR_LATENCY": "0"})
    world = World(sestui.data, timezone="UTC")
    runtime = world.runtime()
    add_contacts(runtime.database, FIRST)
    late = runtime.clock.now() - 30 * 3_600
    campaign = make_campaign(runtime.database, start_at=late)
    runtime.campaigns.set_next(campaign.id, Occurrence(late, ""))
    done = sestui.run("run-due")
    assert (done.returncode, world.outbox()) == (3, {})
    assert "30 h ago, and the campaign goes out by itself up to 24 h late" in done.stdout
    assert sestui.run("run-due").stdout == "nothing due\n", "told once, not every minute"
    shown = sestui.ok("campaign", "show", "news")
    assert "run 1     waiting (approval)" in shown
    assert "`sestui campaign resume news` sends it" in shown
    assert sestui.json("campaign", "list")[0]["run"]["reason"] == "approval"
    sestui.ok("campaign", "resume", "news")
    assert sestui.json("run-due")["runs"][0]["state"] == "finished"
    assert world.outbox() == once(FIRST)
    world.close()
    sestui.close()


# a database that came back from a backup


@pytest.mark.long
@pytest.mark.ci
def test_a_restored_backup_sends_nothing_unasked(tmp_path):
    """It was taken in the middle of everything, and what was sent since isn't known to it."""
    world = World(tmp_path / "data", simulator_latency=0)
    runtime = world.runtime()
    going = world.started(runtime, FIRST)
    paused = world.started(runtime, SECOND, "paused")
    runtime.runs.pause(paused.id, PauseReason.OPERATOR, "You paused this run.")
    notice = runtime.notices.post(Notice("Hi", (), ()), ["ops@example.com"], from_address="n@x.org")
    due = make_campaign(runtime.database, "due", lists=("news",), schedule="0 * * * *")
    file = ran(runtime, "backup", {"folder": str(tmp_path / "backups")}).result["file"]
    runtime.run_control.resume("paused")
    sent(runtime)
    before = world.outbox()
    assert before == once([*FIRST, *SECOND, "ops@example.com"])
    runtime.close()

    shutil.copy(file, tmp_path / "data" / "sestui.db")
    for log in ("-wal", "-shm"):
        (tmp_path / "data" / f"sestui.db{log}").unlink(missing_ok=True)
    restored = world.runtime()
    restored.campaigns.set_next(due.id, Occurrence(restored.clock.now(), ""))
    sent(restored)
    for run, more in ((going, ""), (paused, " You paused this run.")):
        held = restored.runs.get(run.id)
        assert (held.state, held.reason) == (RunState.WAITING, WaitReason.APPROVAL)
        assert "was restored from the backup taken" in held.detail
        assert held.detail.endswith(f"it does not know what has been sent since.{more}")
    assert restored.runs.get(notice).state == RunState.CANCELLED
    assert checked_counts(restored.database, notice).skipped == 1
    assert world.outbox() == before, "nobody got it twice"

    started = restored.campaign_scheduler.start_campaigns()
    assert "after the backup was taken" in started.notes[0]
    (second,) = [restored.runs.get(run_id) for run_id in started.run_ids]
    assert (second.state, second.reason) == (RunState.WAITING, WaitReason.APPROVAL)
    restored.run_control.resume("due")
    sent(restored)
    assert world.outbox() == before | dict.fromkeys(FIRST, 2), "the operator has said so"
    assert restored.campaign_scheduler.hold_restored() == [], "once is enough"
    world.close()


# the task type


def occurs(runtime, at, **parameters):
    """Let the task ``weekly``, which starts ``news``, have its time at that instant; its run."""
    given = {"campaign": "news", **parameters}
    fields = TaskFields("weekly", "campaign", "0 9 * * *", timezone="UTC", parameters=given)
    if runtime.tasks.find("weekly") is None:
        runtime.tasks.add(fields)
    else:
        runtime.tasks.change("weekly", fields)
    with runtime.database.write() as session:
        task = session.exec(select(Task)).one()
        task.next_run_at, task.next_occurrence = at, ""
    worker_pool = runtime.worker_pool()
    worker_pool.start()
    until(lambda: bool(worker_pool.ended))
    worker_pool.finish()
    assert worker_pool.join(30)
    with runtime.database.read() as session:
        return session.exec(select(TaskRun).where(TaskRun.scheduled_for == at)).one()


def test_a_task_starts_runs_too(runtime, clock):
    add_contacts(runtime.database, FIRST)
    campaign = make_campaign(runtime.database)
    clock.set(NINE + 1)
    first = occurs(runtime, NINE)
    assert (first.state, first.detail) == (
        "succeeded",
        "Run 1 of news is sending: 3 recipients.",
    )
    runtime.run_control.cancel("news")
    add_contacts(runtime.database, SECOND)
    clock.set(NINE + DAY + 1)
    assert occurs(runtime, NINE + DAY, only="joined").result == {"run": 2, "recipients": 2}
    assert [run.scheduled_for for run in runs(runtime, campaign)] == [NINE, NINE + DAY]


def test_an_occurrence_that_is_tried_again_finds_its_run(runtime, clock):
    """The process died after the run was started and before that was noted."""
    add_contacts(runtime.database, FIRST)
    campaign = make_campaign(runtime.database)
    clock.set(NINE + 1)
    occurs(runtime, NINE)
    with runtime.database.write() as session:
        row = session.exec(select(TaskRun)).one()
        row.state, row.worker, row.finished_at = "running", "long-dead", None
    again = occurs(runtime, NINE)
    assert again.state == "succeeded"
    assert "was started before" in again.detail
    assert len(runs(runtime, campaign)) == 1


def test_an_overdue_occurrence_is_held_and_the_task_says_so(runtime, clock):
    add_contacts(runtime.database, FIRST)
    campaign = make_campaign(runtime.database, misfire_hours=1)
    clock.set(NINE + 5 * 3_600)
    late = occurs(runtime, NINE)
    assert late.state == "failed"
    assert late.detail.startswith("news waits for approval: It was due at 09:00, 5 h ago")
    assert runs(runtime, campaign)[0].reason == WaitReason.APPROVAL


def test_by_hand_nothing_is_sent_twice_unless_somebody_says_so(runtime):
    add_contacts(runtime.database, FIRST)
    make_campaign(runtime.database)
    assert ran(runtime, "campaign", {"campaign": "news"}).state is TaskRunState.SUCCEEDED
    runtime.run_control.cancel("news")
    again = ran(runtime, "campaign", {"campaign": "news"})
    assert again.state is TaskRunState.FAILED
    assert again.detail == "news has been sent before (run 1: 0 accepted)."
    gone = ran(runtime, "campaign", {"campaign": "nwes"})
    assert gone.detail.startswith("There is no campaign 'nwes'")
    with pytest.raises(StateError):
        runtime.run_control.resume("news")
