"""The base of all modal screens."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from sestui.tui._compat import withdraw_toasts
from sestui.tui.app.keys.mode import WRITE, mode_of
from sestui.tui.widgets.form import LOW

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A modal screen that returns one result.

    Two keys may come before the first has closed it (a double enter). Textual would close whatever
    is on top by then for the second: the screen below, or the app.

    Whether letters are text stands in the lower edge of its frame, the widget ``#dialog``. On a low
    terminal it gives up its margins, and scrolls where that is not enough.
    """

    VERTICAL_BREAKPOINTS = LOW

    _refused = ""

    def refuse_input(self, sentence: str) -> None:
        """Show why the input is not accepted; the toast goes away with the dialog."""
        self._refused = sentence
        self.notify(sentence, severity="warning", markup=False)

    def on_unmount(self) -> None:
        """Remove the toasts of refused input."""
        withdraw_toasts(self.app, {self._refused})

    def on_mount(self) -> None:
        """Show the mode from the beginning, and whenever the focus moves."""
        self.watch(self, "focused", self._show_mode)

    def _show_mode(self, focused: Widget | None) -> None:
        mode = mode_of(focused)
        style = "bold $on-primary on $primary" if mode == WRITE else "$foreground on $primary-muted"
        for frame in self.query("#dialog"):
            frame.border_subtitle = Content.styled(f" {mode} ", style)

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Return the result, unless that has happened."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)
