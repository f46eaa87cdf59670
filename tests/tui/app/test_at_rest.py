"""A screen on which nothing happens writes nothing to the terminal, however often it looks."""

import pytest

from sestui.core.task.fields import TaskFields
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
        for key in "12467":
            await pilot.press(key)
            painted[app.current_mode] = await least_painted(app, pilot, app.screen)
    assert painted == dict.fromkeys(("home", "campaigns", "compose", "log", "outbox"), 0)
