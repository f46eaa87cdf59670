"""Schedule: what starts by itself, tasks and campaigns, when next, and what came of it last."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from sestui.errors import SestuiError
from sestui.tasks.agenda import Agenda, AgendaItem, read_agenda_now
from sestui.tasks.crontab import Crontab
from sestui.tasks.task_service import TaskForecast, TaskView
from sestui.tui.app.look.panel import frame
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.schedule.task_actions import TaskActions
from sestui.tui.schedule.task_cells import AGENDA_COLUMNS, agenda_cells
from sestui.tui.widgets.drawn import DrawnText
from sestui.tui.widgets.format import exact, grouped, shorten
from sestui.tui.widgets.lazy_table import LazyTable
from sestui.tui.widgets.row_strip import Cell

_REFRESH_SECONDS = 1.0

_EMPTY = """\
Nothing starts by itself yet. What does is listed here: campaigns with a
start or a schedule, and tasks (a backup, a request, a report, …).

  s   schedules a campaign: choose it, then type when it starts
  n   adds a task

While sestui is open it starts the campaigns that are due. To start them
while it is closed, and for tasks, it takes one line in the crontab:

  C   installs it;   sestui task crontab  prints it
"""


class ScheduleScreen(BaseScreen):
    """Tasks and scheduled campaigns."""

    PLACE = "Schedule"
    BINDINGS: ClassVar[list[BindingType]] = [
        *TaskActions.BINDINGS,
        Binding(
            "slash",
            "find",
            "Find",
            key_display="/",
            id="schedule.find",
            tooltip="Show only what has this in its name, type or description",
        ),
        Binding(
            "C",
            "crontab",
            "Crontab",
            id="schedule.crontab",
            tooltip="Install the crontab line that runs all this",
        ),
        Binding("y", "copy", "Copy", show=False, id="schedule.copy", tooltip="Copy the name"),
    ]
    PARTS = (TaskActions,)

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._runtime = services.runtime
        self._service = services.runtime.tasks
        self._tasks: LazyTable[AgendaItem] = LazyTable(AGENDA_COLUMNS, self._cells, id="tasks")
        self._agenda: Agenda | None = None
        self.take(TaskActions(self, lambda: self.selected))
        self._looked: tuple[AgendaItem, TaskForecast] | None = None

    def body(self) -> ComposeResult:
        """What is overdue, the agenda, what the row under the cursor is about, the find line; or
        what to do first."""
        yield DrawnText("", id="overdue", markup=False)
        yield self._tasks
        yield DrawnText("", id="about-task", markup=False)
        yield Input(placeholder="part of a name, type or description", id="find")
        yield Static(_EMPTY, id="empty", markup=False)

    def on_mount(self) -> None:
        """The agenda has the focus."""
        self.query_one("#empty").display = False
        self.query_one("#overdue").display = False
        self.query_one("#find").display = False
        self._tasks.focus()

    # reading

    async def read(self) -> None:
        """Read the agenda with its newest runs."""
        agenda = await self.fetch(
            lambda: read_agenda_now(self._runtime.database, self._runtime.clock)
        )
        if agenda is not None:
            self._agenda = agenda
            self._show()

    @property
    def _items(self) -> tuple[AgendaItem, ...]:
        return self._agenda.items if self._agenda is not None else ()

    def _show(self) -> None:
        wanted = self.query_one("#find", Input).value.strip().casefold()
        items, before = self._items, self.selected
        shown = [item for item in items if wanted in _searched(item)]
        self._tasks.show_rows(shown)
        of = f" of {grouped(len(items))}" if len(shown) < len(items) else ""
        way = f"{self._key_of('schedule', 's')} schedules a campaign"
        frame(self._tasks, f"Tasks and campaigns · {grouped(len(shown))}{of}", way)
        if before is not None:  # rows move as time goes on: no key must meet another one
            places = [_identity(item) for item in shown]
            if _identity(before) in places:
                self._tasks.cursor = places.index(_identity(before))
        self._tasks.display = self.query_one("#about-task").display = bool(items)
        self.query_one("#empty").display = self._agenda is not None and not items
        self._say_overdue()
        if self.focused is None and items:  # what was hidden has lost it
            self._tasks.focus()
        self._preview_schedule()
        self.refresh_bindings()

    def _say_overdue(self) -> None:
        line = self.query_one("#overdue", Static)
        sentence = self._agenda.sentence if self._agenda is not None else ""
        line.display = bool(sentence)
        line.update(f"{sentence}. {self._key_of('crontab', 'C')} installs the crontab line.")

    def _key_of(self, action: str, usual: str) -> str:
        """The key that does that here: the operator may have another one for it."""
        keys = (
            self.app.get_key_display(each.binding)
            for each in self.active_bindings.values()
            if each.binding.action == action
        )
        return next(keys, usual)

    @on(LazyTable.Moved)
    def _moved(self) -> None:
        self._preview_schedule()

    @work(exclusive=True, group="ahead")
    async def _preview_schedule(self) -> None:
        """Say when what is under the cursor starts: working that out is not the UI thread's."""
        item = self._tasks.selected
        about = self.query_one("#about-task", Static)
        last = item.last_run_at if item is not None else None
        note = f"last {exact(last, self.services.zone)}" if last is not None else ""
        frame(about, item.name if item is not None else "", note)
        if item is None:
            about.update("")
            return
        if self._looked is None or self._looked[0] != item:
            try:
                forecast = await asyncio.to_thread(self._forecast, item)
            except SestuiError as error:  # a schedule of a time before today's rules
                about.update(shorten(str(error), 400))
                return
            self._looked = (item, forecast)
        about.update(_told(item, self._looked[1], max(20, about.size.width)))

    def _forecast(self, item: AgendaItem) -> TaskForecast:
        """When it starts, in words and by the clock; blocking."""
        if isinstance(item, TaskView):
            return self._service.forecast_of(item)
        return self._service.forecast_from(item.timing, item.next_run_at)

    @property
    def selected(self) -> AgendaItem | None:
        """The task or campaign under the cursor."""
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
        """Only what can be done to what is under the cursor."""
        if not self.is_mounted:
            return super().check_action(action, parameters)
        if action == "copy":
            return self.selected is not None
        if action == "find":
            return bool(self._items)
        return super().check_action(action, parameters)

    @on(LazyTable.Opened)
    def _open(self) -> None:
        from sestui.tui.campaigns.campaign_screen import CampaignScreen  # noqa: PLC0415 - only when wanted
        from sestui.tui.schedule.task_log import TaskLogScreen  # noqa: PLC0415 - as above

        if (item := self.selected) is None:
            return
        screen = TaskLogScreen if isinstance(item, TaskView) else CampaignScreen
        self.app.push_screen(screen(self.services, item.name))

    def action_copy(self) -> None:
        """Copy the name."""
        if (item := self.selected) is not None:
            self.copy(item.name)

    @work(group="action")
    async def action_crontab(self) -> None:
        """Show the crontab line, and install it once the operator has said so."""
        crontab = await self.attempt(lambda: Crontab.of(self._runtime.settings))
        if crontab is FAILED:
            return
        question = ConfirmScreen(
            "Add this line to your crontab?",
            "\n".join([crontab.line, *(f"! {each}" for each in crontab.warnings)]),
            recipients=0,
            yes="Install",
        )
        if await self.app.push_screen_wait(question):
            done = await self.attempt(crontab.install)
            if done is not FAILED:
                self.toast(done)

    def _cells(self, item: AgendaItem) -> dict[str, Cell]:
        late = self._agenda.late(item) if self._agenda is not None else ""
        return agenda_cells(item, late, self.services.clock.now())


def _identity(item: AgendaItem) -> tuple[str, str]:
    return item.kind, item.name


def _searched(item: AgendaItem) -> str:
    description = item.fields.description if isinstance(item, TaskView) else ""
    return f"{item.name} {item.kind} {item.type} {description}".casefold()


def _told(item: AgendaItem, forecast: TaskForecast, width: int) -> str:
    """What it is for, its schedule in words, and when it starts next; at most six lines."""
    if isinstance(item, TaskView):
        about = item.fields.description or item.type
    else:
        about = f"goes to {item.whom.words}"
    raw = f" ({item.schedule})" if item.schedule else ""
    lines = [f"{about}: {forecast.words}{raw}"]
    if not item.active:
        lines.append("switched off")
    lines += [
        f"next  {at}" if number == 0 else f"      {at}" for number, at in enumerate(forecast.dates)
    ]
    return "\n".join(shorten(line, width) for line in lines[:6])
