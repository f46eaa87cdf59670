import signal
import threading
import time

import pytest

from sestui.core.delivery.handover import AnswerKind
from sestui.errors import StorageBusyError, StorageError
from sestui.sending.engine.report import AnswerLine, SenderReport
from sestui.tui.app.app import SestuiApp
from sestui.tui.app.background import ReportInbox
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.screens import add_campaign, running, shown, toasts, until


@pytest.mark.long
@pytest.mark.ci
async def test_the_first_frame_is_there_before_the_database_is(runtime):
    may_open = threading.Event()

    def open_runtime():
        assert may_open.wait(30)
        return runtime

    app = SestuiApp(runtime.settings, open_runtime)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Opening" in shown(app))
        assert "SIMULATOR" in shown(app)
        await pilot.press("question_mark", "ctrl+p", "ctrl+r", "ctrl+o", "ctrl+z")
        assert "Opening" in shown(app)  # there is nothing yet that these could be done to
        may_open.set()
        await until(pilot, lambda: app.opened and app.current_mode == "home")
        await until(pilot, lambda: app.background.alive)


async def test_a_place_that_is_asked_for_too_early_is_where_it_begins(runtime):
    may_open = threading.Event()
    app = SestuiApp(runtime.settings, lambda: may_open.wait(30) and runtime)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Opening" in shown(app))
        await pilot.press("3", "2")
        may_open.set()
        await until(pilot, lambda: app.opened and app.current_mode == "campaigns")


async def test_one_can_leave_before_the_database_is_open(runtime):
    may_open = threading.Event()
    app = SestuiApp(runtime.settings, lambda: may_open.wait(30) and runtime)
    async with app.run_test() as pilot:
        await until(pilot, lambda: "Opening" in shown(app))
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
        may_open.set()
    assert app.failure is None
    assert not app.background.alive


async def test_a_database_that_cannot_be_opened_ends_the_app(runtime):
    trouble = StorageError("There is no such database.")

    def open_runtime():
        raise trouble

    app = SestuiApp(runtime.settings, open_runtime)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.failure is not None)
    assert app.failure is trouble


@pytest.mark.long
@pytest.mark.ci
async def test_a_sender_that_fails_is_shown_and_started_again(open_runtime, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:9")
    runtime = open_runtime(account="ses")
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: "Nothing is being sent" in shown(app))
        assert any("Nothing answers" in text for text in toasts(app))
        first = app.background._sender
        await pilot.press("ctrl+r")
        assert app.background._sender is not first
        await until(pilot, lambda: "Nothing is being sent" in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_a_busy_database_is_a_quiet_line_and_tried_again(runtime, still, monkeypatch):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):

        def busy(**_options):
            raise StorageBusyError("The database is locked by another program.")

        await until(pilot, lambda: "news" in shown(app))
        with monkeypatch.context() as patch:
            patch.setattr(runtime.overview, "campaigns", busy)
            await until(pilot, lambda: "locked by another program" in shown(app))
            assert not toasts(app)
            assert "news" in shown(app)
        await until(pilot, lambda: "locked by another program" not in shown(app))


async def test_an_attempt_that_fails_is_told_and_is_not_one_without_a_value(runtime, still):
    def locked():
        raise StorageBusyError("It is locked.")

    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, BaseScreen))
        screen = app.screen
        assert await screen.attempt(lambda: None) is None
        assert toasts(app) == []
        failed = await screen.attempt(locked)
        assert failed is FAILED
        assert not failed
        await until(pilot, lambda: toasts(app) == ["It is locked."])
        app.push_screen(ConfirmScreen("Again?", "", recipients=0, yes="Again"))
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.pause()
        assert toasts(app) == ["It is locked."]  # a dialog may be about it
        await pilot.press("escape", "3")
        await until(pilot, lambda: toasts(app) == [])  # it was about the tab that has been left


@pytest.mark.long
@pytest.mark.ci
async def test_leaving_loses_nothing(runtime):
    campaign = add_campaign(runtime, contacts=100, max_rate=50)
    run_id = runtime.starter.start(campaign, time.time()).id
    async with running(runtime, follow=run_id) as (app, pilot):
        await until(pilot, lambda: runtime.overview.run(run_id).counts.accepted > 5)
        await app.leave()  # as on SIGTERM: nobody is asked
        await until(pilot, lambda: not app.background.alive)
    run = runtime.overview.run(run_id)
    assert (run.state, run.counts.sending, run.counts.in_doubt) == ("sending", 0, 0)
    assert run.counts.accepted + run.counts.pending == 100


async def test_a_signal_is_a_way_to_leave(runtime):
    async with running(runtime) as (app, pilot):
        signal.raise_signal(signal.SIGTERM)
        await until(pilot, lambda: app._leaving)
        await until(pilot, lambda: not app.background.alive)


async def test_an_unknown_theme_is_said_and_replaced(open_runtime, still):
    async with running(open_runtime(theme="[no]")) as (app, _pilot):
        assert app.theme == "textual-dark"
        assert any("[no]" in text for text in toasts(app))


async def test_the_theme_of_the_settings_is_used(open_runtime, still):
    async with running(open_runtime(theme="textual-light")) as (app, _pilot):
        assert app.theme == "textual-light"


def test_the_mailbox_rings_once_and_keeps_every_line():
    rings = []
    box = ReportInbox(lambda: rings.append(1))
    for number in range(3):
        line = AnswerLine(0.0, 1, f"{number}@example.com", AnswerKind.ACCEPTED, "id")
        box.put(SenderReport(at=0.0, lines=(line,), trouble=f"t{number}"))
    assert len(rings) == 1
    batch = box.take()
    assert [line.email[0] for line in batch.lines] == ["0", "1", "2"]
    assert batch.trouble == "t2"
    assert box.take().lines == ()
    box.put(SenderReport(at=0.0))
    assert len(rings) == 2


@pytest.mark.long
@pytest.mark.ci
async def test_suspending_leaves_nothing_in_flight_and_coming_back_goes_on(runtime, monkeypatch):
    campaign = add_campaign(runtime, contacts=600, max_rate=60)
    run_id = runtime.starter.start(campaign, time.time()).id
    seen = []

    async with running(runtime, follow=run_id) as (app, pilot):

        def in_the_shell():
            seen.append((app.background.alive, runtime.overview.run(run_id).counts))

        monkeypatch.setattr(app, "action_suspend_process", in_the_shell)
        await until(pilot, lambda: runtime.overview.run(run_id).counts.accepted > 5)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: seen)
        ((alive, counts),) = seen
        assert not alive
        assert (counts.sending, counts.in_doubt) == (0, 0)
        assert counts.pending > 0
        await until(pilot, lambda: runtime.overview.run(run_id).counts.accepted > counts.accepted)
        assert "Nothing is being sent" not in shown(app)
