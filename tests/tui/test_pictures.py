"""Pictures: what no assertion on text sees, such as colours, frames and alignment.

They show nothing that moves, over a clock that stands still. After a change that is meant they are
made anew, and looked at before they are committed::

    pytest tests/tui/test_pictures.py -n 0 -m "" --snapshot-update

A plain run draws the screens one is at most; CI draws all, and `-m long` in the light theme too.
"""

import time
from collections import deque
from itertools import product

import pytest
from textual.widgets import Input

from sestui.store.contacts.contacts import NewContact
from sestui.tui.app.app import SestuiApp
from sestui.tui.app.navigation.tabs import TABS
from tests.support.clocks import FakeClock
from tests.support.pictured import fill
from tests.support.screens import add_campaign, shown, until

pytestmark = pytest.mark.usefixtures("still")

PALETTE = "ctrl+p"

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
            await until(pilot, lambda: pilot.app.settled)
            if key == PALETTE:  # what is below it stays as it is
                await until_still(pilot)
            await pilot.press(key)
            await pilot.pause()
        await until(pilot, lambda: pilot.app.settled and text in shown(pilot.app))
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await until_still(pilot)

    return before


async def until_still(pilot):
    """Wait until what is shown has been the same for several looks: every read has arrived."""
    seen = deque([""], maxlen=8)

    def still():
        seen.append(shown(pilot.app))
        return len(seen) == seen.maxlen and len(set(seen)) == 1

    await until(pilot, still)


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


SCREENS = {
    "home": (keys("home"), "Needs you"),
    "campaigns": (keys("campaigns"), "november-news"),
    "campaign": (keys("campaigns", "j", "j", "enter"), "reader399"),
    "run": ((), "rejected"),
    "deliveries": (("v",), "reader399"),
    "delivery": (("v", "enter"), "reader"),
    "contacts": (keys("contacts"), "reader399"),
    "contact": (keys("contacts", "enter"), "reader"),
    "compose": (keys("campaigns", "j", "j", "e"), "catalogue"),
    "schedule": (keys("schedule"), "nightly-backup"),
    "task": (keys("schedule", "n"), "timezone"),
    "log": (keys("log"), "reader399"),
    "palette": (keys("home", PALETTE), "1 run not ended"),
}
"""How one gets to each screen, and what is shown there."""
DARK, LIGHT = "textual-dark", "textual-light"
SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 50)
OFTEN = {"home", "run", "contacts", "compose"}


def marks_of(name, size, theme):
    """Which runs draw it."""
    if theme == LIGHT and size != MIDDLE:
        return (pytest.mark.long,)
    if name in OFTEN and (size, theme) == (SMALL, DARK):
        return ()
    return pytest.mark.long, pytest.mark.ci


DRAWN = [
    pytest.param(
        name, *look, id=f"{name}-{look[0][0]}x{look[0][1]}-{look[1]}", marks=marks_of(name, *look)
    )
    for look in product((SMALL, MIDDLE, LARGE), (DARK, LIGHT))
    for name in SCREENS
]


@pytest.mark.parametrize(("name", "size", "theme"), DRAWN)
def test_every_screen(snap_compare, open_runtime, name, size, theme):
    clock = FakeClock()
    runtime = open_runtime(clock, theme=theme, timezone="UTC")
    run_id = fill(runtime, clock)
    pressed, text = SCREENS[name]
    follow = run_id if name in ("run", "deliveries", "delivery") else None
    app = SestuiApp(runtime.settings, lambda: runtime, follow=follow)
    assert snap_compare(app, terminal_size=size, run_before=until_shown(pressed, text))
