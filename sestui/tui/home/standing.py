"""The account on Home: the 24-hour quota and what of it becomes free, and how SES sees the mail."""

from textual.content import Content

from sestui.core.delivery.pacing import Quota
from sestui.core.delivery.reputation import KnownRate
from sestui.core.doctor.finding import DoctorSeverity
from sestui.core.percent import percent
from sestui.core.text import printable
from sestui.store.events.doctor_verdicts import DoctorVerdict
from sestui.tui.home.cards import At
from sestui.tui.home.quota_frees import QuotaFrees
from sestui.tui.home.service import AccountSnapshot
from sestui.tui.widgets.drawn import DrawnWidget
from sestui.tui.widgets.format import gauge, grouped
from sestui.tui.widgets.gauges import labelled, reputation_lines
from sestui.tui.widgets.plot import Series, strip

_LABEL = 9
"""Cells of a line's label."""


class AccountPanel(DrawnWidget):
    """As many lines as there is something to say of."""

    def __init__(self, at: At) -> None:
        super().__init__(id="standing")
        self._at = at
        self._account: AccountSnapshot | None = None
        self._frees: QuotaFrees | None = None
        self._rates: tuple[KnownRate, ...] = ()
        self._verdict: DoctorVerdict | None = None

    def show(
        self,
        account: AccountSnapshot | None,
        frees: QuotaFrees | None,
        rates: tuple[KnownRate, ...],
        verdict: DoctorVerdict | None = None,
    ) -> None:
        """Show the account as it is now, what becomes free, and how SES and doctor see it."""
        self._account, self._frees, self._rates, self._verdict = account, frees, rates, verdict
        self.redraw()

    def lines(self) -> int:
        """How many lines it would like."""
        return len(self._lines(80))

    def draw(self) -> Content:
        """The lines there is room for."""
        width, height = self.size
        lines = [line.truncate(width, ellipsis=True) for line in self._lines(width)]
        return Content("\n").join(lines[:height])

    def _lines(self, width: int) -> list[Content]:
        if self._account is None:
            return [Content.styled("Asking the account…", "$text-muted")]
        found, frees = [quota_line(self._account, width)], []
        if self._frees is not None:
            frees = _frees_lines(self._frees, self._account.quota, width, self._at)
        if words := _troubles(self._account):
            found.append(labelled("account", "") + Content.styled(words, "$text-warning"))
        if self._verdict is not None:
            found.append(labelled("doctor", "") + _verdict_line(self._verdict, self._at))
        # Where there is room for few lines, the drawing goes first.
        return found + frees[:1] + reputation_lines(self._rates, width) + frees[1:]


def _verdict_line(verdict: DoctorVerdict, at: At) -> Content:
    """What was found last, and when: it may have been mended since."""
    style = "$text-error" if verdict.severity == DoctorSeverity.ERROR else "$text-warning"
    said = Content.styled(printable(verdict.sentence), style)
    return Content.styled(f"{at(verdict.at)} ", "$text-muted") + said


def quota_line(account: AccountSnapshot, width: int) -> Content:
    """``24 h  15,314 of 40,000 ▓▓▓░░░ 38 %``, and what others sent if they did."""
    quota = account.quota
    if quota.limit is None:
        return labelled("24 h", f"{grouped(quota.used)}, unlimited")
    others = int(quota.used) - account.ours
    # Mail that left while SES was asked is in its count, and counted here once more: a second's.
    doubtful = account.rate if account.sent_since_look else 0
    note = f"  {grouped(others)} by others" if others > doubtful else ""
    figures = f"{grouped(quota.used)} of {grouped(quota.limit)}"
    share = f" {percent(quota.used, quota.limit):>5}{note}"
    line = labelled("24 h", f"{figures} ")
    room = width - line.cell_length - len(share)
    style = "$warning" if quota.left == 0 else "$primary"
    drawn = Content.styled(gauge(quota.used / quota.limit if quota.limit else 1, room), style)
    return line + (drawn if room >= 4 else Content("")) + Content(share)


def _frees_lines(frees: QuotaFrees, quota: Quota, width: int, at: At) -> list[Content]:
    """How much is free now and how much more until when; below it the next 24 hours."""
    if quota.left is None:
        return []  # without a limit nothing has to become free
    said = f"{grouped(quota.left)} now"
    if frees.until is not None and frees.more:
        by = f"by {at(frees.until)}"
        whole = f"{said}, {grouped(frees.more)} more {by}"
        said = whole if len(whole) <= width - _LABEL else f"{said}, +{grouped(frees.more)} {by}"
    lines = [labelled("free", said)]
    if frees.more and quota.limit:
        room = max(0, min(48, width - _LABEL - 7))
        drawn = strip(Series(frees.free, "$primary"), quota.limit, room)
        lines.append(labelled("tomorrow", "") + drawn + Content.styled(" +24 h", "$text-muted"))
    return lines


def _troubles(account: AccountSnapshot) -> str:
    words = list(account.health)
    if account.allowed < account.rate:
        words.append(
            f"SES throttled: {grouped(account.allowed, 1)} of {grouped(account.rate, 1)}/s for now"
        )
    return ", ".join(words)
