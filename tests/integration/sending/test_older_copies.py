"""A copy of the database that goes on later than the database: recognised, and nobody is mailed.

What is copied here is what `cp` copies while nobody has the database open.
"""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from sestui.core.clock import SystemClock
from sestui.core.delivery.states import RunState, WaitReason
from sestui.runtime import Runtime
from sestui.sending.worker_registration import registered_worker
from sestui.store.backup.restore_guard import RestoreGuard
from sestui.store.db.lineage import Lineage
from sestui.store.db.sqlite_logs import LOGS, log_beside
from sestui.store.db.tables import Run
from sestui.store.runs.runs import Runs
from tests.support.clocks import FakeClock
from tests.support.seeding import addresses, make_campaign, tell_governor
from tests.support.workspaces import World, counts, once, sent

EMAILS = addresses(6)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def made(world: Callable[..., World], state: Path) -> World:
    return world(state_dir=state)


def file_of(world: World) -> Path:
    return world.folder / "sestui.db"


def copied(world: World, name: str = "copy.db") -> Path:
    target = world.folder / name
    shutil.copy(file_of(world), target)
    return target


def put_back(world: World, copy: Path) -> Runtime:
    for ending in LOGS:
        log_beside(file_of(world), ending).unlink(missing_ok=True)
    shutil.copy(copy, file_of(world))
    return world.runtime()


def begun(world: World) -> tuple[Run, Path]:
    """A run of which nothing was sent, and a copy of the database made then."""
    runtime = world.runtime()
    run = world.started(runtime, EMAILS)
    runtime.close()
    copy = copied(world)
    sent(world.runtime())
    assert world.outbox() == once(EMAILS)
    world.close()
    return run, copy


@pytest.mark.long
@pytest.mark.ci
def test_an_older_copy_waits_for_approval(world, state):
    run, copy = begun(world(state_dir=state))
    made = world(state_dir=state)
    older = put_back(made, copy)
    sent(older)
    held = older.runs.get(run.id)
    assert (held.state, held.reason) == (RunState.WAITING, WaitReason.APPROVAL)
    assert held.detail.startswith("This database is an older copy: it was last used at ")
    assert held.detail.endswith("It does not know what was sent between them (about 6 mails).")
    assert made.outbox() == once(EMAILS), "nobody got it twice"
    older.run_control.resume("news")
    sent(older)
    assert made.outbox() == dict.fromkeys(EMAILS, 2), "the operator has said so"
    again = made.started(older, addresses(2, "n"), "more")
    sent(older)
    assert older.runs.get(again.id).state == RunState.FINISHED, "said once, and acted upon"


@pytest.mark.long
@pytest.mark.ci
def test_what_the_operator_starts_in_an_older_copy_waits_too(world, state):
    """It may be what was sent already."""
    _, copy = begun(world(state_dir=state))
    made = world(state_dir=state)
    older = put_back(made, copy)
    other = made.started(older, addresses(2, "n"), "more")
    sent(older)
    assert older.runs.get(other.id).reason == WaitReason.APPROVAL
    assert made.outbox() == once(EMAILS)


@pytest.mark.long
@pytest.mark.ci
def test_the_database_itself_goes_on_after_a_copy_did(world, state):
    """Both have the same id until one of them is known for a copy."""
    run, copy = begun(world(state_dir=state))
    made = world(state_dir=state)
    shutil.copy(file_of(made), made.folder / "itself.db")
    older = put_back(made, copy)
    sent(older)
    older.close()
    itself = put_back(made, made.folder / "itself.db")
    more = made.started(itself, addresses(2, "n"), "more")
    sent(itself)
    assert itself.runs.get(run.id).state == RunState.FINISHED
    assert itself.runs.get(more.id).state == RunState.FINISHED


def test_a_copy_since_which_nothing_was_sent_goes_on(made):
    runtime = made.runtime()
    with registered_worker(runtime.database, runtime.clock, lineage=runtime.lineage):
        pass
    run = made.started(runtime, EMAILS)
    runtime.close()
    moved = put_back(made, copied(made))
    sent(moved)
    assert moved.runs.get(run.id).state == RunState.FINISHED


@pytest.mark.long
@pytest.mark.parametrize("said", ["", "{", '{"epoch": "many"}', "[]", "\0" * 40])
def test_a_state_file_that_says_nothing(made, state, said):
    """As a power cut may leave it: the sending goes on, and the file is written anew."""
    runtime = made.runtime()
    run = made.started(runtime, EMAILS)
    with registered_worker(runtime.database, runtime.clock, lineage=runtime.lineage):
        (file,) = (state / "databases").iterdir()
        file.write_text(said)
    sent(runtime)
    assert runtime.runs.get(run.id).state == RunState.FINISHED
    assert '"epoch"' in file.read_text()
    assert runtime.campaign_scheduler.hold_restored() == []


def test_a_state_folder_that_can_not_be_written(made, state):
    state.write_text("a file")
    runtime = made.runtime()
    run = made.started(runtime, EMAILS)
    sent(runtime)
    assert runtime.runs.get(run.id).state == RunState.FINISHED
    assert state.read_text() == "a file"
    assert (
        "an older copy of the database would not be recognised"
        in runtime.lineage.unavailable_reason()
    )


def test_a_state_file_that_lags_behind_makes_no_database_old(made, state):
    """A kill between the commit and the file, or another process whose turn came between."""
    runtime = made.runtime()
    lineage = runtime.lineage
    with runtime.database.write() as session:
        first = lineage.advance(session, 1.0)
    lineage.remember(first)
    with runtime.database.write() as session:
        second = lineage.advance(session, 2.0)
    assert lineage.older() is None
    lineage.remember(second)
    lineage.remember(first)
    assert f'"epoch": {second.epoch}' in next((state / "databases").iterdir()).read_text()


def test_the_files_are_the_users_alone(made, state):
    runtime = made.runtime()
    before = os.umask(0)
    try:
        with registered_worker(runtime.database, runtime.clock, lineage=runtime.lineage):
            pass
    finally:
        os.umask(before)
    (file,) = (state / "databases").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_each_database_has_its_own(tmp_path, state, new_database):
    clock = SystemClock()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with new_database("sqlite", tmp_path / name) as database:
            lineage = Lineage(database, state)
            for _ in range(2):
                with registered_worker(database, clock, lineage=lineage):
                    pass
            assert lineage.older() is None
    assert len(list((state / "databases").iterdir())) == 2


def test_on_either_engine(database, state):
    """A dump that came back, a replica that took over: what it is made of says nothing of it."""
    clock, lineage = FakeClock(), Lineage(database, state)
    restored = RestoreGuard(database, lineage)
    tell_governor(database)
    with registered_worker(database, clock, lineage=lineage):
        assert restored.found() is None
        run = Runs(database).start(make_campaign(database), clock.now(), held_for="Held.")
        assert run is not None
    with database.write_connection() as connection:
        value = "json_set(value, '$.epoch', 1)"
        if not database.is_sqlite:
            value = "jsonb_set(value::jsonb, '{epoch}', '1')::json"
        connection.exec_driver_sql(
            f"UPDATE shared_setting SET value = {value} WHERE name = 'lineage'"
        )
    found = restored.found()
    assert found is not None
    assert found.older is not None
    assert found.older.seen.epoch > found.older.found.epoch == 1
    assert restored.hold(found, clock.now(), "Why.") == [run.id]
    assert restored.found() is None
    assert restored.hold(found, clock.now(), "Why.") == [], "another process was first"


def test_an_id_that_leads_out_of_the_folder(made, state, tmp_path):
    runtime = made.runtime()
    with registered_worker(runtime.database, runtime.clock, lineage=runtime.lineage):
        pass
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql(
            """UPDATE shared_setting SET value = json_set(value, '$.database', '../../evil')
            WHERE name = 'lineage'"""
        )
    run = made.started(runtime, EMAILS)
    sent(runtime)
    assert counts(runtime, run).accepted == len(EMAILS)
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.long
@pytest.mark.ci
def test_ses_is_a_second_witness(world, state):
    """Where it counts far more than the copy knows of, the operator reads that too."""
    first = world(state_dir=state)
    runtime = first.runtime()
    run = first.started(runtime, addresses(70))
    runtime.close()
    copy = copied(first)
    sent(first.runtime())
    first.close()
    made = world(state_dir=state)
    older = put_back(made, copy)
    sent(older)
    said = "SES counts 70 mails in 24 hours, 70 more than this database knows of."
    assert older.runs.get(run.id).detail.endswith(said)
    report = older.account_report()
    assert report is not None
    assert report.unexplained() == said


def test_few_mails_of_others_are_not_worth_a_word(made):
    runtime = made.runtime()
    made.started(runtime, EMAILS)
    sent(runtime)
    runtime.account.poll()
    report = runtime.account_report()
    assert report is not None
    assert report.unexplained() == ""
