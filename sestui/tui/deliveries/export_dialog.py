"""Exporting deliveries: ask for the file, write it, show how far it is."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from sestui.core.percent import percent
from sestui.errors import SestuiError
from sestui.store.ledger.walk import LogFilter
from sestui.tui.app.services import ScreenServices
from sestui.tui.deliveries.service import ENDINGS, Export, export_to
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.file_browser import as_shown
from sestui.tui.widgets.format import bar, shorten
from sestui.tui.widgets.path_input import PathInput

_PROGRESS_SECONDS = 0.1
_BAR = 24
_FAULT_CELLS = 180


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What is to be exported."""

    wanted: LogFilter
    what: str
    """The filter in words."""
    count: int
    """How many deliveries match as far as the screen knows."""
    more: bool
    """Whether there are more than that."""
    file_name: str
    """What the file is called unless the operator says otherwise."""


class ExportScreen(Dialog[str]):
    """Answers what was written where, or '' if one went back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Cancel; a half-written file is removed")
    ]

    def __init__(self, services: ScreenServices, plan: ExportPlan) -> None:
        super().__init__()
        self._jobs = services.jobs
        self._runtime = services.runtime
        self._plan = plan
        self._folder = _working_folder()
        self._export: Export | None = None

    def compose(self) -> ComposeResult:
        """What is exported, the file, how far it is."""
        count = self._plan.count
        deliveries = f"{count:,} {'delivery' if count == 1 else 'deliveries'}"
        with Vertical(id="dialog"):
            yield Static(
                f"Export {'all, more than ' if self._plan.more else ''}{deliveries}",
                id="question",
                markup=False,
            )
            yield Static(self._plan.what, markup=False)
            yield PathInput(self._folder, ENDINGS, placeholder="a file that ends with .csv")
            yield Static("enter writes it: .csv for spreadsheets, .jsonl for programs", id="export")

    def on_mount(self) -> None:
        """A name is proposed, in the folder one is in."""
        line = self.query_one(PathInput)
        line.value = as_shown(self._folder / self._plan.file_name) or self._plan.file_name
        line.focus()
        self.set_interval(_PROGRESS_SECONDS, self._tell_of_progress)

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        if self._export is not None:
            self._export.stop()

    @on(Input.Submitted)
    def _entered(self) -> None:
        if self._export is None:
            self._write(self.query_one(PathInput).typed.path)

    @work(exclusive=True, group="action")
    async def _write(self, out: Path) -> None:
        try:
            export = export_to(self._runtime, self._plan.wanted, out)
            if await asyncio.to_thread(out.is_file) and not await self._may_replace(out):
                return
            self._export = export
            self._jobs.add(export)
            try:
                await asyncio.to_thread(export.run)
            finally:
                self._export = None
                self._jobs.remove(export)
        except SestuiError as error:
            self._say(Content.styled(shorten(str(error), _FAULT_CELLS), "$text-error"))
            return
        self.dismiss(export.last_words)

    async def _may_replace(self, out: Path) -> bool:
        text = f"{shorten(str(out), 120)} exists; its content will be lost."
        question = ConfirmScreen("Overwrite the file?", text, recipients=0, yes="Overwrite it")
        answer: bool = await self.app.push_screen_wait(question)
        return answer

    def _tell_of_progress(self) -> None:
        if self._export is None:
            return
        written, count = self._export.written, max(1, self._plan.count, self._export.written)
        drawn = Content.styled(bar(written / count, _BAR), "$primary on $surface-lighten-1")
        self._say(drawn + Content(f" {percent(written, count):>5}   {written:,}   esc stops it"))

    def _say(self, text: Content) -> None:
        self.query_one("#export", Static).update(text)

    def action_go_back(self) -> None:
        """Stop what is being written, else leave."""
        if self._export is not None:
            self._export.stop()
        else:
            self.dismiss("")


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was deleted under us
        return Path.home()
