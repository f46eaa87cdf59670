"""Jump keys: a letter on everything that can have the focus, and on every tab."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from sestui.tui.dialogs.dialog import Dialog


@dataclass(frozen=True, slots=True)
class JumpMark:
    """A letter on a widget."""

    letter: str
    at: Offset
    widget: Widget


def marks(screen: Screen[object]) -> list[JumpMark]:
    """A letter for each widget that can have the focus and is in sight, in the order of tab."""
    seen = [widget for widget in screen.focus_chain if widget.region.area]
    return [
        JumpMark(letter, widget.region.offset, widget)
        for letter, widget in zip(ascii_lowercase, seen, strict=False)
    ]


class JumpScreen(Dialog[Widget | None]):
    """Answers the widget whose letter was typed, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", tooltip="Stay where you are"),
    ]

    def __init__(self, found: Sequence[JumpMark]) -> None:
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        """The letters, each at its widget's corner."""
        for mark in self._found:
            label = Static(mark.letter, classes="mark", markup=False)
            label.styles.offset = mark.at
            yield label

    def on_key(self, event: events.Key) -> None:
        """A letter decides; any other key leads back."""
        event.stop()
        chosen = [mark.widget for mark in self._found if mark.letter == event.key]
        self.dismiss(chosen[0] if chosen else None)

    def on_click(self) -> None:
        """A click leads back."""
        self.dismiss(None)
