"""A campaign's runs, newest first."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from sestui.core.clock import Clock
from sestui.reports.overview import RunView
from sestui.tui.deliveries.state_bar import STATE_KEYS
from sestui.tui.widgets.format import grouped, relative
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell, Pieces
from sestui.tui.widgets.segments import segment_pieces

_BAR = 14
_COLUMNS = (
    Column("number", "Run", width=8, right=True),
    Column("state", "State", width=9),
    Column("when", "Started", width=10, right=True),
    Column("audience", "Audience", width=9, right=True, from_width=96),
    Column("bar", "Progress", width=_BAR, from_width=112),
    Column("done", "Done", width=5, right=True, from_width=129),
    Column("rate", "Rate", width=9, right=True, from_width=140),
    Column("accepted", "Accepted", width=9, right=True),
    Column("delivered", "Delivered", width=9, right=True),
    Column("bounced", "Bounced", width=8, right=True),
    Column("rejected", "Rejected", width=8, right=True),
    Column("in_doubt", "In doubt", width=8, right=True, from_width=85),
    Column("skipped", "Skipped", width=8, right=True, from_width=122),
)
"""What became of the mail is there at 80 cells; what was asked for comes with more room."""
_KINDS = {
    "sending": "busy",
    "finished": "good",
    "paused": "warning",
    "waiting": "warning",
    "cancelled": "bad",
}


class RunTable(LazyTable[RunView]):
    """A run a row; the first one is the newest."""

    BINDINGS: ClassVar[list[BindingType]] = [*STATE_KEYS]

    def __init__(self, clock: Clock) -> None:
        super().__init__(_COLUMNS, self._run_cells)
        self._clock = clock

    def show_runs(self, runs: Sequence[RunView]) -> None:
        """Draw these; the cursor stays on its run, or on the newest if it was there."""
        before = self.selected
        self.show_rows(runs)
        ids = [run.id for run in runs]
        if self.cursor and before is not None and before.id in ids:
            self.cursor = ids.index(before.id)

    def _run_cells(self, run: RunView) -> dict[str, Cell | Pieces]:
        counts = run.counts
        now = self._clock.now()
        when = relative(run.started_at, now) if run.started_at is not None else ""
        reported = counts.delivered or counts.bounced
        return {
            "number": (run.label.removeprefix("run "), ""),
            "state": (run.shown_state, _KINDS.get(run.state, "")),
            "when": (when, "quiet"),
            "audience": (grouped(counts.audience), ""),
            "bar": segment_pieces(counts, _BAR),
            "done": (run.progress.percent, ""),
            "rate": (f"{grouped(run.average_rate, 1)}/s" if run.average_rate else "", "quiet"),
            "accepted": (grouped(counts.accepted), ""),
            "delivered": (grouped(counts.delivered), "good") if reported else ("", ""),
            "bounced": _figure(counts.bounced, "bad") if reported else ("", ""),
            "rejected": _figure(counts.rejected, "bad"),
            "in_doubt": _figure(counts.in_doubt, "warning"),
            "skipped": _figure(counts.skipped, ""),
        }


def _figure(count: int, kind: str) -> Cell:
    return grouped(count), kind if count else "quiet"
