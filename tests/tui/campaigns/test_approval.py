"""A campaign that is too late: seen at once, and sent only when somebody has said so."""

import time

import pytest

from sestui.core.delivery.states import RunState
from sestui.core.schedule.cron import Occurrence
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.screens import add_campaign, running, shown, until


@pytest.mark.long
@pytest.mark.ci
async def test_what_waits_for_approval_stands_on_home_and_is_sent_from_there(runtime):
    campaign = add_campaign(runtime, misfire_hours=1)
    runtime.campaigns.set_next(campaign.id, Occurrence(time.time() - 5 * 3_600, ""))
    (run_id,) = runtime.campaign_scheduler.start_campaigns().run_ids
    async with running(runtime, place="home", size=(120, 24)) as (app, pilot):
        await until(pilot, lambda: "Needs you" in shown(app))
        assert any("run 1" in line and "p approve" in line for line in shown(app).splitlines())
        assert "It was due" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "waiting" in shown(app))
        await until(pilot, lambda: "5 h ago" in shown(app))
        assert runtime.runs.get(run_id).pending == 20, "the sender behind the screen has left it"
        assert "p Resume" in shown(app)
        assert "p Pause" not in shown(app)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "20 recipients get the mail now." in shown(app)
        await pilot.press("enter")  # the way back is what has the focus
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert runtime.runs.get(run_id).state == RunState.WAITING
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: runtime.runs.get(run_id).state == RunState.FINISHED)
        assert runtime.runs.get(run_id).accepted == 20
