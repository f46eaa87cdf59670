"""Rate and quota as a line each, drawn the same wherever they stand."""

from collections.abc import Sequence

from textual.content import Content

from sestui.core.delivery.pacing import Quota
from sestui.core.delivery.progress import share_text
from sestui.core.delivery.reputation import KnownRate
from sestui.core.percent import percent, set_percent
from sestui.tui.widgets.format import counted, gauge, grouped
from sestui.tui.widgets.plot import Series, strip
from sestui.tui.widgets.rate_meter import RateMeter

_SPARK_SECONDS = 60
_LABEL = 9
_FIGURES = 24
_SCALE = 12
"""Cells of a rate's scale."""
_RATE_LABELS = {"bounced": "hard bounces", "complained": "spam"}
"""SES's bounce rate is of hard bounces, while a run's bounced are of any."""
_RATE_LABEL, _RATE_FIGURES = 12, 7


def labelled(label: str, figures: str) -> Content:
    """A quiet label of a fixed width, and figures."""
    return Content.assemble((f"{label:<{_LABEL}}", "$text-muted"), figures)


def rate_line(meter: RateMeter, allowed: float | None, width: int) -> Content:
    """The rate now beside what is ``allowed``, and the last minute."""
    of = f" of {grouped(allowed, 1)}" if allowed else ""
    figures = f"{f'{grouped(meter.rate(), 1)}/s{of}':<{_FIGURES}}"
    room = max(0, width - _LABEL - len(figures))
    history = tuple(meter.history(min(_SPARK_SECONDS, 2 * room)))
    top = max([allowed or 0.0, *history])
    return labelled("rate", figures) + strip(Series(history), top, (len(history) + 1) // 2)


def reputation_lines(rates: Sequence[KnownRate], width: int) -> list[Content]:
    """Bounces and complaints beside SES's lines; a quiet word while nothing is known."""
    if not any(rate.mails for rate in rates):
        return [labelled("bounces", "") + Content.styled("no delivery events yet", "$text-muted")]
    return [_rate_line(rate, width) for rate in rates]


def _rate_line(rate: KnownRate, width: int) -> Content:
    """``hard bounces  0.4 %  █··┆··· 5 % review``: the line is in the middle of the scale."""
    share, line = rate.share, rate.ses.review
    bad = share >= line
    style = "$text-error" if bad else "$text-warning" if share >= line / 2 else "$text-success"
    figures = Content.styled(
        f"{share_text(rate.what, share, 1):>{_RATE_FIGURES}}", style if share else ""
    )
    cells = min(_SCALE, round(share / (2 * line) * _SCALE))
    rest = "·" * _SCALE
    rest = rest[: _SCALE // 2] + "┆" + rest[_SCALE // 2 + 1 :]
    drawn = Content.styled("█" * cells, style) + Content.styled(rest[cells:], "$text-muted")
    label = Content.styled(f"{_RATE_LABELS[rate.what]:<{_RATE_LABEL}}", "$text-muted")
    known = label + figures + Content("  ") + drawn
    style = "$text-error" if bad else "$text-muted"
    for note in (f" {set_percent(line)} review", f" · {counted(rate.mails, 'mail')}"):
        if known.cell_length + len(note) <= width:
            known += Content.styled(note, style)
            style = "$text-muted"
    return known


def average_line(rate: float | None) -> Content:
    """The rate of a run that has ended; None where it took no time."""
    return labelled(
        "rate", f"{grouped(rate, 1)}/s on average" if rate is not None else "not measured"
    )


def quota_line(quota: Quota | None, width: int, *, note: str = "") -> Content:
    """How much of the 24-hour quota is used, other services' use included, and a ``note``."""
    if quota is None:
        return labelled("24 h", "not known yet")
    if quota.limit is None:
        return labelled("24 h", f"{grouped(quota.used)}, unlimited{note}")
    figures = f"{f'{grouped(quota.used)} of {grouped(quota.limit)}':<{_FIGURES}}"
    room = max(0, width - _LABEL - len(figures))
    of = percent(quota.limit, quota.maximum)
    share = f"  your limit: {of} of SES's {grouped(quota.maximum)} a day{note}"
    if len(share) > room:
        share = f"  {of} of {grouped(quota.maximum)}{note}"
    room = max(0, room - len(share))
    style = "$warning" if quota.left == 0 else "$primary"
    used = quota.used / quota.limit if quota.limit else 1.0
    drawn = Content.styled(gauge(used, min(_SPARK_SECONDS, room)), style)
    return labelled("24 h", figures) + drawn + Content(share)
