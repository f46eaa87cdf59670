"""What Schedule looks at and can have done."""

from sestui.errors import StateError
from sestui.runtime import Runtime
from sestui.store.db.tables import Campaign
from sestui.tasks.agenda import Agenda, AgendaItem
from sestui.tasks.crontab import Crontab
from sestui.tasks.task_form import TaskForm, fields_of_form
from sestui.tasks.task_service import TaskForecast, TaskRunView, TaskView
from sestui.tui.app.background_jobs import BackgroundJob

_LOG = 200


_LOOK_SECONDS = 0.2


class TaskJob(BackgroundJob[TaskRunView]):
    """A task that is run now."""

    stopped = "The task has been told to stop; its log says how far it got."

    def __init__(self, runtime: Runtime, name: str, task_id: int, *, again: bool) -> None:
        super().__init__()
        self._again = again
        self._runtime = runtime
        self._name = name
        self._task_id = task_id

    def work(self) -> TaskRunView:
        """Run it, and end it early if somebody leaves."""
        worker_pool = self._runtime.worker_pool(by_hand=self._task_id, again=self._again)
        worker_pool.start()
        try:
            while not worker_pool.join(_LOOK_SECONDS):
                self.check()
        finally:
            worker_pool.stop()
            worker_pool.join()
        if worker_pool.error is not None:
            raise worker_pool.error
        if not worker_pool.ended:
            raise StateError(f"The task {self._name} has not been run.")
        return self._runtime.tasks.run(worker_pool.ended[-1].run_id, self._name)

    def said(self, result: TaskRunView) -> str:
        """Its state, and what it says of itself."""
        return f"{self._name}: {result.state.label}. {result.detail}".strip()


class ScheduleService:
    """Tasks for the screens; what is due by itself is run by `run-due`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._tasks = runtime.tasks

    def agenda(self) -> Agenda:
        """All that starts by itself, what comes next first."""
        return self._runtime.agenda()

    def task(self, name: str) -> TaskView:
        """One task."""
        return self._tasks.get(name)

    def outlook(self, item: AgendaItem) -> TaskForecast:
        """When it starts, in words and by the clock."""
        if isinstance(item, TaskView):
            return self._tasks.outlook_of(item)
        return self._tasks.outlook_from(item.timing, item.next_run_at)

    def log(self, name: str) -> list[TaskRunView]:
        """The task's runs, the newest first."""
        return list(self._tasks.log(name, limit=_LOG))

    def types(self) -> dict[str, str]:
        """What each type does, by its name."""
        return self._tasks.types()

    def look_ahead(self, form: TaskForm) -> TaskForecast:
        """When the task in the form would run, checked as for saving.

        Raises:
            UsageError: something in the form is wrong.
        """
        return self._tasks.outlook(self._tasks.check(fields_of_form(form)))

    def save(self, form: TaskForm, name: str | None) -> str:
        """Store the form as a new task or over the one called ``name``; how it is called now."""
        fields = fields_of_form(form)
        view = self._tasks.add(fields) if name is None else self._tasks.change(name, fields)
        return view.name

    def switch(self, name: str, *, on: bool) -> TaskView:
        """Enable or disable a task."""
        return self._tasks.switch(name, on=on)

    def remove(self, name: str) -> str:
        """Remove a task and its log."""
        self._tasks.remove(name)
        return name

    def job(self, name: str, *, again: bool = False) -> "TaskJob":
        """Running a task now, whatever its schedule says; not begun yet.

        ``again`` says that the operator wants its campaign sent though it was sent before.

        Raises:
            StateError: it is running, and doesn't allow another beside it.
        """
        return TaskJob(self._runtime, name, self._tasks.id_to_run(name), again=again)

    def startable(self, name: str) -> Campaign:
        """The campaign of that name, if a run of it may start once somebody says so.

        Raises:
            NotFoundError: there is no such campaign.
            StateError: an earlier run has not ended.
        """
        campaign = self._runtime.campaigns.get(name)
        self._runtime.runs.refuse_repeat(campaign, again=True)
        return campaign

    # what runs all that

    def crontab(self) -> Crontab:
        """The crontab line of this workspace."""
        return Crontab.of(self._runtime.settings)

    def install(self, crontab: Crontab) -> str:
        """Put the line into this user's crontab; what was done, as a sentence.

        Raises:
            SestuiError: there is no crontab command, or it refuses.
        """
        crontab.make_folder()
        return crontab.install()
