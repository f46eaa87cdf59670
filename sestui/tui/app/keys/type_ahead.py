"""Type-ahead: keys typed early reach what they were typed for, or nothing."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import ref

from textual.app import App, ScreenStackError
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

from sestui.tui.app.keys.mode import mode_of

_MOST_MOVES = 10
"""So often one key may move the focus on, from screen to screen."""

_LOOK_SECONDS = 0.01
_MOST_LOOKS = 50
"""What a key does may take longer than keys can be held back for it. Counted rather than timed: on
a busy machine, or while a screen is being drawn, little gets done in half a second."""

_MOST_SIGHTS = 8
"""Paintings remembered: no key waits longer than it takes to paint so many screens."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """What decides on where a letter goes: the screen in front, and whether letters are text."""

    screen: ref[Screen[Any]]
    mode: str


class TypeAhead:
    """Passes a key on once the effect of the previous one on the focus is complete.

    Textual hands keys on as they come, and what they do happens a few messages later. Of two that
    come together (from a slow line, a fast typist, a script, or on a busy machine) the second one
    would reach what had the focus before the first: ``esc d`` would type a d into the field.

    A key belongs to the screen that was painted when it was pressed, and to the dialog that a key
    before it opens over that. Where the screen has changed otherwise (the dialog was closed,
    another place was gone to), nobody has seen yet what the key would do there: it does nothing.
    """

    def __init__(
        self, app: App[Any], hand_on: Callable[[Event], Coroutine[Any, Any, None]]
    ) -> None:
        """``hand_on`` is what the app does with an event; it tells of each paint."""
        self._app = app
        self._hand = hand_on
        self._ahead: deque[Key | Paste] = deque()
        self._under_way: asyncio.Task[None] | None = None
        """Waits until the last key has done what it does; None when it has."""
        self._sights: deque[tuple[float, _Sight]] = deque(maxlen=_MOST_SIGHTS)
        """What was painted, and since when; the newest last."""
        self._paint = asyncio.Event()

    @property
    def settled(self) -> bool:
        """Whether the next key would be handed on at once."""
        return self._under_way is None and not self._ahead and self._is_seen()

    def painted(self) -> None:
        """Note what the screen shows from now on."""
        self._paint.set()
        sight = self._sight()
        if sight is not None and not self._is_seen():
            # A message has the clock of the events.
            self._sights.append((Message().time, sight))

    async def take(self, event: Event) -> None:
        """Hold a key back while the one before it is being followed."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await self._hand(event)
        elif self._under_way is not None:
            self._ahead.append(event)
        elif self._sights and not self._is_seen() and self._would_go_elsewhere(event):
            # Something else than a key has moved the focus, and nobody can know that yet.
            self._app.bell()
            self._under_way = asyncio.create_task(self._until_seen(iter(range(_MOST_LOOKS))))
        else:
            await self._hand_on(event)

    async def _hand_on(self, event: Key | Paste) -> None:
        if not self._is_meant_for_here(event):
            self._app.bell()
            return
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
        await self._until_seen(looks)

    async def _until_seen(self, looks: Iterator[int]) -> None:
        """Return when what is there has been painted; nor is that waited for without an end."""
        while not self._is_seen() and next(looks, None) is not None:
            self._paint.clear()
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._paint.wait()
            except TimeoutError:
                continue
        self.painted()
        self._app.call_later(self._hand_on_the_next)

    # what is there, and what was seen of it

    def _receiver(self) -> Widget | None:
        """What gets the next key; None before the first screen and after the last."""
        try:
            screen: Screen[object] = self._app.screen
        except ScreenStackError:
            return None
        return screen.focused or screen

    def _sight(self) -> _Sight | None:
        """The current screen and mode, painted or not."""
        receiver = self._receiver()
        if receiver is None:
            return None
        focused = None if isinstance(receiver, Screen) else receiver
        return _Sight(ref(self._app.screen), mode_of(focused))

    def _is_seen(self) -> bool:
        """Whether what there is now has been painted."""
        sight = self._sight()
        return sight is None or bool(self._sights and self._sights[-1][1] == sight)

    def _would_go_elsewhere(self, event: Key | Paste) -> bool:
        """Whether the screen has changed, or a letter is no longer what it is shown to be."""
        sight, seen = self._sight(), self._sights[-1][1]
        moved = sight is not None and sight.screen != seen.screen
        return moved or isinstance(event, Paste) or event.is_printable

    def _is_meant_for_here(self, event: Key | Paste) -> bool:
        """Whether the screen in front was there to be seen, or is a dialog over one that was."""
        seen = next((sight for at, sight in reversed(self._sights) if at <= event.time), None)
        if seen is None:
            return True  # before the first paint there is nothing to mistake for another
        stack = self._app.screen_stack
        behind = seen.screen()
        at = stack.index(behind) if behind in stack else None
        return at is not None and all(screen.is_modal for screen in stack[at + 1 :])


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
