"""The import's figures: its progress and its results."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.audience.imports.importer import ImportResult, Progress
from sestui.core.percent import percent
from sestui.tui.widgets.format import bar, file_size, grouped

_TEXT = 56
"""Cells that label, share and numbers take at most."""
_ORDER = (
    # Two columns: what became of the rows, and what that makes of contacts.
    ("rows", "rows", "duplicates", "duplicates"),
    ("imported", "imported", "rejects", "rejects"),
    ("updated", "updated", "contacts", "contacts"),
    ("unchanged", "unchanged", "joined", "new on the list"),
)
_WHO_LEFT = ("unsubscribed", "unsubscribed", "suppressed", "suppressed")
"""Shown where the file says that somebody left."""


_ERASED = ("erased", "erased", "tidied", "tidied")
"""Shown where the file has people who were erased on request, and stay so."""
_NOTICED = ("role_addresses", "of functions", "disposable", "throw-away")
"""Shown where the file has addresses such as info@, or at domains for throw-away mailboxes."""


class ImportProgress(Widget, can_focus=True):
    """Reading, then saving: a line each."""

    progress: reactive[Progress | None] = reactive(None)

    def render(self) -> Content:
        """Both lines, from the start: nothing jumps."""
        told = self.progress
        if told is None:
            return Content("looking at the file…")
        size = f"{file_size(told.bytes_done)} of {file_size(told.bytes_total)}"
        size += f", {grouped(told.rows)} rows"
        saved = f"{grouped(told.saved)} of {grouped(told.to_save)} contacts" if told.to_save else ""
        return Content("\n").join(
            [
                self._line("reading", told.bytes_done, told.bytes_total, size),
                self._line("saving", told.saved, told.to_save, saved),
            ]
        )

    def _line(self, label: str, done: int, whole: int, text: str) -> Content:
        drawn = bar(done / whole if whole else 0.0, min(60, max(8, self.size.width - _TEXT)))
        return Content.assemble(
            (f"{label:<9}", "$text-muted"),
            (drawn, "$primary on $surface-lighten-1"),
            f" {percent(done, whole):>5}   {text}",
        )


class ImportFigures(Widget):
    """The same figures as `sestui import --json` gives."""

    result: reactive[ImportResult | None] = reactive(None)

    def render(self) -> Content:
        """Four lines; a fifth where somebody has left by the file's word."""
        if self.result is None:
            return Content("")
        figures = self.result.figures
        lines = [
            Content.assemble(
                (f"{label:<12}", "$text-muted"),
                f"{grouped(figures[name]):>12}      ",
                (f"{other_label:<16}", "$text-muted"),
                (f"{grouped(figures[other]):>12}", _style(other, figures[other])),
            )
            for name, label, other, other_label in self._shown(self.result)
        ]
        return Content("\n").join(lines)

    def _shown(self, result: ImportResult) -> list[tuple[str, str, str, str]]:
        left = [_WHO_LEFT] if result.says.gone else []
        noticed = [_NOTICED] if any(result.noticed.figures.values()) else []
        return [*_ORDER, *left, *noticed, *([_ERASED] if result.erased else [])]


def _style(name: str, count: int) -> str:
    return "$text-warning" if name in {"rejects", "suppressed", "disposable"} and count else ""
