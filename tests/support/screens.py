"""The app under a pilot, and what stands on its screen."""

import asyncio
import importlib
import inspect
import pkgutil
import time
from contextlib import asynccontextmanager

from textual.dom import DOMNode

import sestui.tui
from sestui.core.campaign.fields import CampaignFields
from sestui.core.content.message import MessageSource
from sestui.store.contacts.contacts import NewContact
from sestui.tui.app.app import SestuiApp
from sestui.tui.app.keys.key_bar import KeyBar
from sestui.tui.app.navigation.tabs import TABS
from sestui.tui.app.navigation.top_bar import TopBar


def add_campaign(runtime, name="news", *, contacts=20, audience="all", **fields):
    """A campaign to ``contacts`` contacts."""
    runtime.contacts.add(
        [
            NewContact(f"{audience}{i}@example.com", f"{audience}{i}@example.com")
            for i in range(contacts)
        ],
        list_name=audience,
        now=time.time(),
    )
    return runtime.campaigns.save(
        CampaignFields(name=name, from_address="shop@example.com", lists=(audience,), **fields),
        MessageSource("Hello", "Hi, [off]({{ unsubscribe_url }})"),
        now=time.time(),
        next_due_at=None,
    )


@asynccontextmanager
async def running(runtime, *, size=(80, 24), place="campaigns", **options):
    """The app under a pilot, gone to a place by its name; it goes on with what is pending at once,
    unless given a ``grace_seconds``.
    """
    app = SestuiApp(runtime.settings, lambda: runtime, **{"grace_seconds": 0, **options})
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.opened)
        await pilot.pause()
        if app.current_mode != place:
            await pilot.press(str([each.mode for each in TABS].index(place) + 1))
            await pilot.pause()
        yield app, _patient(app, pilot)


def _patient(app, pilot):
    """Let the pilot look before each key, as a person does: the screen has been painted by then."""
    press = pilot.press

    async def press_when_seen(*keys):
        await pilot.pause()
        for key in keys:
            await until(pilot, lambda: app.settled)
            await press(key)

    pilot.press = press_when_seen
    return pilot


async def until(pilot, holds, seconds=20.0):
    """Wait until ``holds()``; the test fails when that takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "that took too long"
        await asyncio.sleep(0.04)
        await pilot.pause()


def shown(app):
    """What stands on the screen, as text."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    )


def toasts(app):
    return [note.message for note in app._notifications]


def own_classes():
    """Every widget, screen and app that sestui declares."""
    found = set()
    for module in pkgutil.walk_packages(sestui.tui.__path__, "sestui.tui."):
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(each, DOMNode) and each.__module__.startswith("sestui.tui"):
                found.add(each)
    return sorted(found, key=lambda each: each.__qualname__)


def fits(screen, size):
    """The screen has that size, scrolls nowhere, and holds all its parts."""
    assert screen.size == size
    assert screen.max_scroll_x == screen.max_scroll_y == 0
    assert screen.query_one(TopBar).region.height == 1
    assert screen.query_one(KeyBar).region.bottom == size[1]
    for child in screen.children:
        if child.display:
            assert screen.region.contains_region(child.region), child
