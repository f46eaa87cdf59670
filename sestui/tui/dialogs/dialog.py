"""The base of all modal screens."""

from typing import ClassVar, TypeVar

from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList

from sestui.tui._compat import bindings_of, withdraw_toasts
from sestui.tui.app.keys.mode import WRITE, mode_of
from sestui.tui.widgets.form import LOW

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A modal screen that returns one result.

    Two keys may come before the first has closed it (a double enter). Textual would close whatever
    is on top by then for the second: the screen below, or the app.

    Whether letters are text stands in the lower edge of its frame, the widget ``#dialog``, with its
    keys and what enter does: the key bar of the screen behind it is blank meanwhile. On a low
    terminal it gives up its margins, and scrolls where that is not enough.
    """

    VERTICAL_BREAKPOINTS = LOW

    ENTER: ClassVar[str] = "OK"
    """What enter does in a line of text."""

    _refused = ""

    def refuse_input(self, sentence: str) -> None:
        """Show why the input is not accepted; the toast goes away with the dialog."""
        self._refused = sentence
        self.notify(sentence, severity="warning", markup=False)

    def on_unmount(self) -> None:
        """Remove the toasts of refused input."""
        withdraw_toasts(self.app, {self._refused})

    def on_mount(self) -> None:
        """Show the mode and the keys from the beginning, and whenever the focus moves."""
        self.watch(self, "focused", self._show_keys)

    def _show_keys(self, focused: Widget | None) -> None:
        mode = mode_of(focused)
        style = "bold $on-primary on $primary" if mode == WRITE else "$foreground on $primary-muted"
        edge = Content.styled(f" {mode} ", style)
        for key, does in self._keys(focused).items():
            edge += Content.assemble("  ", (key, "bold $text-primary"), (f" {does}", "$foreground"))
        for frame in self.query("#dialog"):
            frame.border_subtitle = edge

    def _keys(self, focused: Widget | None) -> dict[str, str]:
        """The keys and what they do now; one key for each action."""
        keys = {}
        if isinstance(focused, Button):
            keys["⏎"] = str(focused.label)
        elif isinstance(focused, Input | OptionList):
            keys["⏎"] = self.ENTER if isinstance(focused, Input) else "Choose"
        if len(self.focus_chain) > 1:
            keys["tab"] = "Next"
        actions = set()
        for _key, binding in bindings_of(self):
            if binding.show and binding.action not in actions:
                actions.add(binding.action)
                keys.setdefault(self.app.get_key_display(binding), binding.description)
        return keys

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Return the result, unless that has happened."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)
