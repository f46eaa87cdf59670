"""Tasks and their runs as rows."""

from collections.abc import Callable

from sestui.core.clock import Instant
from sestui.core.task.states import BAD_TASK_STATES, OPEN_TASK_STATES, TaskRunState
from sestui.tasks.task_service import TaskRunView, TaskView
from sestui.tui.widgets.format import duration
from sestui.tui.widgets.lazy_table import Cell, Column

Moment = Callable[[Instant], str]
"""Says an instant in the operator's time."""

TASK_COLUMNS = (
    Column("name", "Task", width=8, share=3),
    Column("type", "Type", width=16, from_width=100),
    Column("schedule", "Schedule", width=14, share=1),
    Column("next", "Next", width=12),
    Column("last", "Last", width=12, from_width=70),
    Column("state", "Came to", width=9),
)

RUN_COLUMNS = (
    Column("at", "When", width=12),
    Column("why", "", width=9, from_width=70),
    Column("state", "Came to", width=9),
    Column("took", "Took", width=12, right=True),
    Column("detail", "", share=1),
)


def kind_of(state: TaskRunState) -> str:
    """What a run's state means, as one of the tables' kinds."""
    if state in BAD_TASK_STATES:
        return "bad"
    if state in OPEN_TASK_STATES:
        return "busy"
    return "good" if state is TaskRunState.SUCCEEDED else "warning"


def task_cells(view: TaskView, at: Moment) -> dict[str, Cell]:
    """A task's row."""
    fields, run = view.fields, view.run
    coming = "off"
    if fields.active:
        coming = at(view.next_run_at) if view.next_run_at is not None else "never"
    return {
        "name": (fields.name, "" if fields.active else "quiet"),
        "type": (fields.type, "quiet"),
        "schedule": (fields.schedule, "quiet"),
        "next": (coming, "" if fields.active else "quiet"),
        "last": (at(view.last_run_at) if view.last_run_at is not None else "", "quiet"),
        "state": (run.state.label, kind_of(run.state)) if run is not None else ("", ""),
    }


def run_cells(view: TaskRunView, at: Moment) -> dict[str, Cell]:
    """A run's row in its task's log."""
    began = view.started_at or view.finished_at or view.scheduled_for
    return {
        "at": (at(began) if began is not None else "", ""),
        "why": ("by hand" if view.scheduled_for is None else "due", "quiet"),
        "state": (view.state.label, kind_of(view.state)),
        "took": (duration(view.seconds) if view.seconds is not None else "", "quiet"),
        "detail": (view.detail, "quiet"),
    }
