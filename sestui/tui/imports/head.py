"""Above an import's or migration's steps: which step it is, and what is known of the source."""

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.tui.widgets.format import shorten


class StepHead(Widget):
    """Two lines: the steps, and what is known of the source."""

    step: reactive[int] = reactive(0)
    about: reactive[str] = reactive("")
    """The source in a few words; '' before one is picked."""

    def __init__(self, title: str, steps: Sequence[str], hint: str) -> None:
        """``hint`` says what to do while nothing is known of the source."""
        super().__init__()
        self._title = title
        self._steps = steps
        self._hint = hint

    def render(self) -> Content:
        """The steps, the present one bold; the source."""
        parts = [Content.styled(f"{self._title}   ", "bold $text-primary")]
        for number, name in enumerate(self._steps):
            style = "bold underline" if number == self.step else "$text-muted"
            parts += [Content.styled(f"{number + 1} {name}", style), Content("   ")]
        about = shorten(self.about or self._hint, max(1, self.size.width))
        return Content.assemble(*parts, "\n", about)
