"""One question with a few answers, each a sentence."""

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from sestui.tui.dialogs.dialog import Dialog

GO_BACK = ""
"""The answer of one who goes back."""


def move_in(answers: OptionList, rows: int) -> None:
    """Move the cursor of ``answers`` down, or up for a negative number."""
    if rows > 0:
        answers.action_cursor_down()
    else:
        answers.action_cursor_up()


class ChooseScreen(Dialog[str]):
    """Returns the name of the chosen answer; the first one is to go back and has the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Change nothing"),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
    ]

    def __init__(self, question: str, text: str, answers: Mapping[str, str]) -> None:
        """``answers`` are sentences by name."""
        super().__init__()
        self._question = question
        self._text = text
        self._answers = {GO_BACK: "Go back", **answers}

    def compose(self) -> ComposeResult:
        """Question, explanation, answers."""
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            yield Static(self._text, markup=False)
            yield OptionList(
                *(Option(Content(sentence)) for sentence in self._answers.values()),
                id="answers",
                markup=False,
                compact=True,
            )

    def on_mount(self) -> None:
        """Focus the answer that changes nothing."""
        answers = self.query_one(OptionList)
        answers.highlighted = 0
        answers.focus()

    def action_move(self, rows: int) -> None:
        """Move the cursor at once: a key that is pressed next finds it there."""
        move_in(self.query_one(OptionList), rows)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(list(self._answers)[event.option_index])

    def action_go_back(self) -> None:
        """Change nothing."""
        self.dismiss(GO_BACK)
