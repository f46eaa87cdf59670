"""Textual's private names, all that the screens use: each has its reason, and none a public way.

What an upgrade takes away is missed by tests/unit/test_bounds.py, by name. Widgets are named for
types only: importing them here would delay the first frame.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen
from textual.worker import WorkerFailed

if TYPE_CHECKING:
    from queue import Queue

    from textual.drivers.web_driver import WebDriver
    from textual.widgets import TextArea
    from textual.widgets.text_area import TextAreaTheme

_log = logging.getLogger(__name__)

Sources = LRUCache[tuple[object, ...], list[RuleSet]]
"""What a stylesheet has parsed, by what it was parsed from."""


class LoggedApp(App[None]):
    """An app that ends by a fault of its own with the traceback in the log.

    Textual prints it with the values of all variables: people's addresses on a terminal. That is
    left to :attr:`shows_faults`.
    """

    shows_faults = False

    def _handle_exception(self, error: Exception) -> None:
        met = error.error if isinstance(error, WorkerFailed) else error
        _log.critical("The app has failed.", exc_info=met)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        if self.shows_faults:
            super()._fatal_error()
        else:
            self._close_messages_no_wait()


class DrawnInput:
    """Mixed into an Input: what is drawn is :meth:`drawn`, rather than the value itself."""

    def drawn(self) -> Text:
        """What is drawn in place of the value, as many cells wide."""
        raise NotImplementedError

    @property
    def _value(self) -> Text:
        return self.drawn()


class LateHighlights:
    """Mixed into a TextArea: :meth:`forget_highlights` instead of colouring all of the text."""

    def forget_highlights(self) -> None:
        """Called whenever the text has changed."""
        raise NotImplementedError

    def _build_highlight_map(self) -> None:
        self.forget_highlights()


def highlights_of(area: "TextArea") -> MutableMapping[int, list[tuple[int, int | None, str]]]:
    """What is coloured, by line: where it begins and ends (None: with the line), and its name."""
    return area._highlights


def highlight_query_of(area: "TextArea") -> Any:
    """The query that finds what to colour in a parsed text; None: it isn't parsed."""
    return area._highlight_query


def worn_theme_of(area: "TextArea") -> "TextAreaTheme | None":
    """The theme that is used."""
    return area._theme


def wear_theme(area: "TextArea", name: str) -> None:
    """Use a theme, though one of that name is used already: its colours may be others by now."""
    area._set_theme(name)


def bindings_of(screen: Screen[Any]) -> Iterator[tuple[str, Binding]]:
    """The screen's own bindings with their keys."""
    return iter(screen._bindings)


def withdraw_toasts(app: App[Any], texts: Collection[str]) -> None:
    """Take those toasts off the screen that say one of ``texts``."""
    for notification in [each for each in app._notifications if each.message in texts]:
        app._unnotify(notification)


def use_parsed(stylesheet: Stylesheet, parsed: Sources) -> None:
    """Let ``stylesheet`` keep what it parses in ``parsed``, and find it there."""
    stylesheet._parse_cache = parsed


def app_poster(driver: "WebDriver") -> Callable[[Any], bool]:
    """What posts a message to the app that ``driver`` drives."""
    return driver._app.post_message


def write_nowhere(app: App[Any]) -> None:
    """Take what ``app`` writes from its writer, which the end of the terminal may have ended.

    The app waits for it otherwise: with each write once thirty wait, and when it closes.
    """
    from textual.drivers.linux_driver import LinuxDriver  # noqa: PLC0415 - there if it is one

    driver = app._driver
    if isinstance(driver, LinuxDriver) and (writer := driver._writer_thread) is not None:
        queue = writer._queue
        threading.Thread(target=_drop, args=(queue,), name="sestui-nowhere", daemon=True).start()


def _drop(queue: "Queue[str | None]") -> None:
    while queue.get() is not None:
        pass
    queue.put(None)  # the end is the writer's own, if it lives


def write_to_terminal(app: App[Any], text: str) -> None:
    """Put something on the terminal that is no part of a screen; without effect in a browser."""
    if not (app.is_headless or app.is_web) and app._driver is not None:
        app._driver.write(text)
