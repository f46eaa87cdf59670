"""Strict parser of cron expressions, on top of croniter.

sestui's sixth field is the year; croniter 7 expects seconds before it, so 0 is inserted. Spellings
that croniter understands differently from cron (``9-9`` as every hour) are rewritten or refused.

Day and weekday combine as in Vixie cron (Debian's): either suffices if neither field *begins* with
a star, else both are required, even with ``*/2``. A ``+`` before the weekday always requires both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from croniter import croniter
from croniter.croniter import CroniterBadDateError, CroniterError

from sestui.core.schedule.cron_days import SpecialDays, rewritten_weekday
from sestui.errors import UsageError

_ALIASES = {
    "@annually": "0 0 1 1 *",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@midnight": "0 0 * * *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@yearly": "0 0 1 1 *",
}
_EVERY = re.compile(r"@every ?((?:\d+[hms])+|1d)", re.ASCII | re.IGNORECASE)
_HASHED = re.compile(r"(^|,)[HhRr](\(.*\))?(/.*)?(,|$)")
_RANGE = re.compile(r"([^-/,]+)-([^-/,]+)(/\d+)?", re.ASCII)
_YEAR = re.compile(r"(\*|\d{4}(-\d{4})?)(/\d+)?", re.ASCII)
_SINGLE_TIME = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::\d\d)?)?", re.ASCII)
_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = (*("jan", "feb", "mar", "apr", "may", "jun"), *("jul", "aug", "sep", "oct", "nov", "dec"))
_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY = range(5)
_PLACES = ("minute", "hour", "day", "month", "weekday", "second", "year")
_EVERYTHING = (
    *(frozenset(range(60)), frozenset(range(24)), frozenset(range(1, 32))),
    *(frozenset(range(1, 13)), frozenset(range(7))),
)
_DAY_SECONDS = 86_400

MOST_YEARS = 130
"""Years to search for a fire: all that croniter supports (1970 to 2099)."""

FIRST_MOMENT = datetime(1970, 1, 1)  # noqa: DTZ001 - a local time in any zone


@dataclass(frozen=True, slots=True)
class Values:
    """The values of an expression's fields, independent of their spelling."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    """None for any."""
    months: frozenset[int]
    weekdays: frozenset[int] | None
    """0 is Sunday; None for any."""
    years: frozenset[int] | None
    """None: any."""
    special_days: str
    """Days relative to the month (``LW``, ``1,L``, ``15W``), as spelled; '' for none."""
    special_weekday: str
    """``5#2`` or ``L5``; '' for none."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed cron expression."""

    text: str
    """As given, with single spaces."""
    form: str
    """As passed to croniter."""
    every_hour: bool
    """Whether it names no hours, and so follows changes of the clock."""
    either: bool
    """Whether either day or weekday suffices; otherwise both are required."""
    values: Values
    last: SpecialDays | None = None
    """Days that croniter doesn't support; its own day field is then open."""

    def walls(self, after: datetime) -> Iterator[datetime]:
        """The local times (naive) after ``after``, in order."""
        times = croniter(self.form, after, day_or=self.either, max_years_between_matches=MOST_YEARS)
        while True:
            try:
                wall = times.get_next(datetime)
            except CroniterBadDateError:
                return
            if self.last is None or self.last.holds(wall.date()):
                yield wall
            elif wall.year > after.year + MOST_YEARS:
                return
            else:
                times.set_current(wall.replace(hour=23, minute=59, second=59))


@lru_cache(maxsize=4096)
def parse(expression: str) -> Expression:
    """Parse a cron expression.

    Raises:
        UsageError: it isn't valid, or never fires (31 February).
    """
    text = " ".join(expression.split())
    fields = (_spelled_out(text) if text.startswith("@") else text).split()
    _refuse_single_time(text)
    if len(fields) not in {5, 6}:
        raise UsageError(
            f"A schedule has five fields (minute hour day month weekday, as in '0 9 1 * *') and "
            f"perhaps a year, not {len(fields)}."
        )
    if any(_HASHED.search(field) for field in fields):
        raise UsageError(
            "A schedule can't use Jenkins's H or a random R, which leave the time open; write the "
            "time."
        )
    either = not any(fields[place][0] in "*?+" for place in (_DAY, _WEEKDAY))
    fields[_WEEKDAY] = fields[_WEEKDAY].removeprefix("+")
    last = SpecialDays.read(fields[_DAY])
    plain = [
        _rewritten(place, (last.others or "*") if last and place == _DAY else field)
        for place, field in enumerate(fields)
    ]
    if len(plain) > len(_EVERYTHING):
        plain.insert(-1, "0")
        _check_year(plain[-1])
    try:
        values = _values(plain, fields[_DAY])
        if last is not None and not last.others:
            values = replace(values, days=frozenset())
        values = _without_needless(values, either=either)
        form = _form(plain, values, opened=last is not None, either=either)
        if last is not None:
            enough = values.weekdays if either else None
            last = last.with_days(values.days or frozenset(), enough or frozenset())
            last = None if values.days is None else last
        found = Expression(text, form, values.hours == _EVERYTHING[_HOUR], either, values, last)
        first = next(found.walls(FIRST_MOMENT), None)
    except (CroniterError, ValueError, KeyError, OverflowError) as error:
        raise UsageError(
            f"'{text}' is not a cron schedule ({_blamed(plain)}); '0 9 1 * *' is 09:00 on the "
            "first of each month."
        ) from error
    if first is None:
        raise UsageError(f"The schedule '{text}' never fires: there is no such day.")
    return found


def wants_both(expression: str) -> bool:
    """Whether a ``+`` before the weekday requires both day and weekday."""
    fields = expression.split()
    return len(fields) > _WEEKDAY and fields[_WEEKDAY].startswith("+")


def with_both(expression: str, *, both: bool) -> str:
    """The expression with or without the ``+`` that requires both day and weekday.

    Raises:
        UsageError: it has no weekday.
    """
    fields = expression.split()
    if len(fields) <= _WEEKDAY or expression.startswith("@"):
        if both:
            raise UsageError(
                f"'{expression}' doesn't name both a day and a weekday; write five "
                "fields, as in '0 9 13 * fri'."
            )
        return expression
    fields[_WEEKDAY] = ("+" if both else "") + fields[_WEEKDAY].removeprefix("+")
    return " ".join(fields)


def _spelled_out(text: str) -> str:
    """An alias as five fields."""
    every = _EVERY.fullmatch(text)
    if every is not None:
        return _every(text, every[1].lower())
    if text.lower() not in _ALIASES:
        raise UsageError(
            f"{text} is not a schedule; use one of {', '.join(_ALIASES)} or @every 5m."
        )
    return _ALIASES[text.lower()]


def _every(text: str, period: str) -> str:
    """Convert ``@every 5m``, which must divide an hour or a day."""
    units = {"h": 3600, "m": 60, "s": 1, "d": _DAY_SECONDS}
    seconds = sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)([hmsd])", period))
    minutes, rest = divmod(seconds, 60)
    if seconds and not rest and 60 % minutes == 0:
        return f"*/{minutes} * * * *" if minutes < 60 else "0 * * * *"
    hours, rest = divmod(seconds, 3600)
    if seconds and not rest and 24 % hours == 0:
        return f"0 */{hours} * * *" if hours < 24 else "0 0 * * *"
    raise UsageError(
        f"'{text}' doesn't fit a clock: a schedule fires at times of the day, so the period must "
        "divide "
        "an hour or a day, as 5m, 30m, 2h and 1d do."
    )


def _refuse_single_time(text: str) -> None:
    """Refuse ``2027-01-16 09:00``, and show how it is written as a schedule that fires once.

    Raises:
        UsageError: the text is a day, with or without a time.
    """
    if not (given := _SINGLE_TIME.fullmatch(text)):
        return
    year, month, day, hour, minute = (int(part or 0) for part in given.groups())
    raise UsageError(
        f"A schedule repeats, and '{text}' is a single time. As a schedule that fires once it is "
        f"'{minute} {hour} {day} {month} * {year}', on the clocks of its time zone; a campaign "
        "that is sent once has a start instead."
    )


def _check_year(year: str) -> None:
    if not all(_YEAR.fullmatch(part) for part in year.split(",")):
        raise UsageError(f"'{year}' is not a year; write 2027, 2027-2030, 2027,2029 or *.")


def _values(fields: list[str], day: str) -> Values:
    """Expand each field separately.

    Raises:
        CroniterError, ValueError, KeyError: a field is invalid.
    """
    alone = [_alone(fields, place) for place in range(len(fields))]
    year = alone[-1][0] if len(fields) > len(_EVERYTHING) else None
    special_day = bool(re.search("[lw]", day, re.IGNORECASE))
    return Values(
        minutes=alone[_MINUTE][0] or _EVERYTHING[_MINUTE],
        hours=alone[_HOUR][0] or _EVERYTHING[_HOUR],
        days=alone[_DAY][0],
        months=alone[_MONTH][0] or _EVERYTHING[_MONTH],
        weekdays=alone[_WEEKDAY][0],
        years=year,
        special_days=day.upper() if special_day else "",
        special_weekday=fields[_WEEKDAY] if alone[_WEEKDAY][1] else "",
    )


def _alone(fields: list[str], place: int) -> tuple[frozenset[int] | None, bool]:
    """A field's numbers (None for any), and whether it is an n-th or last weekday."""
    alone = ["*"] * len(fields)
    alone[place] = fields[place]
    expanded, special = croniter.expand(" ".join(alone))
    values = expanded[place]
    if "*" in values:
        return None, bool(special)
    return frozenset(value for value in values if isinstance(value, int)), bool(special)


def _without_needless(values: Values, *, either: bool) -> Values:
    """Replace days or weekdays that cover everything with None.

    Raises:
        UsageError: the rules for days can't be combined.
    """
    every_day = values.days in {None, _EVERYTHING[_DAY]}
    any_weekday = not values.special_weekday and values.weekdays in {None, _EVERYTHING[_WEEKDAY]}
    if either and (every_day or any_weekday) and not (every_day and any_weekday):
        # One field allows every day, so the other makes no difference.
        every_day, any_weekday = True, True
    if values.special_weekday and not every_day:
        raise UsageError(
            "A schedule whose weekday uses # or L can't name days of the month as well; make two."
        )
    if not any_weekday and re.search("[0-9]W", values.special_days):
        raise UsageError(
            "A schedule whose day uses W can't name weekdays as well; make two schedules."
        )
    if every_day:
        values = replace(values, days=None, special_days="")
    if any_weekday:
        values = replace(values, weekdays=None, special_weekday="")
    return values


def _form(fields: list[str], values: Values, *, opened: bool, either: bool) -> str:
    """The expression for croniter; ``opened``: its day field is filtered by us."""
    form = list(fields)
    if opened or (values.days is None and not values.special_days):
        form[_DAY] = "*"
    if (opened and either) or (values.weekdays is None and not values.special_weekday):
        form[_WEEKDAY] = "*"
    return " ".join(form)


def _rewritten(place: int, field: str) -> str:
    if place == _WEEKDAY:
        field = rewritten_weekday(field)
    return ",".join(_part(place, part) for part in field.split(","))


def _part(place: int, part: str) -> str:
    """One part of a field; a range from a value to itself becomes that value."""
    if place == _WEEKDAY and "#" in part:
        return part
    found = _RANGE.fullmatch(part)
    if found is None:
        return part
    first, last = (_number(place, name) for name in found.group(1, 2))
    if first is None or last is None:
        return part
    if first == last:
        return found[1]
    if first > last and not (place == _WEEKDAY and last == 0) and (found[3] or place > _WEEKDAY):
        raise UsageError(f"The range {part} runs backwards; list what you mean with commas.")
    return part


def _number(place: int, name: str) -> int | None:
    low = name.lower()
    names = {_MONTH: _MONTHS, _WEEKDAY: _NAMES}.get(place, ())
    if low in names:
        return names.index(low) + (place == _MONTH)
    return int(low) if low.isascii() and low.isdigit() else None


def _blamed(fields: list[str]) -> str:
    """The field that croniter rejects, in words."""
    for place, field in enumerate(fields):
        alone = ["*"] * len(fields)
        alone[place] = field
        try:
            croniter.expand(" ".join(alone))
        except (CroniterError, ValueError, KeyError):
            return f"the {_PLACES[place]} can't be {field!r}"
    return "its fields don't go together"
