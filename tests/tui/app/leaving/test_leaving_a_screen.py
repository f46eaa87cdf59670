"""A screen that is left while it reads: what was read has nothing to be shown on any more."""

import asyncio
import threading

from textual.widgets import Static

from sestui.tui.app.screens.base_screen import BaseScreen
from tests.support.screens import running, until


class Gate:
    """Lets a read end while the screen that waits for it is being removed."""

    def __init__(self):
        self.reading, self.opened = threading.Event(), threading.Event()
        self.shown = []

    def read(self):
        self.reading.set()
        self.opened.wait(60)
        return "found"


class Removed(Static):
    """Opens the gate when it is removed, and stays until the read has come back."""

    def __init__(self, gate):
        super().__init__("")
        self._gate = gate

    async def on_unmount(self):
        self._gate.opened.set()
        for _ in range(500):
            if self._gate.shown:
                return
            await asyncio.sleep(0.01)


class Reading(BaseScreen):
    """Reads behind the gate."""

    def __init__(self, services, gate):
        super().__init__(services)
        self._gate = gate

    def body(self):
        yield Removed(self._gate)

    async def read(self):
        self._gate.shown.append(await self.fetch(self._gate.read))


async def test_what_is_read_while_the_app_closes_is_not_shown(runtime):
    gate = Gate()
    async with running(runtime) as (app, pilot):
        await app.push_screen(Reading(app.services, gate))
        await until(pilot, gate.reading.is_set)
    assert gate.shown == [None]
