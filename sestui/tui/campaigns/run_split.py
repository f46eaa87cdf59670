"""How the subjects of a run's split have done."""

from textual.content import Content
from textual.geometry import Size

from sestui.core.percent import rate_percent
from sestui.tui.campaigns.run_figures import Figure
from sestui.tui.widgets.format import grouped, shorten
from sestui.tui.widgets.pager import folded

_FIGURES = 46
"""Cells of what a line says besides the subject."""


class RunSplit(Figure):
    """A line for each variant with its clicks and their interval, and what they say."""

    changes_height = True

    def watch_snapshot(self) -> None:
        """Most runs have no split: then there is nothing to lay out."""
        if self.display or self.has_variants:
            super().watch_snapshot()

    def draw(self) -> Content:
        """Nothing without a split."""
        return self._lines(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes at that width."""
        return self._lines(width).get_height({}, width)

    @property
    def has_variants(self) -> bool:
        """Whether there is anything to show."""
        return self.snapshot is not None and self.snapshot.split is not None

    def _lines(self, width: int) -> Content:
        if self.snapshot is None or (split := self.snapshot.split) is None:
            return Content("")
        room = max(12, width - _FIGURES)
        lines = []
        for each in split.variants:
            clicks = each.clicks
            is_winner = each.variant == split.rest.variant
            sign = "✓" if is_winner else " "
            subject = Content(shorten(each.subject, room)).truncate(room, pad=True)
            figures = f" {grouped(each.accepted):>9} accepted"
            if each.accepted:
                figures += f"  {rate_percent(clicks.rate):>7} clicked ({clicks.interval})"
            named = Content.styled(f"{sign} {each.variant} ", "bold")
            lines.append(named + subject + Content(figures))
        said = folded(split.sentence, max(12, width))
        return Content("\n").join([*lines, *(Content.styled(line, "$text-muted") for line in said)])
