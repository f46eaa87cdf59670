"""How the screens feel with a million contacts while 500 mails a second leave the same process.

Goals (docs/architecture.md): key to paint p95 < 50 ms, first paint < 1 s, the contacts' table opens
in less than 200 ms. Each figure stands beside the same one of the same run with nothing being sent;
first paint beside the start of an empty Textual app.

A key counts from its arrival in the app until the first paint after what it was to do is done.

``SESTUI_BENCH_ROWS`` (1,000,000) contacts, ``SESTUI_BENCH_KEYS`` (300) keys a measurement.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from sestui.core.campaign.fields import CampaignFields
from sestui.core.content import MessageSource
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.contacts.contacts import NewContact
from sestui.tui.app.app import SestuiApp
from sestui.tui.app.navigation.tabs import TABS
from sestui.tui.widgets.lazy_table import LazyTable
from tests.benchmarks import figures

RATE = 500
RECIPIENTS = 60_000
CONTACTS = figures.size("ROWS", 1_000_000)
KEYS = figures.size("KEYS", 300)
STARTS = figures.size("STARTS", 5)
_PATIENCE_SECONDS = 30.0
_SETTLED_SECONDS = 5.0
"""After so long the app has imported what it wants."""

_EMPTY_APP = """
import time
from textual.app import App
class Empty(App):
    def on_mount(self): self.call_after_refresh(lambda: self.exit(time.time()))
print(Empty().run(headless=True))
"""
_SESTUI = """
import functools, time
from sestui.cli.screens import run_app
from sestui.tui.app.app import SestuiApp
painted, run = [], SestuiApp.run
def note(app, last):
    painted.append(time.time())
    if last: app.exit()
def on_mount(app): app.call_after_refresh(note, app, False)
async def fetch(screen, read):
    found = await looked(screen, read)
    screen.app.call_after_refresh(note, screen.app, True)
    return found
def open_home(app, *given):
    global looked
    from sestui.tui.home.home_screen import HomeScreen
    looked, HomeScreen.fetch = HomeScreen.fetch, fetch
    came_in(app, *given)
came_in, SestuiApp.came_in = SestuiApp.came_in, open_home
SestuiApp.on_mount = on_mount
SestuiApp.run = functools.partialmethod(run, headless=True)
run_app()
print(*painted[:2])
"""


def people(count: int, prefix: str) -> Iterator[NewContact]:
    """``count`` invented contacts."""
    for number in range(count):
        email = f"{prefix}{number}@d{number % 997}.example.org"
        yield NewContact(email, email, {"first_name": f"First{number % 5_000}"})


class Paints:
    """Notes when the app has painted."""

    def __init__(self, app: SestuiApp) -> None:
        self._painted = asyncio.Event()
        inner = app._display

        def display(*arguments: object) -> None:
            inner(*arguments)  # type: ignore[arg-type] # whatever Textual gives it
            self._painted.set()

        app._display = display  # type: ignore[assignment,method-assign] # a look from outside

    async def after(self, holds: Callable[[], bool], began: float) -> float:
        """Seconds from ``began`` to the first paint at which ``holds()``."""
        while True:
            self._painted.clear()
            left = began + _PATIENCE_SECONDS - time.perf_counter()
            await asyncio.wait_for(self._painted.wait(), left)
            if holds():
                return time.perf_counter() - began


async def key(app: SestuiApp, paints: Paints, name: str, holds: Callable[[], bool]) -> float:
    """Press a key; seconds until what it does is painted."""
    began = time.perf_counter()
    app.post_message(events.Key(name, name if len(name) == 1 else None))
    return await paints.after(holds, began)


def shows_rows(app: SestuiApp) -> bool:
    """Whether a table in front has read the row under its cursor."""
    return any(table.selected is not None for table in app.screen.query(LazyTable))


async def opened_first(app: SestuiApp, paints: Paints) -> float:
    """Seconds that contacts take for somebody who goes there at once."""
    await asyncio.sleep(0.5)
    return await key(app, paints, "3", lambda: app.current_mode == "contacts" and shows_rows(app))


async def measured(app: SestuiApp, pilot: Pilot[None], paints: Paints) -> dict[str, list[float]]:
    """Seconds of each kind of key, in the contacts' table and between places."""
    found: dict[str, list[float]] = {
        "open contacts": [],
        "next row": [],
        "far page": [],
        "find": [],
    }
    place = {each.mode: str(number) for number, each in enumerate(TABS, 1)}
    for _ in range(5):
        await pilot.press(place["home"])
        found["open contacts"].append(
            await key(app, paints, place["contacts"], lambda: shows_rows(app))
        )
    table = max(app.screen.query(LazyTable), key=lambda each: each.count or 0)
    table.focus()
    await pilot.pause(0.5)
    for number in range(KEYS):
        at_end = table.cursor + 1 >= (table.count or 0)
        name, wanted = ("up", table.cursor - 1) if at_end else ("down", table.cursor + 1)
        found["next row"].append(await key(app, paints, name, lambda w=wanted: table.cursor == w))
        await asyncio.sleep(0.01)
        if number % 10 == 0:
            name = "end" if number % 20 else "home"
            last = 0 if name == "home" else (table.count or 1) - 1
            far = key(app, paints, name, lambda w=last: table.cursor == w)
            found["far page"].append(await far)
    await pilot.press("slash")
    typed = "p12345"
    for number in range(len(typed)):
        before = app.focused
        began = time.perf_counter()
        app.post_message(events.Key(typed[number], typed[number]))
        wanted_text = typed[: number + 1]
        found["find"].append(
            await paints.after(
                lambda w=wanted_text, field=before: getattr(field, "value", None) == w, began
            )
        )
    await pilot.press("escape")
    return found


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def starts(code: str, environment: dict[str, str]) -> list[float]:
    """Median seconds from the start of a process until what it has painted, in its order."""
    taken: list[list[float]] = []
    for _ in range(STARTS):
        began = time.time()
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        taken.append([float(at) - began for at in done.stdout.split()])
    return [statistics.median(each) for each in zip(*taken, strict=True)]


@pytest.mark.benchmark
@pytest.mark.timeout(1_800)
def test_screens_with_a_million_contacts_while_sending(tmp_path: Path) -> None:
    settings = load_settings(
        data_dir=tmp_path, simulator_rate=RATE, simulator_quota=-1, simulator_latency=0.08
    )
    with Runtime.open(settings) as runtime:
        runtime.contacts.add(people(CONTACTS, "p"), list_name="everybody", now=time.time())
        runtime.contacts.add(people(RECIPIENTS, "r"), list_name="recipients", now=time.time())
        fields = CampaignFields(
            "big", "news@example.com", lists=("recipients",), transactional=True
        )
        source = MessageSource("Hello {{ first_name }}", "Hi {{ first_name }}, here are the news.")
        runtime.campaigns.save(fields, source, now=time.time(), next_due_at=None)
    environment = {**os.environ, "SESTUI_DATA_DIR": str(tmp_path)}
    (first, home), [bare] = starts(_SESTUI, environment), starts(_EMPTY_APP, environment)
    figures.show(
        "from the start of the process to the first paint (goal: below 1 s)",
        ("", "seconds", "× empty Textual app"),
        [
            ("sestui, first frame: the bars", f"{first:.2f}", figures.times(first, bare)),
            (
                "sestui, home with what it shows",
                f"{home:.2f}",
                figures.times(home, bare),
            ),
            ("empty Textual app", f"{bare:.2f}", "1"),
        ],
    )
    with Runtime.open(settings) as runtime:
        asyncio.run(_feel(runtime))


async def _feel(runtime: Runtime) -> None:
    app = SestuiApp(runtime.settings, lambda: runtime)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        while not app.opened:
            await pilot.pause(0.1)
        paints = Paints(app)
        first = await opened_first(app, paints)
        await pilot.pause(_SETTLED_SECONDS)
        idle = await measured(app, pilot, paints)
        run = await asyncio.to_thread(
            lambda: runtime.starter.start(runtime.campaigns.get("big"), time.time())
        )
        assert run is not None
        before = await _sending(runtime, run.id)
        began = time.monotonic()
        busy = await measured(app, pilot, paints)
        view = runtime.overview.run(run.id)
        rate = (view.counts.accepted - before) / (time.monotonic() - began)
        assert view.state == "sending", "the run was over before the measuring was"
    rows = []
    for name in idle:
        still, sending = p95(idle[name]), p95(busy[name])
        rows.append(
            (
                name,
                *(f"{1000 * value:.1f}" for value in (statistics.median(busy[name]), sending)),
                f"{1000 * max(busy[name]):.1f}",
                f"{1000 * still:.1f}",
                figures.times(sending, still),
            )
        )
    figures.show(
        f"key to paint in ms, {CONTACTS:,} contacts, {rate:.0f}/s leaving (goal: p95 < 50)",
        ("key", "median", "p95", "worst", "p95 idle", "× idle"),
        rows,
    )
    print(f"contacts opened half a second after the start: {1000 * first:.0f} ms (goal: 200)")
    print(f"memory of the process: {figures.megabytes(figures.resident())}")


async def _sending(runtime: Runtime, run_id: int) -> int:
    """Wait until the run is well under way; what it had sent by then."""
    deadline = time.monotonic() + 60
    while (sent := runtime.overview.run(run_id).counts.accepted) < RATE:
        assert time.monotonic() < deadline, "the run did not start"
        await asyncio.sleep(0.1)
    return sent
