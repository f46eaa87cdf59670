"""Describe a cron expression in words, if that can be done correctly and briefly.

The words follow the fields' values, not their spelling: ``*/45`` means minutes 0 and 45, not every
45 minutes. cron-descriptor describes the parts; day and weekday are combined here, by sestui's
rule.
"""

from collections.abc import Callable
from datetime import datetime

from cron_descriptor import ExpressionDescriptor, Options

from sestui.core.clock import Instant
from sestui.core.schedule.cron_grammar import Expression, Values, parse
from sestui.core.schedule.zones import zone_named

_MOST_LISTED = 8
_MOST_TIMES = 6
_SHORTEST_RANGE = 3
_MINUTES, _HOURS, _MONTHS = 60, 24, 12
_SPECIAL_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def in_words(expression: str) -> str:
    """``at 09:00, on day 1 of the month``; '' if it would be too long.

    Raises:
        UsageError: it isn't a valid expression.
    """
    found = parse(expression)
    parts = (
        _time(found.values),
        _days(found),
        _part("0 0 * {} *", _spelled(found.values.months, _MONTHS), _MONTH_WORDS),
        _part("0 0 * * * {}", _spelled(found.values.years, None), _YEAR_WORDS),
    )
    if any(part is None for part in parts):
        return ""
    said = "".join(part for part in parts if part)
    if said.startswith("at ") and not any(parts[1:]) and not found.every_hour:
        return f"{said}, every day"
    return said[:1].lower() + said[1:]


_Words = Callable[[ExpressionDescriptor], str]
_MONTH_WORDS: _Words = ExpressionDescriptor.get_month_description
_YEAR_WORDS: _Words = ExpressionDescriptor.get_year_description
_DAY_WORDS: _Words = ExpressionDescriptor.get_day_of_month_description
_WEEKDAY_WORDS: _Words = ExpressionDescriptor.get_day_of_week_description
_TIME_WORDS: _Words = ExpressionDescriptor.get_time_of_day_description


def _part(form: str, field: str | None, words: _Words) -> str | None:
    """cron-descriptor's words for one field, the others open; None for None, '' for any."""
    if field is None:
        return None
    if field == "*":
        return ""
    options = Options()
    options.use_24hour_time_format = True
    return str(words(ExpressionDescriptor(form.format(field), options)))


def _spelled(values: frozenset[int] | None, count: int | None) -> str | None:
    """Numbers as a cron field; None if there are too many for a sentence."""
    if values is None or len(values) == count:
        return "*"
    numbers = sorted(values)
    whole = numbers[-1] - numbers[0] + 1 == len(numbers)
    if whole and len(numbers) >= _SHORTEST_RANGE:
        return f"{numbers[0]}-{numbers[-1]}"
    return ",".join(map(str, numbers)) if len(numbers) <= _MOST_LISTED else None


def _stepped(values: frozenset[int], count: int) -> str | None:
    """``*/5`` if all steps are equal, including the wrap-around; else None."""
    step = count // len(values)
    even = len(values) > 1 and values == frozenset(range(0, count, step)) and count % step == 0
    return f"*/{step}" if even and step > 1 else None


def _time(values: Values) -> str | None:
    minutes, hours = sorted(values.minutes), sorted(values.hours)
    if len(minutes) * len(hours) <= _MOST_TIMES:
        times = [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
        return f"at {' and '.join([', '.join(times[:-1]), times[-1]] if times[1:] else times)}"
    minute = _stepped(values.minutes, _MINUTES) or _spelled(values.minutes, _MINUTES)
    hour = _stepped(values.hours, _HOURS) or _spelled(values.hours, _HOURS)
    if minute is None or hour is None or ("," in hour and len(minutes) > 1):
        return None  # several minutes of several separate hours
    if len(hours) == 1:
        hour = f"{hours[0]}-{hours[0]}"  # "between 09:00 and 09:59", and not "at 09:00"
    said = _part("{} * * *", f"{minute} {hour}", _TIME_WORDS) or ""
    return said if said == "every hour" else said.removesuffix(", every hour")


def _days(found: Expression) -> str | None:
    """Words for day and weekday; '' for every day, None if too long."""
    values = found.values
    day, weekday = values.special_days, values.special_weekday
    one_day = (None if "," in day else day) if day else _spelled(values.days, None)
    one_weekday = _special(weekday) if weekday else _spelled(values.weekdays, None)
    by_day = _part("0 0 {} * *", one_day, _DAY_WORDS)
    by_weekday = _part("0 0 * * {}", one_weekday, _WEEKDAY_WORDS)
    if not by_day or not by_weekday:
        return None if by_day is None or by_weekday is None else by_day + by_weekday
    said = by_weekday.removeprefix(", ").removeprefix("only ")
    return f"{by_day} or {said}" if found.either else f"{by_day}, but only {said}"


def _special(weekday: str) -> str | None:
    """``fri#2`` or ``L5`` in cron-descriptor's spelling; None for several."""
    low = weekday.lower()
    if "," in low:
        return None
    for number, name in enumerate(_SPECIAL_WEEKDAYS):
        low = low.replace(name, str(number))
    return f"{low.removeprefix('l')}L" if low.startswith("l") else low


def with_offset(instant: Instant, zone: str) -> str:
    """An instant on a zone's clocks for programs: ``Tue 2026-12-01 09:00+01:00``.

    Raises:
        UsageError: there is no such zone.
    """
    moment = datetime.fromtimestamp(instant, zone_named(zone))
    return f"{moment:%a} {moment.isoformat(' ', 'minutes')}"


def on_the_clock(instant: Instant, zone: str) -> str:
    """An instant on a zone's clocks: ``Tue 1 Dec 2026 09:00 CET``.

    A zone whose time has no letters is told by its offset: ``09:00 UTC+03``.

    Raises:
        UsageError: there is no such zone.
    """
    moment = datetime.fromtimestamp(instant, zone_named(zone))
    letters = f"{moment:%Z}"
    named = f"UTC{letters}" if letters.startswith(("+", "-")) else letters
    return f"{moment:%a} {moment.day} {moment:%b %Y %H:%M} {named}"
