"""The palette, the help and the jump keys: all from what the widgets and bindings declare."""

from textual.command import CommandPalette
from textual.widgets import Input

from sestui.tui.app.jump_keys import JumpScreen
from sestui.tui.app.tabs import TABS
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.screens import add_campaign, running, shown, until


async def test_the_palette_counts_what_is_in_each_place(runtime, still):
    add_campaign(runtime, contacts=1_234)
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Campaigns · 1 campaign" in shown(app))
        await pilot.press(*"campaigns")
        await until(pilot, lambda: "Contacts ·" not in shown(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))


async def test_the_palette_does_what_the_screen_offers_now(runtime, still):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: "news" in shown(app))
        await pilot.press("ctrl+p", *"start")
        await until(pilot, lambda: "Send the campaign" in shown(app))
        assert isinstance(app.screen, CommandPalette)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))


async def test_every_place_is_a_digit_away(runtime, still):
    async with running(runtime) as (app, pilot):
        for number, place in enumerate(TABS, 1):
            await pilot.press(str(number))
            await until(pilot, lambda place=place: app.current_mode == place.mode)
            assert place.name == app.screen.PLACE


async def test_a_jump_key_gives_the_focus(runtime, still):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: "news" in shown(app))
        await pilot.press("slash")
        find = app.screen.query_one("#find", Input)
        assert find.has_focus
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
        assert not find.has_focus
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))


async def test_every_action_of_the_screen_is_in_the_palette_once(runtime, still):
    add_campaign(runtime)
    async with running(runtime, size=(120, 60)) as (app, pilot):
        await until(pilot, lambda: "news" in shown(app))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Theme" in shown(app))
        for name in ("Start", "Test", "Find", "Help", "Quit", "Jump"):
            lines = [line for line in shown(app).splitlines() if line.split()[:1] == [name]]
            assert len(lines) == 1, (name, shown(app))
