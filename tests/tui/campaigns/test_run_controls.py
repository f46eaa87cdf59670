"""Holding, resuming and cancelling a run: what is shown meanwhile, and what an answer comes to."""

import time

import pytest
from textual.widgets import Static

from sestui.core.delivery.states import PauseReason, WaitReason
from sestui.core.schedule.cron import Occurrence
from sestui.sending.runs.operator import operator
from sestui.tui.app.pending_controls import PendingControls
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.campaign_table import CampaignTable
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.screens import add_campaign, running, shown, until


@pytest.fixture
def run(runtime):
    add_campaign(runtime)
    return runtime.starter.start(runtime.campaigns.get("news"), time.time())


def state(runtime, run):
    now = runtime.runs.get(run.id)
    return now.state, now.reason, now.resume_at


def asked(app):
    """What the question says."""
    return " ".join(str(each.render()) for each in app.screen.query(Static))


async def at_the_list(app, pilot):
    await until(pilot, lambda: app.screen.query_one(CampaignTable).row_count == 1)


def sending(runtime, run):
    pass


def waiting(runtime, run):
    runtime.runs.wait(run.id, WaitReason.QUOTA, "The quota is used up.", time.time() + 3_600)


def paused(runtime, run):
    runtime.runs.pause(run.id, PauseReason.ERRORS, "Something went wrong.")


@pytest.mark.parametrize("before", [sending, waiting, paused])
async def test_cancelling_pauses_first_and_going_back_leaves_all_as_it_was(
    runtime, still, run, before
):
    before(runtime, run)
    was = runtime.runs.get(run.id)
    async with running(runtime) as (app, pilot):
        await at_the_list(app, pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert runtime.runs.get(run.id).state == "paused", "nothing is sent while it is asked"
        assert app.screen_stack[-2].selected.run.state == "paused", "and that is to be seen"
        assert "20 recipients who are pending" in asked(app)
        said = "Going back leaves it paused" if before is paused else "going back continues it"
        assert said in asked(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        await until(pilot, lambda: state(runtime, run) == (was.state, was.reason, was.resume_at))
    assert runtime.runs.get(run.id).detail == was.detail


async def test_what_waits_for_approval_is_not_approved_by_going_back(runtime, still):
    campaign = add_campaign(runtime, misfire_hours=1)
    runtime.campaigns.set_next(campaign.id, Occurrence(time.time() - 5 * 3_600, ""))
    runtime.campaign_scheduler.start_campaigns()
    async with running(runtime) as (app, pilot):
        await at_the_list(app, pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
    now = runtime.overview.campaign("news").run
    assert (now.state, now.reason) == ("waiting", "approval")


async def test_cancelling_says_how_many_are_pending_once_nothing_moves(runtime, still, run):
    async with running(runtime) as (app, pilot):
        await at_the_list(app, pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: runtime.runs.get(run.id).state == "cancelled")
    assert runtime.runs.get(run.id).skipped == 20


@pytest.mark.long
@pytest.mark.ci
async def test_who_resumes_while_it_is_asked_is_not_overruled(runtime, still, run):
    async with running(runtime) as (app, pilot):
        await at_the_list(app, pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        runtime.run_control.resume("news")
        runtime.run_control.pause("news")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        await pilot.pause()
    assert runtime.runs.get(run.id).state == "paused", "somebody else paused it"


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("where", ["list", "campaign", "run"])
async def test_who_paused_it_is_said_as_it_is(runtime, open_runtime, still, run, where):
    def place():
        if where == "list":
            return app.screen
        screen = {"campaign": CampaignScreen, "run": RunScreen}[where]
        return screen(app.services, "news" if where == "campaign" else run.id)

    async with running(runtime, size=(120, 40)) as (app, pilot):
        await at_the_list(app, pilot)
        if (screen := place()) is not app.screen:
            app.push_screen(screen)
            await until(pilot, lambda: "sending" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: "paused" in shown(app))
        stored = runtime.runs.get(run.id).detail
        assert stored == f"Paused by {operator()}."
        if where == "list":
            return
        await until(pilot, lambda: "You paused this run." in shown(app))
        elsewhere = open_runtime()
        elsewhere.run_control.resume("news")
        await until(pilot, lambda: "paused" not in shown(app))
        elsewhere.runs.pause(run.id, PauseReason.OPERATOR, "Paused by bob on web2.")
        await until(pilot, lambda: "Paused by bob on web2." in shown(app))
        assert "You paused" not in shown(app)


def test_pausing_and_resuming_are_said_until_a_look_finds_them(runtime, run):
    def look():
        return controls.seen(runtime.overview.campaign("news")).run.shown_state

    controls = PendingControls()
    assert look() == "sending"
    controls.pausing(run.id)
    assert look() == "pausing…"
    before = runtime.overview.run(run.id)
    done = runtime.run_control.pause("news")
    controls.paused(run.id, done.detail)
    controls.seen(before)  # by a look that began before the pause
    assert look() == "paused"
    assert controls.seen(runtime.overview.run(run.id)).detail == "You paused this run."
    controls.resuming(run.id, runtime.overview.run(run.id))
    assert look() == "resuming…"
    runtime.run_control.resume("news")
    assert look() == "sending"
    runtime.run_control.pause("news")  # by somebody else
    assert controls.seen(runtime.overview.run(run.id)).detail == done.detail
    runtime.run_control.resume("news")
    controls.pausing(run.id)
    controls.failed(run.id)
    assert look() == "sending"
    controls.pausing(run.id)
    runtime.run_control.cancel("news")
    assert look() == "cancelled"


async def test_resuming_is_shown_while_the_ledger_is_busy(runtime, open_runtime, still, run):
    runtime.run_control.pause("news")
    async with running(runtime, size=(120, 24)) as (app, pilot):
        await at_the_list(app, pilot)
        await until(pilot, lambda: "paused" in shown(app))
        with open_runtime().database.write_connection():  # whoever resumes it has to wait
            await pilot.press("p")
            await until(pilot, lambda: "resuming…" in shown(app))
        await until(pilot, lambda: "sending" in shown(app))
    assert runtime.runs.get(run.id).state == "sending"


@pytest.mark.long
@pytest.mark.ci
async def test_what_the_breaker_has_paused_is_resumed_only_after_a_question(runtime, still, run):
    runtime.runs.pause(run.id, PauseReason.BREAKER, "9.3 % have [b]bounced[/b].")
    async with running(runtime) as (app, pilot):
        await at_the_list(app, pilot)
        await until(pilot, lambda: "paused" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "9.3 % have [b]bounced[/b]." in asked(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        assert runtime.runs.get(run.id).reason == "breaker"
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: runtime.runs.get(run.id).state == "sending")
    assert runtime.runs.get(run.id).breaker_since is not None
