"""A widget that is polled, and painted only when what it draws has changed."""

from textual.content import Content
from textual.widget import Widget


class DrawnWidget(Widget):
    """Writes nothing to the terminal while its picture stays as it is.

    Textual paints a widget whenever it is told to refresh: twice a second, the same figures over a
    slow line cost as much as new ones.
    """

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
        if not self.draw().is_same(self._shown):
            self.refresh()
