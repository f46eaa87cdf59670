"""Ask for one line of text."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.name_input import NameHint, NameLine


class AskScreen(Dialog[str]):
    """Returns what was typed, or '' if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Change nothing")
    ]

    def __init__(
        self, question: str, text: str, *, placeholder: str, value: str = "", name: bool = False
    ) -> None:
        """``name``: the name of a campaign is asked for."""
        super().__init__()
        self._for_name = name
        self._question = question
        self._text = text
        self._placeholder = placeholder
        self._value = value

    def compose(self) -> ComposeResult:
        """Question, explanation, the line."""
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            yield Static(self._text, markup=False)
            if self._for_name:
                line = NameLine(self._value, placeholder=self._placeholder)
                yield line
                yield NameHint(line)
            else:
                yield Input(self._value, placeholder=self._placeholder)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def action_go_back(self) -> None:
        """Change nothing."""
        self.dismiss("")
