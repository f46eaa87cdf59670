"""A screen on which nothing happens writes nothing to the terminal, however often it looks."""

import pytest

from sestui.core.task.fields import TaskFields
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.schedule.task_log import TaskLogScreen
from tests.support.finished_runs import settle
from tests.support.screens import add_campaign, running, until

LOOKS = 5
"""One of them may be of the moment in which a minute ends or a plot moves on."""


@pytest.fixture
def used(runtime):
    """A workspace in which something was sent and more is to come."""
    runtime.account.poll()
    campaign = add_campaign(runtime, "news", schedule="0 9 1 * *")
    run = runtime.runs.start(campaign, 1_800_000_000.0)
    settle(runtime, run.id, ["accepted", "accepted", "rejected", "in_doubt", "skipped"])
    runtime.tasks.add(TaskFields("clear", "purge", "0 3 * * *"))
    return runtime


async def least_painted(app, pilot, screen):
    """How often the app paints for one look, the others being no better."""
    await until(pilot, lambda: app.screen is screen and screen.has_loaded and app.settled)
    paints = []
    display = app._display
    app._display = lambda *args: (paints.append(args[1]), display(*args))
    counts = []
    for _ in range(LOOKS):
        paints.clear()
        await screen.read()
        await pilot.pause()
        counts.append(len(paints))
    app._display = display
    return min(counts)


async def test_home_and_the_tables_at_rest_paint_nothing(used, still):
    painted = {}
    async with running(used, place="home", size=(120, 50)) as (app, pilot):
        for key in "1245678":
            await pilot.press(key)
            painted[app.current_mode] = await least_painted(app, pilot, app.screen)
    assert painted == dict.fromkeys(
        ("home", "campaigns", "compose", "schedule", "log", "outbox", "account"), 0
    )


async def test_what_is_opened_from_them_paints_nothing_at_rest_either(used, still):
    (run,) = used.overview.runs("news")
    painted = {}
    async with running(used, size=(120, 50)) as (app, pilot):
        await until(pilot, lambda: app.screen.has_loaded)
        for screen in (
            CampaignScreen(app.services, "news"),
            RunScreen(app.services, run.id),
            ContactScreen(app.services, "all1@example.com"),
            TaskLogScreen(app.services, "clear"),
        ):
            app.push_screen(screen)
            painted[type(screen)] = await least_painted(app, pilot, screen)
    assert painted == dict.fromkeys((CampaignScreen, RunScreen, ContactScreen, TaskLogScreen), 0)
