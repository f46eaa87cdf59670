"""A cron expression in words, for people."""

from datetime import datetime

from cron_descriptor import ExpressionDescriptor, Options

from sestui.core.clock import Instant
from sestui.core.cron import zone_named
from sestui.core.cron_grammar import parse

_ALIASES = {
    "@hourly": "every hour, on the hour",
    "@daily": "at 00:00, every day",
    "@midnight": "at 00:00, every day",
    "@weekly": "at 00:00, only on Sunday",
    "@monthly": "at 00:00, on day 1 of the month",
    "@yearly": "at 00:00, on day 1 of the month, only in January",
    "@annually": "at 00:00, on day 1 of the month, only in January",
}


def in_words(expression: str) -> str:
    """``at 09:00, on day 1 of the month``.

    Raises:
        UsageError: not an expression.
    """
    text = parse(expression).text
    if text.lower() in _ALIASES:
        return _ALIASES[text.lower()]
    options = Options()
    options.use_24hour_time_format = True
    said = str(ExpressionDescriptor(text, options).get_description())
    return said[:1].lower() + said[1:]


def on_the_clock(instant: Instant, zone: str) -> str:
    """An instant as the clocks of a zone show it: ``Tue 2026-12-01 09:00+01:00``.

    Raises:
        UsageError: there is no such zone.
    """
    moment = datetime.fromtimestamp(instant, zone_named(zone))
    return f"{moment:%a} {moment.isoformat(' ', 'minutes')}"


def local_text(instant: Instant | None, zone: str) -> str:
    """An instant as one types it for that zone: ``2026-12-01T09:00``; '' for None.

    Raises:
        UsageError: there is no such zone.
    """
    if instant is None:
        return ""
    moment = datetime.fromtimestamp(instant, zone_named(zone))
    return moment.replace(tzinfo=None).isoformat("T", "minutes")
