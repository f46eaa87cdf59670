"""Draw runs, needs and upcoming starts for Home; pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from sestui.core.clock import Instant
from sestui.core.delivery.states import RunKind, RunState
from sestui.reports.dashboard import run_title
from sestui.reports.overview import RunView
from sestui.ses_api.relay_admission import QueueDepth
from sestui.tasks.agenda import Agenda, AgendaItem
from sestui.tasks.task_service import TaskView
from sestui.tui.home.needs import HomeNeed
from sestui.tui.widgets.format import duration, grouped, shorten
from sestui.tui.widgets.pager import folded
from sestui.tui.widgets.segments import segment_bar

At = Callable[[Instant], str]
"""Says an instant in the operator's time."""

_QUIET = "$text-muted"
_COMING = 50
_BAR = 16
_LEAST_BAR = 4
_WITH_WHEN = 44
_AGO = 10
"""Cells of when it was: ``59 min ago``."""
_ONE_LINE = 70
_STYLES = {
    RunState.SENDING: "$text-primary",
    RunState.FINISHED: "$text-success",
    RunState.CANCELLED: "$text-error",
}


@dataclass(frozen=True, slots=True)
class RunCard:
    """A running run."""

    run: RunView
    rate: float
    """Answers a second, as measured."""
    queue: QueueDepth | None = None
    """What waits in a relay's run."""


@dataclass(frozen=True, slots=True)
class ComingItem:
    """A scheduled start."""

    item: AgendaItem
    when: str
    late: bool
    at: Instant


def beside(left: Content, right: Content, width: int) -> Content:
    """``left``, cut where it must be, and ``right`` at the right end."""
    room = max(0, width - right.cell_length - 1)
    if room < min(8, left.cell_length):
        return left.truncate(width, ellipsis=True, pad=True)
    return left.truncate(room, ellipsis=True, pad=True) + Content(" ") + right


def run_card(card: RunCard, width: int, *, now: Instant, at: At) -> list[Content]:
    """Title and figures, then the bar."""
    run = card.run
    title = Content.styled(shorten(run_title(run), width), "bold")
    style = _STYLES.get(RunState(run.state), "$text-warning")
    if run.kind == RunKind.RELAY:
        return [beside(title, _queued(card), width), _figures(run)]
    progress = run.progress
    settled = Content(f"{grouped(progress.done)} of {grouped(progress.whole)}")
    share = Content.styled(f"{progress.percent:>5}", "bold")
    ends = Content.styled(_ends(card, now, at) or run.state, style)
    right = Content("  ").join([settled, share, ends])
    if right.cell_length + 12 > width:
        right = Content("  ").join([share, ends])
    return [beside(title, right, width), segment_bar(run.counts, width)]


def _ends(card: RunCard, now: Instant, at: At) -> str:
    """``ends 10:42 (in 4 min 41 s)``; '' where nobody can tell."""
    run = card.run
    if run.state == RunState.WAITING and run.resume_at is not None:
        return f"waits until {at(run.resume_at)}"
    pending = run.counts.pending + run.counts.sending
    if run.state != RunState.SENDING or not card.rate or not pending:
        return ""
    left = pending / card.rate
    return f"ends {at(now + left)} (in {duration(left)})"


def _queued(card: RunCard) -> Content:
    """What waits of a day's relayed mail, the oldest for so long: it has no end."""
    queue = card.queue
    said = f"{grouped(queue.depth)} queued for {duration(queue.age)}" if queue else "0 queued"
    return Content.styled(said, "$text-primary" if queue else _QUIET)


def _figures(run: RunView) -> Content:
    counts = run.counts
    parts = [
        ("accepted", counts.accepted, "$text-success"),
        ("rejected", counts.rejected, "$text-error"),
        ("in doubt", counts.in_doubt, "$text-warning"),
        ("skipped", counts.skipped, ""),
    ]
    return Content("  ").join(
        Content.assemble((grouped(count), style), (f" {label}", _QUIET))
        for label, count, style in parts
        if count or label == "accepted"
    )


def need_lines(needs: Sequence[HomeNeed], width: int) -> int:
    """So many lines each need takes in so many cells: its sentence may have two."""
    if width >= _ONE_LINE:
        return 1
    return 2 if all(cell_len(need.sentence) <= width for need in needs) else 3


def need_card(need: HomeNeed, width: int) -> list[Content]:
    """What it is about and what to press; and why, beside or below it."""
    subject = Content.styled(shorten(need.subject, width), "bold")
    why, acts = Content(shorten(need.sentence, width)), Content.styled(need.acts, "$text-warning")
    if width >= _ONE_LINE:
        if subject.cell_length > width // 3:
            subject = subject.truncate(width // 3, ellipsis=True)
        return [beside(Content("  ").join([subject, why]), acts, width)]
    first, *more = list(folded(need.sentence, max(1, width))) or [""]
    second = [Content(shorten(" ".join(more), width))] if more else []
    return [beside(subject, acts, width), Content(first), *second]


def coming(agenda: Agenda, at: At) -> list[ComingItem]:
    """Scheduled starts, the next first."""
    found = []
    for item in agenda.items[:_COMING]:
        if not item.active or item.next_run_at is None:
            break  # they stand in the order of what comes next
        late = agenda.late(item)
        found.append(ComingItem(item, late or at(item.next_run_at), bool(late), item.next_run_at))
    return found


def coming_line(entry: ComingItem, width: int) -> list[Content]:
    """When, what, and of which kind where there is room."""
    when = Content.styled(f"{entry.when:<13}", "$text-error" if entry.late else "")
    line = when + Content(shorten(entry.item.name, width))
    kind = Content.styled(_what(entry.item, width), _QUIET)
    return [beside(line, kind, width) if line.cell_length + kind.cell_length < width else line]


def _what(item: AgendaItem, width: int) -> str:
    """What it is: ``campaign``, ``task: backup``, ``task: starts november``."""
    if not isinstance(item, TaskView):
        return item.kind
    starts = item.fields.campaign
    return shorten(f"{item.kind}: {f'starts {starts}' if starts else item.type}", width // 2)


def lately_line(run: RunView, width: int, *, ago: At) -> list[Content]:
    """A finished run: its name, when if there is room, and the results."""
    count = Content.styled(f"{grouped(run.counts.accepted):>9}", "")
    title = Content(shorten(run_title(run), width))
    style = "$text-error" if run.state == RunState.CANCELLED else _QUIET
    ended = ago(run.finished_at) if run.finished_at is not None else ""
    when = [Content.styled(f"{ended:>{_AGO}}", style)] if width >= _WITH_WHEN else []
    room = width - count.cell_length - 2 - (_AGO + 1) * len(when)
    cells = min(_BAR + width // 8, room // 3)
    if cells < _LEAST_BAR:
        return [beside(title, count, width)]
    name = title.truncate(room - cells, ellipsis=True, pad=True)
    return [Content(" ").join([name, *when, segment_bar(run.counts, cells), count])]
