"""A mail's HTML as a terminal can show it, to be scrolled."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sestui.tui.widgets.scroll_keys import SCROLL_KEYS


class RenderedMail(VerticalScroll, can_focus=True):
    """Shows styled text; vim keys scroll it."""

    BINDINGS: ClassVar[list[BindingType]] = [*SCROLL_KEYS]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name for it
        super().__init__(id=id)
        self._text = Static(id="rendered", markup=False)

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    @property
    def plain(self) -> str:
        """What is shown, without its looks."""
        return str(self._text.content)

    def show(self, content: Content) -> None:
        """Show another text; one that scrolled down stays there."""
        self._text.update(content)
