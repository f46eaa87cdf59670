"""Ask for one line of text."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from sestui.core.contact.address_check import Refusal, check_address
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.name_input import NameHint, NameLine


def _no_fault(_typed: str) -> str:
    return ""


def not_an_address(text: str) -> str:
    """Why nobody can be mailed at ``text``, as a sentence; '' for an address."""
    checked = check_address(text)
    return checked.reason if isinstance(checked, Refusal) else ""


class AskScreen(Dialog[str]):
    """Returns what was typed, or '' if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Change nothing")
    ]

    def __init__(
        self,
        question: str,
        text: str,
        *,
        placeholder: str,
        value: str = "",
        name: bool = False,
        fault: Callable[[str], str] = _no_fault,
    ) -> None:
        """``name``: the name of a campaign is asked for.

        ``fault`` says in a sentence why what was typed won't do, and '' if it will. The sentence
        stands in the dialog, which stays open.
        """
        super().__init__()
        self._for_name = name
        self._fault = fault
        self._question = question
        self._text = text
        self._placeholder = placeholder
        self._value = value
        self._said = Static("", id="ask-fault", classes="fault", markup=False)

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
            yield self._said

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        fault = self._fault(typed) if typed else ""
        if fault:
            self._say(fault)
        else:
            self.dismiss(typed)

    @on(Input.Changed)
    def _changed(self) -> None:
        self._say("")

    def _say(self, text: str) -> None:
        self._said.update(text)
        self._said.display = bool(text)

    def action_go_back(self) -> None:
        """Change nothing."""
        self.dismiss("")
