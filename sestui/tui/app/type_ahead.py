"""Keys typed faster than the screens follow: each reaches what it was typed for."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from textual.app import App, ScreenStackError
from textual.events import Event, Key, Paste
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

_MOST_MOVES = 10
"""So often one key may move the focus on, from screen to screen."""

_LOOK_SECONDS = 0.01
_MOST_LOOKS = 50
"""What a key does may take longer than keys can be held back for it. Counted rather than timed: on
a busy machine, or while a screen is being drawn, little gets done in half a second."""


class TypeAhead:
    """Hands a key on once the one before it has done what it does, as far as the focus goes.

    Textual hands keys on as they come, and what they do happens a few messages later. Of two that
    come together (from a slow line, a fast typist, a script, or on a busy machine) the second one
    would reach what had the focus before the first: ``esc d`` would type a d into the field.
    """

    def __init__(
        self, app: App[Any], hand_on: Callable[[Event], Coroutine[Any, Any, None]]
    ) -> None:
        """``hand_on`` is what the app does with an event."""
        self._app = app
        self._hand = hand_on
        self._ahead: deque[Key | Paste] = deque()
        self._under_way: asyncio.Task[None] | None = None
        """Waits until the last key has done what it does; None when it has."""

    async def take(self, event: Event) -> None:
        """Hold a key back while the one before it is being followed."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await self._hand(event)
        elif self._under_way is not None:
            self._ahead.append(event)
        else:
            await self._hand_on(event)

    async def _hand_on(self, event: Key | Paste) -> None:
        receiver = self._receiver()
        await self._hand(event)
        if receiver is not None:
            self._under_way = asyncio.create_task(self._until_done(receiver))

    async def _hand_on_the_next(self) -> None:
        self._under_way = None
        while self._ahead and self._under_way is None:
            await self._hand_on(self._ahead.popleft())

    async def _until_done(self, receiver: Widget) -> None:
        looks = iter(range(_MOST_LOOKS))
        for _ in range(_MOST_MOVES):
            for pump in receiver.ancestors_with_self:
                # Once for the key, and once for what it made the widget say.
                await _caught_up(pump, looks)
                await _caught_up(pump, looks)
            now = self._receiver()
            if now is None or now is receiver:
                break
            receiver = now
        self._app.call_later(self._hand_on_the_next)

    def _receiver(self) -> Widget | None:
        """What gets the next key; None before the first screen and after the last."""
        try:
            screen: Screen[object] = self._app.screen
        except ScreenStackError:
            return None
        return screen.focused or screen


async def _caught_up(pump: MessagePump, looks: Iterator[int]) -> None:
    """Return when ``pump`` has handled what it was sent so far, ends, or no look is left."""
    handled = asyncio.Event()
    if not pump.call_later(handled.set):
        return
    while pump.is_running and not handled.is_set():
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await handled.wait()
        except TimeoutError:
            if next(looks, None) is None:
                return
