"""What is said in passing is kept, and whoever looks elsewhere is called."""

import time

import pytest

from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.notices.alerts import Alerts, sequence
from sestui.tui.app.notices.notices_screen import NoticesScreen
from sestui.tui.app.notices.run_watch import RunWatch
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.finished_runs import settle
from tests.support.screens import add_campaign, fits, running, shown, toasts, until

HOSTILE = "[red]a\x1b]9;b\x07;c\u202e\nd"

KITTY = {"TERM": "xterm-kitty"}
TERMINALS = [
    (KITTY, "\x1b]99;;hello\x1b\\"),
    ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]9;hello\x1b\\"),
    ({"TERM_PROGRAM": "WezTerm"}, "\x1b]9;hello\x1b\\"),
    ({"TERM": "foot-extra"}, "\x1b]777;notify;sestui;hello\x1b\\"),
    ({"TERM": "xterm-256color"}, ""),
    (KITTY | {"TMUX": "/tmp/x"}, ""),
    ({}, ""),
]


@pytest.mark.parametrize(("environment", "wanted"), TERMINALS, ids=str)
def test_each_terminal_gets_what_it_understands(environment, wanted):
    assert sequence(environment, "hello") == wanted


def told(wanted, environment=KITTY, text="hello", *, terminal=True):
    written = []
    Alerts(wanted, environment, written.append, terminal=terminal).notify(text)
    return "".join(written)


def test_the_setting_says_how_one_is_called():
    assert told("desktop") == "\a\x1b]99;;hello\x1b\\"
    assert told("desktop", {}) == "\a"
    assert told("bell") == "\a"
    assert told("off") == ""


def test_nothing_is_put_where_there_is_no_terminal():
    assert told("desktop", terminal=False) == ""


@pytest.mark.parametrize("environment", [each for each, wanted in TERMINALS if wanted], ids=str)
def test_a_hostile_name_ends_no_sequence_and_begins_none(environment):
    plain, hostile = told("desktop", environment), told("desktop", environment, HOSTILE * 100)
    assert hostile.count("\x1b") == plain.count("\x1b") == 2
    assert hostile.count("\a") == 1
    assert hostile.count(";") == plain.count(";")
    assert "\n" not in hostile
    assert len(hostile) < 2_000


# runs


def change(runtime, run_id, what):
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql(f"UPDATE run SET {what} WHERE id = {run_id}")


@pytest.fixture
def run(runtime):
    return runtime.runs.start(add_campaign(runtime, "november"), time.time()).id


def test_an_end_is_told_once(runtime, run):
    watch = RunWatch(runtime)
    assert watch.poll() == []
    change(runtime, run, "state = 'finished', accepted = 20, pending = 0")
    (event,) = watch.poll()
    assert event.sentence.startswith("november run 1: finished")
    assert "20 of 20 accepted" in event.sentence
    assert not event.needs_somebody
    assert watch.poll() == []


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("state = 'paused', reason = 'breaker', detail = 'Too many were rejected.'", "Too many"),
        ("state = 'waiting', reason = 'approval', detail = 'It is late.'", "It is late"),
        ("in_doubt = 3, pending = 17", "3 recipients in doubt"),
    ],
)
def test_a_need_is_told_once_and_again_when_it_comes_back(runtime, run, what, says):
    watch = RunWatch(runtime)
    watch.poll()
    change(runtime, run, what)
    (event,) = watch.poll()
    assert event.needs_somebody
    assert event.sentence.startswith("november · run 1: ")
    assert says in event.sentence
    assert watch.poll() == []
    change(runtime, run, "state = 'sending', reason = '', detail = '', in_doubt = 0")
    assert watch.poll() == []
    change(runtime, run, what)
    assert len(watch.poll()) == 1


@pytest.mark.parametrize(
    "what",
    [
        "state = 'paused', reason = 'operator'",
        "state = 'cancelled'",
        "state = 'waiting', reason = 'quota'",
    ],
)
def test_ones_own_doing_and_what_goes_on_by_itself_call_nobody(runtime, run, what):
    watch = RunWatch(runtime)
    watch.poll()
    change(runtime, run, what)
    assert watch.poll() == []


def test_what_was_so_at_the_start_calls_nobody(runtime, run):
    settle(runtime, run, ["in_doubt", "accepted"])
    watch = RunWatch(runtime)
    assert watch.poll() == watch.poll() == []


# in the app


async def test_the_end_of_a_run_rings_and_can_be_read_later(runtime, still, run):
    async with running(runtime, place="home") as (app, pilot):
        written = []
        app.alerts = Alerts("desktop", KITTY, written.append, terminal=True)
        await until(pilot, lambda: app.screen.has_loaded)
        watched = RunWatch(runtime)
        watched.poll()
        change(runtime, run, "state = 'finished', accepted = 20, pending = 0")
        app._watch_runs(watched)
        await until(pilot, lambda: written)
        assert "\x1b]99;;november run 1: finished" in "".join(written)
        assert any("november run 1: finished" in each for each in toasts(app))
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen))
        await until(pilot, lambda: "november run 1: finished" in shown(app))
        assert "› notices" in shown(app).splitlines()[0]
        app.screen.action_copy()
        assert app.clipboard.startswith("november run 1: finished")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, NoticesScreen))


async def test_the_screen_of_a_run_says_its_end_without_a_toast(runtime, still, run):
    async with running(runtime, follow=run) as (app, pilot):
        written = []
        app.alerts = Alerts("desktop", KITTY, written.append, terminal=True)
        await until(pilot, lambda: app.screen.page == Page("run", run))
        watched = RunWatch(runtime)
        watched.poll()
        change(runtime, run, "state = 'finished', accepted = 20, pending = 0")
        app._watch_runs(watched)
        await until(pilot, lambda: written)
        assert not toasts(app)
        assert any("november run 1: finished" in each.text for each in app.notices.all())


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("size", [(200, 50), (80, 24)])
async def test_notices_are_kept_newest_first_and_made_harmless(runtime, still, size):
    async with running(runtime, place="home", size=size) as (app, pilot):
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen))
        await until(pilot, lambda: "Nothing has been said yet" in shown(app))
        app.screen.toast(HOSTILE)
        for number in range(600):
            app.notices.add(app.notices.all()[0])
            assert len(app.notices.all()) <= 500, number
        app.screen.toast("The last one.", failed=True)
        await until(pilot, lambda: "The last one." in shown(app).splitlines()[2])
        assert r"[red]a\x1b]9;b\x07;c\u202e\nd" in shown(app)
        fits(app.screen, size)


async def test_what_failed_or_was_refused_is_not_said_any_more_once_one_has_left(runtime, still):
    async with running(runtime) as (app, pilot):
        app.action_notices()
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen))
        app.screen.toast("Saved.")
        app.screen.toast("It failed.", failed=True)
        await until(pilot, lambda: toasts(app) == ["Saved.", "It failed."])
        question = ConfirmScreen("Send it?", "", recipients=2_000, yes="Send it")
        app.push_screen(question)
        await until(pilot, lambda: app.screen is question and app.focused is not None)
        await pilot.press("1", "enter")
        await until(pilot, lambda: toasts(app) == ["Saved.", "It failed.", "That is not 2,000."])
        await pilot.press("escape")
        await until(pilot, lambda: toasts(app) == ["Saved.", "It failed."])
        await pilot.press("escape")
        await until(pilot, lambda: toasts(app) == ["Saved."])
        assert [each.text for each in app.notices.all()][1:] == ["It failed.", "Saved."]
