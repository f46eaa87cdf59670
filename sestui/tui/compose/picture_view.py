"""A picture in the terminal: two pixels a cell, the upper one as the half block's own colour."""

from typing import ClassVar

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sestui.compose.png import Pixel
from sestui.tui.widgets.scroll_keys import PAGE_KEYS, scroll_keys

_HALF = "▀"


class PictureView(ScrollView, can_focus=True):
    """Shows pixels from the top left; vim keys scroll them."""

    BINDINGS: ClassVar[list[BindingType]] = [*scroll_keys(), *PAGE_KEYS]

    class Resized(Message):
        """There is room for a picture of another width."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name for it
        super().__init__(id=id)
        self._rows: list[list[Pixel]] = []
        self._width = 0

    @property
    def room(self) -> int:
        """Cells, and with it pixels, that a picture may be wide."""
        return self.scrollable_content_region.width

    def show(self, rows: list[list[Pixel]]) -> None:
        """Show a picture of so many pixels a row; one that scrolled down stays there."""
        self._rows = rows
        self.virtual_size = Size(0, (len(rows) + 1) // 2)
        self.refresh()

    def on_resize(self) -> None:
        """Ask for another one, where that makes a difference."""
        if self.room != self._width:
            self._width = self.room
            self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """Two rows of pixels."""
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
