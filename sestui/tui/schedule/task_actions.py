"""What can be done to what is under the cursor in Schedule: a task, or a campaign's schedule."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.errors import SestuiError, StoppedError
from sestui.tasks.agenda import AgendaItem
from sestui.tasks.task_service import TaskView
from sestui.tui.app.navigation.navigation import compose_campaign
from sestui.tui.app.navigation.tabs import named_tab
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.campaigns.start_question import SET_START, ask_to_run
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.pick import Item, PickScreen
from sestui.tui.schedule.task_job import TaskJob
from sestui.tui.widgets.format import shorten

_OF_TASKS = {"run", "remove"}
"""What can be done to a task under the cursor, and to no campaign."""


class TaskActions(ScreenPart):
    """Schedules campaigns; adds, edits, runs, switches and removes tasks."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding("n", "new", "New", id="schedule.new", tooltip="Add a task"),
        Binding(
            "e", "edit", "Edit", id="schedule.edit", tooltip="Change the task, or the campaign"
        ),
        Binding(
            "R",
            "run",
            "Run now",
            id="schedule.run",
            tooltip="Run the task now, whatever its schedule",
        ),
        Binding("p", "enable", "Switch on", id="schedule.enable", tooltip="Run it on its schedule"),
        Binding(
            "p",
            "disable",
            "Switch off",
            id="schedule.disable",
            tooltip="Stop scheduling it; a run in progress finishes",
        ),
        Binding(
            "s",
            "schedule",
            "Schedule",
            id="schedule.campaign",
            tooltip="Choose a campaign and set when it starts",
        ),
        Binding(
            "x", "remove", "Remove", id="schedule.remove", tooltip="Remove the task and its log"
        ),
    ]
    """One key switches a task on or off: whether it is on decides which there is."""

    def __init__(self, screen: BaseScreen, item: Callable[[], AgendaItem | None]) -> None:
        """``item`` tells what is under the cursor; None: nothing."""
        super().__init__(screen)
        self._item = item

    @property
    def _task(self) -> TaskView | None:
        """The task under the cursor; None: there is none, or a campaign."""
        item = self._item()
        return item if isinstance(item, TaskView) else None

    def offers(self, action: str) -> bool:
        """Only what can be done to what is under the cursor."""
        task = self._task
        if action == "edit":
            return self._item() is not None
        if action in _OF_TASKS:
            return task is not None
        if action in {"enable", "disable"}:
            return task is not None and task.active == (action == "disable")
        return True

    @in_worker("action")
    async def action_schedule(self) -> None:
        """Ask which campaign, and open it where its start is written."""
        runtime = self.runtime
        campaigns = await self.screen.attempt(runtime.campaigns.all)
        if campaigns is FAILED:
            return
        if not campaigns:
            tab = named_tab("compose", runtime.settings.keymap)
            self.screen.toast(f"There are no campaigns yet; write one in {tab}.")
            return
        newest = sorted(campaigns, key=lambda each: -each.updated_at)
        notes = ["starts by itself already" if each.next_due_at else "" for each in newest]
        items = [Item(each.name, note) for each, note in zip(newest, notes, strict=True)]
        picked = await self.app.push_screen_wait(
            PickScreen("Schedule which campaign?", items, finding=True)
        )
        if picked is not None:
            # Compose asks about a draft in it; that must not end with this screen's worker.
            self.app.run_worker(compose_campaign(self.app, newest[picked].name, SET_START))

    def action_new(self) -> None:
        """Open an empty form."""
        self._edit(None)

    async def action_edit(self) -> None:
        """Open the form of the task under the cursor, or the campaign in Compose."""
        item = self._item()
        if isinstance(item, TaskView):
            self._edit(item)
        elif item is not None:
            await compose_campaign(self.app, item.name)

    def _edit(self, view: TaskView | None) -> None:
        from sestui.tui.schedule.edit_task import EditTaskScreen  # noqa: PLC0415 - only when wanted

        self.app.push_screen(EditTaskScreen(self.services, view))

    @in_worker("action")
    async def action_enable(self) -> None:
        """Switch the task on."""
        await self._switch(on=True)

    @in_worker("action")
    async def action_disable(self) -> None:
        """Switch the task off."""
        await self._switch(on=False)

    async def _switch(self, *, on: bool) -> None:
        if (view := self._task) is None:
            return
        await self.screen.attempt(lambda: self.runtime.tasks.switch(view.name, on=on))
        self.screen.reload()

    @in_worker("action")
    async def action_remove(self) -> None:
        """Forget the task, once the operator has said so."""
        if (view := self._task) is None:
            return
        question = ConfirmScreen(
            f"Remove the task {shorten(view.name, 60)}?",
            "Its log is removed too. To keep it for later, switch it off instead.",
            recipients=0,
            yes="Remove",
        )
        if await self.app.push_screen_wait(question):
            await self.screen.attempt(lambda: self.runtime.tasks.remove(view.name))
            self.screen.reload()

    @in_worker("run")
    async def action_run(self) -> None:
        """Run the task now; its end is told wherever the operator is by then."""
        if (view := self._task) is None:
            return
        again = await ask_to_run(self.screen, view.fields) if view.fields.campaign else False
        if again is None:
            return
        job = await self.screen.attempt(lambda: TaskJob.of(self.runtime, view.name, again=again))
        if job is not FAILED:
            self.screen.toast(f"Running {view.name} now.")
            await self._follow(job)

    async def _follow(self, job: TaskJob) -> None:
        self.services.jobs.add(job)
        try:
            await asyncio.to_thread(job.run)
            self.screen.toast(job.last_words)
        except StoppedError as error:
            self.screen.toast(str(error))
        except SestuiError as error:
            self.screen.toast(str(error), failed=True)
        finally:
            self.services.jobs.remove(job)
        self.screen.reload()
