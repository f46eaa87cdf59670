"""The account in a few lines: what SES reports, and what follows from it."""

from textual.content import Content
from textual.reactive import reactive

from sestui.reports.account import AccountReport, health_words, troubles
from sestui.tui.widgets.drawn import DrawnWidget
from sestui.tui.widgets.format import grouped, shorten
from sestui.tui.widgets.gauges import labelled, quota_line, reputation_lines


class AccountLines(DrawnWidget):
    """Six lines; the first four are there before anything is known."""

    report: reactive[AccountReport | None] = reactive(None, repaint=False)
    credentials: reactive[str] = reactive("…")
    """Where credentials come from, in words."""

    place: reactive[str] = reactive("")
    """Where mail goes, in words."""

    def watch_report(self) -> None:
        """Most looks at the account show what the last one did."""
        self.redraw()

    def draw(self) -> Content:
        """Account, credentials, rate, quota, bounces, complaints."""
        report = self.report
        credentials = labelled("access", shorten(self.credentials, max(1, self.size.width - 10)))
        if report is None:
            unknown = Content.styled("not known yet", "$text-muted")
            lines = [labelled("account", f"{self.place} · ") + unknown, credentials]
            return Content("\n").join([*lines, labelled("rate", ""), labelled("24 h", "")])
        row = report.known.row
        ill = bool(troubles(row, sandbox=False))
        health = Content.styled(", ".join(health_words(row)), "$text-warning" if ill else "")
        where = labelled("account", f"{self.place} · {report.region} · ") + health
        rates = reputation_lines(report.rates, self.size.width)
        return Content("\n").join([where, credentials, _rate(report), self._quota(report), *rates])

    def _quota(self, report: AccountReport) -> Content:
        note = f", {grouped(report.ours_24_hours)} ours, {grouped(report.others_24_hours)} others'"
        return quota_line(report.known.quota, self.size.width, note=note)


def _rate(report: AccountReport) -> Content:
    rate, allowed = report.known.row.max_send_rate, report.known.allowed.rate
    line = labelled("rate", f"{grouped(rate, 1)} a second")
    if allowed < rate:
        said = f", SES throttled: {grouped(allowed, 1)} for now"
        return line + Content.styled(said, "$text-warning")
    return line
