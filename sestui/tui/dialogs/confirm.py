"""Confirm a dangerous action: the number of recipients, and a way back."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.format import grouped

TYPED_ABOVE = 1_000
"""Above so many recipients the number must be typed."""


class ConfirmScreen(Dialog[bool]):
    """Returns True only for an explicit yes; "no" has the focus, unless the yes is harmless."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "refuse", "Back", tooltip="Change nothing"),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    def __init__(
        self,
        question: str,
        text: str,
        *,
        recipients: int,
        yes: str,
        instead: str = "",
        harmless: bool = False,
    ) -> None:
        """``harmless``: the yes can be taken back before anything is sent, and has the focus.

        ``instead`` is what can be done without any danger, beside going back; '' for nothing.

        It stands at the left: one key to the right of going back is always the yes.
        """
        super().__init__()
        self._instead = instead
        self.took_other = False
        """Whether False means ``instead`` rather than going back."""
        self._question = question
        self._text = text
        self._recipients = recipients
        self._yes = yes
        self._harmless = harmless

    @property
    def typed(self) -> bool:
        """Whether the number has to be typed."""
        return self._recipients > TYPED_ABOVE

    def compose(self) -> ComposeResult:
        """Question, explanation, the number if need be, no and yes."""
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            yield Static(self._text, markup=False)
            if self.typed:
                yield Static(
                    f"Type {grouped(self._recipients)} to continue:", id="type-it", markup=False
                )
                yield Input(placeholder="the number of recipients", id="number")
            with Horizontal(id="buttons"):
                if self._instead:
                    yield PushButton(self._instead, id="instead")
                yield PushButton("Go back", id="no")
                yield PushButton(self._yes, id="yes", variant="warning", disabled=self.typed)

    def on_mount(self) -> None:
        """Focus the number, or the harmless answer."""
        answer = "#yes" if self._harmless else "#no"
        self.query_one("#number" if self.typed else answer).focus()

    @on(Input.Changed)
    def _typed_more(self) -> None:
        self.query_one("#yes", Button).disabled = not self._matches()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self._matches():
            self.dismiss(True)
        else:
            self.refuse_input(f"That is not {grouped(self._recipients)}.")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.took_other = event.button.id == "instead"
        self.dismiss(event.button.id == "yes")

    def action_refuse(self) -> None:
        """Change nothing."""
        self.dismiss(False)

    def _matches(self) -> bool:
        value = self.query_one("#number", Input).value
        return "".join(value.split()).replace(",", "") == str(self._recipients)
