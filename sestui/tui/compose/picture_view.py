"""A picture in the terminal: in its own pixels, or in half blocks of two pixels a cell."""

import os
import secrets
from collections.abc import Callable
from typing import ClassVar

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sestui.compose.png import Picture, Pixel
from sestui.tui._compat import write_to_terminal
from sestui.tui.compose.terminal_graphics import (
    MOST_CELLS,
    cell,
    color_of,
    cut_to,
    forgotten,
    sent,
    size_in_cells,
    speaks_graphics,
)
from sestui.tui.widgets.scroll_keys import SCROLL_KEYS

_HALF = "▀"


class PictureView(ScrollView, can_focus=True):
    """Shows pixels from the top left; vim keys scroll them."""

    BINDINGS: ClassVar[list[BindingType]] = [*SCROLL_KEYS]

    class Resized(Message):
        """There is room for a picture of another width."""

    def __init__(
        self,
        *,
        sharp: bool = True,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        """``sharp``: in the terminal's own pixels, if it has any."""
        super().__init__(id=id)
        self._may_be_sharp = sharp
        self._rows: list[list[Pixel]] = []
        self._width = 0
        self.sharp = False
        """Whether the terminal draws pictures in its own pixels."""
        self.put: Callable[[str], object] = lambda text: write_to_terminal(self.app, text)
        """Puts something on the terminal that is no cell."""
        self._number = 0
        """Of the picture that the terminal has been sent; 0: none."""
        self._columns = 0

    def on_mount(self) -> None:
        """Find out what the terminal can do, from what it says of itself."""
        app = self.app
        if self._may_be_sharp and not (app.is_headless or app.is_web):
            self.sharp = speaks_graphics(os.environ, app.console.color_system)

    @property
    def room(self) -> int:
        """Cells, and with it pixels, that a picture may be wide."""
        return self.scrollable_content_region.width

    def show(self, rows: list[list[Pixel]]) -> None:
        """Show a picture of so many pixels a row; one that scrolled down stays there."""
        self._forget()
        self._rows = rows
        self.virtual_size = Size(0, (len(rows) + 1) // 2)
        self.refresh()

    def show_sharp(self, picture: Picture) -> None:
        """Let the terminal draw the picture; one that scrolled down stays there."""
        self._forget()
        self._rows = []
        if not self.room:
            return  # it is not shown yet; once it is, it asks for the picture again
        self._columns, lines = size_in_cells(picture, self.room)
        lines = min(lines, MOST_CELLS)
        # The number of another picture, as far as anybody can know: they are the terminal's.
        self._number = 1 + secrets.randbelow((1 << 24) - 1)
        cut = cut_to(picture, self._columns, lines)
        self.put(sent(self._number, cut, self._columns, lines))
        self.virtual_size = Size(0, lines)
        self.refresh()

    def on_unmount(self) -> None:
        """The terminal need not keep what nobody sees."""
        self._forget()

    def _forget(self) -> None:
        if self._number:
            self.put(forgotten(self._number))
            self._number = 0

    def on_resize(self) -> None:
        """Ask for another one, where that makes a difference."""
        if self.room != self._width:
            self._width = self.room
            self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """A line of the terminal's own picture, or two rows of pixels."""
        if self._number:
            return self._sharp_line(y + self.scroll_offset.y)
        row = 2 * (y + self.scroll_offset.y)
        if row >= len(self._rows):
            return Strip.blank(self.size.width, self.rich_style)
        upper = self._rows[row]
        lower = self._rows[row + 1] if row + 1 < len(self._rows) else upper
        segments: list[Segment] = []
        begin = 0
        pairs = list(zip(upper, lower, strict=True))
        for at in range(1, len(pairs) + 1):
            if at == len(pairs) or pairs[at] != pairs[begin]:
                top, bottom = (Color.from_rgb(*each) for each in pairs[begin])
                segments.append(Segment(_HALF * (at - begin), Style(color=top, bgcolor=bottom)))
                begin = at
        strip = Strip(segments, len(pairs))
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _sharp_line(self, line: int) -> Strip:
        if line >= self.virtual_size.height:
            return Strip.blank(self.size.width, self.rich_style)
        style = Style(color=Color.from_rgb(*color_of(self._number)))
        # A segment a cell: one that is cut elsewhere would lose the marks of its characters.
        segments = [Segment(cell(line, column), style) for column in range(self._columns)]
        strip = Strip(segments, self._columns)
        return strip.adjust_cell_length(self.size.width, self.rich_style)
