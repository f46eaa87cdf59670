"""Export rows of a table: ask for the file, write it, show the progress."""

import asyncio
import re
from collections.abc import Callable, Sequence
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
from sestui.errors import SestuiError, UsageError
from sestui.reports.sent_log import Format
from sestui.tui.app.screens.background_jobs import BackgroundJob
from sestui.tui.app.services import ScreenServices
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.file_browser import as_shown, working_folder
from sestui.tui.widgets.format import bar, grouped, shorten
from sestui.tui.widgets.path_input import PathInput

_PROGRESS_SECONDS = 0.1
_BAR = 24
_FAULT_CELLS = 180
_LONGEST_NAME = 60
ENDINGS = tuple(f".{form}" for form in Format)
"""What an exported file may be called."""


class FileExport(BackgroundJob[int]):
    """Writes rows to a file that appears whole or not at all; the result is how many."""

    stopped = "The export has been stopped; no file has been written."
    noun = ("row", "rows")
    """What a row is, and several of them."""

    def __init__(self, out: Path) -> None:
        """Not begun yet.

        Raises:
            UsageError: the file's name doesn't say what it is to be.
        """
        super().__init__()
        self.out = out
        self.form = format_of(out)
        self.written = 0
        """Rows written so far."""

    def summary(self, result: int) -> str:
        """What was written where."""
        return f"{grouped(result)} {self.noun[result != 1]} written to {self.out}."

    def report(self, count: int) -> None:
        """Report the number written; raises StoppedError if the export was stopped."""
        self.written = count
        self.check()


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What is to be exported."""

    export: Callable[[Path], FileExport]
    """The export to that file, not begun yet; a UsageError if the name says no format."""
    title: str
    what: str
    """The rows in words."""
    count: int
    """How many rows there are as far as the screen knows."""
    file_name: str
    """What the file is called unless the operator says otherwise."""


def format_of(out: Path) -> Format:
    """The format that the file's name says.

    Raises:
        UsageError: it says none.
    """
    ending = out.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"Give the file a name that ends with {' or '.join(ENDINGS)}.")
    return Format(ending[1:])


def plain_name(words: Sequence[str]) -> str:
    """The name of a CSV file of these words, as far as a file's name may have them."""
    plain = [re.sub(r"[^A-Za-z0-9_.@]+", "-", word)[:_LONGEST_NAME].strip("-.") for word in words]
    return f"{'-'.join(word for word in plain if word)}.csv"


class ExportScreen(Dialog[str]):
    """Returns a sentence about the written file, or '' if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Cancel; a half-written file is removed")
    ]

    def __init__(self, services: ScreenServices, plan: ExportPlan) -> None:
        super().__init__()
        self._jobs = services.jobs
        self._plan = plan
        self._folder = working_folder()
        self._export: FileExport | None = None

    def compose(self) -> ComposeResult:
        """What is exported, the file, how far it is."""
        with Vertical(id="dialog"):
            yield Static(self._plan.title, id="question", markup=False)
            yield Static(self._plan.what, markup=False)
            yield PathInput(self._folder, ENDINGS, placeholder="a file that ends with .csv")
            yield Static("enter writes it: .csv for spreadsheets, .jsonl for programs", id="export")

    def on_mount(self) -> None:
        """A name is proposed, in the folder one is in."""
        line = self.query_one(PathInput)
        line.propose(as_shown(self._folder / self._plan.file_name) or self._plan.file_name)
        line.focus()
        self.set_interval(_PROGRESS_SECONDS, self._show_progress)

    def on_unmount(self) -> None:
        """Stop it, as its result is no longer needed."""
        if self._export is not None:
            self._export.stop()

    @on(Input.Submitted)
    def _entered(self) -> None:
        if self._export is None:
            self._write(self.query_one(PathInput).typed.path)

    @work(exclusive=True, group="action")
    async def _write(self, out: Path) -> None:
        try:
            export = self._plan.export(out)
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

    def _show_progress(self) -> None:
        if self._export is None:
            return
        written, count = self._export.written, max(1, self._plan.count, self._export.written)
        drawn = Content.styled(bar(written / count, _BAR), "$primary on $surface-lighten-1")
        self._say(
            drawn + Content(f" {percent(written, count):>5}   {grouped(written)}   esc stops it")
        )

    def _say(self, text: Content) -> None:
        self.query_one("#export", Static).update(text)

    def action_go_back(self) -> None:
        """Stop what is being written, else leave."""
        if self._export is not None:
            self._export.stop()
        else:
            self.dismiss("")
