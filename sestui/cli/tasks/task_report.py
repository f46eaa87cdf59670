"""Format tasks and their runs for the terminal."""

import json
from typing import TYPE_CHECKING

from sestui.core.task.states import BAD_TASK_STATES, Misfire

if TYPE_CHECKING:
    from sestui.core.task.fields import TaskFields
    from sestui.runtime import Runtime
    from sestui.tasks.agenda import Agenda, AgendaItem
    from sestui.tasks.task_service import TaskForecast, TaskRunView, TaskView


def agenda_row(runtime: "Runtime", agenda: "Agenda", item: "AgendaItem") -> tuple[str, ...]:
    """A row of the agenda."""
    upcoming = "-" if item.next_run_at is None else runtime.local_time(item.next_run_at)
    return (
        item.name,
        item.kind,
        item.type or "-",
        item.schedule or "once",
        (agenda.late(item) or upcoming) if item.active else "off",
        runtime.local_time(item.last_run_at) if item.last_run_at is not None else "-",
        item.state or "-",
    )


def described(runtime: "Runtime", view: "TaskView", forecast: "TaskForecast") -> list[str]:
    """The lines of a task with its next runs, parameters and last run."""
    from sestui.core.task.fields import TASK_FIELDS  # noqa: PLC0415 - croniter is slow to import

    fields = view.fields
    lines = [f"{fields.name}: {fields.description or fields.type}"]
    said = {
        "schedule": f"{fields.schedule} ({forecast.words})",
        "timezone": fields.timezone or "the machine's",
        "timeout": f"{fields.timeout:g} s",
        "starts_at": forecast.starts,
        "ends_at": forecast.ends,
        "misfire": _misfire(fields),
        "active": "yes" if fields.active else "no",
    }
    rows = [
        (each.name, text)
        for name, each in TASK_FIELDS.items()
        if name not in {"name", "description", "misfire_bound", "parameters"}
        and (text := said.get(name, each.kind.shown(getattr(fields, name))))
    ]
    rows += [("parameter", f"{k} = {json.dumps(v)}") for k, v in fields.parameters.items()]
    rows += [("next run", at) for at in forecast.dates]
    lines += [f"{label:<9} {value}" for label, value in rows]
    if view.run is not None:
        lines += ["", *run_lines(runtime, view.run)]
    return lines


def run_lines(runtime: "Runtime", view: "TaskRunView") -> list[str]:
    """The lines of a run and its log."""
    began = view.started_at or view.finished_at or view.scheduled_for
    when = runtime.local_time(began) if began is not None else "not started"
    head = f"run {view.id} {when}: {view.state.label}"
    if view.seconds is not None:
        head += f" in {view.seconds:.1f} s"
    if view.scheduled_for is None:
        head += ", by hand"
    if view.attempt > 1:
        head += f", attempt {view.attempt}"
    if view.host:
        head += f", on {view.host}"
    lines = [head, *(f"  {line}" for line in view.log.splitlines())]
    if view.state in BAD_TASK_STATES or not view.log:
        lines += [f"  {view.detail}"] if view.detail and view.detail not in view.log else []
    return lines


def _misfire(fields: "TaskFields") -> str:
    bound = f", {fields.misfire_bound} at most" if fields.misfire is Misfire.ALL else ""
    return f"{fields.misfire.value}{bound}"
