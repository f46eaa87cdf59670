"""A box that is ticked or not: readable without colours too."""

from textual.content import Content
from textual.widgets import Checkbox


class TickBox(Checkbox):
    """``[x]`` or ``[ ]``. Textual's own shows the same cross in both states, in another colour."""

    def __init__(self, label: str, *, id: str) -> None:  # noqa: A002 - textual's own name for it
        super().__init__(label, compact=True, id=id)

    def render(self) -> Content:
        """The sign and the label."""
        return Content.assemble(
            ("[x]" if self.value else "[ ]", self.get_visual_style("toggle--button")),
            self.label.pad(1, 1).stylize_before(self.get_visual_style("toggle--label")),
        )
