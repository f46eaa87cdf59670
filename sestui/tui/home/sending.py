"""What is being sent: a card for each run, and the rate of the last hour under its limit."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from sestui.core.clock import Instant
from sestui.store.ledger.slices import SECONDS
from sestui.tui.app.look.panel import frame
from sestui.tui.home.cards import At, RunCard, run_card
from sestui.tui.home.items import ItemList
from sestui.tui.home.layout import SENDING
from sestui.tui.home.service import HomeSnapshot
from sestui.tui.widgets.format import grouped
from sestui.tui.widgets.plot import Plot, PlotData, Series
from sestui.tui.widgets.rate_meter import RateMeter

_PLOT_LEAST = 2
"""Fewer lines are no plot."""
_LEAST_SLICES = 30
"""Of so many the plot shows the rate at least."""


def since_first(
    since: Instant, rates: tuple[float | None, ...]
) -> tuple[Instant, tuple[float | None, ...]]:
    """The rates from the first answer of the hour on, five minutes at least, and their start."""
    quiet = next((number for number, rate in enumerate(rates) if rate), 0)
    skipped = max(0, min(quiet, len(rates) - _LEAST_SLICES))
    return since + skipped * SECONDS, rates[skipped:]


class SendingPanel(Vertical):
    """Cards above, the plot below as high as there is room."""

    def __init__(self, at: At) -> None:
        super().__init__(id=SENDING)
        self._at = at
        self._now: Instant = 0.0
        self._meter = RateMeter()
        self._meters: dict[int, RateMeter] = {}
        self.cards: ItemList[RunCard] = ItemList(
            self._draw, lambda card: card.run.id, height=2, id="cards"
        )
        self._plot = Plot()

    def compose(self) -> ComposeResult:
        """Cards and plot."""
        yield self.cards
        yield self._plot

    def show(self, seen: HomeSnapshot) -> None:
        """Show what goes on, and how fast."""
        self._now = seen.now
        going = seen.found.going
        meters = {run.id: self._meters.get(run.id, RateMeter()) for run in going}
        for run in going:
            counts = run.counts
            meters[run.id].add(seen.now, counts.accepted + counts.rejected + counts.in_doubt)
        self._meters = meters
        self.cards.show(
            [RunCard(run, meters[run.id].rate(), seen.found.queues.get(run.id)) for run in going]
        )
        self.cards.display = bool(going)
        self._fit()
        account = seen.account
        if account is not None:
            self._meter.add(account.at, account.taken)
        limit = account.allowed if account is not None and account.allowed > 0 else None
        since, values = since_first(seen.rates_since, seen.rates)
        times = (since, (since + seen.now) / 2)
        self._plot.data = PlotData(
            since,
            seen.now,
            (Series(values),),
            limit,
            labels=(*map(self._at, times), "now"),
            nothing="Nothing has been sent in the last hour.",
        )
        frame(self, self._title(len(going)), self._note(limit, going=bool(going)))

    def on_resize(self) -> None:
        """More or fewer cards beside the plot."""
        self._fit()

    def _fit(self) -> None:
        """Cards as far as they leave room for a plot; without cards the plot has all."""
        height = self.size.height
        wanted = self.cards.count * self.cards.lines_each
        least = min(wanted, self.cards.lines_each)
        high = max(least, min(wanted, height - max(_PLOT_LEAST, height // 3)))
        self.cards.styles.height = high
        self._plot.display = height - high >= _PLOT_LEAST

    def _title(self, going: int) -> str:
        return f"Sending · {going}" if going else "Nothing is being sent"

    def _note(self, limit: float | None, *, going: bool) -> str:
        # The meter looks back: after the end it would still say a rate.
        said = [f"{grouped(self._meter.rate(), 1)}/s now"] if going else []
        if limit is not None:
            said.append(f"limit {grouped(limit, 1)}/s")
        return " · ".join(said)

    def _draw(self, card: RunCard, width: int) -> Sequence[Content]:
        return run_card(card, width, now=self._now, at=self._at)
