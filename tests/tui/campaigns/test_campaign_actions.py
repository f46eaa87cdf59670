"""Campaigns duplicated, renamed, archived and deleted from the tab Campaigns."""

import time

import pytest
from textual.widgets import Input, Static

from sestui.core.task.fields import TaskFields
from sestui.tui.campaigns.campaign_table import CampaignTable
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.screens import add_campaign, running, shown, toasts, until


def names(app):
    return [view.name for view in app.screen.query_one(CampaignTable)._views]


def asked(app):
    """What the question says."""
    return " ".join(str(each.render()) for each in app.screen.query(Static))


def sent(runtime, name="news"):
    runtime.starter.start(runtime.campaigns.get(name), time.time())
    runtime.run_control.cancel(name)


def started_by_task(runtime, name="news", **fields):
    runtime.tasks.add(
        TaskFields("weekly", "campaign", "0 9 * * 1", parameters={"campaign": name}, **fields)
    )


async def listed(app, pilot, *wanted):
    await until(
        pilot, lambda: isinstance(app.screen, CampaignsScreen) and names(app) == list(wanted)
    )


async def answer(app, pilot, text):
    """Type an answer in place of the one that is proposed."""
    await until(pilot, lambda: isinstance(app.screen, AskScreen))
    line = app.screen.query_one(Input)
    line.value = text
    await pilot.press("enter")


@pytest.mark.long
@pytest.mark.ci
async def test_a_duplicate_has_a_name_that_is_proposed_and_gets_the_cursor(runtime, still):
    add_campaign(runtime, schedule="0 9 * * *")
    sent(runtime)
    async with running(runtime) as (app, pilot):
        await listed(app, pilot, "news")
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        assert app.screen.query_one(Input).value == "news-copy"
        await pilot.press("enter")
        await listed(app, pilot, "news", "news-copy")
        await until(pilot, lambda: app.screen.selected.name == "news-copy")
        assert app.screen.selected.state == "draft"
        await pilot.press("D", "escape")
        await pilot.press("D")
        await answer(app, pilot, "not a name")
        await until(
            pilot, lambda: any("can't be a campaign's name" in each for each in toasts(app))
        )
    assert runtime.campaigns.get("news-copy").schedule == ""
    assert runtime.campaigns.names() == ["news", "news-copy"]


async def test_a_rename_says_what_follows_it(runtime, still):
    add_campaign(runtime)
    add_campaign(runtime, "aaa")
    sent(runtime)
    started_by_task(runtime)
    async with running(runtime) as (app, pilot):
        await listed(app, pilot, "aaa", "news")
        await pilot.press("j", "W")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        assert "The task weekly will start it by the new name." in asked(app)
        await answer(app, pilot, "zzz")
        await listed(app, pilot, "aaa", "zzz")
        await until(pilot, lambda: app.screen.selected.name == "zzz")
        assert app.screen.selected.run.number == 1
        assert any("The task weekly will start it by that name" in each for each in toasts(app))
    assert runtime.tasks.get("weekly").fields.parameters == {"campaign": "zzz"}


@pytest.mark.long
@pytest.mark.ci
async def test_the_archive_is_hidden_unless_asked_for_and_starts_nothing(runtime, still):
    add_campaign(runtime)
    add_campaign(runtime, "other")
    sent(runtime)
    async with running(runtime, size=(120, 30)) as (app, pilot):
        await listed(app, pilot, "news", "other")
        await pilot.press("A")
        await listed(app, pilot, "other")
        await pilot.press("b")
        await listed(app, pilot, "news", "other")
        await pilot.press("g")
        await until(pilot, lambda: "archived" in shown(app))
        assert "s Start" not in shown(app)
        await pilot.press("s", "t")
        await pilot.pause()
        assert isinstance(app.screen, CampaignsScreen)
        await pilot.press("A")
        await until(pilot, lambda: not app.screen.selected.archived)
        await until(pilot, lambda: "s Start" in shown(app))
        assert any("news is back" in each for each in toasts(app))


async def test_what_archiving_switches_off_is_asked_about(runtime, still):
    add_campaign(runtime)
    started_by_task(runtime)
    async with running(runtime) as (app, pilot):
        await listed(app, pilot, "news")
        for keys in (["escape"], ["tab", "enter"]):
            assert runtime.tasks.get("weekly").fields.active
            await pilot.press("A")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            assert "The task weekly is switched off, too." in asked(app)
            await pilot.press(*keys)
        await listed(app, pilot)
    assert not runtime.tasks.get("weekly").fields.active


@pytest.mark.long
@pytest.mark.ci
async def test_what_was_never_sent_is_deleted_once_that_is_said(runtime, still):
    add_campaign(runtime)
    add_campaign(runtime, "other")
    async with running(runtime) as (app, pilot):
        await listed(app, pilot, "news", "other")
        for keys, left in ((["enter"], ["news", "other"]), (["tab", "enter"], ["other"])):
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            assert "Delete news?" in asked(app)
            assert "It has never been sent." in asked(app)
            await pilot.press(*keys)
            await listed(app, pilot, *left)
    assert runtime.campaigns.names() == ["other"]


@pytest.mark.parametrize("why", ["sent", "task"])
async def test_what_cannot_be_deleted_is_offered_to_be_archived(runtime, still, why):
    add_campaign(runtime)
    if why == "sent":
        sent(runtime)
    else:
        started_by_task(runtime)
    async with running(runtime) as (app, pilot):
        await listed(app, pilot, "news")
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "news can't be deleted. Archive it instead?" in asked(app)
        said = "has been sent (1 run)" if why == "sent" else "The task weekly can start it."
        assert said in asked(app)
        await pilot.press("tab", "enter")
        await listed(app, pilot)
    assert runtime.campaigns.get("news").archived_at is not None


async def test_x_cancels_what_goes_on_and_deletes_nothing_then(runtime, still):
    add_campaign(runtime)
    runtime.starter.start(runtime.campaigns.get("news"), time.time())
    async with running(runtime) as (app, pilot):
        await listed(app, pilot, "news")
        await pilot.press("A")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Cancel run 1 of news?" in asked(app)


async def test_a_hostile_name_is_shown_as_typed_in_every_question(runtime, still):
    name = "[bold red]\x1bx[/]"
    add_campaign(runtime, name)
    async with running(runtime) as (app, pilot):
        await listed(app, pilot, name)
        for key, kind in (("D", AskScreen), ("W", AskScreen), ("x", ConfirmScreen)):
            await pilot.press(key)
            await until(pilot, lambda kind=kind: isinstance(app.screen, kind))
            assert "[bold red]\\x1bx[/]" in asked(app)
            assert "\x1b" not in shown(app)
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
