"""What has changed since the last run: removed and added lines, in colour and with their signs."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from sestui.core.content.changes import ChangedLine, LineChange
from sestui.tui.widgets.pager import Pager, folded

_SIGNS = {
    LineChange.PART: "",
    LineChange.PLACE: "@ ",
    LineChange.SAME: "  ",
    LineChange.ADDED: "+ ",
    LineChange.REMOVED: "- ",
}


class ChangesView(Pager):
    """Shows :func:`sestui.core.content.changes.changes`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"changes--{each.value}" for each in LineChange}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name for it
        super().__init__(id=id)
        self._changes: Sequence[ChangedLine] = ()
        self._kinds: list[LineChange] = []
        """What each line that is shown is."""

    def show_changes(self, changes: Sequence[ChangedLine]) -> None:
        """Show these; the scroll position is kept roughly."""
        if changes != self._changes:
            self._changes = changes
            self._fold()

    def _fold(self) -> None:
        width = self._folded_to = self.scrollable_content_region.width
        self._lines, self._kinds = [], []
        for each in self._changes:
            sign = _SIGNS[each.change]
            lines = list(folded(each.text, max(8, width - len(sign)))) or [""]
            self._lines += [f"{sign}{line}" for line in lines]
            self._kinds += [each.change] * len(lines)
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line in the colour of what became of it."""
        strip, index = super().render_line(y), y + self.scroll_offset.y
        if index >= len(self._kinds):
            return strip
        style = self.get_component_rich_style(f"changes--{self._kinds[index].value}", partial=True)
        return Strip(Segment.apply_style(strip, post_style=style), strip.cell_length)
