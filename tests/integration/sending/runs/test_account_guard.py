"""A run goes on through the account that it was started for, unless the operator moves it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sestui.errors import OtherAccountError
from sestui.runtime import Runtime
from sestui.sending.worker_registration import registered_worker
from sestui.store.db.tables import Run
from sestui.tasks.run_due import RunDue
from tests.support.workspaces import World, counts, once, sent

EMAILS = [f"reader{number}@example.com" for number in range(3)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path / "world", simulator_latency=0)) as world:
        yield world


@pytest.fixture
def here(world: World) -> Runtime:
    return world.runtime()


@pytest.fixture
def elsewhere(world: World, here: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """A process whose settings say SES, and an endpoint that answers."""
    clients = here.ses.clients
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", clients.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", clients.credentials().access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", clients.credentials().secret_key)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    settings = world.settings.model_copy(update={"account": "ses"})
    with closing(Runtime.open(settings)) as runtime:
        yield runtime


def stands(runtime: Runtime, run: Run) -> tuple[str, str, str]:
    found = runtime.runs.get(run.id)
    return found.state, found.reason, found.account


def test_another_account_pauses_it_instead_of_sending_and_goes_on_when_told(
    world: World, here: Runtime, elsewhere: Runtime
) -> None:
    run = world.started(here, EMAILS)
    assert stands(here, run) == ("sending", "", "simulator")
    sent(elsewhere)
    assert world.outbox() == {}
    assert stands(here, run) == ("paused", "account", "simulator")
    detail = here.runs.get(run.id).detail
    assert "It was started for the simulator, but mail goes to SES in eu-west-1" in detail
    for resume in (
        lambda: elsewhere.run_control.resume("news"),
        lambda: elsewhere.run_control.resume_run(run.id),
    ):
        with pytest.raises(OtherAccountError, match="can't just go on"):
            resume()
    assert "started for the simulator" in elsewhere.run_control.other_account(run.id)
    assert here.run_control.other_account(run.id) == ""

    moved = elsewhere.run_control.resume("news", change_account=True)
    assert moved.account == elsewhere.ses.key
    assert moved.account_since > run.created_at
    sent(here)
    assert world.outbox() == {}, "it belongs to the other account now"
    elsewhere.run_control.resume("news")
    sent(elsewhere)
    assert world.outbox() == once(EMAILS)
    assert counts(here, run).accepted == 3


def test_run_due_reports_it_and_leaves_it_to_a_process_that_sends_there(
    world: World, here: Runtime, elsewhere: Runtime
) -> None:
    run = world.started(here, EMAILS)
    with registered_worker(here.database, here.clock, account=here.ses.key):
        report = RunDue(elsewhere, seconds=5).run()
        assert (report.notes, report.doubtful) == ([], False)
        assert stands(here, run) == ("sending", "", "simulator")
    report = RunDue(elsewhere, seconds=5).run()
    (note,) = report.notes
    assert note.startswith("Run 1 of news is paused. It was started for the simulator")
    assert report.doubtful
    assert world.outbox() == {}


def test_a_run_for_ses_belongs_to_the_region_that_its_first_mail_goes_to(
    world: World, here: Runtime, elsewhere: Runtime
) -> None:
    run = world.started(elsewhere, EMAILS)
    assert stands(here, run)[2] == "ses"
    sent(here)
    assert stands(here, run) == ("paused", "account", "ses")
    elsewhere.run_control.resume("news")
    sent(elsewhere)
    assert stands(here, run) == ("finished", "", elsewhere.ses.key)
    assert world.outbox() == once(EMAILS)


def test_a_run_of_before_belongs_to_whoever_sends_it_first(
    world: World, here: Runtime, elsewhere: Runtime
) -> None:
    run = world.started(here, EMAILS)
    with here.database.write_connection() as connection:
        connection.exec_driver_sql("UPDATE run SET account = ''")
    sent(elsewhere)
    assert stands(here, run) == ("finished", "", elsewhere.ses.key)
    assert here.runs.get(run.id).account_since == 0
