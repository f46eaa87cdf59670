"""The runs of one task, and the log of the one under the cursor."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from sestui.core.text import both_ends, printable
from sestui.tasks.task_service import TaskRunView
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.schedule.task_cells import RUN_COLUMNS, run_cells
from sestui.tui.widgets.drawn import DrawnText
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.lazy_table import LazyTable

_REFRESH_SECONDS = 1.0
_MOST_RUNS = 200
_LONGEST_LOG = 20_000
"""Characters of a log that are shown; `sestui task log` prints all of it."""


class TaskLogScreen(BaseScreen):
    """What came of a task."""

    PLACE = "Schedule"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="task_log.copy", tooltip="Copy the run's log"),
    ]

    def __init__(self, services: ScreenServices, name: str) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._task_name = self.title = name
        self.page = Page("task", name)
        self._runs: LazyTable[TaskRunView] = LazyTable(
            RUN_COLUMNS, lambda view: run_cells(view, self.services.at), id="task-runs"
        )

    def body(self) -> ComposeResult:
        """The runs above, the log below."""
        yield self._runs
        with VerticalScroll(id="log"):
            yield DrawnText("", id="log-text", markup=False)

    def on_mount(self) -> None:
        """The runs have the focus."""
        frame(self._runs, f"Runs of {shorten(self._task_name, 100)}")
        frame(self.query_one("#log"), "Log")
        self._runs.focus()

    async def read(self) -> None:
        """Read the runs."""
        tasks = self.services.runtime.tasks
        found = await self.fetch(lambda: tasks.log(self._task_name, limit=_MOST_RUNS))
        if found is not None:
            self._runs.show_rows(found)
            self._say()

    @on(LazyTable.Moved)
    def _say(self) -> None:
        view = self._runs.selected
        text = "It has not run yet: press R on the list of tasks to run it now."
        if view is not None:
            parts = [view.log.rstrip()]
            if view.detail and view.detail not in view.log:
                parts.append(view.detail)
            if view.host:
                parts.append(f"on {view.host}")
            shown = both_ends("\n".join(part for part in parts if part), _LONGEST_LOG)
            text = "\n".join(printable(line) for line in shown.splitlines())
        self.query_one("#log-text", DrawnText).update(text)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a run has a log."""
        if action == "copy" and self.is_mounted:
            return self._runs.selected is not None
        return super().check_action(action, parameters)

    def action_copy(self) -> None:
        """Copy the log of the run under the cursor."""
        if (view := self._runs.selected) is not None:
            self.copy(view.log or view.detail)
