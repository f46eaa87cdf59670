"""A split on the screens: its subjects side by side, and the winner chosen with a key."""

import time

import pytest

from sestui.core.delivery.states import RunState, WaitReason
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.dialogs.choose import ChooseScreen
from tests.support.screens import add_campaign, running, shown, until


@pytest.mark.long
@pytest.mark.ci
async def test_the_operator_sees_the_subjects_and_chooses_the_winner(runtime):
    split = ("Our news", "A gift for you")
    campaign = add_campaign(runtime, contacts=60, split=split, split_share=50.0)
    run_id = runtime.starter.start(campaign, time.time()).id
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: runtime.runs.get(run_id).reason == WaitReason.WINNER)
        await until(pilot, lambda: "B winner" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "B A gift for you" in shown(app))
        assert "the rest waits until you choose the winner" in shown(app)
        assert "Too few to tell: nobody has clicked." in shown(app)
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        rest = runtime.runs.get(run_id).pending
        assert f"{rest} recipients get it." in shown(app)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: runtime.runs.get(run_id).state == RunState.FINISHED)
        await until(pilot, lambda: "✓ B A gift for you" in shown(app))
        assert "B was chosen by" in shown(app)
        assert "B Winner" not in shown(app)
    assert runtime.runs.get(run_id).winner == "B"
