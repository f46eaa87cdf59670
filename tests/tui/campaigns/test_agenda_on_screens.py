"""The agenda on Schedule and Home: both kinds of it, and what nobody runs."""

import os
import re
import time
from pathlib import Path

import pytest

from sestui.core.campaign.follow_up import Only
from sestui.core.schedule.cron import Occurrence
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import TaskRunState
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.cannot_start import CannotStartScreen
from sestui.tui.compose.compose_screen import ComposeScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.home.home_screen import HomeScreen
from sestui.tui.schedule.schedule_screen import ScheduleScreen
from sestui.tui.schedule.task_log import TaskLogScreen
from tests.support.screens import add_campaign, fits, running, shown, toasts, until
from tests.support.tasks import make_due

SIZES = [(80, 24), (120, 40)]
HOUR = 3_600.0


def add_task(runtime, name="tidy", *, due=None, **fields):
    usual = {"type": "purge", "schedule": "0 3 * * *", "timezone": "UTC"}
    runtime.tasks.add(TaskFields(name=name, **{**usual, **fields}))
    if due is not None:
        make_due(runtime.database, due, name)


def schedule_campaign(runtime, name="news", *, due, **fields):
    campaign = add_campaign(runtime, name, schedule="0 9 * * 1", timezone="UTC", **fields)
    runtime.campaigns.set_next(campaign.id, Occurrence(due, ""))


def rows(app, *names):
    """The lines that begin with these names within their frame, as lists of words."""
    lines = (line.strip("│ ").split() for line in shown(app).splitlines())
    return [words for words in lines if set(names) & set(words[:1])]


@pytest.fixture
def crontab(tmp_path, monkeypatch):
    """A stand-in for cron's program, which keeps what it is given in this file."""
    spool, folder = tmp_path / "spool", tmp_path / "bin"
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(
        f'#!/bin/sh\ncase "$1" in\n-l) cat "{spool}" 2>/dev/null || '
        f'{{ echo "no crontab for ada" >&2; exit 1; }} ;;\n-) cat >"{spool}" ;;\nesac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin:/bin")
    return spool


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("size", SIZES)
async def test_schedule_shows_both_kinds_and_offers_what_fits_each(runtime, still, size):
    now = time.time()
    add_task(runtime, "tidy", due=now + HOUR)
    schedule_campaign(runtime, due=now + 2 * HOUR)
    add_task(runtime, "off", active=False)
    async with running(runtime, place="schedule", size=size) as (app, pilot):
        await until(pilot, lambda: "news" in shown(app))
        fits(app.screen, size)
        assert [row[:2] for row in rows(app, "tidy", "news", "off")] == [
            ["tidy", "task"],
            ["news", "campaign"],
            ["off", "task"],
        ]
        assert "Run now" in shown(app)
        await pilot.press("down")
        await until(pilot, lambda: "goes to all: at 09:00, only on Monday" in shown(app))
        await until(pilot, lambda: "Run now" not in shown(app))
        for gone in ("Switch", "Remove"):
            assert gone not in shown(app)
        await pilot.press("R", "p", "x")
        assert isinstance(app.screen, ScheduleScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CampaignScreen))
        assert app.screen.campaign_name == "news"
        await pilot.press("escape", "e")
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        await until(pilot, lambda: app.screen.form.draft.name == "news")
    assert runtime.tasks.get("tidy").active
    assert runtime.overview.campaign("news").run is None


@pytest.mark.long
@pytest.mark.ci
async def test_the_cursor_stays_on_its_row_when_others_come_before_it(runtime, still):
    now = time.time()
    add_task(runtime, "first", due=now + HOUR)
    add_task(runtime, "second", due=now + 2 * HOUR)
    async with running(runtime, place="schedule") as (app, pilot):
        await until(pilot, lambda: "second" in shown(app))
        await pilot.press("down")
        assert app.screen.selected.name == "second"
        make_due(runtime.database, now + 3 * HOUR, "first")
        await until(pilot, lambda: rows(app, "first", "second")[0][0] == "second")
        assert app.screen.selected.name == "second"
        schedule_campaign(runtime, due=now + HOUR)
        await until(pilot, lambda: "news" in shown(app))
        assert app.screen.selected.name == "second"


@pytest.mark.parametrize("size", SIZES)
async def test_home_says_what_comes_next_and_leads_there(runtime, still, size):
    now = time.time()
    schedule_campaign(runtime, due=now + 3 * HOUR)
    add_task(runtime, "tidy", due=now + 2 * HOUR)
    add_task(runtime, "weekly", type="campaign", parameters={"campaign": "x"}, due=now + HOUR)
    add_task(runtime, "off", active=False)
    async with running(runtime, place="home", size=size) as (app, pilot):
        await until(pilot, lambda: "news" in shown(app))
        lines = [line for line in shown(app).splitlines() if re.search("weekly|tidy|news", line)]
        wanted = ("weekly .*task: starts x", "tidy .*task: purge", "news .*campaign")
        assert all(re.search(each, line) for each, line in zip(wanted, lines, strict=True))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TaskLogScreen))


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("size", SIZES)
async def test_what_nobody_runs_is_said_with_the_key_that_mends_it(
    runtime, still, size, crontab: Path
):
    now = time.time()
    add_task(runtime, "tidy", due=now - 181)
    schedule_campaign(runtime, due=now - 241)
    async with running(runtime, place="home", size=size) as (app, pilot):
        await until(pilot, lambda: "nothing runs tasks here" in shown(app))
        (line,) = (line for line in shown(app).splitlines() if "nothing runs" in line)
        assert "Needs you" in shown(app)
        assert "Press C in Schedule" in shown(app)
        assert re.search(r"overdue \d min: nothing runs tasks here", line)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
        await until(pilot, lambda: "nothing runs tasks here. C installs the" in shown(app))
        fits(app.screen, size)
        news, tidy = (" ".join(row) for row in rows(app, "news", "tidy"))
        assert re.search(r"^news campaign .* overdue \d min", news)
        assert re.search(r"^tidy task .* overdue \d min", tidy)
        await pilot.press("C")
        await until(pilot, lambda: "Add this line to your crontab?" in shown(app))
        assert "SESTUI_DATA_DIR=" in shown(app)
        await pilot.press("enter")  # what has the focus changes nothing
        await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
        assert not crontab.exists()
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "Added to the crontab." in toasts(app))
        assert f"SESTUI_DATA_DIR={runtime.settings.data_dir}" in crontab.read_text()
        runtime.note_run_due()  # as the first run-due does
        await until(pilot, lambda: "nothing runs tasks here" not in shown(app))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await until(pilot, lambda: "news" in shown(app))
        assert "overdue" not in shown(app)


async def test_a_crontab_that_refuses_is_told(runtime, still, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    async with running(runtime, place="schedule") as (app, pilot):
        await until(pilot, lambda: "Nothing starts by itself yet" in shown(app))
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("right", "enter")
        await until(pilot, lambda: any("There is no crontab command" in t for t in toasts(app)))


def starting(runtime, **parameters):
    """A task that starts a campaign to 20."""
    given = {"campaign": "news", **parameters}
    add_task(runtime, "weekly", type="campaign", parameters=given)
    return add_campaign(runtime)


def mailed(runtime):
    return sum(run.counts.audience for run in runtime.overview.runs("news"))


@pytest.mark.long
@pytest.mark.ci
async def test_r_asks_as_s_does_before_a_task_sends_again(runtime, still):
    campaign = starting(runtime)
    first = runtime.starter.start(campaign, time.time())
    runtime.runs.cancel(first.id, time.time())
    async with running(runtime, place="schedule") as (app, pilot):
        await until(pilot, lambda: "weekly" in shown(app))
        for keys, expected in ((["enter"], 20), (["right", "enter"], 40)):
            await pilot.press("R")
            await until(pilot, lambda: "Send again news to 20 recipients?" in shown(app))
            assert "It has been sent before, but to nobody" in shown(app)
            await pilot.press(*keys)
            await until(pilot, lambda: isinstance(app.screen, ScheduleScreen))
            await until(pilot, lambda expected=expected: mailed(runtime) == expected)
        await until(pilot, lambda: any("weekly: succeeded" in text for text in toasts(app)))
        (run,) = runtime.tasks.log("weekly")
        assert run.state is TaskRunState.SUCCEEDED
        await pilot.press("R")  # a run goes on: nothing to ask
        await until(pilot, lambda: isinstance(app.screen, CannotStartScreen))
        await until(pilot, lambda: "has not ended" in shown(app))
        assert not any("--" in text for text in toasts(app))
    assert len(runtime.tasks.log("weekly")) == 1


@pytest.mark.long
@pytest.mark.ci
async def test_r_asks_for_the_first_time_and_for_a_part_of_the_audience_too(runtime, still):
    starting(runtime, only=Only.UNRECEIVED.value)
    async with running(runtime, place="schedule") as (app, pilot):
        await until(pilot, lambda: "weekly" in shown(app))
        await pilot.press("R")
        await until(pilot, lambda: "Send news to 20 recipients?" in shown(app))
        assert "Everyone on the lists who has not received it" in shown(app)
        await pilot.press("escape")
        runtime.tasks.change(
            "weekly",
            TaskFields("weekly", "campaign", "0 3 * * *", parameters={"campaign": "news"}),
        )
        await until(pilot, lambda: app.screen.selected.fields.parameters == {"campaign": "news"})
        await pilot.press("R")
        await until(pilot, lambda: "Send news to 20 recipients?" in shown(app))
        await pilot.press("right", "enter")
        await until(pilot, lambda: mailed(runtime) == 20)
        await until(pilot, lambda: any("weekly: succeeded" in text for text in toasts(app)))


async def test_a_second_way_is_refused_on_the_screens_too(runtime, still):
    schedule_campaign(runtime, due=time.time() + HOUR)
    add_task(runtime, "weekly", type="campaign", parameters={"campaign": "news"}, active=False)
    async with running(runtime, place="schedule") as (app, pilot):
        await until(pilot, lambda: "weekly" in shown(app))
        await pilot.press("down")
        await until(pilot, lambda: "Switch on" in shown(app))
        await pilot.press("p")
        said = "news is scheduled already, by its own schedule (0 9 * * 1)"
        await until(pilot, lambda: any(text.startswith(said) for text in toasts(app)))
    assert not runtime.tasks.get("weekly").active
