"""Home's agenda: the dashboard as one list, the most pressing first; pure."""

from collections.abc import Callable
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.delivery.states import RunKind, RunState
from sestui.reports.dashboard import Dashboard, run_title
from sestui.reports.overview import RunView
from sestui.ses_api.relay_admission import QueueDepth
from sestui.tui.widgets.format import bar, duration, percent
from sestui.tui.widgets.lazy_table import Cell, Column

_BAR = 12

COLUMNS = (
    Column("what", "", width=9),
    Column("campaign", "Campaign", width=16, share=2),
    Column("bar", "", width=_BAR, from_width=100),
    Column("text", "", width=8, share=5),
)


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One line."""

    what: Cell
    campaign: str
    text: str
    run: RunView | None = None
    """The run that it is about."""
    import_id: int | None = None
    """The import that it is about."""


def agenda(found: Dashboard, at: Callable[[Instant], str]) -> list[AgendaRow]:
    """The lines of a dashboard; ``at`` says an instant in the operator's time."""
    rows = [
        AgendaRow(("needs you", "warning"), need.subject, need.sentence, need.run, need.import_id)
        for need in found.needs
    ]
    rows += [_going(run, found.queues.get(run.id)) for run in found.going]
    rows += [
        AgendaRow(("next", ""), coming.campaign, f"{at(coming.at)}, by itself")
        for coming in found.coming
    ]
    return rows + [_ended(run, at) for run in found.recent]


def cells(row: AgendaRow) -> dict[str, Cell]:
    """The row's cells by column."""
    counts = row.run.counts if row.run is not None else None
    share = counts.settled / counts.audience if counts is not None and counts.audience else 0.0
    going = row.run is not None and row.run.state in {RunState.SENDING, RunState.WAITING}
    return {
        "what": row.what,
        "campaign": (row.campaign, ""),
        "bar": (bar(share, _BAR) if going else "", "busy"),
        "text": (row.text, "" if going else "quiet"),
    }


def _going(run: RunView, queue: QueueDepth | None) -> AgendaRow:
    counts = run.counts
    text = f"{percent(counts.settled, counts.audience)}, {counts.settled:,} of {counts.audience:,}"
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
