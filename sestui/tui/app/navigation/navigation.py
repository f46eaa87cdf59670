"""The ways to a campaign's text, a run, a contact, a list, a setting, and other tabs' actions."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import Screen

from sestui.core.delivery.states import RunKind
from sestui.errors import SestuiError
from sestui.store.runs.run_lists import RecentRuns
from sestui.tui.app.navigation.pages import Location, Page

if TYPE_CHECKING:
    from sestui.tui.app.app import SestuiApp
    from sestui.tui.app.screens.base_screen import BaseScreen

_LOOK_SECONDS = 0.05
_NEWEST = 20
"""Runs that have ended among which one of a campaign is looked for."""
_FIRST_LOOKS = 200
"""So often a tab that one has gone to is asked whether it has read what it shows."""
_LOOKS = 20
"""So often after that whether it can do what it was gone to for: its table may be read later."""


async def compose_campaign(
    app: App[Any], name: str, at: tuple[str, int | None] | None = None
) -> None:
    """Go to Compose and open the campaign ``name`` there; '' begins a new one.

    ``at`` is the field to begin with, by its name in a campaign file, and a line of it; None: a new
    one's first field, and none of a campaign that there is already.

    Unsaved changes of another campaign are asked about first. Await it in an action, or run it as
    a worker of the app (``self.app.run_worker(compose_campaign(self.app, name))``).
    """
    from sestui.tui.compose.compose_screen import ComposeScreen  # noqa: PLC0415 - opened when gone to

    await app.switch_mode("compose")
    while not isinstance(app.screen, ComposeScreen):  # a test's run lies on top of it
        await app.pop_screen()
    app.screen.load(name, at)


def open_run(screen: "BaseScreen", run_id: int) -> None:
    """Show a run on top of ``screen``."""
    from sestui.tui.campaigns.run_screen import RunScreen  # noqa: PLC0415 - it leads to all others

    screen.app.push_screen(RunScreen(screen.services, run_id))


def open_contact(screen: "BaseScreen", email: str) -> None:
    """Show a contact, and what became of every mail to them, on top of ``screen``."""
    from sestui.tui.contacts.contact_screen import ContactScreen  # noqa: PLC0415 - it opens runs itself

    screen.app.push_screen(ContactScreen(screen.services, email))


def open_list(app: "SestuiApp", name: str) -> None:
    """Show the contacts on a list."""
    from sestui.tui.contacts.contacts_screen import ContactsScreen  # noqa: PLC0415 - if wanted

    async def go() -> None:
        screen = await _root(app, "contacts")
        if isinstance(screen, ContactsScreen):
            screen.show_list(name)

    _go(app, go())


def find_contact(app: "SestuiApp", text: str) -> None:
    """Look for contacts with ``text`` in any part of their address or attributes."""
    from sestui.tui.contacts.contacts_screen import ContactsScreen  # noqa: PLC0415 - if wanted

    async def go() -> None:
        screen = await _root(app, "contacts")
        if isinstance(screen, ContactsScreen):
            screen.find(text)

    _go(app, go())


def open_newest_run(app: "SestuiApp") -> None:
    """Show the campaign's run that ended last; until one has, the newest that goes on."""

    async def go() -> None:
        runs = RecentRuns(app.services.runtime.database)
        try:
            going, ended = await asyncio.to_thread(runs.shown, _NEWEST)
        except SestuiError as error:
            app.notify(str(error), severity="error", markup=False)
            return
        for run, name in (*ended, *going):
            if run.kind == RunKind.CAMPAIGN:
                pages = (Page("campaign", name), Page("run", run.id))
                await app.navigator.ask_and_go(Location("campaigns", pages))
                return
        app.notify("Nothing has been sent yet: a run's screen tells its figures.", markup=False)

    _go(app, go())


def open_setting(app: "SestuiApp", name: str) -> None:
    """Show a setting among the others."""
    from sestui.tui.account.account_screen import AccountScreen  # noqa: PLC0415 - if wanted

    async def go() -> None:
        screen = await _root(app, "account")
        if isinstance(screen, AccountScreen):
            screen.show_setting(name)

    _go(app, go())


def do_there(app: "SestuiApp", mode: str, action: str, description: str) -> None:
    """Go to a tab and do there what its screen can do, with the question that it asks before it."""

    async def go() -> None:
        screen = await _root(app, mode)
        for _ in range(_LOOKS):
            if screen is None or app.screen is not screen:
                return
            if await app.run_action(action, screen):
                return
            await asyncio.sleep(_LOOK_SECONDS)
        app.notify(f"{description} can't be done here now.", severity="warning", markup=False)

    _go(app, go())


def _go(app: "SestuiApp", going: Coroutine[Any, Any, None]) -> None:
    app.run_worker(going, group="go", exclusive=True)


async def _root(app: "SestuiApp", mode: str) -> Screen[Any] | None:
    """A tab's first screen once it has read what it shows; None: one has stayed, or gone on."""
    if not await app.navigator.ask_and_go(Location(mode)):
        return None
    screen = app.screen
    for _ in range(_FIRST_LOOKS):
        if app.screen is not screen:
            return None
        if getattr(screen, "has_loaded", True):
            break
        await asyncio.sleep(_LOOK_SECONDS)
    return screen
