"""The table of campaigns, which keeps its cursor and scroll position while figures change."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from sestui.core.clock import Instant
from sestui.core.text import printable
from sestui.reports.overview import CampaignView
from sestui.tui.widgets.format import grouped, relative, shorten
from sestui.tui.widgets.row_strip import KINDS, Cell, Pieces
from sestui.tui.widgets.segments import segment_pieces

_WIDE = 100
"""From so many cells on, the table may have bar and time."""

_BAR, _WIDEST_BAR = 12, 60
_COLUMNS = {
    "name": ("Campaign", 0),
    "state": ("State", 10),
    "audience": ("Audience", 9),
    "bar": ("Progress", _BAR),
    "share": ("", 5),
    "rejected": ("Rejected", 8),
    "doubt": ("In doubt", 8),
    "when": ("When", 15),
}
"""Key: heading and width; the name takes what is left."""

_ONLY_WIDE = {"bar", "when"}
_YIELDING = ("bar", "when", "rejected", "share")
"""The order in which columns go where a name needs their room."""
_WHOLE_NAME = 40
"""Cells up to which a name is shown whole."""

_RIGHT = {"audience", "share", "rejected", "doubt"}


class CampaignTable(DataTable[Text]):
    """One row a campaign."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"table--{state}"
        for state in (
            *("sending", "finished", "paused", "waiting", "cancelled", "trouble", "quiet"),
            *KINDS,
        )
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "select_cursor", "Open", id="campaigns.open", tooltip="Open this campaign"
        ),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g", "scroll_top", "First", show=False),
        Binding("G", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False)
        self._views: Sequence[CampaignView] = ()
        self._now: Instant = 0.0
        self._laid_out = 0
        self._drawn: dict[str, int] = {}
        """The columns that are there, with their widths."""
        self._longest = 0
        """Cells of the longest name that was ever shown: columns don't come and go with it."""
        self._sought = ""

    @property
    def selected(self) -> CampaignView | None:
        """The campaign under the cursor."""
        if 0 <= self.cursor_row < len(self._views):
            return self._views[self.cursor_row]
        return None

    @property
    def when(self) -> Instant | None:
        """The instant that the row under the cursor tells of; None: of none."""
        return _instant_of(self.selected) if self.selected is not None else None

    def go_to(self, name: str) -> None:
        """Let the cursor be on the campaign of that name as soon as it is shown."""
        self._sought = name

    def show(self, views: Sequence[CampaignView], now: Instant) -> None:
        """Draw these; the cursor stays on its campaign."""
        before = self.selected.name if self.selected is not None else ""
        same = [view.name for view in views] == [view.name for view in self._views]
        self._views, self._now = views, now
        names = [view.name for view in views]
        self._longest = max([self._longest, *(cell_len(printable(name)) for name in names)])
        if not self._laid_out:
            return  # the first resize draws it: before, neither width nor styles are known
        if self._widths() != self._drawn:
            self._lay_out()  # a longer name needs the room of a column
        if same and self.row_count == len(views):
            self._redraw()
            self._go_to_sought(names)
            return
        scroll = self.scroll_y
        self.clear()
        for view in views:
            self.add_row(*self._row(view))
        if before in names:
            self.move_cursor(row=names.index(before), scroll=False)
            self.scroll_to(y=scroll, animate=False)
        self._go_to_sought(names)

    def _go_to_sought(self, names: Sequence[str]) -> None:
        if self._sought in names:
            self.move_cursor(row=names.index(self._sought), scroll=True)
            self._sought = ""

    def on_resize(self) -> None:
        """Share out the new width."""
        if self.size.width == self._laid_out:
            return
        row, scroll = self.cursor_row, self.scroll_y
        self._lay_out()
        for view in self._views:
            self.add_row(*self._row(view))
        self.move_cursor(row=row, scroll=False)
        self.scroll_to(y=scroll, animate=False)

    def notify_style_update(self) -> None:
        """Share out the width anew where a frame has come or gone: that is no resize."""
        super().notify_style_update()
        if self._laid_out:
            self.call_later(self.on_resize)

    def _lay_out(self) -> None:
        self._laid_out = self.size.width
        self.clear(columns=True)
        self._drawn = self._widths()
        for key, width in self._drawn.items():
            heading = Text(_COLUMNS[key][0], justify="right" if key in _RIGHT else "left")
            self.add_column(heading, width=width, key=key)

    def _widths(self) -> dict[str, int]:
        """Width of each column that there is room for."""
        total = self.size.width or 80
        keys = [key for key in _COLUMNS if total >= _WIDE or key not in _ONLY_WIDE]
        while True:
            widths = {key: _COLUMNS[key][1] for key in keys}
            # The scroll bar may come and go: its cells are left free.
            taken = sum(widths.values()) + 2 * self.cell_padding * len(widths) + 2
            room = max(8, total - taken)
            yielding = [key for key in _YIELDING if key in keys]
            if room >= min(self._longest, _WHOLE_NAME) or not yielding:
                return widths | _filled(room, self._longest, bar="bar" in keys)
            keys.remove(yielding[0])

    def _redraw(self) -> None:
        for row, view in enumerate(self._views):
            for column, cell in enumerate(self._row(view)):
                place = Coordinate(row, column)
                drawn = self.get_cell_at(place)
                if (drawn.plain, drawn.spans) != (cell.plain, cell.spans):
                    self.update_cell_at(place, cell)

    def _row(self, view: CampaignView) -> list[Text]:
        widths = self._widths()
        drawn = self._cells(view, widths)
        row = []
        for key in widths:
            cell = drawn[key]
            pieces = cell.cells if isinstance(cell, Pieces) else (cell,)
            text = Text(justify="right" if key in _RIGHT else "left", no_wrap=True)
            for piece, kind in pieces:
                text.append(piece, self._style(kind) if kind else None)
            row.append(text)
        return row

    def _style(self, kind: str) -> Style:
        return self.get_component_rich_style(f"table--{kind}", partial=True)

    def _cells(self, view: CampaignView, widths: Mapping[str, int]) -> dict[str, Cell | Pieces]:
        """Text and kind of style, by column."""
        run = view.run
        counts = run.counts if run else None
        size = counts.audience if counts else view.audience
        gone = "no segment" if view.whom.segment else "no list"
        known = view.state if f"table--{view.state}" in self.COMPONENT_CLASSES else "quiet"
        return {
            "name": (shorten(view.name, widths["name"]), ""),
            "state": ((run.doing if run else "") or view.state, known),
            "audience": (gone if size is None else grouped(size), ""),
            "bar": segment_pieces(counts, widths.get("bar", 0)) if counts else ("", ""),
            "share": (run.progress.percent if run else "", ""),
            "rejected": _count(counts.rejected if counts else None),
            "doubt": _count(counts.in_doubt if counts else None),
            "when": (self._when(view), "quiet"),
        }

    def _when(self, view: CampaignView) -> str:
        at = _instant_of(view)
        if at is None:
            return ""
        said, run = relative(at, self._now), view.run
        if run is not None and run.resume_at is not None:
            return f"resumes {said}"
        return f"due {said}" if run is None else said


def _filled(room: int, longest: int, *, bar: bool) -> dict[str, int]:
    """What names and bars get of the ``room`` that names could have: figures stay near a name."""
    name = min(room, max(_WHOLE_NAME, longest))
    if not bar:
        return {"name": room}
    more = min(_WIDEST_BAR - _BAR, room - name)
    return {"name": room - more, "bar": _BAR + more}


def _instant_of(view: CampaignView) -> Instant | None:
    """When its run goes on, ended or began, or it is due."""
    run = view.run
    if run is None:
        return view.next_due_at
    return run.resume_at or run.finished_at or run.started_at


def _count(number: int | None) -> tuple[str, str]:
    if number is None:
        return "", "quiet"
    return grouped(number), "trouble" if number else "quiet"
