"""Ask for a file's path, completed as it is typed."""

from collections.abc import Collection
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.path_input import PathInput


class AskPathScreen(Dialog[Path | None]):
    """Returns the path, or None if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Change nothing")
    ]

    def __init__(
        self, question: str, text: str, *, endings: Collection[str] = ("",), value: str = ""
    ) -> None:
        super().__init__()
        self._question = question
        self._text = text
        self._endings = endings
        self._value = value

    def compose(self) -> ComposeResult:
        """Question, explanation, the line."""
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            yield Static(self._text, markup=False)
            yield PathInput(Path.cwd(), self._endings, placeholder="a path; tab completes it")

    def on_mount(self) -> None:
        """Start with the suggested path."""
        self.query_one(PathInput).propose(self._value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        line = self.query_one(PathInput)
        self.dismiss(line.typed.path if line.value.strip() else None)

    def action_go_back(self) -> None:
        """Change nothing."""
        self.dismiss(None)
