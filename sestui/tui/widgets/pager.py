"""A long text to be read: folded to the width, drawn a line at a time."""

from collections.abc import Iterator
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sestui.core.text import printable
from sestui.tui.widgets.scroll_keys import SCROLL_KEYS

_TAB = 4


def folded(text: str, width: int) -> Iterator[str]:
    """The lines of ``text``, made harmless, each at most ``width`` cells: broken between words."""
    for line in text.splitlines():
        shown = printable(line.expandtabs(_TAB))
        if len(shown) <= width and (shown.isascii() or cell_len(shown) <= width):
            yield shown
        elif shown.isascii():
            yield from _folded_ascii(shown, width)
        else:
            yield from _folded_wide(shown, width)


def _folded_ascii(line: str, width: int) -> Iterator[str]:
    begin = 0
    while len(line) - begin > width:
        space = line.rfind(" ", begin + 1, begin + width + 1)
        end = space if space > 0 else begin + width
        yield line[begin:end]
        begin = end + (space > 0)
    yield line[begin:]


def _folded_wide(line: str, width: int) -> Iterator[str]:
    begin = used = 0
    space = -1
    for index, character in enumerate(line):
        used += cell_len(character)
        # Marks take no cell: a pile of them is broken too, or it would be one endless line.
        if used > width or index - begin > 8 * width:
            end = space if space > begin else index
            yield line[begin:end]
            begin = end + (space > begin)
            used = cell_len(line[begin : index + 1])
        if character == " ":
            space = index
    yield line[begin:]


class Pager(ScrollView, can_focus=True):
    """Shows a text; vim keys scroll it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pager--quiet"}
    BINDINGS: ClassVar[list[BindingType]] = [*SCROLL_KEYS]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name for it
        super().__init__(id=id)
        self._text = ""
        self._ending = ""
        self._lines: list[str] = []
        self._folded_to = 0

    @property
    def text(self) -> str:
        """What is shown, as it came."""
        return self._text

    def show(self, text: str, *, ending: str = "") -> None:
        """Show another text from its beginning; ``ending`` is a remark of ours below it."""
        self._text, self._ending = text, ending
        self._fold()
        self.scroll_to(y=0, animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        """Fold anew where the width has changed."""
        if self._folded_to != self.scrollable_content_region.width:
            self._fold()

    def _fold(self) -> None:
        width = self._folded_to = self.scrollable_content_region.width
        self._lines = list(folded(self._text, max(8, width)))
        self.virtual_size = Size(0, len(self._lines) + (2 if self._ending else 0))
        self.refresh()

    def action_scroll_home(self) -> None:
        """To the beginning, at once: however long the text is."""
        self.scroll_home(animate=False)

    def action_scroll_end(self) -> None:
        """To the end, at once."""
        self.scroll_end(animate=False)

    def render_line(self, y: int) -> Strip:
        """The line ``y`` cells below the top of what is in sight."""
        width = self.size.width
        index = y + self.scroll_offset.y
        if index < len(self._lines):
            line = Segment(self._lines[index])
        elif self._ending and index == len(self._lines) + 1:
            line = Segment(self._ending, self.get_component_rich_style("pager--quiet"))
        else:
            return Strip.blank(width, self.rich_style)
        return Strip([line]).adjust_cell_length(width).apply_style(self.rich_style)
