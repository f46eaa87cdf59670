"""Leaving while mail is being sent: stay, leave and pause, or go on in the background."""

import os
import re
import signal
import sys
import time

import psutil
import pytest

from sestui.sending.background import background_sender
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.outbox.outbox_reader import OutboxReader
from sestui.store.db.tables import Campaign, Run
from sestui.tasks.crontab import Crontab
from sestui.tui.app.leaving.leaving_question import LeavingQuestion
from tests.support.screens import add_campaign, running, shown, toasts, until

CONTACTS = 90


@pytest.fixture
def started(runtime):
    """A run that is sent so slowly that it outlives every test that doesn't hurry it."""
    campaign = add_campaign(runtime, contacts=CONTACTS, max_rate=1)
    run = runtime.starter.start(campaign, time.time())
    yield run.id
    if (left := background_sender(runtime.database, runtime.clock)) is not None:
        os.kill(left.pid, signal.SIGKILL)


def text(app):
    """What stands on the screen, however it is broken into lines."""
    return " ".join(re.sub(r"[│▌▐▎▊█]", " ", shown(app)).split())


def found(runtime):
    return background_sender(runtime.database, runtime.clock)


@pytest.fixture
def said(capsys):
    """What the shell has been told since it was asked last."""
    return lambda: " ".join(capsys.readouterr().err.split())


async def asked(app, pilot):
    """Leave while it sends; the question that is asked."""
    await until(pilot, lambda: app.background.alive and not app._asking)
    await pilot.press("q")
    await until(pilot, lambda: isinstance(app.screen, LeavingQuestion))
    await until(pilot, lambda: "being sent" in text(app))
    return app.screen


async def sending(runtime, pilot, run_id):
    await until(pilot, lambda: runtime.overview.run(run_id).counts.accepted > 0)


def hurry(runtime, run_id):
    with runtime.database.write() as session:
        session.get(Run, run_id).max_rate = None


def ended(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie"


def recipients(runtime):
    reader = OutboxReader(runtime.settings.data_dir / FILE_NAME)
    return sorted(mail.to for mail in reader.page(before=reader.newest() + 1, limit=10_000))


@pytest.mark.long
@pytest.mark.ci
async def test_leaving_asks_once_and_staying_changes_nothing(runtime, started):
    async with running(runtime, follow=started) as (app, pilot):
        await sending(runtime, pilot, started)
        await asked(app, pilot)
        assert "news is being sent" in text(app)
        for key in ("q", "ctrl+q", "ctrl+c", "q", "ctrl+q"):  # that decides nothing
            await pilot.press(key)
        await pilot.pause()
        questions = [s for s in app.screen_stack if isinstance(s, LeavingQuestion)]
        assert questions == [app.screen]
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, LeavingQuestion))
        await asked(app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, LeavingQuestion))
        assert app.background.alive
        assert not app._leaving
        assert found(runtime) is None
        assert runtime.overview.run(started).state == "sending"


@pytest.mark.long
@pytest.mark.ci
async def test_leave_and_pause(runtime, started, said):
    async with running(runtime, follow=started) as (app, pilot):
        await sending(runtime, pilot, started)
        await asked(app, pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app._exit)
    run = runtime.overview.run(started)
    assert (run.state, run.reason, run.counts.sending, run.counts.in_doubt) == (
        "paused",
        "operator",
        0,
        0,
    )
    told = said()
    assert f"news is paused: {run.counts.pending:,} pending." in told
    assert "`sestui campaign resume news`" in told
    assert found(runtime) is None


@pytest.mark.long
@pytest.mark.ci
async def test_what_goes_on_in_the_background_is_sent_once_and_to_the_end(runtime, started, said):
    async with running(runtime, follow=started) as (app, pilot):
        await sending(runtime, pilot, started)
        question = await asked(app, pilot)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: app._exit, 60)
        assert not question._doing
    sender = found(runtime)
    assert sender is not None
    assert os.getsid(sender.pid) == sender.pid != os.getsid(0)
    assert psutil.Process(sender.pid).terminal() is None
    told = said()
    assert "news goes on in the background:" in told
    assert f"`kill {sender.pid}` stops it" in told
    async with running(runtime, follow=started) as (app, pilot):  # the next start
        await until(
            pilot, lambda: f"A background sender is running (process {sender.pid})" in text(app)
        )
        await asked(app, pilot)
        assert f"Leave; process {sender.pid} goes on" in text(app)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: app._exit, 60)
    assert f"`kill {sender.pid}` stops it" in said()
    async with running(runtime, place="home") as (app, pilot):
        hurry(runtime, started)
        await until(pilot, lambda: runtime.overview.run(started).state == "finished", 60)
        await until(pilot, lambda: ended(sender.pid), 60)
        await until(pilot, lambda: "A background sender" not in text(app))
    assert found(runtime) is None
    counts = runtime.overview.run(started).counts
    assert (counts.accepted, counts.in_doubt) == (CONTACTS, 0)
    assert recipients(runtime) == sorted(f"all{n}@example.com" for n in range(CONTACTS))


@pytest.mark.long
@pytest.mark.ci
async def test_it_goes_on_in_the_background_on_postgresql_too(
    open_runtime, postgres_database, said
):
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    runtime = open_runtime(database_url=url)
    campaign = add_campaign(runtime, contacts=CONTACTS, max_rate=1)
    run = runtime.starter.start(campaign, time.time())
    async with running(runtime, follow=run.id) as (app, pilot):
        await sending(runtime, pilot, run.id)
        await asked(app, pilot)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: app._exit, 60)
    sender = found(runtime)
    assert f"`kill {sender.pid}` stops it" in said()
    hurry(runtime, run.id)
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: runtime.overview.run(run.id).state == "finished", 60)
        await until(pilot, lambda: ended(sender.pid), 60)
    assert runtime.overview.run(run.id).counts.accepted == CONTACTS
    assert recipients(runtime) == sorted(f"all{n}@example.com" for n in range(CONTACTS))


@pytest.mark.long
@pytest.mark.ci
async def test_a_background_sender_that_is_told_to_end_leaves_the_rest_pending(runtime, started):
    async with running(runtime, follow=started) as (app, pilot):
        await sending(runtime, pilot, started)
        await asked(app, pilot)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: app._exit, 60)
        sender = found(runtime)
        sender.stop()
        await until(pilot, lambda: ended(sender.pid), 60)
    run = runtime.overview.run(started)
    assert (run.state, run.counts.sending, run.counts.in_doubt) == ("sending", 0, 0)
    assert run.counts.pending > 0
    assert found(runtime) is None


@pytest.mark.long
@pytest.mark.ci
async def test_a_background_sender_that_cannot_start_keeps_the_question(
    runtime, started, monkeypatch
):
    async with running(runtime, follow=started) as (app, pilot):
        await sending(runtime, pilot, started)
        question = await asked(app, pilot)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/no/such/python")
            await pilot.press("j", "j", "enter")
            await until(pilot, lambda: "/no/such/python: No such file" in text(app))
        with monkeypatch.context() as patch:
            patch.setenv("SESTUI_ACOUNT", "ses")
            await pilot.press("enter")
            await until(pilot, lambda: "SESTUI_ACOUNT" in text(app), 60)
        assert app.screen is question
        assert found(runtime) is None
        await until(pilot, lambda: not question._doing)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not question)
        assert app.background.alive


@pytest.mark.long
@pytest.mark.ci
async def test_who_is_told_to_end_during_the_question_decides_nothing(runtime, started, said):
    async with running(runtime, follow=started) as (app, pilot):
        await sending(runtime, pilot, started)
        await asked(app, pilot)
        signal.raise_signal(signal.SIGTERM)
        await until(pilot, lambda: app._exit)
    run = runtime.overview.run(started)
    assert (run.state, run.counts.sending, run.counts.in_doubt) == ("sending", 0, 0)
    assert f"news: {run.counts.pending:,} pending. The next start of sestui" in said()
    assert found(runtime) is None


@pytest.mark.long
@pytest.mark.ci
async def test_a_start_says_what_it_goes_on_with_before_it_sends(runtime, started):
    async with running(runtime, place="home", grace_seconds=600) as (app, pilot):
        await until(pilot, lambda: f"Going on with news: {CONTACTS} pending." in text(app))
        assert not app.background.alive
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.background.alive)
        assert "Going on with" not in text(app)
        assert any("news is paused: nothing was sent" in text for text in toasts(app))
    run = runtime.overview.run(started)
    assert (run.state, run.counts.pending) == ("paused", CONTACTS)
    async with running(runtime, place="home", grace_seconds=600) as (app, pilot):
        await until(pilot, lambda: app.background.alive)  # nothing goes on: nothing to say


@pytest.mark.long
@pytest.mark.ci
async def test_a_start_goes_on_by_itself(runtime, started):
    async with running(runtime, place="home", grace_seconds=0.5) as (app, pilot):
        await until(pilot, lambda: app.background.alive)
        await sending(runtime, pilot, started)


@pytest.mark.long
@pytest.mark.ci
async def test_leaving_before_it_goes_on_sends_nothing(runtime, started, said):
    async with running(runtime, place="home", grace_seconds=600) as (app, pilot):
        await until(pilot, lambda: "Going on with news" in text(app))
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
        assert not app.background.alive
    assert f"news: {CONTACTS} pending." in said()
    assert runtime.overview.run(started).counts.pending == CONTACTS


def scheduled(runtime, schedule, due):
    campaign = add_campaign(runtime, "winter-sale", schedule=schedule)
    with runtime.database.write() as session:
        session.get(Campaign, campaign.id).next_due_at = due


def crontab(folder, monkeypatch, runtime, *, has_line):
    """A crontab command whose crontab has the line of run-due, or none."""
    folder.mkdir()
    line = Crontab.of(runtime.settings).line if has_line else ""
    lines = folder / "lines"
    lines.write_text(f"{line}\n")
    command = folder / "crontab"
    command.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = -l ] && exec cat {lines}\n'
        f"[ -e {folder / 'full'} ] && {{ echo no space left >&2; exit 1; }}\n"
        f"exec cat > {lines}\n"
    )
    command.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return lines


@pytest.mark.parametrize(("schedule", "has_line"), [("0 9 1 1 *", True), ("", False)])
async def test_who_leaves_is_asked_nothing_where_all_starts_by_itself(
    runtime, still, said, monkeypatch, tmp_path, schedule, has_line
):
    due = time.time() + 3_600 if schedule else None
    scheduled(runtime, schedule, due)
    crontab(tmp_path / "bin", monkeypatch, runtime, has_line=has_line)
    async with running(runtime, place="home") as (app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
    assert "winter-sale" not in said()


async def test_who_leaves_what_nothing_starts_stays_or_is_told(
    runtime, still, said, monkeypatch, tmp_path
):
    scheduled(runtime, "0 9 1 1 *", time.time() + 3_600)
    crontab(tmp_path / "bin", monkeypatch, runtime, has_line=False)
    async with running(runtime, place="home") as (app, pilot):
        for key in ("escape", "enter"):
            await asked_about_the_schedule(app, pilot)
            assert "winter-sale is due at " in text(app)
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(app.screen, LeavingQuestion))
            assert not app._leaving
        await asked_about_the_schedule(app, pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app._exit)
    told = said()
    assert "winter-sale is due at " in told
    assert "`sestui task crontab`" in told


@pytest.mark.long
@pytest.mark.ci
async def test_who_leaves_can_have_the_line_installed(runtime, still, said, monkeypatch, tmp_path):
    scheduled(runtime, "0 9 1 1 *", time.time() + 3_600)
    lines = crontab(tmp_path / "bin", monkeypatch, runtime, has_line=False)
    (full := lines.with_name("full")).touch()
    async with running(runtime, place="home", size=(80, 24)) as (app, pilot):
        await asked_about_the_schedule(app, pilot)
        assert "Add this line to your crontab" in text(app)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: "can't be written: no space left" in text(app))
        full.unlink()
        await pilot.press("enter")
        await until(pilot, lambda: app._exit)
    assert Crontab.of(runtime.settings).line in lines.read_text().splitlines()
    assert said() == "Added to the crontab. It runs what is due, every minute."


async def asked_about_the_schedule(app, pilot):
    await until(pilot, lambda: not app._asking)
    await pilot.press("q")
    await until(pilot, lambda: isinstance(app.screen, LeavingQuestion) and app.screen.focused)
    await until(pilot, lambda: app.settled and "Once sestui is closed" in text(app))
