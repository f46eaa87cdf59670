"""Choose a campaign to edit by its name, or a campaign file by its path."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from sestui.tui.dialogs.choose import move_in
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.path_input import PathInput

_MOST_OFFERED = 200
_WIDEST = 60


class OpenCampaignScreen(Dialog[str | Path | None]):
    """Returns a campaign's name or a file's path; None if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Change nothing"),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
    ]

    def __init__(self, names: Sequence[str], endings: Sequence[str]) -> None:
        """``names`` are the campaigns; ``endings`` are those of campaign files."""
        super().__init__()
        self._names = names
        self._endings = endings
        self._offered: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """A line, and the campaigns that match it."""
        with Vertical(id="dialog"):
            yield Static("Open a campaign", id="question", markup=False)
            yield PathInput(
                Path.cwd(),
                self._endings,
                placeholder="part of its name, or the path of a file (./news.md)",
            )
            yield OptionList(id="answers", markup=False, compact=True)

    def on_mount(self) -> None:
        """All of them, the newest first."""
        self.query_one("#answers").can_focus = False
        self._offer("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._offer(event.value.strip())

    def _offer(self, typed: str) -> None:
        answers = self.query_one(OptionList)
        answers.clear_options()
        wanted = typed.casefold()
        self._offered = (
            ()
            if self._is_path(typed)
            else [name for name in self._names if wanted in name.casefold()][:_MOST_OFFERED]
        )
        answers.add_options([Option(Content(shorten(name, _WIDEST))) for name in self._offered])
        answers.display = bool(self._offered)
        if self._offered:
            answers.highlighted = 0

    def _is_path(self, typed: str) -> bool:
        return (
            "/" in typed or typed.startswith("~") or typed.casefold().endswith(tuple(self._endings))
        )

    def action_move(self, rows: int) -> None:
        """Move among the campaigns while the line keeps the focus."""
        move_in(self.query_one(OptionList), rows)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        at = self.query_one(OptionList).highlighted
        if self._offered and at is not None:
            self.dismiss(self._offered[at])
        elif event.value.strip():
            self.dismiss(self.query_one(PathInput).typed.path)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._offered[event.option_index])

    def action_go_back(self) -> None:
        """Change nothing."""
        self.dismiss(None)
