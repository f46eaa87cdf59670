"""The agenda: tasks and scheduled campaigns in one look, in the order of what comes next."""

import pytest
from sqlalchemy import event

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content import MessageSource
from sestui.core.delivery.states import RunState
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import TaskRunState
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database
from sestui.store.runs.agenda import note_run_due
from sestui.store.runs.runs import Runs
from sestui.store.tasks.runs import Runner, RunResult, TaskRuns
from sestui.store.tasks.tasks import Tasks
from sestui.tasks.agenda import ScheduledCampaign, read_agenda_now
from sestui.tasks.task_service import TaskView
from tests.support.clocks import START, FakeClock
from tests.support.seeding import add_contacts, addresses
from tests.support.tasks import make_due

HOUR = 3_600.0


def add_task(database: Database, name: str, *, due: float | None = None, **fields: object) -> int:
    """A task that waits for ``due``."""
    usual = {"type": "purge", "schedule": "0 3 * * *", "timezone": "UTC", **fields}
    task = Tasks(database).add(TaskFields(name=name, **usual), START)  # type: ignore[arg-type]
    if due is not None:
        make_due(database, due, name)
    return task.id


def add_campaign(database: Database, name: str, due: float | None, schedule: str = "") -> int:
    fields = CampaignFields(
        name, "a@example.com", lists=("all",), schedule=schedule, start_at=due, timezone="UTC"
    )
    saved = Campaigns(database).save(
        fields, MessageSource("News", "Hello"), now=START, next_due_at=due
    )
    return saved.id


def test_both_kinds_in_the_order_of_what_comes_next(database: Database, clock: FakeClock) -> None:
    add_task(database, "later", due=START + 4 * HOUR)
    add_task(database, "a-off", active=False)
    add_task(database, "sooner", due=START + 2 * HOUR)
    add_campaign(database, "news", START + 3 * HOUR, "0 9 * * 1")
    add_campaign(database, "now", START + HOUR)
    add_campaign(database, "draft", None)
    found = read_agenda_now(database, clock)
    assert [(item.kind, item.name) for item in found.items] == [
        ("campaign", "now"),
        ("task", "sooner"),
        ("campaign", "news"),
        ("task", "later"),
        ("task", "a-off"),
    ]
    assert (found.overdue, found.sentence) == ((), "")
    told = [item.as_dict() for item in found.items]
    assert [each["kind"] for each in told] == ["campaign", "task", "campaign", "task", "task"]
    # What both kinds have has one name, and the same form.
    shared = {"kind", "name", "schedule", "timezone", "active", "priority", "last_run"}
    assert shared | {"next_run_at", "last_run_at"} <= told[0].keys() & told[1].keys()
    assert told[0]["start_at"] == told[0]["next_run_at"]


def test_each_with_its_newest_run(database: Database, clock: FakeClock) -> None:
    add_contacts(database, addresses(2))
    task_id = add_task(database, "tidy", due=START + HOUR)
    runs = TaskRuns(database)
    for state in (TaskRunState.FAILED, TaskRunState.SUCCEEDED):
        taken = runs.by_hand(task_id, Runner("", "here"), START)
        runs.end(taken, "", RunResult(state, "Done.", {}, ""), START + 1)
    add_campaign(database, "news", START + 2 * HOUR)
    campaign = Campaigns(database).get("news")
    first = Runs(database).start(campaign, START)
    assert first is not None
    Runs(database).cancel(first.id, START)
    newest = Runs(database).start(campaign, START, again=True)
    assert newest is not None
    Runs(database).start_test(campaign, [("a@example.com", None)], START)
    task, sent = read_agenda_now(database, clock).items
    assert isinstance(task, TaskView)
    assert isinstance(sent, ScheduledCampaign)
    assert task.run is not None
    assert task.run.state is TaskRunState.SUCCEEDED
    assert (sent.run and sent.run.id, sent.state) == (newest.id, RunState.SENDING)
    for item in read_agenda_now(database, clock, with_runs=False).items:
        assert item.run is None


@pytest.mark.parametrize("with_runs", [True, False])
def test_it_is_one_transaction_however_many_there_are(
    database: Database, clock: FakeClock, with_runs: bool
) -> None:
    for number in range(12):
        add_task(database, f"task{number}")
        add_campaign(database, f"campaign{number}", START + HOUR)
    begun, statements = [], []
    event.listen(database.engine, "begin", begun.append)
    event.listen(database.engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
    assert len(read_agenda_now(database, clock, with_runs=with_runs).items) == 24
    asked = [each for each in statements if each.startswith("SELECT")]
    assert (len(begun), len(asked)) == (1, 2)


def test_what_nobody_has_run_is_overdue_until_a_run_due_is_at_work(
    database: Database, clock: FakeClock
) -> None:
    add_task(database, "tidy", due=START - 170)
    add_task(database, "off", due=START - HOUR, active=False)
    assert read_agenda_now(database, clock).sentence == ""
    clock.jump(10)
    add_campaign(database, "news", START - 230)
    found = read_agenda_now(database, clock)
    assert found.sentence == "overdue 4 min: nothing runs tasks here"
    assert [(item.name, found.late(item)) for item in found.overdue] == [
        ("news", "overdue 4 min"),
        ("tidy", "overdue 3 min"),
    ]
    note_run_due(database, clock.now())
    clock.jump(60)
    note_run_due(database, clock.now())  # the second one finds the first one's note
    clock.jump(179)
    found = read_agenda_now(database, clock)
    assert (found.sentence, found.ran_at) == ("", clock.now() - 179)
    clock.jump(1)
    assert read_agenda_now(database, clock).sentence.endswith("nothing runs tasks here")
