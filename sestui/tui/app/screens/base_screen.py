"""The base of all screens: bar, banner, footer, periodic reads and actions."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any, ClassVar, Final, Literal, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from sestui.errors import SestuiError, unforeseen
from sestui.tui._compat import bindings_of, withdraw_toasts
from sestui.tui.app.keys.key_bar import KeyBar
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.navigation.tabs import TABS
from sestui.tui.app.navigation.top_bar import Banner, TopBar
from sestui.tui.app.screens.screen_part import Part, ScreenPart
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.lazy_table import LazyTable

T = TypeVar("T")

_log = logging.getLogger(__name__)

_TOAST_CELLS = 400
_READ_SHARE = 4
"""A read that took a second is repeated after four at the earliest: a slow database is not asked
all the time."""


class Failure(Enum):
    """The result of an action that failed."""

    TOLD = "told"

    def __bool__(self) -> Literal[False]:
        return False


FAILED: Final = Failure.TOLD
"""The action failed, and the operator has been told why."""


class BaseScreen(Screen[None]):
    """A screen with top bar, banner, its own body and footer.

    A subclass gives its :meth:`body`, and :meth:`read` if it shows what may change by itself: that
    is called while the screen is in front, at once and then every ``refresh_seconds``.
    """

    VERTICAL_BREAKPOINTS = [(0, "-tight"), (30, "-airy")]  # noqa: RUF012 - textual's own way
    """On a low screen the panels keep of their frames the line with the title."""

    PLACE: ClassVar[str] = ""
    """The place in the top bar that the screen belongs to."""

    page: Page | None = None
    """What it shows, if it can be opened again; the header calls it by its :attr:`title`."""
    within: Page | None = None
    """The page that it belongs to, wherever it was opened from: a run's campaign."""

    has_loaded = False
    """Whether it has read once what it shows."""

    TELLS_OF_SENDING: ClassVar[bool] = False
    """Whether it shows what is being sent, and so says which other process sends it."""

    PARTS: ClassVar[tuple[type[ScreenPart], ...]] = ()
    """What it shares with other screens; see :meth:`take`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", id="back", tooltip="One step back"),
    ]

    def __init__(self, services: ScreenServices) -> None:
        super().__init__()
        self.services = services
        self.banner = Banner(tells_of_sending=self.TELLS_OF_SENDING)
        self.refresh_seconds: float | None = None
        """How often to read again; None: only when asked to by :meth:`reload`."""
        self._offered: list[bool | None] = []
        self._parts: dict[type[ScreenPart], ScreenPart] = {}
        self._refusals: set[str] = set()
        """What has failed here: nobody needs to read it who has left."""

    def __init_subclass__(cls, **given: Any) -> None:
        """Give the screen the actions of its parts, which Textual looks for among its own."""
        super().__init_subclass__(**given)
        for part in cls.PARTS:
            for action in part.actions():
                setattr(cls, f"action_{action}", _action_of(part, f"action_{action}"))

    def take(self, part: Part) -> Part:
        """Let this be the screen's part of its class."""
        self._parts[type(part)] = part
        return part

    def compose(self) -> ComposeResult:
        """Bar, banner, the screen's own part, footer."""
        yield TopBar(self.PLACE)
        yield self.banner
        yield from self.body()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """The screen's own part."""
        raise NotImplementedError

    # reading

    async def read(self) -> None:
        """Read what is shown, with :meth:`fetch`, and show it."""

    def on_screen_resume(self) -> None:
        """Read at once when the screen is shown, or shown again."""
        self.query_one(KeyBar).visible = True
        self.reload()

    def on_screen_suspend(self) -> None:
        """Nobody looks: don't read; toasts of what failed stay only under a dialog.

        A dialog says its own keys, and those of the screen behind it do nothing.
        """
        self.workers.cancel_group(self, "reload")
        if isinstance(self.app.screen, ModalScreen):
            self.query_one(KeyBar).visible = False
        else:
            self._withdraw_refusals()
            for nothing in self.query("#empty"):
                nothing.display = False  # there may be something when one comes back

    def on_unmount(self) -> None:
        """A read that is under way has nobody to tell any more, nor have toasts of what failed."""
        self.workers.cancel_node(self)
        self._withdraw_refusals()

    def _withdraw_refusals(self) -> None:
        withdraw_toasts(self.app, self._refusals)
        self._refusals.clear()

    @work(exclusive=True, group="reload")
    async def reload(self) -> None:
        """Read now and then periodically; a newer call cancels an older one."""
        while True:
            began = self.services.clock.monotonic()
            await self.read()
            self.has_loaded = True
            if self.refresh_seconds is None:
                return
            took = self.services.clock.monotonic() - began
            await asyncio.sleep(max(self.refresh_seconds, _READ_SHARE * took))

    async def fetch(self, read: Callable[[], T]) -> T | None:
        """Read something off the UI thread; an error stays in the banner until a read succeeds.

        None, too, when the screen was left meanwhile: there is nothing to show it on.
        """
        found, trouble = None, ""
        try:
            found = await asyncio.to_thread(read)
        except SestuiError as error:
            trouble = f"{error} Trying again."
        except Exception as error:  # noqa: BLE001 - one bad row must not take the app down
            _log.exception("A screen can't be read.")
            trouble = str(unforeseen("This can't be read", error, "trying again."))
        # A screen that is being removed is attached still, but its widgets have lost their styles.
        if not (self.is_attached and self.display):
            return None
        self.banner.say(trouble)
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action can be done now; a part's action is asked of the part."""
        for kind, part in self._parts.items():
            if self.is_mounted and action in kind.actions():
                return part.offers(action)
        return super().check_action(action, parameters)

    def offer_again(self) -> None:
        """Redraw the footer if the available actions have changed; cheap enough for every move."""
        offered = [self.check_action(binding.action, ()) for _key, binding in bindings_of(self)]
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    @on(LazyTable.Failed)
    def _table_failed(self, event: LazyTable.Failed) -> None:
        self.banner.say(event.sentence)

    @on(LazyTable.Moved)
    def _table_moved(self) -> None:
        self.offer_again()

    # doing

    async def attempt(self, action: Callable[[], T]) -> T | Failure:
        """Do something off the UI thread; an error becomes a toast, and returns :data:`FAILED`."""
        try:
            return await asyncio.to_thread(action)
        except SestuiError as error:
            self.toast(str(error), failed=True)
            return FAILED
        except Exception as error:  # noqa: BLE001 - as in reading
            _log.exception("A screen's action has failed.")
            self.toast(
                str(unforeseen("It failed", error, "nothing else has changed.")), failed=True
            )
            return FAILED

    def toast(self, text: str, *, failed: bool = False) -> None:
        """Show a toast of any text; one about a failure goes away with the screen."""
        shown = shorten(text, _TOAST_CELLS)
        if failed:
            self._refusals.add(shown)
        self.notify(
            shown,
            severity="error" if failed else "information",
            timeout=12 if failed else 5,
            markup=False,
        )

    def copy(self, text: str) -> None:
        """Put ``text`` on the terminal's clipboard (OSC 52), and show it for those without one."""
        self.app.copy_to_clipboard(text)
        self.toast(f"Copied: {text}")

    # leaving

    @property
    def would_lose(self) -> str:
        """What closing the screen now would lose, as a sentence; '' for nothing."""
        return ""

    def step_back(self) -> bool:
        """Close what was opened last within the screen; False if nothing was open."""
        return False

    def action_go_back(self) -> None:
        """Go one step back: within the screen, then to the one below it, then to the first tab."""
        if self.step_back():
            return
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            self.app.switch_mode(TABS[0].mode)


def _action_of(kind: type[ScreenPart], name: str) -> Callable[..., Any]:
    @wraps(getattr(kind, name))
    def action(screen: BaseScreen, *args: Any) -> Any:
        return getattr(screen._parts[kind], name)(*args)

    return action
