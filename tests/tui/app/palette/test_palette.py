"""The palette finds everything there is and all that can be done; jump keys give the focus."""

import threading
import time

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from textual.binding import Binding
from textual.geometry import Offset
from textual.widgets import Input

from sestui.core.task.fields import TaskFields
from sestui.settings import Settings
from sestui.tui.account.account_screen import AccountScreen
from sestui.tui.app.keys.jump_keys import JumpScreen
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.navigation.screen_registry import screen_class
from sestui.tui.app.navigation.tabs import TABS
from sestui.tui.app.palette.palette import PaletteList, PaletteScreen
from sestui.tui.app.palette.palette_entries import ranked
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.contacts.contacts_screen import ContactsScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.home.home_screen import HomeScreen
from sestui.tui.schedule.edit_task import EditTaskScreen
from tests.support.screens import add_campaign, running, shown, toasts, until

HOSTILE = "[red]a\x1b[31m\u202eb\nnovember"


@pytest.fixture
def some(runtime):
    """Some of everything; the id of a run of november."""
    november = add_campaign(runtime, "november", audience="subscribers")
    add_campaign(runtime, HOSTILE, audience="others")
    runtime.tasks.add(TaskFields("nightly-backup", "backup", "0 3 * * *"))
    return runtime.runs.start(november, time.time()).id


def lines(app):
    """The lines of the palette, as they are drawn."""
    region = app.screen.query_one(PaletteList).region
    drawn = shown(app).splitlines()[region.y : region.bottom]
    return [line[region.x : region.right].rstrip() for line in drawn]


async def opened(pilot, app, typed=""):
    """Open the palette, type, and wait until it shows what was found."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
    await pilot.press(*("space" if sign == " " else sign for sign in typed))
    await found(pilot, app)
    return app.screen


async def found(pilot, app):
    await until(pilot, app.screen._settled.is_set)
    await pilot.pause()


def is_at(app, mode, *pages):
    pages_of = [getattr(screen, "page", None) for screen in app.screen_stack[1:]]
    return app.current_mode == mode and pages_of == list(pages)


# what there is


@pytest.mark.long
@pytest.mark.ci
async def test_the_palette_counts_what_is_in_each_tab(runtime, still):
    add_campaign(runtime, contacts=1_234)
    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        await opened(pilot, app, "cam")
        await until(
            pilot,
            lambda: any("Campaigns" in line and "1 campaign" in line for line in lines(app)),
        )
        await pilot.press("escape")
        await opened(pilot, app, "contacts")
        await until(pilot, lambda: lines(app)[0].split()[:2] == ["Contacts", "1,234"])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("typed", "first", "place"),
    [
        ("nvmb", "november", ("campaigns", Page("campaign", "november"))),
        ("nov run", "november › run 1", ("campaigns", Page("campaign", "november"), "the run")),
        ("subscribers1@", "subscribers1@example.com",
         ("contacts", Page("contact", "subscribers1@example.com"))),
        ("task backup", "nightly-backup", ("schedule", Page("task", "nightly-backup"))),
        ("schedule", "Schedule", ("schedule",)),
        ("report", "Report: opens and clicks",
         ("campaigns", Page("campaign", "november"), "the run")),
    ],
)  # fmt: skip
async def test_every_kind_of_thing_is_found_and_opened(runtime, still, some, typed, first, place):
    async with running(runtime, place="home") as (app, pilot):
        await opened(pilot, app, typed)
        assert lines(app)[0].strip().startswith(first)
        await pilot.press("enter")
        mode, *pages = [Page("run", some) if each == "the run" else each for each in place]
        await until(pilot, lambda: is_at(app, mode, *pages))
        await pilot.press("alt+left")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


@pytest.mark.long
@pytest.mark.ci
async def test_a_list_is_opened_among_the_contacts(runtime, still, some):
    async with running(runtime, place="home") as (app, pilot):
        await opened(pilot, app, "list others")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        await until(pilot, lambda: "others · " in shown(app) or "others0@" in shown(app))
        await until(pilot, lambda: "subscribers0@" not in shown(app))


@pytest.mark.long
@pytest.mark.ci
async def test_contacts_are_found_by_anything_else_of_them_in_their_tab(runtime, still, some):
    async with running(runtime, place="home") as (app, pilot):
        await opened(pilot, app, "rs13@ex")
        assert "Find contacts with rs13@ex" in lines(app)[-1] or any(
            "Find contacts with rs13@ex" in line for line in lines(app)
        )
        await pilot.press("up", "enter")  # it is the last
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        await until(pilot, lambda: "subscribers13@" in shown(app) and "others13@" in shown(app))
        assert "subscribers12@" not in shown(app)


@pytest.mark.long
@pytest.mark.ci
async def test_a_setting_is_opened_among_the_others(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        await opened(pilot, app, "simulator_latency")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AccountScreen))
        table = app.screen._table
        await until(pilot, lambda: table.selected and table.selected.name == "simulator_latency")


async def test_every_setting_is_there(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        screen = await opened(pilot, app)
        names = {entry.name for entry in screen._entries if entry.kind == "setting"}
        assert names == set(Settings.model_fields)


async def test_reports_are_found_by_what_other_tools_call_them(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        entries = (await opened(pilot, app))._entries
        for word in ("report", "tracking", "track", "opens", "clicks"):
            names = [entry.name for entry, _ in ranked(entries, word)[:6]]
            assert "Report: opens and clicks" in names, word
        await pilot.press(*"report", "enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["Nothing has been sent yet: a run's screen tells its figures."]


# what can be done


@pytest.mark.long
@pytest.mark.ci
async def test_the_palette_does_what_the_screen_offers_now(runtime, still):
    add_campaign(runtime)
    async with running(runtime) as (app, pilot):
        await until(pilot, lambda: "news" in shown(app))
        await opened(pilot, app, "start")
        assert lines(app)[0].strip().startswith("Start")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))


async def test_every_action_of_every_tab_is_there_once_with_its_key(runtime, still):
    add_campaign(runtime)
    async with running(runtime, size=(120, 60)) as (app, pilot):
        await until(pilot, lambda: "news" in shown(app))
        offered = {
            binding.description
            for _node, binding, _enabled, tooltip in app.screen.active_bindings.values()
            if tooltip and not binding.action.startswith(("go(", "command_palette"))
        }
        screen = await opened(pilot, app)
        entries = [entry for entry in screen._entries if entry.kind in {"here", "action"}]
        names = [entry.name for entry in entries]
        assert offered <= set(names)
        assert len(names) == len(set(names))
        for tab in TABS:
            for binding in screen_class(tab.mode).__dict__.get("BINDINGS", ()):
                if not isinstance(binding, Binding) or binding.description == "Back":
                    continue
                if binding.tooltip and tab.mode != "campaigns":
                    assert f"{tab.name}: {binding.description}" in names
        assert all(entry.key or entry.name == "Theme" for entry in entries)
        assert all("\n" not in entry.name + entry.note for entry in entries)
        for name in ("Start or schedule", "Test", "Find", "Help", "Quit", "Jump"):
            assert names.count(name) == 1


@pytest.mark.long
@pytest.mark.ci
async def test_the_keys_are_the_operators_own(open_runtime, still):
    runtime = open_runtime(keymap={"schedule.new": "ctrl+t", "campaigns.new": "W"})
    async with running(runtime, place="campaigns") as (app, pilot):
        await until(pilot, lambda: app.keymap)
        await opened(pilot, app, "schedule new")
        assert lines(app)[0].split()[:2] == ["Schedule:", "New"]
        assert lines(app)[0].endswith(("^t", "ctrl+t"))


@pytest.mark.long
@pytest.mark.ci
async def test_an_action_of_another_tab_is_done_there_with_its_question(runtime, still):
    add_campaign(runtime)
    async with running(runtime, place="home") as (app, pilot):
        await opened(pilot, app, "campaigns start")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert app.current_mode == "campaigns"
        assert isinstance(app.screen_stack[0], CampaignsScreen)
        assert "20 recipients" in shown(app)
        await pilot.press("escape")
        await opened(pilot, app, "schedule new")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, EditTaskScreen))


@pytest.mark.long
@pytest.mark.ci
async def test_what_cannot_be_done_there_is_said(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        await opened(pilot, app, "schedule remove")
        await pilot.press("enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["Remove can't be done here now."]
        assert app.current_mode == "schedule"


@pytest.mark.long
@pytest.mark.ci
async def test_what_is_not_saved_there_is_asked_about(runtime, still):
    async with running(runtime, place="schedule") as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, EditTaskScreen))
        form = app.screen
        await until(pilot, lambda: form.query_one("#name", Input).has_focus)
        await pilot.press(*"weekly")
        await opened(pilot, app, "schedule crontab")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "new task" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is form)
        assert form.query_one("#name", Input).value == "weekly"


# as it is typed


@pytest.mark.long
@pytest.mark.ci
async def test_enter_that_comes_with_the_letters_opens_what_they_mean(runtime, still, some):
    async with running(runtime, place="home") as (app, pilot):
        await pilot.press("ctrl+p", *"november", "enter")
        await until(pilot, lambda: is_at(app, "campaigns", Page("campaign", "november")))


@pytest.mark.long
@pytest.mark.ci
async def test_typing_does_not_wait_for_the_database_and_only_the_last_search_ends(
    runtime, still, some
):
    async with running(runtime, place="home") as (app, pilot):
        screen = await opened(pilot, app)
        asked, go_on = [], threading.Event()

        def slow(_connection, _cursor, statement, *_rest):
            if "FROM campaign" in statement and "LIKE" in statement:
                asked.append(statement)
                go_on.wait(20)

        event.listen(runtime.database.engine, "before_cursor_execute", slow)
        try:
            await pilot.press("n")
            await until(pilot, lambda: len(asked) == 1)
            await pilot.press(*"ovem")
            assert screen.query_one(Input).value == "novem"
            await until(pilot, lambda: len(asked) >= 2)
            await pilot.press("ctrl+u", *"jump")
            await until(pilot, lambda: lines(app)[0].split()[:1] == ["Jump"])  # known without it
            await pilot.press("ctrl+u", *"november")
            go_on.set()
            await found(pilot, app)
            assert lines(app)[0].split()[0] == "november"
        finally:
            go_on.set()
            event.remove(runtime.database.engine, "before_cursor_execute", slow)


@pytest.mark.long
@pytest.mark.ci
async def test_counting_what_there_is_holds_nobody_up(runtime, still, some):
    """A million contacts take a while to be counted."""
    go_on = threading.Event()

    def slow(_connection, _cursor, statement, *_rest):
        if "count(*)" in statement and "FROM contact" in statement:
            go_on.wait(20)

    async with running(runtime, place="home", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: app.screen.has_loaded)
        event.listen(runtime.database.engine, "before_cursor_execute", slow)
        try:
            await opened(pilot, app, "contacts")
            await pilot.press("down")
            second = lines(app)[1].split()[:2]
            go_on.set()
            await until(pilot, lambda: "40 contacts" in lines(app)[0])
            assert lines(app)[1].split()[:2] == second
            await pilot.press("up", "enter")
            await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        finally:
            go_on.set()
            event.remove(runtime.database.engine, "before_cursor_execute", slow)


@pytest.mark.long
@pytest.mark.ci
async def test_a_database_that_is_busy_leaves_what_can_be_done(runtime, still, some):
    def busy(_connection, _cursor, statement, *_rest):
        if "LIKE" in statement:
            raise OperationalError(statement, {}, Exception("database is locked"))

    async with running(runtime, place="home") as (app, pilot):
        event.listen(runtime.database.engine, "before_cursor_execute", busy)
        try:
            await opened(pilot, app, "help")
            assert lines(app)[0].split()[0] == "Help"
            assert "The database" in shown(app)
        finally:
            event.remove(runtime.database.engine, "before_cursor_execute", busy)


@pytest.mark.long
@pytest.mark.ci
async def test_a_hostile_name_is_harmless_and_opens_what_it_names(runtime, still, some):
    async with running(runtime, place="home", size=(120, 30)) as (app, pilot):
        await opened(pilot, app, "[red]")
        assert lines(app)[0].strip().startswith(r"[red]a\x1b[31m\u202eb\nnovember")
        await pilot.press("enter")
        await until(pilot, lambda: is_at(app, "campaigns", Page("campaign", HOSTILE)))


@pytest.mark.long
@pytest.mark.ci
async def test_a_click_opens_and_the_wheel_and_keys_move(runtime, still, some):
    async with running(runtime, place="home") as (app, pilot):
        await opened(pilot, app, "november")
        row = next(number for number, line in enumerate(lines(app)) if "› run 1" in line)
        await pilot.click(PaletteList, offset=Offset(3, row))
        await until(
            pilot, lambda: is_at(app, "campaigns", Page("campaign", "november"), Page("run", some))
        )
        await opened(pilot, app, "november")
        await pilot.press(*["down"] * row, "enter")
        await until(pilot, lambda: not isinstance(app.screen, PaletteScreen))
        await opened(pilot, app)
        await pilot.press("up")  # to the last of them
        assert lines(app)[-1].split()[0] == list(Settings.model_fields)[-1]
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, PaletteScreen))


@pytest.mark.parametrize("size", [(200, 50), (80, 24), (40, 10), (20, 5)])
async def test_it_fits_and_each_entry_is_one_line(runtime, still, some, size):
    async with running(runtime, place="home", size=size) as (app, pilot):
        screen = await opened(pilot, app)
        assert screen.max_scroll_x == screen.max_scroll_y == 0
        region = screen.query_one(PaletteList).region
        assert screen.region.contains_region(region)
        if size >= (80, 24):
            names = [entry.name for entry in screen._entries]
            drawn = [line.strip() for line in lines(app)]
            assert all(line.startswith(name[:20]) for line, name in zip(drawn, names, strict=False))
            assert len(drawn) >= 10


@pytest.mark.long
@pytest.mark.ci
async def test_one_sees_which_line_enter_opens(runtime, still, some):
    async with running(runtime, place="home") as (app, pilot):
        screen = await opened(pilot, app, "november")
        region = screen.query_one(PaletteList).region

        def grounds():
            strips = screen._compositor.render_strips()[region.y : region.y + 3]
            cells = [strip.crop(region.x + 2, region.x + 3) for strip in strips]
            return [next(iter(cell)).style.bgcolor for cell in cells]

        first = grounds()
        assert first[0] != first[1] == first[2]
        await pilot.press("down")
        await pilot.pause()
        assert grounds() == [first[1], first[0], first[2]]


@pytest.mark.long
@pytest.mark.ci
async def test_every_tab_is_a_digit_away(runtime, still):
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
