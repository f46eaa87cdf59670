"""Runs that are held while somebody decides, on both engines."""

import pytest

from sestui.core.delivery.states import PauseReason, RunState, WaitReason
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.runs.holding import Holding
from sestui.store.runs.runs import Runs
from tests.support.clocks import START
from tests.support.seeding import add_contacts, addresses, make_campaign, start_run

WHY = "Paused by ada on web1, to decide whether to cancel it."


@pytest.fixture
def run(database: Database) -> Run:
    add_contacts(database, addresses(3))
    return start_run(database, make_campaign(database), START)


def how(run: Run) -> tuple[str, str, str, float | None]:
    return run.state, run.reason, run.detail, run.resume_at


@pytest.mark.parametrize("waits", [False, True])
def test_a_held_run_is_as_it_was_once_it_is_let_go(
    database: Database, run: Run, waits: bool
) -> None:
    runs, holding = Runs(database), Holding(database)
    if waits:
        runs.wait(run.id, WaitReason.QUOTA, "The quota is used up.", START + 60)
    before = how(runs.get(run.id))
    held = holding.hold(run.id, WHY, START + 1)
    assert held is not None
    assert how(runs.get(run.id)) == (RunState.PAUSED, PauseReason.OPERATOR, WHY, None)
    assert holding.hold(run.id, WHY, START + 1) is None, "who asks second must not let it go"
    holding.release(held, START + 5)
    assert how(runs.get(run.id)) == before
    with database.read_connection() as connection:
        noted = connection.exec_driver_sql("SELECT at, label FROM run_hold").all()
    assert noted == ([] if waits else [(START + 1, "paused")]), "how the run went shows it"


def test_what_does_not_go_on_by_itself_is_left_alone(database: Database, run: Run) -> None:
    runs, holding = Runs(database), Holding(database)
    runs.pause(run.id, PauseReason.ERRORS, "Too many errors.")
    before = how(runs.get(run.id))
    assert holding.hold(run.id, WHY, START + 1) is None
    assert how(runs.get(run.id)) == before
    runs.cancel(run.id, START)
    assert holding.hold(run.id, WHY, START + 1) is None
    assert holding.hold(run.id + 1, WHY, START + 1) is None


def test_what_needs_approval_still_does(database: Database) -> None:
    add_contacts(database, addresses(3))
    runs = Runs(database)
    run = runs.start(make_campaign(database), START, approval="It is late.")
    assert run is not None
    assert Holding(database).hold(run.id, WHY, START + 1) is None
    assert runs.get(run.id).reason == WaitReason.APPROVAL


def test_what_was_done_to_it_meanwhile_stands(database: Database, run: Run) -> None:
    runs, holding = Runs(database), Holding(database)
    held = holding.hold(run.id, WHY, START + 1)
    assert held is not None
    runs.cancel(run.id, START)
    holding.release(held, START)
    assert runs.get(run.id).state == RunState.CANCELLED
