"""Text or command: what is shown is what letters do, on every way into every screen."""

import re
import time

import pytest
from textual.containers import VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, TextArea

from sestui.core.task.fields import TaskFields
from sestui.tui.app.app import SestuiApp
from sestui.tui.app.navigation.tabs import TABS
from sestui.tui.compose.compose_screen import ComposeScreen
from sestui.tui.compose.draft_form import DraftForm
from sestui.tui.compose.open_campaign import OpenCampaignScreen
from sestui.tui.contacts.contact_screen import ContactScreen
from sestui.tui.contacts.contacts_screen import ContactsScreen
from sestui.tui.contacts.edit_contact import EditContactScreen
from sestui.tui.contacts.suppress import SuppressScreen
from sestui.tui.schedule.edit_task import EditTaskScreen
from sestui.tui.widgets.form import Form
from tests.support.compose import add_news, add_people
from tests.support.screens import add_campaign, running, shown, until

LETTER = "ŵ"
"""A letter that is no command anywhere."""
PLACES = [place.mode for place in TABS]
OUT = {"quit", "suspend_process", "browse", "retry", "edit_outside"}
OF_ITS_OWN = {"jump", "command_palette"}
"""Every letter is a label; there is nothing but a line to type into."""


@pytest.fixture
def full(runtime):
    """Something in every place."""
    add_people(runtime)
    add_news(runtime)
    add_campaign(runtime, "october", contacts=3)
    runtime.tasks.add(TaskFields("tidy", "purge", "0 3 * * *"))
    runtime.suppressions.add("gone@example.com", "bounce", "550", time.time())
    return runtime


def mode_shown(app):
    """The word in the key bar or in a dialog's frame."""
    lines = shown(app).splitlines()
    if isinstance(app.screen, ModalScreen):
        edges = [each[1] for line in lines if (each := re.search(r"─  (WRITE|COMMAND)  ", line))]
        return edges[-1] if edges else ""
    return next((word for word in ("WRITE", "COMMAND") if lines[-1].startswith(f" {word} ")), "")


def texts(app):
    """What stands in the fields of every screen there is."""
    fields = [each for screen in app.screen_stack for each in screen.query("Input, TextArea")]
    return [each.text if isinstance(each, TextArea) else each.value for each in fields]


async def settled(app, pilot):
    await until(pilot, lambda: app.settled)
    await pilot.pause()


async def check(app, pilot, way):
    """A letter is typed: it goes into a field if, and only if, WRITE is shown."""
    await settled(app, pilot)
    shown_as, before, screen = mode_shown(app), texts(app), app.screen
    await pilot.press(LETTER)
    await settled(app, pilot)
    assert app.screen is screen, way
    typed = texts(app) != before
    assert typed == (shown_as == "WRITE"), f"{way}: {shown_as} is shown"
    if typed:
        await pilot.press("backspace")
    if app.screen.query(Input) and not isinstance(screen, ModalScreen):
        assert shown_as or not any(each.region for each in app.screen.query("Input, TextArea")), way


def ways_in(app):
    """Each key that does something here, by what it does."""
    found = {}
    for node, binding, enabled, tooltip in app.screen.active_bindings.values():
        name = binding.action.split("(")[0].rpartition(".")[2]
        if tooltip and enabled and not binding.system and name not in OUT | OF_ITS_OWN | {"go"}:
            found.setdefault((type(node).__name__, binding.action), binding.key)
    return found


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("place", PLACES)
async def test_the_mode_that_is_shown_is_what_letters_do_whatever_key_was_pressed(
    full, still, place
):
    async with running(full, place=place, size=(100, 40)) as (app, pilot):
        await settled(app, pilot)
        await check(app, pilot, place)
        ways = list(ways_in(app).items())
        for what, key in ways:
            if what not in ways_in(app) or app.current_mode != place:
                app.switch_mode(place)
                await settled(app, pilot)
            await pilot.press(key)
            await check(app, pilot, f"{place}: {key} for {what}")
            while len(app.screen_stack) > 1:
                await app.pop_screen()
            app.switch_mode(place)
            if place == "compose":
                app.screen.set_focus(None)
            await settled(app, pilot)


WAYS = [
    ("compose", [], "COMMAND", None),
    ("compose", ["i"], "WRITE", "field-name"),
    ("compose", ["tab"], "WRITE", "field-name"),
    ("compose", ["i", "tab", "escape", "n"], "WRITE", "field-name"),
    ("compose", ["i", "tab", "escape", "N"], "WRITE", "field-name"),
    ("compose", ["O", "enter"], "COMMAND", None),
    ("compose", ["m"], "COMMAND", None),
    ("compose", ["a"], "COMMAND", None),
    ("compose", ["d"], "COMMAND", None),
    ("compose", ["i", "alt+a"], "WRITE", "field-text"),
    ("compose", ["i", "alt+m"], "WRITE", "field-name"),
    ("compose", ["i", "escape"], "COMMAND", None),
    ("campaigns", ["e"], "COMMAND", None),
    ("campaigns", ["n", "escape", "2", "e"], "COMMAND", None),
    ("campaigns", ["n"], "WRITE", "field-name"),
    ("campaigns", ["n", "escape", "2", "n"], "WRITE", "field-name"),
    ("campaigns", ["enter", "e"], "COMMAND", None),
    ("campaigns", ["4"], "COMMAND", None),
    ("campaigns", ["slash"], "WRITE", "find"),
    ("contacts", ["slash"], "WRITE", "find"),
    ("contacts", ["e"], "WRITE", "attributes"),
    ("schedule", ["n"], "WRITE", "name"),
]
"""From where, by which keys, to which mode and field."""


@pytest.mark.long
@pytest.mark.parametrize(("place", "keys", "mode", "field"), WAYS)
async def test_writing_begins_in_the_first_field_and_looking_in_none(
    full, still, place, keys, mode, field
):
    async with running(full, place=place, size=(100, 40)) as (app, pilot):
        if place != "compose":
            await until(pilot, lambda: app.focused is not None)
        await settled(app, pilot)
        for key in keys:
            await pilot.press(key)
            await settled(app, pilot)
        await until(pilot, lambda: mode_shown(app) == mode)
        if field is not None:
            await until(pilot, lambda: app.focused is not None and app.focused.id == field)
        await check(app, pilot, f"{place} {keys}")


async def fields_by_tab(app, pilot, key, times):
    """What has the focus after each press."""
    found = []
    for _ in range(times):
        await pilot.press(key)
        await settled(app, pilot)
        found.append(app.focused)
    return found


@pytest.mark.long
@pytest.mark.parametrize("key", ["tab", "shift+tab"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_tab_stays_among_the_fields_of_compose(full, still, key, size):
    async with running(full, place="compose", size=size) as (app, pilot):
        await until(pilot, lambda: app.screen.drawn is not None)
        for page in "mad":
            await pilot.press(page, "i")
            visited = await fields_by_tab(app, pilot, key, 13)
            form = app.screen.query_one(DraftForm)
            assert all(form in each.ancestors for each in visited)
            assert all(each.region for each in visited)
            chain = [each for each in app.screen.focus_chain if form in each.ancestors]
            assert set(visited[: len(chain)]) == set(chain[:13])
            app.set_focus(None)


@pytest.mark.long
@pytest.mark.parametrize("key", ["tab", "shift+tab"])
async def test_tab_stays_in_a_form(full, still, key):
    async with running(full, place="schedule", size=(80, 40)) as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, EditTaskScreen))
        await until(pilot, lambda: isinstance(app.focused, Input))
        form = app.screen.query_one(Form)
        visited = await fields_by_tab(app, pilot, key, 24)
        assert all(form in each.ancestors for each in visited)
        assert len(set(visited)) > 10
        scrolled = [each for each in visited if isinstance(each, VerticalScroll)]
        assert not scrolled, "nothing shows that it has the focus"


def in_one_go(app, *keys):
    """As a burst: the second is there before the first has done anything."""
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))


@pytest.mark.long
@pytest.mark.ci
async def test_keys_typed_behind_a_dialog_reach_no_field_and_no_command(full, still):
    async with running(full, place="compose", size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: app.screen.drawn is not None)
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OpenCampaignScreen))
        await settled(app, pilot)
        in_one_go(app, "enter", "d", "1", "5")
        await until(pilot, lambda: isinstance(app.screen, ComposeScreen))
        await until(pilot, lambda: app.screen.form.draft.name == "october")
        await until(pilot, lambda: mode_shown(app) == "COMMAND")
        assert app.current_mode == "compose"
        assert app.screen.form.page == "message"
        assert not app.screen.unsaved


@pytest.mark.parametrize("closing", [["escape"], ["enter"]])
async def test_keys_typed_behind_a_question_are_no_commands(full, still, closing):
    async with running(full, place="contacts", size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: "ada@example.com" in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, SuppressScreen))
        await settled(app, pilot)
        in_one_go(app, "w", *closing, "b", "1", "5", "enter", "q")
        await until(pilot, lambda: isinstance(app.screen, ContactsScreen))
        await settled(app, pilot)
        assert app.current_mode == "contacts"
        assert isinstance(app.screen, ContactsScreen)
        assert isinstance(app, SestuiApp)
        assert app.return_code is None


async def test_keys_typed_behind_a_form_are_no_commands(full, still):
    async with running(full, place="contacts", size=(100, 40)) as (app, pilot):
        await until(pilot, lambda: "ada@example.com" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditContactScreen))
        await until(pilot, lambda: isinstance(app.focused, TextArea))
        await settled(app, pilot)
        in_one_go(app, "escape", "x", "1", "5")
        await until(pilot, lambda: isinstance(app.screen, ContactScreen))
        await settled(app, pilot)
        assert app.current_mode == "contacts"
        assert isinstance(app.screen, ContactScreen)
