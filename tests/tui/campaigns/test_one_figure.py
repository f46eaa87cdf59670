"""Whoever shows a figure of a run shows the same: screens, commands and mails, in every state."""

import time

import pytest

from sestui.core.delivery.states import ENDED_RUN_STATES, RunState
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.run_screen import RunScreen
from tests.support.cli import Sestui
from tests.support.finished_runs import settle
from tests.support.screens import add_campaign, running, shown, until

SIZE = (150, 45)
COUNTED = ("accepted", "rejected", "in_doubt", "skipped")


def run_in(runtime, state):
    """A run of 1,000 in this state, in which something became of some: its id."""
    campaign = add_campaign(runtime, contacts=1_000)
    run = runtime.runs.start(campaign, time.time() - 60)
    states = ["accepted"] * 6 + ["rejected", "in_doubt", "skipped"]
    if state is not RunState.FINISHED:
        states += ["skipped" if state in ENDED_RUN_STATES else "pending"] * 2
    settle(runtime, run.id, states, ended=state)
    if state not in ENDED_RUN_STATES:
        with runtime.database.write_connection() as connection:
            connection.exec_driver_sql("UPDATE run SET finished_at = NULL")
    return run.id


@pytest.mark.long
@pytest.mark.parametrize("state", RunState)
async def test_a_figure_is_the_same_wherever_it_stands(runtime, still, tmp_path, state):
    run_id = run_in(runtime, state)
    cli = Sestui(tmp_path / "home", {"SESTUI_DATA_DIR": str(tmp_path)})
    run = cli.json("campaign", "show", "news")["run"]
    percent = f"{run['percent']} %"
    assert (percent == "100 %") == (state is RunState.FINISHED)
    assert f"{percent} done" in runtime.overview.run(run_id).sentence()
    assert percent in cli.run("campaign", "show", "news").stdout
    assert percent in cli.run("campaign", "list").stdout
    figures = {name: f"{run[name]:,}" for name in COUNTED}
    async with running(runtime, size=SIZE) as (app, pilot):

        def stands(*texts):
            return all(text in shown(app).replace("\xa0", " ") for text in texts)

        await until(pilot, lambda: stands("news", percent, figures["rejected"]))
        app.push_screen(CampaignScreen(app.services, "news"))
        await until(pilot, lambda: stands(*figures.values()))
        assert stands(percent)
        if run["average_rate"] is not None:
            assert stands(f"{run['average_rate']:,.1f}/s")
        app.push_screen(RunScreen(app.services, run_id))
        legend = [f"{name.replace('_', ' ')} {count}" for name, count in figures.items()]
        await until(pilot, lambda: stands(percent, f"{run['done']:,} of 1,000", *legend))
        if run["average_rate"] is not None:
            assert stands(f"{run['average_rate']:,.1f}/s on average")
        if state in (RunState.SENDING, RunState.WAITING):
            await pilot.press("1")
            await until(pilot, lambda: stands(percent))
