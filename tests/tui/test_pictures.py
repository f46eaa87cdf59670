"""A few pictures: what no assertion on text sees, such as colours, frames and alignment.

They show nothing that moves, and are made anew with ``pytest tests/tui/test_pictures.py
--snapshot-update`` after a change that is meant, and looked at before they are committed.
"""

import time

import pytest
from textual.widgets import Input

from sestui.store.contacts.contacts import NewContact
from sestui.tui.app.app import SestuiApp
from sestui.tui.app.tabs import TABS
from tests.support.screens import add_campaign, shown, until

pytestmark = pytest.mark.usefixtures("still")

HOSTILE = [
    NewContact("ada@example.com", "ada@example.com", {"name": "[bold red]Ada[/] \x1b[31m"}),
    NewContact("o'hara@example.com", "o'hara@example.com", {"name": "\u202eevil 名前 e\u0301"}),
    NewContact("long@example.com", "long@example.com", {"name": "x" * 10_000}),
]


def app_over(runtime):
    return SestuiApp(runtime.settings, lambda: runtime)


def keys(place, *more):
    """The key of a place, and what is pressed there."""
    return [str([each.mode for each in TABS].index(place) + 1), *more]


def until_shown(pressed, text):
    """Press keys one after the other, then wait for ``text``."""

    async def before(pilot):
        await until(pilot, lambda: pilot.app.opened)
        for key in pressed:
            await pilot.press(key)
            await pilot.pause()
        await until(pilot, lambda: text in shown(pilot.app))
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await pilot.pause(0.3)

    return before


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_hostile_contacts(snap_compare, open_runtime, theme):
    runtime = open_runtime(theme=theme)
    runtime.contacts.add(HOSTILE, list_name="readers", now=time.time())
    pressed = until_shown(keys("contacts"), "o'hara@example.com")
    assert snap_compare(app_over(runtime), terminal_size=(100, 24), run_before=pressed)


def test_an_empty_message(snap_compare, runtime):
    pressed = until_shown(keys("compose"), "subject")
    assert snap_compare(app_over(runtime), terminal_size=(80, 24), run_before=pressed)


def test_a_question_that_names_the_recipients(snap_compare, runtime):
    add_campaign(runtime, contacts=1_234)
    pressed = until_shown(keys("campaigns", "s"), "1,234")
    assert snap_compare(app_over(runtime), terminal_size=(80, 24), run_before=pressed)


def test_the_help(snap_compare, runtime):
    pressed = until_shown(keys("campaigns", "question_mark"), "Jump")
    assert snap_compare(app_over(runtime), terminal_size=(120, 40), run_before=pressed)
