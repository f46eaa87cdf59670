"""Tabs lead to their roots; the header says where one is; back and forward through the visited."""

import time

import pytest
from textual.geometry import Offset
from textual.widgets import Input

from sestui.core.task.fields import TaskFields
from sestui.tui.account.relay_keys import RelayKeysScreen
from sestui.tui.app.navigation.pages import Location, Page
from sestui.tui.app.navigation.top_bar import TopBar
from sestui.tui.campaigns.campaign_screen import CampaignScreen
from sestui.tui.campaigns.campaigns_screen import CampaignsScreen
from sestui.tui.campaigns.run_screen import RunScreen
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.contacts.contacts_screen import ContactsScreen
from sestui.tui.contacts.edit_contact import EditContactScreen
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.home.home_screen import HomeScreen
from sestui.tui.imports.import_screen import ImportScreen
from sestui.tui.schedule.edit_task import EditTaskScreen
from sestui.tui.schedule.schedule_screen import ScheduleScreen
from tests.support.screens import add_campaign, running, shown, toasts, until

HOSTILE = "[bold]a\x1b[31m[/]\u202eb › x\nnews"


def header(app):
    return next(iter(shown(app).splitlines()), "")


async def at(pilot, app, kind):
    """Wait until that screen is in front, and has drawn itself."""
    await until(pilot, lambda: isinstance(app.screen, kind))
    await pilot.pause()
    return app.screen


def is_at(app, mode, *pages):
    return app.current_mode == mode and [screen.page for screen in app.screen_stack[1:]] == list(
        pages
    )


async def click_on(pilot, app, text):
    """Click on the header where ``text`` stands."""
    await until(pilot, lambda: text in header(app))
    await pilot.click(offset=Offset(header(app).index(text), 0))


@pytest.fixture
def run(runtime):
    """A campaign called november, with two runs; the id of the second."""
    campaign = add_campaign(runtime, "november")
    first = runtime.runs.start(campaign, time.time() - 60)
    with runtime.database.write_connection() as connection:
        connection.exec_driver_sql(f"UPDATE run SET state = 'finished' WHERE id = {first.id}")
    return runtime.runs.start(campaign, time.time(), again=True).id


def pages_of(run):
    return Page("campaign", "november"), Page("run", run)


@pytest.fixture
async def deep(runtime, still, run):
    """The app with Campaigns › november › run 2 in front."""
    async with running(runtime, place="campaigns") as (app, pilot):
        await until(pilot, lambda: "november" in shown(app))
        await pilot.press("enter")
        await at(pilot, app, CampaignScreen)
        await until(pilot, lambda: "run 2" in shown(app))
        await pilot.press("enter")
        await at(pilot, app, RunScreen)
        await until(pilot, lambda: "november › run 2" in header(app))
        yield app, pilot


# to a tab's root


@pytest.mark.long
@pytest.mark.ci
async def test_a_digit_leads_to_the_root_of_its_tab_from_wherever_one_is(deep):
    app, pilot = deep
    await pilot.press("2")
    await at(pilot, app, CampaignsScreen)
    await pilot.press("enter")
    await at(pilot, app, CampaignScreen)
    await pilot.press("3")
    await at(pilot, app, ContactsScreen)
    await pilot.press("2")
    await at(pilot, app, CampaignsScreen)
    assert app.screen_stack == [app.screen]


@pytest.mark.long
@pytest.mark.ci
async def test_a_click_on_a_tab_is_as_good_as_its_digit(deep):
    app, pilot = deep
    await click_on(pilot, app, "Campaigns")
    await at(pilot, app, CampaignsScreen)
    await click_on(pilot, app, "Contacts")
    await at(pilot, app, ContactsScreen)


@pytest.mark.long
@pytest.mark.ci
async def test_a_key_typed_behind_the_digit_reaches_the_root(deep):
    app, pilot = deep
    await pilot.press("2", "slash", "n", "o")
    screen = await at(pilot, app, CampaignsScreen)
    assert screen.query_one("#find", Input).value == "no"


async def task_form(app, pilot):
    await pilot.press("5")
    await at(pilot, app, ScheduleScreen)
    await pilot.press("n")
    form = await at(pilot, app, EditTaskScreen)
    await until(pilot, lambda: form.query_one("#name", Input).has_focus)
    return form


@pytest.mark.long
@pytest.mark.ci
async def test_what_is_not_saved_is_asked_about_and_kept(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        form = await task_form(app, pilot)
        await pilot.press(*"weekly")
        await click_on(pilot, app, "2")  # elsewhere: nothing is lost
        await at(pilot, app, CampaignsScreen)
        await pilot.press("5")  # back to its tab: now it would be
        question = await at(pilot, app, ConfirmScreen)
        assert "new task" in shown(app)
        assert question is not form
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is form)
        assert form.query_one("#name", Input).value == "weekly"
        await click_on(pilot, app, "Schedule")
        await at(pilot, app, ConfirmScreen)
        await pilot.press("tab", "enter")
        await at(pilot, app, ScheduleScreen)
        assert app.screen_stack == [app.screen]


async def test_a_contact_that_is_being_edited_is_asked_about(runtime, still):
    add_campaign(runtime)
    async with running(runtime, place="contacts") as (app, pilot):
        await until(pilot, lambda: "all0@example.com" in shown(app))
        await pilot.press("e")
        form = await at(pilot, app, EditContactScreen)
        await until(pilot, lambda: form.has_loaded and not form.touched)
        form.query_one("#reason", Input).value = "on their wish"
        await until(pilot, lambda: form.touched)
        await pilot.press("alt+left")
        await at(pilot, app, ConfirmScreen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is form)


@pytest.mark.long
@pytest.mark.ci
async def test_what_was_chosen_for_an_import_is_asked_about(runtime, still, tmp_path, monkeypatch):
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    (folder / "people.csv").write_text("Email\nada@x.co\n", "utf-8")
    async with running(runtime, place="contacts") as (app, pilot):
        await at(pilot, app, ContactsScreen)
        await pilot.press("i")
        screen = await at(pilot, app, ImportScreen)
        assert screen.would_lose == ""
        files = screen.query_one("#import-file LazyTable")
        await until(pilot, lambda: files.selected is not None)
        await pilot.press("enter")
        await until(pilot, lambda: "Becomes" in shown(app))
        await click_on(pilot, app, "Contacts")
        await at(pilot, app, ConfirmScreen)
        await pilot.press("tab", "enter")
        await at(pilot, app, ContactsScreen)


@pytest.mark.long
@pytest.mark.ci
async def test_a_form_in_which_nothing_was_typed_goes_without_a_question(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        await task_form(app, pilot)
        await click_on(pilot, app, "Schedule")
        await at(pilot, app, ScheduleScreen)


# the trail in the header


@pytest.mark.long
@pytest.mark.ci
async def test_the_header_says_where_one_is_and_each_part_leads_there(deep, run):
    app, pilot = deep
    assert "Campaigns › november › run 2" in header(app)
    await click_on(pilot, app, "november")
    await at(pilot, app, CampaignScreen)
    await until(pilot, lambda: "Campaigns › november " in header(app))
    assert is_at(app, "campaigns", *pages_of(run)[:1])


async def test_a_run_opened_from_elsewhere_leads_to_its_campaign_too(runtime, still, run):
    async with running(runtime, place="home", size=(120, 30)) as (app, pilot):
        await until(pilot, lambda: "november" in shown(app))
        await pilot.press("enter")
        await at(pilot, app, RunScreen)
        await until(pilot, lambda: "Home › november › run 2" in header(app))
        await click_on(pilot, app, "november")
        await at(pilot, app, CampaignScreen)
        assert is_at(app, "home", pages_of(run)[0])
        await pilot.press("escape")
        await at(pilot, app, HomeScreen)


@pytest.mark.parametrize("width", [200, 120, 80, 60, 40, 20])
async def test_the_header_is_one_line_in_which_nothing_overlaps(runtime, still, width):
    name = "a-rather-long-name-of-a-campaign-that-nobody-shortens"
    add_campaign(runtime, name)
    async with running(runtime, size=(width, 24)) as (app, pilot):
        await until(pilot, lambda: name[:5] in shown(app))
        root = header(app)
        await pilot.press("enter")
        await at(pilot, app, CampaignScreen)
        for line in (root, header(app)):
            assert len(line) == width
            assert line.endswith(" SIMULATOR ") or width < 40
            assert line[: -len(" SIMULATOR ")].endswith(" ") or width < 40
        if width >= 60:
            assert f"Campaigns › {name[:5]}" in header(app)
            assert all(key in header(app) for key in "345678")
        if width >= 80:
            assert all(tab in root for tab in ("Home", "Campaigns", "Contacts", "Account"))
        if width >= 40:
            await click_on(pilot, app, "3" if width < 200 else "Contacts")
            await at(pilot, app, ContactsScreen)


async def test_a_hostile_name_is_made_harmless_in_the_header(runtime, still):
    add_campaign(runtime, HOSTILE)
    async with running(runtime, size=(160, 24)) as (app, pilot):
        await until(pilot, lambda: "[bold]" in shown(app))
        await pilot.press("enter")
        screen = await at(pilot, app, CampaignScreen)
        assert r"Campaigns › [bold]a\x1b[31m[/]\u202eb › x\nnews" in header(app)
        await click_on(pilot, app, "[bold]a")
        await pilot.pause()
        assert app.screen is screen
        await pilot.press("2", "less_than_sign")
        await at(pilot, app, CampaignScreen)


async def test_the_header_shows_the_keys_that_the_operator_has_given_to_tabs(open_runtime, still):
    keymap = {"go.contacts": "c", "go.log": "ctrl+l"}
    async with running(open_runtime(keymap=keymap), place="home", size=(120, 24)) as (app, pilot):
        await until(pilot, lambda: "c Contacts" in header(app))
        assert "2 Campaigns" in header(app)
        assert "6 Log" not in header(app)


# back and forward


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize(
    ("back", "forward"),
    [("alt+left", "alt+right"), ("less_than_sign", "greater_than_sign")],
)
async def test_back_and_forward_lead_through_what_was_visited(deep, run, back, forward):
    app, pilot = deep
    await pilot.press("3")
    await at(pilot, app, ContactsScreen)
    await pilot.press("2")
    await at(pilot, app, CampaignsScreen)
    campaign, its_run = pages_of(run)
    way = [
        ("contacts",),
        ("campaigns", campaign, its_run),
        ("campaigns", campaign),
        ("campaigns",),
        ("home",),
    ]
    for place in way:
        await pilot.press(back)
        await until(pilot, lambda place=place: is_at(app, *place))
    await pilot.press(back)  # nothing comes before
    for place in [*reversed(way[:-1]), ("campaigns",)]:
        await pilot.press(forward)
        await until(pilot, lambda place=place: is_at(app, *place))
    await pilot.press(back, back)  # faster than the places are looked for
    await until(pilot, lambda: is_at(app, "campaigns", campaign, its_run))


@pytest.mark.long
@pytest.mark.ci
async def test_esc_leads_up_and_forward_opens_again_what_it_closed(deep, run):
    app, pilot = deep
    await pilot.press("escape")
    await at(pilot, app, CampaignScreen)
    await pilot.press("greater_than_sign")
    await at(pilot, app, RunScreen)
    assert is_at(app, "campaigns", *pages_of(run))


@pytest.mark.long
@pytest.mark.ci
async def test_back_leads_from_a_form_to_where_it_stands(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        await task_form(app, pilot)
        await pilot.press("alt+left")
        await at(pilot, app, ScheduleScreen)
        await pilot.press("alt+left")
        await at(pilot, app, HomeScreen)


@pytest.mark.long
@pytest.mark.ci
async def test_what_is_not_there_any_more_is_passed_over_with_a_sentence(runtime, still):
    names = ("weekly", HOSTILE, "monthly")
    for name in names:
        add_campaign(runtime, name)

    def change(statement, *values):
        with runtime.database.write_connection() as connection:
            connection.exec_driver_sql(statement, values)

    async with running(runtime, place="home") as (app, pilot):
        for name in names:
            app.navigator.go_to(Location("campaigns", (Page("campaign", name),)))
            await until(pilot, lambda name=name: is_at(app, "campaigns", Page("campaign", name)))
        await pilot.press("1")
        await at(pilot, app, HomeScreen)
        change("DELETE FROM campaign WHERE name = ?", "monthly")
        change("UPDATE campaign SET name = 'renamed' WHERE name = ?", HOSTILE)
        await pilot.press("alt+left")
        await until(pilot, lambda: is_at(app, "campaigns", Page("campaign", "weekly")))
        (said,) = toasts(app)
        assert "campaign monthly" in said
        assert r"campaign [bold]a\x1b[31m" in said
        assert said.isprintable()
        await pilot.press("alt+right")  # they are forgotten
        await at(pilot, app, HomeScreen)
        change("DELETE FROM campaign WHERE name = ?", "weekly")
        await pilot.press("alt+left")
        await until(pilot, lambda: len(toasts(app)) == 2)
        await at(pilot, app, HomeScreen)
        assert "nothing comes before" in toasts(app)[1]


async def test_back_and_forward_are_in_the_help_and_only_where_they_lead_somewhere(runtime, still):
    async with running(runtime, place="home") as (app, pilot):
        await until(pilot, lambda: app.screen.query(TopBar))

        def offered():
            actions = [each.binding.action for each in app.screen.active_bindings.values()]
            return "travel(-1)" in actions, "travel(1)" in actions

        assert offered() == (False, False)
        await pilot.press("3")
        await at(pilot, app, ContactsScreen)
        assert offered() == (True, False)
        await pilot.press("alt+left")
        await at(pilot, app, HomeScreen)
        assert offered() == (False, True)


@pytest.mark.long
@pytest.mark.ci
async def test_every_page_can_be_left_and_found_again(runtime, still, run):
    runtime.tasks.add(TaskFields("weekly", "purge", "0 3 * * *"))
    places = [
        ("contacts", Page("contact", "all1@example.com")),
        ("schedule", Page("task", "weekly")),
        ("account", Page("senders")),
        ("account", Page("keymap")),
        ("account", Page("relay keys")),
        ("campaigns", *pages_of(run)),
    ]
    async with running(runtime, place="home", size=(120, 30)) as (app, pilot):
        for mode, *pages in places:
            app.navigator.go_to(Location(mode, tuple(pages)))
            await until(pilot, lambda mode=mode, pages=pages: is_at(app, mode, *pages))
            await until(pilot, lambda: f"› {app.screen.title}" in header(app))
        for mode, *pages in reversed(places[:-1]):
            await pilot.press("alt+left")
            await until(pilot, lambda mode=mode, pages=pages: is_at(app, mode, *pages))
    assert RelayKeysScreen.page in places[4]
    assert ContactScreen.page is None
