"""What a cron expression may say, strictly: croniter's grammar without its surprises.

croniter 7 reads five fields, or five with seconds, or those with a year; sestui's sixth field is
the year, so the seconds are put in as 0. Spellings that croniter takes for something else than
cron does (``9-9`` is every hour to it) are rewritten or refused here, in a sentence.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from croniter import croniter
from croniter.croniter import CroniterBadDateError, CroniterError

from sestui.errors import UsageError

_ALIASES = ("@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly")
_HASHED = re.compile(r"(^|,)[HhRr](\(.*\))?(/.*)?(,|$)")
_RANGE = re.compile(r"([^-/,]+)-([^-/,]+)(/\d+)?", re.ASCII)
_YEAR = re.compile(r"(\*|\d{4}(-\d{4})?)(/\d+)?", re.ASCII)
_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = (*("jan", "feb", "mar", "apr", "may", "jun"), *("jul", "aug", "sep", "oct", "nov", "dec"))
_HOUR, _DAY, _MONTH, _WEEKDAY = 1, 2, 3, 4
_PLACES = ("minute", "hour", "day", "month", "weekday", "second", "year")
_HOURS_A_DAY = 24

MOST_YEARS = 130
"""How far ahead a fire is looked for: the years that croniter knows (1970 to 2099)."""

FIRST_MOMENT = datetime(1970, 1, 1)  # noqa: DTZ001 - a time on whatever clock


@dataclass(frozen=True, slots=True)
class Expression:
    """A cron expression that has been checked."""

    text: str
    """As it was given, with single spaces."""
    form: str
    """As croniter is to read it."""
    every_hour: bool
    """It names no hours: it follows the clock, however that is set forward or back."""

    def walls(self, after: datetime) -> croniter:
        """The times on a clock (naive) later than ``after``, by ``get_next(datetime)``."""
        return croniter(self.form, after, max_years_between_matches=MOST_YEARS)


@lru_cache(maxsize=4096)
def parse(expression: str) -> Expression:
    """Read a cron expression.

    Raises:
        UsageError: it isn't one, or it never fires (the 31st of February).
    """
    text = " ".join(expression.split())
    if text.startswith("@"):
        if text.lower() not in _ALIASES:
            raise UsageError(f"{text} is not a schedule; use one of {', '.join(_ALIASES)}.")
        return Expression(text, text.lower(), text.lower() == "@hourly")
    fields = text.split(" ") if text else []
    if len(fields) not in {5, 6}:
        raise UsageError(
            f"A schedule has five fields (minute hour day month weekday, as in '0 9 1 * *') and "
            f"perhaps a year, not {len(fields)}."
        )
    form = _form(fields)
    try:
        form = _without_needless(form)
        expanded = croniter.expand(form)[0]
        croniter(form, FIRST_MOMENT, max_years_between_matches=MOST_YEARS).get_next(datetime)
    except CroniterBadDateError as error:
        raise UsageError(f"The schedule '{text}' never fires: there is no such day.") from error
    except (CroniterError, ValueError, KeyError) as error:
        raise UsageError(
            f"'{text}' is not a cron schedule ({_blamed(form)}); '0 9 1 * *' is 09:00 on the "
            "first of each month."
        ) from error
    hours = expanded[_HOUR]
    return Expression(text, form, hours == ["*"] or len(hours) == _HOURS_A_DAY)


def _form(fields: list[str]) -> str:
    """The fields for croniter; a year brings seconds of 0 along."""
    if any(_HASHED.search(field) for field in fields):
        raise UsageError("A schedule can't use hashed (H) or random (R) fields; write the time.")
    plain = [_rewritten(place, field) for place, field in enumerate(fields)]
    _refuse_mixtures(plain)
    if len(plain) == _WEEKDAY + 1:
        return " ".join(plain)
    year = plain.pop()
    if not all(_YEAR.fullmatch(part) for part in year.split(",")):
        raise UsageError(f"'{year}' is not a year; write 2027, 2027-2030, 2027,2029 or *.")
    return " ".join([*plain, "0", year])


def _without_needless(form: str) -> str:
    """Days or weekdays that cover all there are become ``*``.

    To croniter it depends on how the other field is spelled whether they restrict anything.
    """
    fields = form.split(" ")
    for place, count in ((_DAY, 31), (_WEEKDAY, 7)):
        alone = ["*"] * 5
        alone[place] = fields[place]
        values, special = croniter.expand(" ".join(alone))
        numbers = [value for value in values[place] if isinstance(value, int)]
        if not special and (values[place] == ["*"] or len(numbers) == count):
            fields[place] = "*"
    return " ".join(fields)


def _rewritten(place: int, field: str) -> str:
    return ",".join(_part(place, part) for part in field.split(","))


def _part(place: int, part: str) -> str:
    """One part of a field: a range from a value to itself is that value, not the whole circle."""
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


def _refuse_mixtures(fields: list[str]) -> None:
    """croniter drops one of two rules for days where # or W is in play: refuse such pairs."""
    day, weekday = fields[_DAY], fields[_WEEKDAY]
    special = "#" in weekday or "l" in weekday.lower()
    if special and day not in {"*", "?"}:
        raise UsageError(
            "A schedule whose weekday uses # or L can't name days of the month as well; make two."
        )
    if "w" in day.lower() and weekday not in {"*", "?"}:
        raise UsageError(
            "A schedule whose day uses W can't name weekdays as well; make two schedules."
        )


def _blamed(form: str) -> str:
    """The field that croniter doesn't take, in words."""
    for place, field in enumerate(form.split(" ")):
        alone = ["*"] * len(form.split(" "))
        alone[place] = field
        try:
            croniter.expand(" ".join(alone))
        except (CroniterError, ValueError, KeyError):
            return f"the {_PLACES[place]} can't be {field!r}"
    return "its fields don't go together"
