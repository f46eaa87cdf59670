"""Due campaigns start while the screens are open."""

import time

import pytest

from sestui.core.delivery.states import RunKind
from sestui.core.schedule.cron import Occurrence
from tests.support.screens import add_campaign, running, toasts, until


def schedule(runtime, campaign, at):
    runtime.campaigns.set_next(campaign.id, Occurrence(at, f"at {at}"))


def runs_of(runtime, campaign):
    return [r for r in runtime.runs.of_campaign(campaign.id) if r.kind == RunKind.CAMPAIGN]


@pytest.mark.long
@pytest.mark.ci
async def test_a_campaign_that_comes_due_starts_and_is_sent(runtime):
    late = add_campaign(runtime, "late", contacts=3, audience="a")
    runtime.suppressions.add("a0@example.com", "manual", "", time.time())
    soon = add_campaign(runtime, "soon", contacts=3, audience="b")
    far = add_campaign(runtime, "far", contacts=2, audience="c")
    schedule(runtime, late, time.time() - 30)
    schedule(runtime, far, time.time() + 86_400)
    async with running(runtime, place="home", due_seconds=0.1) as (app, pilot):
        await until(pilot, lambda: any("late has started" in each for each in toasts(app)))
        assert any("run 1, up to 2 recipients." in each for each in toasts(app))
        schedule(runtime, soon, time.time())
        await until(pilot, lambda: any("soon has started" in each for each in toasts(app)))
        for campaign, size in ((late, 2), (soon, 3)):
            await until(
                pilot,
                lambda c=campaign, n=size: [r.accepted for r in runs_of(runtime, c)] == [n],
            )
        assert not runs_of(runtime, far)


@pytest.mark.long
@pytest.mark.ci
async def test_what_holds_a_campaign_back_is_told_once_and_stops_no_other(runtime):
    held = add_campaign(runtime, "held", contacts=2, audience="a")
    fine = add_campaign(runtime, "fine", contacts=2, audience="b")
    schedule(runtime, held, time.time() - 86_400 * 400)
    async with running(runtime, place="home", due_seconds=0.1) as (app, pilot):
        await until(pilot, lambda: any("held waits for approval" in each for each in toasts(app)))
        schedule(runtime, fine, time.time())
        await until(pilot, lambda: any("fine has started" in each for each in toasts(app)))
        assert sum("held" in each for each in toasts(app)) == 1
        (run,) = runs_of(runtime, held)
        assert run.accepted == 0


@pytest.mark.long
@pytest.mark.ci
async def test_screens_that_are_not_to_start_anything_leave_it_due(runtime):
    late = add_campaign(runtime, "late", contacts=2)
    schedule(runtime, late, time.time() - 30)
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: app.background.alive)
        assert [each.id for each in runtime.campaigns.due(time.time())] == [late.id]
