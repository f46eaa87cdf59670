"""Actions that several screens share, composed into each of them."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.app import App
from textual.binding import Binding

if TYPE_CHECKING:
    from sestui.tui.app.screens.base_screen import BaseScreen

Part = TypeVar("Part", bound="ScreenPart")


class ScreenPart:
    """A group of a screen's actions (methods ``action_…``), and whether each is available.

    A screen names the class among its ``PARTS`` and the bindings among its own, makes one part of
    that class, and keeps it with :meth:`BaseScreen.take`.
    """

    BINDINGS: ClassVar[list[Binding]] = []

    def __init__(self, screen: "BaseScreen") -> None:
        self.screen = screen
        self.services = screen.services
        self.runtime = screen.services.runtime

    @classmethod
    def actions(cls) -> list[str]:
        """Their names."""
        return [name.removeprefix("action_") for name in dir(cls) if name.startswith("action_")]

    @property
    def app(self) -> App[Any]:
        """The screen's app."""
        return self.screen.app

    def offers(self, action: str) -> bool:
        """Whether one of its actions can be done now; only called on mounted screens."""
        return True


def in_worker(
    group: str, *, exclusive: bool = False
) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """Run a part's action as a worker of its screen, where dialogs can be awaited."""

    def wrapped(action: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        @wraps(action)
        def started(part: ScreenPart, *args: Any) -> None:
            part.screen.run_worker(action(part, *args), group=group, exclusive=exclusive)

        return started

    return wrapped
