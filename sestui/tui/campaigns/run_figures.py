"""The figures of a run: progress, rate, quota, and counts by state."""

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive

from sestui.core.clock import Instant
from sestui.core.delivery.states import RunState
from sestui.reports.overview import RunView
from sestui.store.ledger.doubtful import DoubtSummary
from sestui.tui.campaigns.service import RunSnapshot
from sestui.tui.deliveries.flow import flowed
from sestui.tui.widgets.drawn import DrawnWidget
from sestui.tui.widgets.format import duration, grouped, recipients, shorten
from sestui.tui.widgets.gauges import average_line, labelled, quota_line, rate_line
from sestui.tui.widgets.rate_meter import RateMeter
from sestui.tui.widgets.segments import legend, segment_bar

STATE_COLOURS = {
    "sending": "primary",
    "finished": "success",
    "paused": "warning",
    "waiting": "warning",
    "cancelled": "error",
}
"""The theme's colour for a run's state; others are drawn plainly."""


_BETWEEN = " · "


class Say:
    """Says when a run ends, in the operator's time."""

    def __init__(self, now: Callable[[], Instant], at: Callable[[Instant], str]) -> None:
        self._now = now
        self._at = at

    def ends(self, snapshot: RunSnapshot, measured: float) -> str:
        """``ends 10:42 (in 4 min 41 s)``, or what else there is to say about the end."""
        run, now = snapshot.run, self._now()
        if snapshot.replay is not None:
            since = run.started_at or snapshot.replay.at
            at = self._at(snapshot.replay.at)
            return f"as it stood {at}, {duration(snapshot.replay.at - since)} after its start"
        if run.has_ended and run.finished_at is not None:
            took = run.finished_at - (run.started_at or run.finished_at)
            return f"{run.state} {self._at(run.finished_at)} after {duration(took)}"
        if run.state == RunState.WAITING and run.resume_at is not None:
            left = run.resume_at - now
            return f"continues {self._at(run.resume_at)} (in {duration(left)})"
        pending = run.counts.pending + run.counts.sending
        rate = measured or snapshot.allowed or 0.0
        if run.state != RunState.SENDING or not rate:
            return ""
        told, left = snapshot.forecast, pending / rate
        if told is not None and told.later:
            ends = f" · ends {self._at(told.ends_at)}" if told.ends_at is not None else ""
            return f"{grouped(told.today)} more today, {grouped(told.later)} later{ends}"
        if told is not None and told.ends_at is not None and snapshot.hours is not None:
            left = told.ends_at - now
        return f"ends {self._at(now + left)} (in {duration(left)})"


class Figure(DrawnWidget):
    """Draws one picture of a run; what differs is how."""

    snapshot: reactive[RunSnapshot | None] = reactive(None, repaint=False)

    def watch_snapshot(self) -> None:
        """Most looks at a run show what the last one did."""
        self.redraw()


class RunTitle(Figure):
    """Campaign, run and state; below it, why it does not go on."""

    changes_height = True

    def draw(self) -> Content:
        """One line, or two where there is a reason."""
        if self.snapshot is None:
            return Content("")
        run, replay = self.snapshot.run, self.snapshot.replay
        state = Content.styled(
            run.shown_state, f"bold $text-{STATE_COLOURS.get(run.state, 'primary')}"
        )
        if replay is not None:
            sign = "▶" if replay.playing else "‖"
            state = Content.styled(f"{sign} replay ×{replay.speed}", "bold $text-accent")
        number = f" · {run.label}"
        room = max(1, self.size.width - state.cell_length - 2)
        name = shorten(run.campaign, max(1, room - len(number)))
        title = Content.assemble((name, "bold"), number).truncate(room, pad=True)
        first = title + Content("  ") + state
        said = run.detail or run.warning
        if not said:
            return first
        return first + Content("\n") + Content.styled(shorten(said, 400), "$text-warning")


class RunBar(Figure):
    """A bar of the run's recipients by state, over the full width."""

    def draw(self) -> Content:
        """One line."""
        if self.snapshot is None:
            return Content("")
        return segment_bar(self.snapshot.run.counts, self.size.width)


class RunProgress(Figure):
    """Share, numbers, and when it ends."""

    def __init__(self, meter: RateMeter, say: Say) -> None:
        super().__init__()
        self._meter = meter
        self._say = say

    def draw(self) -> Content:
        """One line."""
        if self.snapshot is None:
            return Content("")
        told = self.snapshot.run.progress
        left = Content.assemble(
            (f"{told.percent:>5}", "bold"), f"   {grouped(told.done)} of {grouped(told.whole)}   "
        )
        return left + Content(self._say.ends(self.snapshot, self._meter.rate()))


class RunRate(Figure):
    """The rate now beside what is allowed, and the last minute; of an ended run, its average."""

    def __init__(self, meter: RateMeter) -> None:
        super().__init__()
        self._meter = meter

    def draw(self) -> Content:
        """One line."""
        if self.snapshot is None:
            return Content("")
        replay, series = self.snapshot.replay, self.snapshot.series
        if replay is not None and series is not None:
            return labelled("rate", f"{grouped(series.rate_at(replay.at), 1)}/s")
        if self.snapshot.run.has_ended:
            return average_line(self.snapshot.run.average_rate)
        return rate_line(self._meter, self.snapshot.allowed, self.size.width)


class RunQuota(Figure):
    """How much of the 24-hour quota is used, other services' use included."""

    def draw(self) -> Content:
        """One line."""
        if self.snapshot is None:
            return Content("")
        return quota_line(self.snapshot.quota, self.size.width)


class RunCountsLine(Figure):
    """The bar's legend: how many recipients stand where; together they are the audience."""

    changes_height = True

    def draw(self) -> Content:
        """One line, or more where it is narrow; and one where the operator is needed."""
        return self._flowed(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes at that width."""
        return self._flowed(width).get_height({}, width)

    def _flowed(self, width: int) -> Content:
        if self.snapshot is None:
            return Content("")
        run = self.snapshot.run
        line = flowed(legend(run.counts), width)
        if run.counts.unchecked and not run.has_ended:
            count = grouped(run.counts.unchecked)
            said = f"{count} of the pending are yet to be checked, ahead of the sending."
            line = Content("\n").join([line, Content.styled(said, "$text-muted")])
        if not run.counts.in_doubt or run.has_ended:  # an ended run's summary says it
            return line
        lines = [line, _doubt(run), flowed(doubt_parts(self.snapshot.doubts), width, _BETWEEN)]
        return Content("\n").join(each for each in lines if each)


def doubt_parts(doubts: DoubtSummary | None) -> list[Content]:
    """What SES's records say of what is in doubt; nothing if nobody has asked."""
    if doubts is None:
        return []
    parts = []
    if doubts.safe:
        parts.append(f"{recipients(doubts.safe)} without a record at SES, safe to resend")
    if late := doubts.unrecorded - doubts.safe:
        parts.append(f"{recipients(late)} without a record at SES yet")
    parts += [
        f"{grouped(count)} unclear: {why.reason}" for why, count in sorted(doubts.unclear.items())
    ]
    return [Content.styled(part, "$text-warning") for part in parts]


def _doubt(run: RunView) -> Content:
    who = recipients(run.counts.in_doubt)
    return Content.styled(
        f"No answer from SES for {who}: press r to decide what happens.", "$text-warning"
    )
