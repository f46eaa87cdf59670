"""Widgets that are polled, and painted only when what they draw has changed."""

from typing import ClassVar

from textual.content import Content
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Static


class DrawnWidget(Widget):
    """Writes nothing to the terminal while its picture stays as it is.

    Textual paints a widget whenever it is told to refresh: twice a second, the same figures over a
    slow line cost as much as new ones.
    """

    changes_height: ClassVar[bool] = False
    """Whether other content may take another number of lines."""

    _shown = Content("")

    def draw(self) -> Content:
        """What it shows, in the room it has."""
        raise NotImplementedError

    def render(self) -> Content:
        """Paint it, whatever stood there."""
        self._shown = self.draw()
        return self._shown

    def redraw(self) -> None:
        """Paint it anew where it has become another picture."""
        if not self.size or not self.draw().is_same(self._shown):
            self.refresh(layout=self.changes_height)


class DrawnText(Static):
    """A text that is set again and again, and painted when it has become another one."""

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show ``content``; the same text once more changes nothing."""
        if not isinstance(content, str) or content != self.content:
            super().update(content, layout=layout)
