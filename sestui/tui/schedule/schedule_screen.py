"""Schedule: what runs by itself, when it runs next, and what came of it."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from sestui.core.clock import Instant
from sestui.errors import SestuiError, StoppedError
from sestui.tasks.task_service import TaskForecast, TaskView
from sestui.tui.app.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.schedule.service import ScheduleService, TaskJob
from sestui.tui.schedule.task_cells import TASK_COLUMNS, task_cells
from sestui.tui.widgets.format import moment, shorten
from sestui.tui.widgets.lazy_table import LazyTable

_REFRESH_SECONDS = 1.0

_EMPTY = """\
There are no tasks yet. A task does something at its time: it starts a campaign, makes a backup,
asks for a URL, checks addresses, mails a report.

  n   adds one

One line in the crontab is all it takes to run them, every minute:

  sestui task crontab      prints it;  --install  puts it there
"""


class ScheduleScreen(BaseScreen):
    """The tasks."""

    PLACE = "Schedule"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="schedule.new", tooltip="Add a task"),
        Binding("e", "edit", "Edit", id="schedule.edit", tooltip="Change the task"),
        Binding(
            "r", "run", "Run now", id="schedule.run", tooltip="Run the task, whatever its schedule"
        ),
        Binding(
            "o", "enable", "Switch on", id="schedule.enable", tooltip="Let it run at its times"
        ),
        Binding(
            "o",
            "disable",
            "Switch off",
            id="schedule.disable",
            tooltip="Let it rest; a run at work goes on",
        ),
        Binding("x", "remove", "Remove", id="schedule.remove", tooltip="Forget task and log"),
        Binding(
            "slash",
            "find",
            "Find",
            key_display="/",
            id="schedule.find",
            tooltip="Show only tasks with this in their name, type or description",
        ),
        Binding("y", "copy", "Copy", show=False, id="schedule.copy", tooltip="Copy the name"),
    ]

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._schedule = ScheduleService(services.runtime)
        self._tasks: LazyTable[TaskView] = LazyTable(
            TASK_COLUMNS, lambda view: task_cells(view, self._at), id="tasks"
        )
        self._views: list[TaskView] = []
        self._looked: tuple[TaskView, TaskForecast] | None = None

    def body(self) -> ComposeResult:
        """The tasks, what the one under the cursor is about, the find line; or what to do first."""
        yield self._tasks
        yield Static("", id="about-task", markup=False)
        yield Input(placeholder="part of a task's name, type or description", id="find")
        yield Static(_EMPTY, id="empty", markup=False)

    def on_mount(self) -> None:
        """The tasks have the focus."""
        self.query_one("#empty").display = False
        self.query_one("#find").display = False
        self._tasks.focus()

    # looking

    async def read(self) -> None:
        """Read the tasks with their newest runs."""
        views = await self.look(self._schedule.tasks)
        if views is not None:
            self._views = views
            self._show()

    def _show(self) -> None:
        wanted = self.query_one("#find", Input).value.strip().casefold()
        self._tasks.show_rows([view for view in self._views if wanted in _searched(view)])
        self._tasks.display = self.query_one("#about-task").display = bool(self._views)
        self.query_one("#empty").display = not self._views
        if self.focused is None and self._views:  # what was hidden has lost it
            self._tasks.focus()
        self._look_ahead()
        self.refresh_bindings()

    @on(LazyTable.Moved)
    def _moved(self) -> None:
        self._look_ahead()
        self.refresh_bindings()

    @work(exclusive=True, group="ahead")
    async def _look_ahead(self) -> None:
        """Say when the task under the cursor runs: working that out is not the UI thread's."""
        view = self._tasks.selected
        about = self.query_one("#about-task", Static)
        if view is None:
            about.update("")
            return
        if self._looked is None or self._looked[0] != view:
            try:
                outlook = await asyncio.to_thread(self._schedule.outlook, view)
            except SestuiError as error:  # a schedule of a time before today's rules
                about.update(shorten(str(error), 400))
                return
            self._looked = (view, outlook)
        about.update(_told(view, self._looked[1], max(20, self.size.width - 4)))

    @property
    def selected(self) -> TaskView | None:
        """The task under the cursor."""
        return self._tasks.selected

    # finding

    def action_find(self) -> None:
        """Open the find line."""
        find = self.query_one("#find")
        find.display = True
        self.set_focus(find)  # at once: what is typed next goes there

    def step_back(self) -> bool:
        """Close the find line and show everything again."""
        find = self.query_one("#find", Input)
        if not find.display:
            return False
        find.value = ""
        find.display = False
        self._tasks.focus()
        self._show()
        return True

    @on(Input.Changed, "#find")
    def _typed(self) -> None:
        self._show()

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self._tasks.focus()

    # doing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Deeds need a task under the cursor; one key switches it on or off."""
        if not self.is_mounted:
            return super().check_action(action, parameters)
        view = self.selected
        if action in {"edit", "run", "remove", "copy"}:
            return view is not None
        if action in {"enable", "disable"}:
            return view is not None and view.fields.active == (action == "disable")
        if action == "find":
            return bool(self._views)
        return super().check_action(action, parameters)

    @on(LazyTable.Opened)
    def _open(self) -> None:
        from sestui.tui.schedule.task_log import TaskLogScreen  # noqa: PLC0415 - only when wanted

        if (view := self.selected) is not None:
            self.app.push_screen(TaskLogScreen(self.services, view.name))

    def action_new(self) -> None:
        """Open an empty form."""
        self._edit(None)

    def action_edit(self) -> None:
        """Open the form of the task under the cursor."""
        if (view := self.selected) is not None:
            self._edit(view)

    def _edit(self, view: TaskView | None) -> None:
        from sestui.tui.schedule.edit_task import EditTaskScreen  # noqa: PLC0415 - only when wanted

        self.app.push_screen(EditTaskScreen(self.services, view))

    def action_enable(self) -> None:
        """Switch the task on."""
        self._switch(on=True)

    def action_disable(self) -> None:
        """Switch the task off."""
        self._switch(on=False)

    @work(group="action")
    async def _switch(self, *, on: bool) -> None:
        if (view := self.selected) is None:
            return
        await self.attempt(lambda: self._schedule.switch(view.name, on=on))
        self.look_again()

    @work(group="action")
    async def action_remove(self) -> None:
        """Forget the task, once the operator has said so."""
        if (view := self.selected) is None:
            return
        question = ConfirmScreen(
            f"Remove the task {shorten(view.name, 60)}?",
            "Its log goes with it. To let it rest only, switch it off.",
            recipients=0,
            yes="Remove",
        )
        if await self.app.push_screen_wait(question):
            await self.attempt(lambda: self._schedule.remove(view.name))
            self.look_again()

    def action_copy(self) -> None:
        """Copy the task's name."""
        if (view := self.selected) is not None:
            self.copy(view.name)

    @work(group="run")
    async def action_run(self) -> None:
        """Run the task now; its end is told wherever the operator is by then."""
        if (view := self.selected) is None:
            return
        job = await self.attempt(lambda: self._schedule.job(view.name))
        if job is not None:
            self.tell(f"{view.name} runs now.")
            await self._follow(job)

    async def _follow(self, job: TaskJob) -> None:
        self.services.jobs.add(job)
        try:
            await asyncio.to_thread(job.run)
            self.tell(job.last_words)
        except StoppedError as error:
            self.tell(str(error))
        except SestuiError as error:
            self.tell(str(error), failed=True)
        finally:
            self.services.jobs.remove(job)
        self.look_again()

    def _at(self, instant: Instant) -> str:
        return moment(instant, self.services.clock.now(), self.services.zone)


def _searched(view: TaskView) -> str:
    fields = view.fields
    return f"{fields.name} {fields.type} {fields.description}".casefold()


def _told(view: TaskView, outlook: TaskForecast, width: int) -> str:
    """What the task is for, its schedule in words, and its next runs; at most six lines."""
    fields = view.fields
    lines = [f"{fields.description or fields.type}: {outlook.words}"]
    if not fields.active:
        lines.append("switched off")
    lines += [
        f"next  {at}" if number == 0 else f"      {at}" for number, at in enumerate(outlook.fires)
    ]
    return "\n".join(shorten(line, width) for line in lines[:6])
