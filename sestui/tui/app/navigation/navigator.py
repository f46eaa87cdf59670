"""Navigate to tabs, along the header's breadcrumbs, back and forward."""

import asyncio
from typing import TYPE_CHECKING, Any

from textual.binding import Binding
from textual.screen import ModalScreen, Screen

from sestui.core.text import printable
from sestui.errors import SestuiError
from sestui.tui.app.navigation.history import History
from sestui.tui.app.navigation.pages import Location, Page, is_place, location_of, page_of, trail_of
from sestui.tui.app.navigation.tabs import TABS, tab_bindings
from sestui.tui.widgets.format import shorten

if TYPE_CHECKING:
    from sestui.tui.app.lifecycle import LifecycleApp

_TITLE_CELLS = 60

BINDINGS = [
    Binding("alt+left,less_than_sign", "travel(-1)", "To the last place", show=False,
            id="travel.back", tooltip="Back to what you looked at before"),
    Binding("alt+right,greater_than_sign", "travel(1)", "To the next place", show=False,
            id="travel.forward", tooltip="Forward to what you looked at after this"),
    *tab_bindings(),
]  # fmt: skip
"""The app's, for what :class:`Navigator` does."""


class Navigator:
    """Navigates between an app's places and keeps a history."""

    def __init__(self, app: "LifecycleApp") -> None:
        self._app = app
        self._history = History()
        self._travelling = asyncio.Lock()
        self._under_way = False
        """Whether the stack of screens is on its way to a place: what is passed is not visited."""

    # where one is

    def follow(self) -> None:
        """Start keeping the history."""
        self._app.screen_change_signal.subscribe(self._app, self._came_to, immediate=True)

    def _came_to(self, _screen: Screen[Any]) -> None:
        if not self._under_way:
            self._visit(closed=True)

    def _visit(self, *, closed: bool = False) -> None:
        if self._app.current_mode in {tab.mode for tab in TABS}:
            self._history.visit(self._here, closed=closed)
            self._app.refresh_bindings()

    @property
    def _here(self) -> Location:
        return location_of(self._app.current_mode, self._app.screen_stack)

    def _places(self) -> list[Screen[Any]]:
        """The screens on top of the tab's root, without dialogs."""
        return [screen for screen in self._app.screen_stack[1:] if is_place(screen)]

    # going somewhere

    def go_to(self, location: Location) -> None:
        """Go to a place, and ask first about what would be lost on the way."""
        if self._losing(location):
            self._app.run_worker(self.ask_and_go(location), group="go", exclusive=True)
        else:
            self._go(location)

    def open_on_top(self, page: Page) -> None:
        """Show a page on top of what is shown, unless it is there already."""
        if page not in self._here.pages:
            self.go_to(Location(self._app.current_mode, (*self._here.pages, page)))

    def climb(self, crumb: int) -> None:
        """Go to a part of the header's trail by its number."""
        places = [self._app.screen_stack[0], *self._places()]
        trail = trail_of(self._app.current_mode, places)
        if crumb < len(trail):
            self.go_to(trail[crumb].location)

    def _kept(self, location: Location) -> int:
        """How many of the screens that stand on the place's tab are on the way to it."""
        pages, kept = [page_of(screen) for screen in self._places()], 0
        while kept < min(len(pages), len(location.pages)) and pages[kept] == location.pages[kept]:
            kept += 1
        return kept

    def _losing(self, location: Location) -> list[tuple[Screen[Any], str]]:
        """What would be closed and lose something, the topmost first, and what that is."""
        self._switch(location.mode)
        closed = reversed(self._places()[self._kept(location) :])
        lost = [(screen, getattr(screen, "would_lose", "")) for screen in closed]
        return [(screen, what) for screen, what in lost if what]

    def _switch(self, mode: str) -> None:
        self._under_way = True
        self._app.switch_mode(mode)
        self._under_way = False

    async def ask_and_go(self, location: Location) -> bool:
        """Go to a place, in a worker; False if the operator chose to stay."""
        from sestui.tui.dialogs.confirm import ConfirmScreen  # noqa: PLC0415 - only when wanted

        for screen, what in self._losing(location):
            title = shorten(screen.title or "this", _TITLE_CELLS)
            question = ConfirmScreen(f"Leave {title}?", what, recipients=0, yes="Leave")
            if not await self._app.push_screen_wait(question):
                self._visit()
                return False
        self._go(location)
        return True

    def _go(self, location: Location) -> None:
        from sestui.tui.app.navigation.screen_registry import page_screen  # noqa: PLC0415 - it brings the database

        app = self._app
        self._switch(location.mode)
        self._under_way = True
        kept = self._kept(location)
        while self._places()[kept:] or not is_place(app.screen):
            if isinstance(app.screen, ModalScreen):
                app.screen.dismiss(None)  # whoever waits for its answer gets none
            else:
                app.pop_screen()
        for page in location.pages[kept:]:
            app.push_screen(page_screen(page, app.services))
        self._under_way = False
        self._visit()

    # back and forward

    def leads_on(self, step: int) -> bool:
        """Whether there is a place ``step`` steps away."""
        return self._next(step) is not None

    def _next(self, step: int) -> Location | None:
        """Where a step along what was visited leads: from a form, back to where it stands."""
        here = self._here
        if step < 0 and here == self._history.here and len(self._places()) > len(here.pages):
            return here
        return self._history.beside(step)

    async def travel(self, step: int) -> None:
        """Go a step along what was visited; what is not there any more is passed over.

        Run it as a worker.
        """
        async with self._travelling:  # keys may come faster than places are looked for
            await self._travel(step)

    async def _travel(self, step: int) -> None:
        gone: list[Page] = []
        while (target := self._next(step)) is not None and target.pages:
            try:
                missing = await asyncio.to_thread(self._missing, target)
            except SestuiError as error:
                self._app.notify(shorten(str(error), 400), severity="error", markup=False)
                return
            if missing is None or target == self._history.here:
                break
            gone.append(missing)
            self._history.forget(step)
        if gone:
            self._say_gone(gone, step, found=target is not None)
        if target is not None:
            if target != self._history.here:
                self._history.move(step)
            self.go_to(target)

    def _missing(self, location: Location) -> Page | None:
        """The first page on the way to a place that is not there any more; blocking."""
        from sestui.tui.app.navigation.screen_registry import is_gone  # noqa: PLC0415 - it brings the database

        services = self._app.services
        return next((page for page in location.pages if is_gone(page, services)), None)

    def _say_gone(self, gone: list[Page], step: int, *, found: bool) -> None:
        names = ", ".join(dict.fromkeys(printable(str(page)) for page in gone))
        beyond = "before" if step < 0 else "after"
        rest = "passed over" if found else f"nothing comes {beyond} this place"
        self._app.notify(f"No longer there: {shorten(names, 300)}; {rest}.", markup=False)
