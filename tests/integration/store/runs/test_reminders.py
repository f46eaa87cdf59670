"""What the operator has been told of, on both engines: each once, whoever comes first."""

import threading
from typing import Any

import pytest
from sqlmodel import select

from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.core.schedule.reminders import Reminding, Subject, told_before
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.ledger.insight_questions import note_looked_at
from sestui.store.runs.reminders import ReminderNote, Reminders
from sestui.store.runs.tables import Reminder
from sestui.store.tasks.due_check import anything_due
from tests.support.clocks import START
from tests.support.seeding import add_contacts, addresses, make_campaign, start_run

DAY = 86_400.0
ERRORS = {"state": RunState.PAUSED.value, "reason": PauseReason.ERRORS.value}
NEEDS: list[dict[str, Any]] = [
    ERRORS,
    {"state": RunState.PAUSED.value, "reason": PauseReason.BREAKER.value},
    {"state": RunState.WAITING.value, "reason": WaitReason.APPROVAL.value},
    {"state": RunState.FINISHED.value, "in_doubt": 1},
]
FINE: list[dict[str, Any]] = [
    {"state": RunState.PAUSED.value, "reason": PauseReason.OPERATOR.value},
    {"state": RunState.FINISHED.value},
    ERRORS | {"kind": "test"},
]


@pytest.fixture
def run(database: Database) -> Run:
    add_contacts(database, addresses(2))
    return start_run(database, make_campaign(database), START)


@pytest.fixture
def reminders(database: Database) -> Reminders:
    return Reminders(database)


def put(database: Database, run: Run, **values: Any) -> None:
    with database.write() as session:
        found = session.get_one(Run, run.id)
        for name, value in values.items():
            setattr(found, name, value)
        session.add(found)


def told_rows(database: Database) -> list[tuple[str, int, str, float]]:
    with database.read() as session:
        rows = session.exec(select(Reminder)).all()
        return [(row.subject, row.subject_id, row.state, row.told_at) for row in rows]


def of(run: Run, state: str = "paused") -> ReminderNote:
    return ReminderNote(Subject.RUN, run.id, state, None)


def tell(reminders: Reminders, told: ReminderNote, now: float) -> bool:
    before = told_before(Reminding.DAILY, now)
    assert before is not None
    return reminders.record(told, [], now, before)


@pytest.mark.parametrize("values", NEEDS)
def test_what_needs_somebody_is_due_until_it_has_been_told(database, reminders, run, values):
    put(database, run, **values)
    note_looked_at(database, START + DAY)  # nobody asks SES about what is in doubt meanwhile
    assert [(found.id, name) for found, name in reminders.runs()] == [(run.id, "news")]
    assert anything_due(database, START, START - DAY)
    assert not anything_due(database, START), "where nobody is told"
    assert tell(reminders, of(run), START)
    assert not anything_due(database, START + 60, START + 60 - DAY)
    assert anything_due(database, START + DAY, START)


@pytest.mark.parametrize("values", FINE)
def test_what_needs_nobody_is_not(database, reminders, run, values):
    put(database, run, **values)
    assert reminders.runs() == []
    assert not anything_due(database, START, START - DAY)


def test_the_same_state_is_told_again_after_a_day_and_another_at_once(database, reminders, run):
    assert tell(reminders, of(run), START)
    assert not tell(reminders, of(run), START + DAY - 1)
    assert tell(reminders, of(run), START + DAY)
    assert tell(reminders, of(run, "in_doubt"), START + DAY + 1)
    assert told_rows(database) == [("run", run.id, "in_doubt", START + DAY + 1)]


def test_what_is_settled_is_forgotten_and_nothing_else(database, reminders, run):
    put(database, run, **ERRORS)
    campaign = ReminderNote(Subject.CAMPAIGN, run.campaign_id, "not started", None)
    for told in (of(run), campaign):
        tell(reminders, told, START)
    reminders.forget([run.campaign_id])
    assert len(told_rows(database)) == 2
    reminders.forget([])
    assert [row[0] for row in told_rows(database)] == ["run"]
    put(database, run, state=RunState.SENDING.value, reason="")
    reminders.forget([])
    assert told_rows(database) == []


def test_of_many_at_the_same_time_one_tells(database, reminders, run):
    together = threading.Barrier(8)
    said: list[bool] = []

    def race() -> None:
        together.wait()
        said.append(tell(reminders, of(run), START))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [False] * 7 + [True]
