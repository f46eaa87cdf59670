"""Above the import's steps: which step it is, and what is known of the file."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.tui.widgets.format import shorten

STEPS = ("File", "Columns", "List", "Result")
PICK = "Pick a file: CSV, Excel, JSON, vCard or addresses alone."


class ImportHead(Widget):
    """Two lines."""

    step: reactive[int] = reactive(0)
    about: reactive[str] = reactive("")
    """The file in a few words; '' before one is picked."""

    def render(self) -> Content:
        """The steps, the present one bold; the file."""
        parts = [Content.styled("Import   ", "bold $text-primary")]
        for number, name in enumerate(STEPS):
            style = "bold underline" if number == self.step else "$text-muted"
            parts += [Content.styled(f"{number + 1} {name}", style), Content("   ")]
        about = shorten(self.about or PICK, max(1, self.size.width))
        return Content.assemble(*parts, "\n", about)
