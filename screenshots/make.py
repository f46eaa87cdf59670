"""Draw the pictures and the recording: the real app, without a terminal, over a simulated account.

    python screenshots/make.py

writes one SVG a screen and theme, and the recording, beside this file; no network is needed.
"""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

from recording import Recording
from textual.pilot import Pilot
from textual.widgets import Static
from workspace import WATCHED, Workspace, workspace

from sestui.tui.app.app import SestuiApp
from sestui.tui.app.navigation.tabs import TABS

HERE = Path(__file__).parent
SIZE = (120, 36)
FILM = (104, 30)
"""Columns and rows of the recording: small enough to be read in a page."""
FRAME = 0.5
"""Seconds from one frame of the recording to the next, while something moves."""
PATIENCE = 120.0

BEHIND = {
    "campaigns": ("campaign", ("j", "j", "enter")),
    "contacts": ("contact", ("j", "enter")),
    "schedule": ("task", ("e",)),
    "outbox": ("mail", ("enter",)),
}
"""What is drawn behind a place: the picture's name, and the keys that lead there."""


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the app work until ``holds()``."""
    give_up_at = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > give_up_at:
            raise TimeoutError("the app didn't get there")
        await asyncio.sleep(0.1)
        await pilot.pause()


async def draw(made: Workspace) -> None:
    """Every place and the screens behind them, in both themes."""
    runtime, run_id = made.runtime, made.start_watched()
    app = SestuiApp(runtime.settings, lambda: runtime, follow=run_id)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: runtime.overview.run(run_id).counts.accepted >= 600)
        await both(app, pilot, "run")
        await pilot.press("escape")
        for number, place in enumerate(TABS, 1):
            await pilot.press("escape", str(number))
            await pilot.pause(2)
            await both(app, pilot, place.mode)
            if place.mode in BEHIND:
                await pilot.press(*BEHIND[place.mode][1])
                await pilot.pause(2)
                await both(app, pilot, BEHIND[place.mode][0])
                await pilot.press("escape")
        await pilot.press("escape", "1", "ctrl+p")
        await pilot.pause(2)
        await both(app, pilot, "palette")
        await pilot.press("escape")


async def both(app: SestuiApp, pilot: Pilot[None], name: str) -> None:
    """The screen as it is now, dark and light."""
    for theme, suffix in (("textual-light", "-light"), ("textual-dark", "")):
        app.theme = theme
        await pilot.pause(0.5)
        svg = app.export_screenshot(title="sestui")
        (HERE / f"{name}{suffix}.svg").write_text(svg, encoding="utf-8")


class Film:
    """Takes the recording of one app."""

    def __init__(self, app: SestuiApp, pilot: Pilot[None]) -> None:
        self.recording = Recording(*FILM, title="sestui: a campaign is started, watched and ended")
        self._app = app
        self._pilot = pilot
        self._caption = ""

    async def show(self, caption: str, seconds: float) -> None:
        """Show the screen as it is for so long, and say what is seen."""
        self._caption = caption
        await self._pilot.pause()
        self._take(seconds)

    async def press(self, caption: str, *keys: str, seconds: float = 0.15) -> None:
        """Press keys, one frame each."""
        self._caption = caption
        for key in keys:
            await self._pilot.press(key)
            await self._pilot.pause()
            self._take(seconds)

    async def watch(self, caption: str, ended: Callable[[], bool], *, most: float) -> None:
        """Watch what moves until it has ended, or for so many seconds."""
        self._caption = caption
        begun = time.monotonic()
        number = 0
        while not ended() and number * FRAME < most:
            self._take(FRAME)
            number += 1
            await asyncio.sleep(max(0.0, begun + number * FRAME - time.monotonic()))
            await self._pilot.pause()

    def _take(self, seconds: float) -> None:
        picture = self._app.export_screenshot(title="sestui")
        self.recording.take(picture, seconds, self._caption)


async def record(made: Workspace) -> None:
    """From Home to the end of a run, and a part of it again."""
    runtime = made.runtime
    app = SestuiApp(runtime.settings, lambda: runtime)

    def accepted() -> int:
        run = runtime.overview.campaign(WATCHED).run
        return run.counts.accepted if run else 0

    def ended() -> bool:
        run = runtime.overview.campaign(WATCHED).run
        return run is not None and run.has_ended

    def offers(action: str) -> bool:
        return any(each.binding.action == action for each in app.screen.active_bindings.values())

    async with app.run_test(size=FILM) as pilot:
        await until(pilot, lambda: app.opened)
        await pilot.pause(2)
        film = Film(app, pilot)
        await film.show("Home: what runs, what needs you, what comes next", 3)
        await film.press("2  the campaigns", "2", seconds=1.2)
        await film.press("2  the campaigns", "j", "j", seconds=0.5)
        campaigns = app.screen
        await pilot.press("s")
        await until(pilot, lambda: app.screen is not campaigns and bool(app.screen.query("Input")))
        await film.show("s  start: every mail has been checked; type the number to send", 2)
        number = re.sub(r"\D", "", str(app.screen.query_one("#type-it", Static).content))
        await film.press("s  start: every mail has been checked; type the number to send", *number)
        await pilot.press("enter")
        await until(pilot, lambda: accepted() > 0)
        watching = "The run, live: what was accepted, refused and in doubt, and what bounced"
        await film.watch(watching, lambda: accepted() >= 700, most=25)
        film.recording.set_poster()
        await film.watch(watching, ended, most=25)
        await until(pilot, ended)
        await pilot.pause(1)
        await film.watch("The end: everyone is accounted for", lambda: False, most=5)
        if offers("replay"):
            await film.press("space  play it again", "space")
            await film.watch("space  play it again", lambda: False, most=5)
    (HERE / "recording.svg").write_text(film.recording.svg(), encoding="utf-8")


def main() -> None:
    """Prepare, record and draw."""
    with workspace() as made:
        asyncio.run(record(made))
    with workspace() as made:
        asyncio.run(draw(made))


if __name__ == "__main__":
    main()
