"""The summary of a finished run, to be read and copied, with the next steps."""

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive

from sestui.core.delivery.states import RunKind
from sestui.core.percent import fine_percent, percent
from sestui.reports.overview import RunView
from sestui.tui.campaigns.course import Span, answers_text
from sestui.tui.campaigns.run_figures import Figure, doubt_parts
from sestui.tui.campaigns.service import RunSnapshot
from sestui.tui.deliveries.flow import flowed
from sestui.tui.widgets.format import duration, grouped
from sestui.tui.widgets.pager import folded

_BETWEEN = " · "


def _outcome(run: RunView) -> str:
    counts = run.counts
    accepted = f"{grouped(counts.accepted)} of {grouped(counts.audience)} accepted"
    parts = [f"{accepted} ({percent(counts.accepted, counts.audience)})"]
    if counts.delivered:
        parts.append(f"{grouped(counts.delivered)} delivered")
    refused = (
        ("bounced", counts.bounced),
        ("complained", counts.complained),
        ("rejected", counts.rejected),
    )
    for label, count in refused:
        if count:
            parts.append(f"{grouped(count)} {label} ({fine_percent(count, counts.audience)})")
    rest = (("in doubt", counts.in_doubt), ("skipped", counts.skipped))
    parts += [f"{grouped(count)} {label}" for label, count in rest if count]
    return ", ".join(parts)


def summary_text(snapshot: RunSnapshot, span: Span) -> str:
    """The whole of it, for a message to somebody; ``span`` says two instants in their time."""
    run, pace = snapshot.run, _BETWEEN.join(_pace(snapshot, span))
    answers = answers_text(snapshot.series)
    lines = [f"{run.campaign} · run {run.number}: {run.state}", _outcome(run), pace]
    return "\n".join([*lines, f"answers {answers}"] if answers else lines)


def _pace(snapshot: RunSnapshot, span: Span) -> list[str]:
    run = snapshot.run
    parts = []
    if run.average_rate is not None:
        parts.append(f"{grouped(run.average_rate, 1)}/s on average")
    if run.started_at is not None and run.finished_at is not None:
        took = duration(run.finished_at - run.started_at)
        first, last = span(run.started_at, run.finished_at)
        parts.append(f"{first} to {last} ({took})")
    if snapshot.series is not None and snapshot.series.throttled:
        parts.append(f"throttled {grouped(snapshot.series.throttled)}")
    return parts


def _next(run: RunView, outbox: str) -> list[str]:
    """What to do now, with its keys; ``outbox`` is where a test's mail is, '' if it isn't here."""
    counts = run.counts
    parts = []
    if outbox and run.kind == RunKind.TEST and counts.accepted:
        parts.append(f"{outbox} shows the mail")
    if counts.in_doubt:
        parts.append(f"r decides on {grouped(counts.in_doubt)} in doubt")
    if counts.rejected + counts.skipped and run.kind == RunKind.CAMPAIGN:
        parts.append("f follows up on those it did not reach")
    parts += ["space plays it back", "v shows every delivery", "y copies this"]
    return [f"Next: {parts[0]}", *parts[1:]]


class RunSummary(Figure):
    """The summary as a card."""

    snapshot: reactive[RunSnapshot | None] = reactive(None, layout=True)

    def __init__(self, span: Span, outbox: Callable[[], str]) -> None:
        """``outbox`` tells where the mail can be read, by a tab's key and name; '': nowhere."""
        super().__init__()
        self._span = span
        self._outbox = outbox

    def render(self) -> Content:
        """What became of it, how fast, what to do next: none of it is cut."""
        return self._flowed(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes at that width."""
        return self._flowed(width).get_height({}, width)

    def _flowed(self, width: int) -> Content:
        if self.snapshot is None:
            return Content("")
        run, room = self.snapshot.run, max(8, width)
        outcome = [Content.styled(line, "bold") for line in folded(_outcome(run), room)]
        pace = [Content(part) for part in _pace(self.snapshot, self._span)]
        following = [Content.styled(part, "$text-accent") for part in _next(run, self._outbox())]
        doubts = flowed(doubt_parts(self.snapshot.doubts), room, _BETWEEN)
        lines = [*outcome, flowed(pace, room, _BETWEEN), doubts]
        lines.append(flowed(following, room, _BETWEEN))
        return Content("\n").join(line for line in lines if line)
