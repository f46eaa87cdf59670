"""What starts by itself, and tasks' runs, as rows."""

from collections.abc import Callable

from sestui.core.clock import Instant
from sestui.core.delivery.states import RunState
from sestui.core.task.states import BAD_TASK_STATES, OPEN_TASK_STATES, TaskRunState
from sestui.tasks.agenda import AgendaItem
from sestui.tasks.task_service import TaskRunView, TaskView
from sestui.tui.widgets.format import duration, relative
from sestui.tui.widgets.lazy_table import Column
from sestui.tui.widgets.row_strip import Cell
from sestui.tui.widgets.schedule_words import schedule_words

Moment = Callable[[Instant], str]
"""Says an instant in the operator's time."""

AGENDA_COLUMNS = (
    Column("name", "Name", width=8, share=2),
    Column("kind", "Kind", width=8),
    Column("type", "Type", width=16, from_width=110),
    Column("schedule", "Schedule", width=11, share=3),
    Column("next", "Next", width=15, right=True),
    Column("last", "Last", width=10, right=True, from_width=90),
    Column("state", "Result", width=9),
)

_RUN_KINDS: dict[str, str] = {
    RunState.FINISHED: "good",
    RunState.SENDING: "busy",
    RunState.CANCELLED: "bad",
}

RUN_COLUMNS = (
    Column("at", "When", width=12),
    Column("why", "Started", width=9, from_width=70),
    Column("state", "Result", width=9),
    Column("took", "Took", width=12, right=True),
    Column("detail", "Details", share=1),
)


def kind_of(state: TaskRunState) -> str:
    """What a run's state means, as one of the tables' kinds."""
    if state in BAD_TASK_STATES:
        return "bad"
    if state in OPEN_TASK_STATES:
        return "busy"
    return "good" if state is TaskRunState.SUCCEEDED else "warning"


def agenda_cells(item: AgendaItem, late: str, now: Instant) -> dict[str, Cell]:
    """The row of what starts by itself; ``late`` says how long it is overdue, '' that it isn't."""
    last = item.last_run_at
    quiet = "" if item.active else "quiet"
    coming = "off"
    if item.active:
        coming = relative(item.next_run_at, now) if item.next_run_at is not None else "never"
    return {
        "name": (item.name, quiet),
        "kind": (item.kind, "quiet"),
        "type": (item.type, "quiet"),
        "schedule": (schedule_words(item.schedule) if item.schedule else "once", "quiet"),
        "next": (late, "bad") if late else (coming, quiet),
        "last": (relative(last, now) if last is not None else "", "quiet"),
        "state": (item.state, _kind_of_last(item)),
    }


def _kind_of_last(item: AgendaItem) -> str:
    if item.run is None:
        return ""
    if isinstance(item, TaskView):
        return kind_of(item.run.state)
    return _RUN_KINDS.get(item.run.state, "warning")


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
