"""Read and change tasks, for commands and screens."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from sestui.core.campaign.fields import CampaignFields
from sestui.core.clock import Clock, Instant, iso
from sestui.core.schedule.cron import Occurrence, next_occurrences
from sestui.core.schedule.cron_grammar import wants_both
from sestui.core.schedule.cron_words import in_words, on_the_clock, with_offset
from sestui.core.schedule.daylight import clock_notes
from sestui.core.task.fields import CAMPAIGN_TYPE, TASK_FIELDS, TaskFields, checked_fields
from sestui.core.task.states import TaskRunState
from sestui.errors import StateError, UsageError
from sestui.settings import Settings
from sestui.store.db.database import Database
from sestui.store.tasks.runs import TaskRuns
from sestui.store.tasks.tables import Task, TaskRun
from sestui.store.tasks.tasks import Tasks, coming, fields_of_task
from sestui.tasks.registry import checked_type, known_types, load_type, parameters_of

_log = logging.getLogger(__name__)

SHOWN_FIRES = 5
SHOWN_DATES = 3


@dataclass(frozen=True, slots=True)
class TaskRunView:
    """A task's run to show."""

    id: int
    task: str
    state: TaskRunState
    scheduled_for: Instant | None
    """None: by hand."""
    started_at: Instant | None
    finished_at: Instant | None
    attempt: int
    host: str
    detail: str
    result: Mapping[str, Any]
    log: str

    @property
    def seconds(self) -> float | None:
        """How long it took; None if it hasn't ended or never began."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "id": self.id,
            "task": self.task,
            "state": self.state.value,
            "scheduled_for": iso(self.scheduled_for) or None,
            "started_at": iso(self.started_at) or None,
            "finished_at": iso(self.finished_at) or None,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "attempt": self.attempt,
            "host": self.host,
            "detail": self.detail,
            "result": dict(self.result),
            "log": self.log,
        }


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with its newest run, if it has one."""

    fields: TaskFields
    first_run_at: Instant | None
    last_run_at: Instant | None
    next_run_at: Instant | None
    created_at: Instant
    updated_at: Instant
    run: TaskRunView | None
    kind: ClassVar[str] = "task"

    @property
    def name(self) -> str:
        """The task's name."""
        return self.fields.name

    @property
    def type(self) -> str:
        """Its type's name."""
        return self.fields.type

    @property
    def schedule(self) -> str:
        """Its cron expression."""
        return self.fields.schedule

    @property
    def state(self) -> str:
        """The newest run's state, for people; '' if there is none."""
        return self.run.state.label if self.run is not None else ""

    @property
    def active(self) -> bool:
        """Whether it is enabled."""
        return self.fields.active

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        fields = self.fields
        return {
            "kind": self.kind,
            **{
                name: each.kind.as_json(getattr(fields, name)) for name, each in TASK_FIELDS.items()
            },
            "day_and_weekday": wants_both(fields.schedule),
            "first_run_at": iso(self.first_run_at) or None,
            "last_run_at": iso(self.last_run_at) or None,
            "next_run_at": iso(self.next_run_at) or None,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
            "last_run": self.run.as_dict() if self.run else None,
        }


@dataclass(frozen=True, slots=True)
class TaskForecast:
    """When a task runs, for people, in the task's zone."""

    words: str
    """The schedule in words, or the next dates if words would be wrong."""
    fires: tuple[str, ...]
    """The next few runs; none while it is disabled."""
    notes: tuple[str, ...]
    """A note on summer time for each; '' for none."""
    starts: str
    """'' for no first day; the last day likewise."""
    ends: str
    programs_fires: tuple[str, ...] = ()
    """:attr:`fires` for programs, with the offset: ``Sun 2090-01-01 03:00+01:00``."""

    @property
    def dates(self) -> tuple[str, ...]:
        """The next few, each with its note."""
        return tuple(
            f"{at}  {note}" if note else at for at, note in zip(self.fires, self.notes, strict=True)
        )


class TaskService:
    """Reads and changes tasks; checks everything before writing."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._tasks = Tasks(database)
        self._runs = TaskRuns(database)
        self._settings = settings
        self._clock = clock

    # reading

    def get(self, name: str) -> TaskView:
        """One task.

        Raises:
            NotFoundError: there is none of that name.
        """
        with self._database.snapshot():
            return self._seen(self._tasks.get(name))

    def names(self) -> list[str]:
        """The name of every task."""
        return [task.name for task in self._tasks.all()]

    def find(self, name: str) -> TaskView | None:
        """The task of that name, or None."""
        with self._database.snapshot():
            task = self._tasks.find(name)
            return None if task is None else self._seen(task)

    def _seen(self, task: Task) -> TaskView:
        return view_of(task, self._runs.newest([task.id]).get(task.id))

    def log(self, name: str, *, limit: int = 20) -> Sequence[TaskRunView]:
        """The task's newest runs, the newest first.

        Raises:
            NotFoundError: there is none of that name.
        """
        with self._database.snapshot():
            task = self._tasks.get(name)
            return [_run_view(run, name) for run in self._runs.of_task(task.id, limit=limit)]

    def run(self, run_id: int, name: str) -> TaskRunView:
        """One run of the task of that name."""
        return _run_view(self._runs.get(run_id), name)

    def types(self) -> dict[str, str]:
        """Summaries of the types, by name; of one that can't be loaded, the error."""
        return {name: _summary(name) for name in known_types()}

    def forecast(self, fields: TaskFields) -> TaskForecast:
        """When an unsaved task would run.

        Raises:
            UsageError: its schedule or zone is invalid.
        """
        return self._forecast_fields(fields, [])

    def forecast_of(self, view: TaskView) -> TaskForecast:
        """When a task runs: its next run, which may be overdue, and those after it.

        An invalid schedule or zone is reported in place of its words.
        """
        return self.forecast_from(view.fields, view.next_run_at)

    def forecast_from(self, fields: TaskFields, waits_for: Instant | None) -> TaskForecast:
        """The same for anything with the timing of ``fields`` whose next run is at ``waits_for``.

        Without a schedule it runs once.
        """
        try:
            if not fields.schedule and waits_for is not None:
                at = Occurrence(waits_for, "")
                return self._forecast("once", [at], fields)
            return self._forecast_fields(fields, [] if waits_for is None else [waits_for])
        except (UsageError, ValueError, OverflowError) as error:
            return TaskForecast(str(error).rstrip("."), (), (), "", "")

    def forecast_of_campaign(self, campaign: CampaignFields) -> TaskForecast:
        """When an unsaved campaign would start on its own.

        Raises:
            UsageError: its schedule is invalid.
        """
        start = campaign.start_at
        timing = TaskFields(
            campaign.name, CAMPAIGN_TYPE, campaign.schedule, timezone=campaign.timezone
        )
        if campaign.schedule:
            return self._forecast_fields(timing, [])
        if start is None:
            return TaskForecast("Not scheduled; you start it yourself", (), (), "", "")
        words = "once" if start > self._clock.now() else "once, in the past"
        return self._forecast(words, [Occurrence(start, "")], timing)

    def _forecast_fields(self, fields: TaskFields, waits_for: list[Instant]) -> TaskForecast:
        now, zone = self._clock.now(), fields.timezone
        begin = now if fields.starts_at is None else max(now, fields.starts_at - 1e-3)
        begin = max([begin, *waits_for])
        dates = [Occurrence(at, "") for at in waits_for]
        dates += next_occurrences(fields.schedule, zone, begin, SHOWN_FIRES)
        words = in_words(fields.schedule)
        if not words:
            told = [on_the_clock(each.at, zone) for each in dates[:SHOWN_DATES]]
            words = f"{', '.join(told)}, …" if told else "no more dates"
        return self._forecast(words, dates[:SHOWN_FIRES] if fields.active else [], fields)

    def _forecast(
        self, words: str, dates: Sequence[Occurrence], fields: TaskFields
    ) -> TaskForecast:
        zone, starts, ends = fields.timezone, fields.starts_at, fields.ends_at
        found = [each for each in dates if ends is None or each.at <= ends]
        return TaskForecast(
            words=words,
            fires=tuple(on_the_clock(each.at, zone) for each in found),
            notes=clock_notes(found, zone, self._clock.now()),
            starts="" if starts is None else on_the_clock(starts, zone),
            ends="" if ends is None else on_the_clock(ends, zone),
            programs_fires=tuple(with_offset(each.at, zone) for each in found),
        )

    # changing

    def check(self, fields: TaskFields, folder: Path | None = None) -> TaskFields:
        """``fields`` as they would be stored; relative paths are from ``folder``.

        Raises:
            UsageError: a value is impossible, the type unknown, a parameter wrong, or there is no
                time at which it would ever run.
        """
        fields = checked_fields(
            replace(fields, timezone=fields.timezone or self._settings.timezone)
        )
        kind = load_type(checked_type(fields.type))
        given = parameters_of(kind, fields.name, fields.parameters, folder)
        # The given ones as the type's model converts them, without defaults.
        fields = replace(fields, parameters=given.model_dump(mode="json", exclude_unset=True))
        if fields.active and fields.next_after(self._clock.now()) is None:
            raise UsageError(
                f"The task {fields.name} would never run: '{fields.schedule}' has no occurrence "
                "to come"
                f"{' between its start and its end' if fields.starts_at or fields.ends_at else ''}."
            )
        return fields

    def in_the_way(self, fields: TaskFields) -> str:
        """Why such a task can't start its campaign, as a sentence; '' if it can."""
        return self._tasks.in_the_way(fields)

    def add(self, fields: TaskFields) -> TaskView:
        """Store a new task.

        Raises:
            UsageError: as :meth:`check`.
            StateError: there is one of that name, or the campaign that it starts has a schedule of
                its own.
        """
        return view_of(self._tasks.add(self.check(fields), self._clock.now()), None)

    def change(self, name: str, fields: TaskFields) -> TaskView:
        """Change the task of that name to ``fields``.

        Raises:
            UsageError, NotFoundError, StateError: as :meth:`check`, or for the names.
        """
        self._tasks.change(name, self.check(fields), self._clock.now())
        return self.get(fields.name)

    def switch(self, name: str, *, on: bool) -> TaskView:
        """Enable or disable a task; occurrences missed while it was disabled are not run.

        Raises:
            NotFoundError: there is none of that name.
            UsageError: it would never run again, or its type is gone.
            StateError: the campaign that it starts has a schedule of its own.
        """
        fields = replace(fields_of_task(self._tasks.get(name)), active=on)
        if on:
            fields = self.check(fields)
        self._tasks.change(name, fields, self._clock.now())
        return self.get(name)

    def remove(self, name: str) -> None:
        """Remove a task and its log.

        Raises:
            NotFoundError: there is none of that name.
            StateError: it is running.
        """
        self._tasks.remove(name)

    def id_to_run(self, name: str) -> int:
        """The id of a task that may be run now.

        Raises:
            NotFoundError: there is none of that name.
            StateError: it is running, and doesn't allow another beside it.
        """
        task = self._tasks.get(name)
        newest = self._runs.newest([task.id]).get(task.id)
        if newest is not None and newest.state == TaskRunState.RUNNING and task.overlap != "allow":
            raise StateError(f"The task {name} is running already.")
        return task.id


def _summary(name: str) -> str:
    try:
        return load_type(name).summary
    except Exception as error:  # noqa: BLE001 - a broken package must not hide the others
        _log.debug("A task type can't be described.", exc_info=True)
        return str(error)


def view_of(task: Task, run: TaskRun | None) -> TaskView:
    """The view of a task's row and its newest run's."""
    return TaskView(
        fields=fields_of_task(task),
        first_run_at=task.first_run_at,
        last_run_at=task.last_run_at,
        next_run_at=coming(task),
        created_at=task.created_at,
        updated_at=task.updated_at,
        run=_run_view(run, task.name) if run else None,
    )


def _run_view(run: TaskRun, task: str) -> TaskRunView:
    return TaskRunView(
        id=run.id,
        task=task,
        state=TaskRunState(run.state),
        scheduled_for=run.scheduled_for,
        started_at=run.started_at,
        finished_at=run.finished_at,
        attempt=run.attempt,
        host=run.host,
        detail=run.detail,
        result=run.result,
        log=run.log,
    )
