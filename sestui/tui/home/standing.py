"""The account on Home: the 24-hour quota and what of it becomes free, and how SES sees the mail."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.core.delivery.pacing import Quota
from sestui.core.percent import fine_percent, percent, set_percent
from sestui.reports.overview import RunView
from sestui.tui.home.cards import At
from sestui.tui.home.quota_frees import QuotaFrees
from sestui.tui.home.service import AccountSnapshot
from sestui.tui.widgets.format import gauge
from sestui.tui.widgets.gauges import labelled
from sestui.tui.widgets.plot import Series, strip

_BOUNCE_LINE, _COMPLAINT_LINE = 0.05, 0.001
"""Shares from which SES puts an account under review."""
_GAUGE = 12
_LABEL = 9
"""Cells of a line's label."""


@dataclass(frozen=True, slots=True)
class OutcomeShares:
    """What SES has reported of the mail of the runs that Home shows."""

    known: int
    """Mails of which it has reported what became of them."""
    bounced: int
    complained: int

    @classmethod
    def of(cls, runs: Sequence[RunView]) -> "OutcomeShares":
        """Of all of these together."""
        delivered = sum(run.counts.delivered for run in runs)
        bounced = sum(run.counts.bounced for run in runs)
        complained = sum(run.counts.complained for run in runs)
        return cls(delivered + bounced, bounced, complained)


class AccountPanel(Widget):
    """As many lines as there is something to say of."""

    account: reactive[AccountSnapshot | None] = reactive(None)
    frees: reactive[QuotaFrees | None] = reactive(None)
    outcomes: reactive[OutcomeShares] = reactive(OutcomeShares(0, 0, 0))

    def __init__(self, at: At) -> None:
        super().__init__(id="standing")
        self._at = at

    def lines(self) -> int:
        """How many lines it would like."""
        return len(self._lines(80))

    def render(self) -> Content:
        """The lines there is room for."""
        width, height = self.size
        lines = [line.truncate(width, ellipsis=True) for line in self._lines(width)]
        return Content("\n").join(lines[:height])

    def _lines(self, width: int) -> list[Content]:
        if self.account is None:
            return [Content.styled("Asking the account…", "$text-muted")]
        found = [quota_line(self.account, width)]
        if self.frees is not None:
            found += _frees_lines(self.frees, self.account.quota, width, self._at)
        if words := _troubles(self.account):
            found.append(labelled("account", "") + Content.styled(words, "$text-warning"))
        return found + _outcome_lines(self.outcomes, width)


def quota_line(account: AccountSnapshot, width: int) -> Content:
    """``24 h  15,314 of 40,000 ▓▓▓░░░ 38 %``, and what others sent if they did."""
    quota = account.quota
    if quota.limit is None:
        return labelled("24 h", f"{quota.used:,.0f}, unlimited")
    others = int(quota.used) - account.ours
    note = f"  {others:,} by others" if others > 0 else ""
    figures = f"{quota.used:,.0f} of {quota.limit:,.0f}"
    share = f" {percent(quota.used, quota.limit):>5}{note}"
    line = labelled("24 h", f"{figures} ")
    room = width - line.cell_length - len(share)
    style = "$warning" if quota.left == 0 else "$primary"
    drawn = Content.styled(gauge(quota.used / quota.limit if quota.limit else 1, room), style)
    return line + (drawn if room >= 4 else Content("")) + Content(share)


def _frees_lines(frees: QuotaFrees, quota: Quota, width: int, at: At) -> list[Content]:
    """How much is free now and how much more until when; below it the next 24 hours."""
    said = f"{quota.left:,} now"
    if frees.until is not None and frees.more:
        by = f"by {at(frees.until)}"
        whole = f"{said}, {frees.more:,} more {by}"
        said = whole if len(whole) <= width - _LABEL else f"{said}, +{frees.more:,} {by}"
    lines = [labelled("free", said)]
    if frees.more and quota.limit:
        room = max(0, min(48, width - _LABEL - 7))
        drawn = strip(Series(frees.free, "$primary"), quota.limit, room)
        lines.append(labelled("tomorrow", "") + drawn + Content.styled(" +24 h", "$text-muted"))
    return lines


def _troubles(account: AccountSnapshot) -> str:
    words = list(account.health)
    if account.allowed < account.rate:
        words.append(f"SES throttled: {account.allowed:,.1f} of {account.rate:,.1f}/s for now")
    return ", ".join(words)


def _outcome_lines(outcomes: OutcomeShares, width: int) -> list[Content]:
    """Bounces and complaints beside SES's lines; a quiet word while nothing is known."""
    if not outcomes.known:
        quiet = "no delivery events yet"
        return [labelled("bounces", "") + Content.styled(quiet, "$text-muted")]
    return [
        _share_line("bounced", outcomes.bounced / outcomes.known, _BOUNCE_LINE, 1, width),
        _share_line("spam", outcomes.complained / outcomes.known, _COMPLAINT_LINE, 2, width),
    ]


def _share_line(label: str, share: float, line: float, digits: int, width: int) -> Content:
    """``bounced  0.4 %  █······┆······ 5 % review``: the line is in the middle of the scale."""
    bad = share >= line
    style = "$text-error" if bad else "$text-warning" if share >= line / 2 else "$text-success"
    figures = Content.styled(f"{fine_percent(share, 1, digits):>8}", style if share else "")
    cells = min(_GAUGE, round(share / (2 * line) * _GAUGE))
    rest = "·" * _GAUGE
    rest = rest[: _GAUGE // 2] + "┆" + rest[_GAUGE // 2 + 1 :]
    drawn = Content.styled("█" * cells, style) + Content.styled(rest[cells:], "$text-muted")
    review = Content.styled(f" {set_percent(line)} review", "$text-error" if bad else "$text-muted")
    said = labelled(label, "") + figures + Content("  ") + drawn
    return said + review if said.cell_length + review.cell_length <= width else said
