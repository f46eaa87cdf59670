import time

import pytest
from textual.widgets import DataTable, Input

from sestui.tui.app.keys.help import HelpScreen
from sestui.tui.campaigns.campaign_table import CampaignTable
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.dialogs.ask import AskScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from tests.support.screens import add_campaign, running, shown, toasts, until

SCROLL_BAR = 2
"""Cells that are left free for it."""


def listed(app):
    return app.screen.query_one(CampaignTable).row_count


def finished(runtime, name="news"):
    view = runtime.overview.campaign(name)
    return view.run is not None and view.run.state == "finished"


async def test_an_empty_list_teaches_the_first_commands(runtime, still):
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: "sestui import" in shown(app))
        assert "sestui apply" in shown(app)
        assert "SIMULATOR" in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_campaign_is_started_and_watched_to_its_end(runtime):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "20 recipients" in shown(app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "finished" in shown(app) and "100 %" in shown(app))
        await until(pilot, lambda: "20 accepted" in shown(app))
        assert "SIMULATOR" in shown(app)
        await pilot.press("escape")
        assert isinstance(app.screen, CampaignsScreen)
        await until(pilot, lambda: "finished" in shown(app))
    assert runtime.overview.campaign("news").run.counts.accepted == 20


async def test_the_question_defaults_to_going_back(runtime, still):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        for key in ("enter", "escape"):
            await pilot.press("s")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, CampaignsScreen))
    assert runtime.overview.campaign("news").run is None


@pytest.mark.long
@pytest.mark.ci
async def test_above_a_thousand_the_number_is_typed(runtime):
    add_campaign(runtime, contacts=1_001, max_rate=5)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press(*"1000", "enter")
        assert isinstance(app.screen, ConfirmScreen)
        assert "That is not 1,001." in toasts(app)
        await pilot.press("backspace", *"1", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
    assert runtime.overview.campaign("news").run.counts.audience == 1_001


@pytest.mark.long
async def test_what_was_sent_before_is_sent_again_only_when_said_so(runtime):
    add_campaign(runtime, contacts=2)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        for number in (1, 2):
            await pilot.press("s")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            assert ("has been sent before" in shown(app)) == (number == 2)
            await pilot.press("right", "enter")
            await until(pilot, lambda: isinstance(app.screen, RunScreen))
            await until(pilot, lambda: finished(runtime))
            await pilot.press("escape")
            await until(pilot, lambda: "finished" in shown(app))
    assert runtime.overview.campaign("news").run.number == 2


@pytest.mark.long
@pytest.mark.ci
async def test_a_test_mail_goes_to_one_address(runtime):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("t")
        await pilot.press(*"me@example.org", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "me@example.org" in shown(app) and "finished" in shown(app))
        await until(pilot, lambda: "7 Outbox shows the mail" in shown(app))
    (run,) = runtime.overview.runs("news")
    assert (run.kind, run.counts.accepted) == ("test", 1)


@pytest.mark.long
@pytest.mark.ci
async def test_a_test_to_what_is_no_address_is_mended_in_the_dialog(runtime, still):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, AskScreen) and app.screen.focused)
        await pilot.press(*"me@example", "enter")
        await until(pilot, lambda: "after the @-sign is not valid" in shown(app))
        assert runtime.overview.runs("news") == []
        await pilot.press(*".org")
        await until(pilot, lambda: "after the @-sign is not valid" not in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
    (run,) = runtime.overview.runs("news")
    assert run.label == "test 1"


@pytest.mark.long
async def test_a_run_is_paused_resumed_and_cancelled_from_the_list(runtime):
    add_campaign(runtime, contacts=50, max_rate=5)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("escape")
        await until(pilot, lambda: "sending" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: "paused" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: "sending" in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "cancelled" in shown(app))
    counts = runtime.overview.campaign("news").run.counts
    assert (counts.audience, counts.pending, counts.sending) == (50, 0, 0)


async def test_names_are_found_as_they_are_typed(runtime, still):
    for name in ("november", "december", "welcome"):
        add_campaign(runtime, name)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 3)
        await pilot.press("slash", *"EMBER")
        await until(pilot, lambda: listed(app) == 2)
        await pilot.press("enter")
        assert isinstance(app.focused, DataTable)
        await pilot.press("escape")
        await until(pilot, lambda: listed(app) == 3)
        assert not app.screen.query_one("#find", Input).display


@pytest.mark.long
@pytest.mark.ci
async def test_what_needs_somebody_comes_first_when_asked_to(runtime, still):
    for name in ("a", "b", "c", "d"):
        add_campaign(runtime, name)
    for name in ("b", "c", "d"):
        runtime.starter.start(runtime.campaigns.get(name), time.time())
    runtime.run_control.cancel("b")
    runtime.run_control.pause("d")
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 4)
        table = app.screen.query_one(CampaignTable)
        for order in ("dcab", "abcd"):
            await pilot.press("o", "g")
            for name in order:
                assert table.selected.name == name
                await pilot.press("j")


@pytest.mark.long
@pytest.mark.ci
async def test_a_long_name_gets_the_room_of_other_columns(runtime, still):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: "Rejected" in shown(app))
        long = "spring-collection-2027-early-access-list"
        add_campaign(runtime, long)
        await until(pilot, lambda: long in shown(app))
        assert "Rejected" not in shown(app)
        assert "In doubt" in shown(app)


async def test_the_cursor_stays_on_its_campaign(runtime, still):
    for name in ("b", "c"):
        add_campaign(runtime, name)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 2)
        table = app.screen.query_one(CampaignTable)
        await pilot.press("G")
        assert table.selected.name == "c"
        await pilot.press("k", "j")
        add_campaign(runtime, "a")
        await until(pilot, lambda: listed(app) == 3)
        assert table.selected.name == "c"
        await pilot.press("g")
        assert table.selected.name == "a"
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert table.selected.name == "a"


HOSTILE = [
    "[bold red]x[/]",
    "\x1b[31mred",
    "\u202eabc",
    "日本語のキャンペーン" * 20,
    "e\u0301\u0302\u0303" * 50,
    "z" * 10_000,
]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_hostile_names_show_as_typed_and_break_nothing(runtime, still, size):
    for name in HOSTILE:
        add_campaign(runtime, name)
    async with running(runtime, size=size) as (app, pilot):
        await until(pilot, lambda: listed(app) == len(HOSTILE))
        await pilot.pause()
        text = shown(app)
        assert "[bold red]x[/]" in text
        assert "\\x1b[31mred" in text
        assert "\\u202eabc" in text
        assert "\x1b" not in text
        assert "zzzz…" in text
        assert app.screen.query_one(CampaignTable).max_scroll_x == 0


@pytest.mark.long
@pytest.mark.ci
async def test_a_hostile_name_shows_as_typed_wherever_it_goes(runtime):
    name = "[bold red]\x1bx[/]"
    add_campaign(runtime, name)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Send [bold red]\\x1bx[/] to 20" in shown(app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "finished" in shown(app))
        assert "[bold red]\\x1bx[/] · run 1" in shown(app)


@pytest.mark.long
async def test_help_has_a_row_for_each_action(runtime, still):
    add_campaign(runtime)
    async with running(runtime, size=(120, 60)) as (app, pilot):
        await until(pilot, lambda: listed(app) == 1)
        offered = [
            each.binding.description
            for each in app.screen.active_bindings.values()
            if each.tooltip and not each.binding.system
        ]
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.pause()
        for description in offered:
            assert f"{description}: " in shown(app)
        assert {"Start or schedule", "Test", "Find", "Quit", "Open"} <= set(offered)
        await pilot.press("escape")
        assert isinstance(app.screen, CampaignsScreen)


async def test_columns_fit_the_frame_however_late_it_comes_or_goes(runtime, still):
    add_campaign(runtime, contacts=3)
    async with running(runtime, place="campaigns", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: "news" in shown(app))
        table = app.screen.query_one(CampaignTable)

        def fits():
            return sum(each.get_render_width(table) for each in table.columns.values()) == (
                table.size.width - SCROLL_BAR
            )

        assert fits()
        for width in (120, 118):
            app.screen.set_class(width == 120, "-tight")
            await until(pilot, lambda width=width: table.size.width == width)
            await pilot.pause()
            assert fits()  # at once, not by the screen's next look
