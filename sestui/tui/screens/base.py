"""What all screens share: the desk, the bar, the banner, and deeds that may fail."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from textual.screen import Screen

from sestui.errors import SestuiError
from sestui.tui.desk import Desk
from sestui.tui.format import shorten
from sestui.tui.widgets.top_bar import Banner

T = TypeVar("T")

_TOAST_CELLS = 400


class DeskScreen(Screen[None]):
    """A screen over the desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.banner = Banner()

    def on_unmount(self) -> None:
        """A read that is under way has nobody to tell any more."""
        self.workers.cancel_node(self)

    async def attempt(self, deed: Callable[[], T]) -> T | None:
        """Do something off the UI thread; what goes wrong becomes a toast, and None."""
        try:
            return await asyncio.to_thread(deed)
        except SestuiError as error:
            self.tell(str(error), failed=True)
            return None

    async def look(self, read: Callable[[], T]) -> T | None:
        """Read something off the UI thread; what goes wrong is a quiet line until it goes right."""
        try:
            found = await asyncio.to_thread(read)
        except SestuiError as error:
            self.banner.say(f"{error} Trying again.")
            return None
        self.banner.say("")
        return found

    def tell(self, text: str, *, failed: bool = False) -> None:
        """A toast, whatever strange characters are in it."""
        self.notify(
            shorten(text, _TOAST_CELLS),
            severity="error" if failed else "information",
            timeout=12 if failed else 5,
            markup=False,
        )
