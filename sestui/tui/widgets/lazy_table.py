"""A table of any length: only the rows in sight are read and drawn.

Rows come from a source that counts and hands out pages; both are asked off the UI thread, so a
million rows open as fast as ten. Rows that are on their way are drawn as dots.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.style import Style
from textual import events, work
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sestui.errors import SestuiError
from sestui.tui.widgets.column_widths import ColumnWidths, Widths
from sestui.tui.widgets.row_locator import moved_by
from sestui.tui.widgets.row_pages import PAGE, RowPages
from sestui.tui.widgets.row_source import Listed, RowSource
from sestui.tui.widgets.row_strip import KINDS, Cell, Pieces, row_strip

Row = TypeVar("Row")

_MOST_PAINTED = 1_000
"""Rows that are remembered as painted."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``width`` cells, or a share of what is left over where ``share`` is given."""

    key: str
    title: str
    width: int = 0
    share: int = 0
    right: bool = False
    from_width: int = 0
    """The column is there only if the table is at least so many cells wide."""
    whole: int = 0
    """Its longest text is not cut, up to so many cells, before other columns get their shares."""
    yields: int = 0
    """The order in which columns go where a ``whole`` one needs their room, 1 first; 0: never."""


@dataclass
class TableMessage(Message):
    """Something happened in a table."""

    table: "LazyTable[Any]"

    @property
    def control(self) -> "LazyTable[Any]":
        """The table, for ``@on``'s selectors."""
        return self.table


class LazyTable(ScrollView, Generic[Row], can_focus=True):
    """A table with a row cursor; ``cells`` gives a row's cells by column key."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lazy--head",
        "lazy--cursor",
        *(f"lazy--{kind}" for kind in KINDS),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "select", "Open", id="table.open", tooltip="Open what is under the cursor"
        ),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+u", "move_page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "move_page(1)", "Page down", show=False),
        Binding("home,g", "move_to(0)", "First", show=False),
        Binding("end,G", "move_to(-1)", "Last", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)
    """Number of the row under the cursor, from 0."""

    class Moved(TableMessage):
        """The cursor is on another row, or the row under it has been read."""

    class Opened(TableMessage):
        """The row under the cursor was chosen."""

    class Counted(TableMessage):
        """The number of rows is known, or has changed."""

    @dataclass
    class Failed(TableMessage):
        """Reading went wrong; ``sentence`` says how, '' that it goes right again."""

        sentence: str

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Callable[[Row], Mapping[str, Cell | Pieces]],
        *,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._cells = cells
        self._source: RowSource[Row] = Listed(())
        self._count: int | None = None
        self._pages = RowPages[Row]()
        self._failed = False
        self._renewing = 0
        self._renew_again = False
        self._base = Style()
        self._fitting: Widths = []
        self._painted: dict[int, Mapping[str, Cell | Pieces]] = {}
        """The rows on the screen, by number."""
        self._widths = ColumnWidths()

    # what is shown

    @property
    def count(self) -> int | None:
        """How many rows there are; None: not known yet."""
        return self._count

    @property
    def selected(self) -> Row | None:
        """The row under the cursor; None: there is none, or it has not been read yet."""
        return self._pages.row(self.cursor)

    def row_at(self, index: int) -> Row | None:
        """The row with this number, from 0; None if it has not been read yet."""
        return self._pages.row(index)

    def show(self, source: RowSource[Row], *, keep_cursor: bool = False) -> None:
        """Show another source's rows, from the first on unless ``keep_cursor``."""
        self._source = source
        self._count = None
        self._pages.clear()
        self._widths.forget()
        if not keep_cursor:
            self.cursor = 0
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self._read(afresh=True)

    def change_columns(self, columns: Sequence[Column]) -> None:
        """Show the same rows in other columns."""
        if columns != self._columns:
            self._columns = columns
            self.refresh()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show rows that are all here, at once; the cursor stays where it is."""
        self._source = Listed(rows)
        self._pages.clear()
        self._widths.forget()
        for number in self._in_sight():
            if number * PAGE < len(rows):
                self._keep(number, self._source.page(number * PAGE, PAGE))
        self._counted(len(rows))

    def reload(self) -> None:
        """Read again what is in sight; what is drawn stays until it has come.

        While that is under way, one more follows it: however often one asks, it comes to an end.
        """
        if self._renewing:
            self._renew_again = True
        else:
            self._read(afresh=True)

    # reading

    def _in_sight(self, further: int = 0) -> range:
        """The numbers of the pages that are in sight, or would be so many rows further down."""
        top = max(0, self.scroll_offset.y + further)
        bottom = top + max(1, self.size.height - 1)
        return range(top // PAGE, bottom // PAGE + 1)

    def _missing(self) -> list[int]:
        last = (self._count - 1) // PAGE if self._count else -1
        return [page for page in self._in_sight() if page not in self._pages and page <= last]

    @work(exclusive=True, group="rows")
    async def _read(self, *, afresh: bool) -> None:
        """Count if ``afresh``, then bring the pages in sight; a newer read cancels an older one."""
        source = self._source
        try:
            if afresh:
                await self._renew(source)
            while missing := self._missing():
                number = missing[0]
                self._keep(number, await asyncio.to_thread(source.page, number * PAGE, PAGE))
                self.refresh()
        except SestuiError as error:
            self._failed = True
            self.post_message(self.Failed(self, f"{error} Trying again."))
            return
        if self._failed:
            self._failed = False
            self.post_message(self.Failed(self, ""))

    async def _renew(self, source: RowSource[Row]) -> None:
        self._renewing += 1
        try:
            self._renew_again = True
            while self._renew_again:
                self._renew_again = False
                await self._count_and_renew(source)
        finally:
            self._renewing -= 1

    def _move_by(self, rows: int) -> None:
        """Keep the cursor's row where it is on the screen, though its number has changed."""
        top = max(0, self.scroll_offset.y + rows)
        self._count = max(0, (self._count or 0) + rows)
        self.virtual_size = Size(0, self._count + 1)
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        self.cursor += rows

    async def _count_and_renew(self, source: RowSource[Row]) -> None:
        follows = not self.cursor and not self.scroll_offset.y
        moved = 0 if follows else await moved_by(source, self.selected, self.cursor)
        numbers = list(self._in_sight(moved))
        # The rows first: counting a million may take longer than reading those that are seen.
        fresh = {
            number: await asyncio.to_thread(source.page, number * PAGE, PAGE) for number in numbers
        }
        self._pages.clear()
        for number, rows in fresh.items():
            self._keep(number, rows)
        if moved:
            self._move_by(moved)
        last, rows = numbers[-1], fresh[numbers[-1]]
        end = last * PAGE + len(rows)
        if len(rows) < PAGE and (rows or not last):  # the end is in sight: no need to count
            self._counted(end)
            return
        if self._count is None:
            self._counted(end, final=False)
        self._counted(await asyncio.to_thread(source.count))

    def _keep(self, number: int, rows: Sequence[Row]) -> None:
        self._pages.add(number, rows)
        self._widths.note(self._columns, rows, self._cells)
        if self.cursor // PAGE == number:
            self.post_message(self.Moved(self))

    def _counted(self, count: int, *, final: bool = True) -> None:
        changed = count != self._count
        self._count = count
        self.virtual_size = Size(0, count + 1)
        self.cursor = max(0, min(self.cursor, count - 1))
        if changed and final:
            self.post_message(self.Counted(self))
        if changed or not self._is_painted():
            self.refresh()

    def _is_painted(self) -> bool:
        """Whether the rows in sight are on the screen as they are now."""
        top = self.scroll_offset.y
        rows = range(top, min(self._count or 0, top + max(0, self.size.height - 1)))
        if any(self._painted.get(index) != self._cells_at(index) for index in rows):
            return False
        return self._fit() == self._fitting

    # moving

    def validate_cursor(self, row: int) -> int:
        """Within the rows there are."""
        return max(0, min(row, (self._count or 1) - 1))

    def watch_cursor(self, old: int, row: int) -> None:
        """Keep it in sight, and tell."""
        if self._scroll_to_cursor(row):
            self.refresh()
        else:
            self.refresh(self._region_of(old), self._region_of(row))
        self.post_message(self.Moved(self))

    def _scroll_to_cursor(self, row: int) -> bool:
        """Bring the row in sight; whether it was not."""
        height = max(1, self.size.height - 1)
        top = self.scroll_offset.y
        if row < top:
            top = row
        elif row >= top + height:
            top = row - height + 1
        else:
            return False
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        return True

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Rows that come in sight are read."""
        super().watch_scroll_y(old_value, new_value)
        if self.is_mounted and self._missing():
            self._read(afresh=False)

    def on_resize(self) -> None:
        """A higher table shows more rows."""
        self._scroll_to_cursor(self.cursor)
        if self._missing():
            self._read(afresh=False)

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self.cursor += rows

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by so many heights of the table."""
        self.cursor += pages * max(1, self.size.height - 2)

    def action_move_to(self, row: int) -> None:
        """Move the cursor to a row; -1 is the last."""
        self.cursor = row if row >= 0 else (self._count or 1) - 1

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if self.selected is not None:
            self.post_message(self.Opened(self))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one on the same row opens it."""
        at = event.get_content_offset(self)
        if at is None or at.y < 1 or (row := at.y - 1 + self.scroll_offset.y) >= (self._count or 0):
            return
        again = row == self.cursor and event.chain == 2
        self.cursor = row
        if again:
            self.action_select()

    # drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """What is the same for every line is found out once a paint."""
        self._base = self.rich_style
        fitting = self._fit()
        if fitting != self._fitting and crop.height < self.size.height:
            self.call_later(self.refresh)  # the other lines stand in the old columns
        self._fitting = fitting
        if len(self._painted) > _MOST_PAINTED:
            self._painted.clear()
        return super().render_lines(crop)

    def _fit(self) -> Widths:
        total = self.scrollable_content_region.width or self.size.width
        return self._widths.share_out(self._columns, total)

    def _cells_at(self, index: int) -> Mapping[str, Cell | Pieces]:
        """A row's cells, which are dots until it has been read."""
        row = self._pages.row(index)
        if row is None:
            return {column.key: ("…", "quiet") for column in self._columns}
        return self._cells(row)

    def render_line(self, y: int) -> Strip:
        """The headings, then a row a line."""
        width = self.size.width
        if y == 0:
            head = self.get_component_rich_style("lazy--head")
            titles = {column.key: (column.title, "") for column in self._columns}
            return row_strip(titles, self._fitting, width, head, lambda _kind: head)
        index = y - 1 + self.scroll_offset.y
        base = self._base
        if index >= (self._count or 0):
            return Strip.blank(width, base)
        if index == self.cursor and self.has_focus:
            base += self.get_component_rich_style("lazy--cursor", partial=True)
        elif index == self.cursor:
            base += Style(underline=True)
        cells = self._painted[index] = self._cells_at(index)
        return row_strip(cells, self._fitting, width, base, self._styles(base))

    def _styles(self, base: Style) -> Callable[[str], Style]:
        """The style of each kind of cell, over ``base``."""

        def style_of(kind: str) -> Style:
            if not kind:
                return base
            return base + self.get_component_rich_style(f"lazy--{kind}", partial=True)

        return style_of

    def _region_of(self, row: int) -> Region:
        return Region(0, row - self.scroll_offset.y + 1, self.size.width, 1)
