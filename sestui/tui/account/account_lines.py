"""The account in a few lines: what SES says of it, and what follows."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.core.delivery.pacing import Quota
from sestui.reports.account import AccountReport, health_words, troubles
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.gauges import labelled, quota_line


class AccountLines(Widget):
    """Four lines; they are there before anything is known."""

    report: reactive[AccountReport | None] = reactive(None)
    credentials: reactive[str] = reactive("…")
    """Where credentials come from, in words."""

    def __init__(self, place: str) -> None:
        """``place`` is where mail goes, in words."""
        super().__init__()
        self._place = place

    def render(self) -> Content:
        """Account, credentials, rate, quota."""
        report = self.report
        credentials = labelled("access", shorten(self.credentials, max(1, self.size.width - 10)))
        if report is None:
            unknown = Content.styled("not known yet", "$text-muted")
            lines = [labelled("account", f"{self._place} · ") + unknown, credentials]
            return Content("\n").join([*lines, labelled("rate", ""), labelled("24 h", "")])
        words = ", ".join(health_words(report))
        health = Content.styled(words, "$text-warning" if troubles(report, sandbox=False) else "")
        where = labelled("account", f"{self._place} · {report.region} · ") + health
        return Content("\n").join([where, credentials, _rate(report), self._quota(report)])

    def _quota(self, report: AccountReport) -> Content:
        quota = Quota(maximum=report.max_24_hour_send, limit=report.limit, used=report.used)
        note = f", {report.ours_24_hours:,} ours, {report.others_24_hours:,} others'"
        return quota_line(quota, self.size.width, note=note)


def _rate(report: AccountReport) -> Content:
    line = labelled("rate", f"{report.max_send_rate:,.1f} a second")
    if report.allowed_rate < report.max_send_rate:
        said = f", SES throttled: {report.allowed_rate:,.1f} for now"
        return line + Content.styled(said, "$text-warning")
    return line
