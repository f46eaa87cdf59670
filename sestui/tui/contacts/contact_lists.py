"""Which lists a contact is on."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.selection_list import SelectionItem, SelectionList

_MOST_LINES = 12


class ContactListsScreen(Dialog[set[str] | None]):
    """Returns the lists that the contact should be on, or None if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "refuse", "Back", tooltip="Change nothing"),
    ]

    def __init__(self, email: str, names: Sequence[str], on_them: set[str]) -> None:
        super().__init__()
        self._email = email
        self._names = names
        self._on = on_them
        self._ticks = SelectionList("List")

    def compose(self) -> ComposeResult:
        """The lists, a line for a new one, no and yes."""
        with Vertical(id="dialog"):
            yield Static(f"Lists of {shorten(self._email, 120)}", id="question", markup=False)
            yield Static("Space: tick or untick. Tab: go on to Save.", id="hint", markup=False)
            yield self._ticks
            yield Input(placeholder="a new list", id="new")
            with Horizontal(id="buttons"):
                yield PushButton("Go back", id="no")
                yield PushButton("Save", id="yes", variant="primary")

    def on_mount(self) -> None:
        """Begin with the lists, if there are any."""
        self._ticks.styles.height = min(_MOST_LINES, len(self._names) + 1)
        self._ticks.offer([SelectionItem(name) for name in self._names], self._on)
        self._ticks.display = self.query_one("#hint").display = bool(self._names)
        (self._ticks if self._names else self.query_one("#new")).focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._save()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes":
            self._save()
        else:
            self.dismiss(None)

    def _save(self) -> None:
        chosen = self._ticks.ticked
        new = self.query_one("#new", Input).value.strip()
        self.dismiss(chosen | {new} if new else chosen)

    def action_refuse(self) -> None:
        """Change nothing."""
        self.dismiss(None)
