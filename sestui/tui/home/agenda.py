"""Home's agenda: the dashboard as one list, the most pressing first; pure."""

from collections.abc import Callable
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.states import RunKind, RunState
from sestui.reports.dashboard import Dashboard, run_title
from sestui.reports.overview import RunView
from sestui.ses_api.relay_admission import QueueDepth
from sestui.tasks.agenda import Agenda, AgendaItem
from sestui.tasks.task_service import TaskView
from sestui.tui.widgets.format import duration
from sestui.tui.widgets.lazy_table import Cell, Column, Pieces
from sestui.tui.widgets.segments import segment_pieces

_BAR = 12
_COMING = 5

COLUMNS = (
    Column("what", "", width=9),
    Column("name", "Name", width=12, share=2),
    Column("bar", "", width=_BAR, from_width=100),
    Column("text", "", width=8, share=6),
)


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One line."""

    what: Cell
    name: str
    """What it is about: a campaign, its run, a task, a file."""
    text: str
    run: RunView | None = None
    """The run that it is about."""
    import_id: int | None = None
    """The import that it is about."""
    place: str = ""
    """The mode of the place that it leads to."""


def agenda(found: Dashboard, at: Callable[[Instant], str], key: str = "C") -> list[AgendaRow]:
    """The lines of a dashboard; ``at`` says an instant in the operator's time.

    ``key`` is the one that installs the crontab line in Schedule.
    """
    rows = [
        AgendaRow(("needs you", "warning"), need.subject, need.sentence, need.run, need.import_id)
        for need in found.needs
    ]
    rows += _overdue(found.agenda, key)
    rows += [_going(run, found.queues.get(run.id)) for run in found.going]
    rows += _coming(found.agenda, at)
    return rows + [_ended(run, at) for run in found.recent]


def _overdue(found: Agenda, key: str) -> list[AgendaRow]:
    """What waits because nothing runs tasks here, on one line."""
    if not found.sentence:
        return []
    text = f"{found.sentence}; that installs the crontab line"
    return [AgendaRow(("overdue", "bad"), f"Press {key} in Schedule", text, place="schedule")]


def _coming(found: Agenda, at: Callable[[Instant], str]) -> list[AgendaRow]:
    """What comes next by itself."""
    rows: list[AgendaRow] = []
    for item in found.items:
        if len(rows) == _COMING or not item.active or item.next_run_at is None:
            break  # they stand in the order of what comes next
        place = "campaigns" if item.kind == "campaign" else "schedule"
        when = found.late(item) or at(item.next_run_at)
        rows.append(AgendaRow(("next", ""), item.name, f"{when}, {_what(item)}", place=place))
    return rows


def _what(item: AgendaItem) -> str:
    """What it is: ``campaign``, ``task: backup``, ``task: starts november``."""
    if not isinstance(item, TaskView):
        return item.kind
    starts = item.fields.campaign
    return f"{item.kind}: {f'starts {starts}' if starts else item.type}"


def cells(row: AgendaRow) -> dict[str, Cell | Pieces]:
    """The row's cells by column."""
    going = row.run is not None and row.run.state in {RunState.SENDING, RunState.WAITING}
    return {
        "what": row.what,
        "name": (row.name, ""),
        "bar": segment_pieces(row.run.counts, _BAR) if row.run is not None and going else ("", ""),
        "text": (row.text, "" if going else "quiet"),
    }


def _going(run: RunView, queue: QueueDepth | None) -> AgendaRow:
    told = run.progress
    text = f"{told.percent}, {told.done:,} of {told.whole:,}"
    if run.kind == RunKind.RELAY:
        text = _relayed(run, queue)
    kind = "busy" if run.state == RunState.SENDING else "warning"
    if run.state == RunState.WAITING and run.detail:
        text = f"{text}. {run.detail}"
    return AgendaRow((run.state, kind), run_title(run), text, run)


def _relayed(run: RunView, queue: QueueDepth | None) -> str:
    """What waits of a day's relayed mail, the oldest for so long; it has no end to be so many per
    cent away from."""
    waits = f"{queue.depth:,} queued for {duration(queue.age)}" if queue else "0 queued"
    return f"{waits}, {_came_to(run)}"


def _ended(run: RunView, at: Callable[[Instant], str]) -> AgendaRow:
    kind = "good" if run.state == RunState.FINISHED else "bad"
    text = _came_to(run)
    if run.finished_at is not None:
        text = f"{at(run.finished_at)}, {text}"
    return AgendaRow((run.state, kind), run_title(run), text, run)


def _came_to(run: RunView) -> str:
    counts = run.counts
    others = (
        ("rejected", counts.rejected),
        ("in doubt", counts.in_doubt),
        ("skipped", counts.skipped),
    )
    parts = [f"{count:,} {label}" for label, count in others if count]
    return ", ".join([f"{counts.accepted:,} accepted", *parts])
