"""The course of a run: its rate over time, SES's answer times, and recipients by domain."""

from collections.abc import Callable
from itertools import accumulate

from textual.content import Content
from textual.reactive import reactive

from sestui.core.clock import Instant
from sestui.core.delivery.series import RunSeries
from sestui.core.percent import fine_percent, percent
from sestui.store.ledger.troubles import DomainCounts
from sestui.tui.campaigns.run_figures import Figure
from sestui.tui.campaigns.service import RunSnapshot
from sestui.tui.widgets.format import grouped, shorten
from sestui.tui.widgets.plot import Mark, PlotData, Series, draw

Span = Callable[[Instant, Instant], tuple[str, str]]
"""Says the first and last instant of something in the operator's time."""

_DOMAIN_CELLS = 24
_SIDE_FIGURES = 17


class RunPlot(Figure):
    """The rate in braille, holds and throttling marked below it.

    An area under the line of what is allowed; ``span`` says its ends in the operator's time.
    """

    def __init__(self, span: Span) -> None:
        super().__init__()
        self._span = span

    def draw(self) -> Content:
        """As many lines as it is high."""
        snapshot = self.snapshot
        if snapshot is None:
            return Content("")
        if snapshot.series is None:
            text = "The rate is drawn here from the first answer on."
            if snapshot.run.has_ended:
                handed = snapshot.run.counts.handed_over
                text = "No rates are known of this run." if handed else "Nothing was handed to SES."
            return Content.styled(text, "$text-muted")
        data = plot_of(snapshot, snapshot.series, self._span)
        return Content("\n").join(draw(data, self.size.width, self.size.height))


class RunTotals(Figure):
    """How many had been accepted at each moment, and how many had failed."""

    def draw(self) -> Content:
        """As many lines as it is high."""
        snapshot = self.snapshot
        if snapshot is None or snapshot.series is None:
            return Content("")
        series = snapshot.series
        until = snapshot.replay.at if snapshot.replay is not None else series.end
        known = round((until - series.start) / series.width)
        accepted = accumulate(each.accepted for each in series.slices[:known])
        failed = accumulate(each.rejected + each.in_doubt for each in series.slices[:known])
        rest = (None,) * (len(series.slices) - known)
        data = PlotData(
            start=series.start,
            end=series.end,
            series=(
                Series((*map(float, accepted), *rest), "$text-success"),
                Series((*map(float, failed), *rest), "$text-error", filled=False),
            ),
        )
        return Content("\n").join(draw(data, self.size.width, self.size.height))


def plot_of(snapshot: RunSnapshot, series: RunSeries, span: Span) -> PlotData:
    """The data of a run's plot; in a replay, only up to the replayed moment."""
    until = snapshot.replay.at if snapshot.replay is not None else series.end
    values: list[float | None] = list(series.rates())
    if len(values) == 1:
        values *= 2  # an area needs two edges
    known = round((until - series.start) / max(1e-9, series.end - series.start) * len(values))
    shown = tuple(value if number < known else None for number, value in enumerate(values))
    holds = tuple(
        Mark(hold.since, hold.until or series.end, hold.label)
        for hold in series.holds
        if hold.since < until
    )
    return PlotData(
        start=series.start,
        end=series.end,
        series=(Series(shown),),
        limit=snapshot.allowed,
        marks=(*holds, *_throttled(series, until)),
        labels=span(series.start, series.end),
    )


def _throttled(series: RunSeries, until: Instant) -> list[Mark]:
    """Spans in which SES throttled, adjacent ones merged."""
    marks: list[Mark] = []
    for number, each in enumerate(series.slices):
        first = series.start + number * series.width
        if not each.throttled or first >= until:
            continue
        if marks and marks[-1].last >= first - series.width:
            marks[-1] = Mark(marks[-1].first, first + series.width, "throttled", "$text-error")
        else:
            marks.append(Mark(first, first + series.width, "throttled", "$text-error"))
    return marks


def answers_text(series: RunSeries | None) -> str:
    """``p50 82 ms  p95 140 ms  p99 410 ms``; '' where it is not known."""
    found = series.quantiles() if series is not None else None
    if found is None:
        return ""
    return "  ".join(
        f"p{name} {_time(seconds)}" for name, seconds in zip((50, 95, 99), found, strict=True)
    )


def _time(seconds: float) -> str:
    return f"{grouped(1_000 * seconds)} ms" if seconds < 1 else f"{grouped(seconds, 1)} s"


class RunAnswers(Figure):
    """How long SES took to answer, and how often it throttled."""

    def draw(self) -> Content:
        """One line."""
        series = self.snapshot.series if self.snapshot is not None else None
        if series is None:
            return Content("")
        said = answers_text(series) or "times not known"
        line = Content.assemble((f"{'answers':<9}", "$text-muted"), said)
        if series.throttled:
            line += Content.styled(f"   throttled {grouped(series.throttled)}", "$text-warning")
        return line.truncate(max(1, self.size.width), ellipsis=True)


class RunDomains(Figure):
    """The largest domains among the recipients, and how many of each failed.

    One line where it is one line high, else a line for each.
    """

    domains: reactive[tuple[DomainCounts, ...] | None] = reactive(None)

    def draw(self) -> Content:
        """Share of the recipients, and of those the share that was rejected or bounced."""
        if self.snapshot is None or self.domains is None:
            return Content.styled("domains  counting…", "$text-muted")
        whole = self.snapshot.run.counts.audience
        if self.size.height == 1:
            return self._strip(self.domains, whole)
        name = max(4, self.size.width - _SIDE_FIGURES)
        head = Content.styled(f"{'domain':<{name}}{'share':>7}{'failed':>9}", "$text-muted")
        lines = [head, *(self._line(each, whole, name) for each in self.domains)]
        return Content("\n").join(lines[: self.size.height])

    def _line(self, each: DomainCounts, whole: int, name: int) -> Content:
        shown = Content(shorten(each.domain, name - 1)).truncate(name, pad=True)
        share = f"{percent(each.recipients, whole):>7}"
        failed = fine_percent(each.failed, each.recipients)
        return Content.assemble(shown, share, (f"{failed:>9}", _failed_style(each)))

    def _strip(self, domains: tuple[DomainCounts, ...], whole: int) -> Content:
        line = Content.styled(f"{'domains':<9}", "$text-muted")
        for number, each in enumerate(domains):
            part = Content.assemble(
                "   " if number else "",
                shorten(each.domain, _DOMAIN_CELLS),
                (f" {percent(each.recipients, whole)}", "$text-muted"),
            )
            if each.failed:
                failed = fine_percent(each.failed, each.recipients)
                part += Content.styled(f" {failed} failed", _failed_style(each))
            if line.cell_length + part.cell_length > self.size.width:
                break
            line += part
        return line


def _failed_style(each: DomainCounts) -> str:
    return "$text-error" if each.failed else "$text-muted"
