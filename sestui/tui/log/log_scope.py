"""The line with the log's filter."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.tui.log.service import LogScope
from sestui.tui.widgets.format import grouped, shorten


class LogScopeLine(Widget):
    """One line: whose deliveries, since when, how many there are."""

    scope: reactive[LogScope] = reactive(LogScope())
    count: reactive[int | None] = reactive(None)
    """Deliveries that are shown; None: not counted yet."""

    def render(self) -> Content:
        """What is narrowed stands out."""
        scope = self.scope
        right = "" if self.count is None else f"{grouped(self.count)} shown"
        since = _part("queued ", scope.since.label, narrowed=scope.since.seconds is not None)
        room = max(8, self.size.width - since.cell_length - len(right) - 13)
        campaign = scope.campaign if scope.campaign is not None else "all"
        of = _part("campaign ", shorten(campaign, room), narrowed=scope.campaign is not None)
        left = of + Content("   ") + since
        return left.truncate(max(0, self.size.width - len(right)), pad=True) + Content(right)


def _part(label: str, value: str, *, narrowed: bool) -> Content:
    return Content.assemble(
        (label, "$text-muted"), (value, "bold $text-primary" if narrowed else "")
    )
