"""Cron reckoned minute by minute, by nothing that sestui or croniter knows.

The reckoning looks at what a zone's clock shows at each minute of real time and asks, field by
field, whether that is a fire; the rule for changing clocks is written down once more in
``reckoned``, in terms of minutes that pass rather than of times on the clock.
"""

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE = 60.0


ANY_DAY = ("*", frozenset(range(1, 32)))
ANY_MONTH = ("*", frozenset(range(1, 13)))
ANY_WEEKDAY = ("*", frozenset(range(7)))


@dataclass(frozen=True)
class Cron:
    """An expression and what it means, made together so that neither is read from the other."""

    minutes: tuple[str, frozenset[int]]
    hours: tuple[str, frozenset[int]]
    days: tuple[str, frozenset[int]]
    months: tuple[str, frozenset[int]]
    weekdays: tuple[str, frozenset[int]]
    last_day: bool = False
    before_last: int = 0
    """So many days before the last one are allowed, too (``L-3``); 0: no such day."""
    last_working_day: bool = False
    both: bool = False
    """A plus before the weekday: day and weekday are wanted."""
    nth: tuple[int, int] | None = None
    """(weekday, 1 to 5)."""

    @property
    def text(self) -> str:
        days = self.days[0] + (",L" if self.last_day else "")
        days += f",L-{self.before_last}" if self.before_last else ""
        days += ",LW" if self.last_working_day else ""
        weekdays = f"{self.nth[0]}#{self.nth[1]}" if self.nth else self.weekdays[0]
        weekdays = f"+{weekdays}" if self.both else weekdays
        return " ".join((self.minutes[0], self.hours[0], days, self.months[0], weekdays))

    def shows(self, wall: datetime) -> bool:
        return (
            wall.minute in self.minutes[1]
            and wall.hour in self.hours[1]
            and wall.month in self.months[1]
            and self._day(wall)
        )

    def _day(self, wall: datetime) -> bool:
        weekday = wall.isoweekday() % 7
        if self.nth:
            return weekday == self.nth[0] and (wall.day - 1) // 7 + 1 == self.nth[1]
        last, last_working = ends(wall.year, wall.month)
        day, week = wall.day in self.days[1], weekday in self.weekdays[1]
        day |= self.last_day and wall.day == last
        day |= self.before_last > 0 and wall.day == last - self.before_last
        day |= self.last_working_day and wall.day == last_working
        starred = self.days[0].startswith("*") or self.weekdays[0].startswith("*")
        return day and week if starred or self.both else day or week


@lru_cache(maxsize=4096)
def ends(year: int, month: int) -> tuple[int, int]:
    """The last day of a month, and its last Monday to Friday."""
    last = calendar.monthrange(year, month)[1]
    working = [day for day in range(1, last + 1) if calendar.weekday(year, month, day) < 5]
    return last, working[-1]


@lru_cache(maxsize=32)
def passing(name: str, begin: float, end: float) -> list[datetime]:
    """What the zone's clock shows at each minute of [begin, end), the one before it first."""
    zone = ZoneInfo(name)
    minutes = range(int(begin - MINUTE), int(end), int(MINUTE))
    return [datetime.fromtimestamp(minute, zone).replace(tzinfo=None, fold=0) for minute in minutes]


def reckoned(cron: Cron, name: str, begin: float, end: float) -> Iterator[float]:
    """Fires in [begin, end), minute by minute."""
    names_hours = len(cron.hours[1]) < 24
    walls = passing(name, begin, end)
    latest = walls[0]
    for number, wall in enumerate(walls[1:]):
        step = (wall - latest) // timedelta(minutes=1)
        left_out = names_hours and any(
            cron.shows(latest + timedelta(minutes=passed)) for passed in range(1, step)
        )
        fresh = step > 0 or not names_hours
        if left_out or (fresh and cron.shows(wall)):
            yield begin + number * MINUTE
        latest = max(latest, wall) if names_hours else wall


def transitions(zone: ZoneInfo, year: int) -> list[float]:
    """Minutes (to the quarter of an hour) around which the zone's clock is set."""
    begin = datetime(year, 1, 1, tzinfo=UTC).timestamp()

    def offset(quarter: int) -> timedelta | None:
        return datetime.fromtimestamp(begin + quarter * 900, zone).utcoffset()

    # By the hour first: no zone sets its clock and sets it back within one.
    hours = [offset(quarter) for quarter in range(0, 366 * 96 + 1, 4)]
    return [
        begin + quarter * 900
        for hour, (before, after) in enumerate(pairwise(hours))
        if before != after
        for quarter in range(hour * 4 + 1, hour * 4 + 5)
        if offset(quarter) != offset(quarter - 1)
    ]


def often(minutes: set[int], hours: str, values: Iterable[int]) -> Cron:
    """Some minutes of some hours, every day."""
    said = ",".join(map(str, sorted(minutes)))
    at = ((said, frozenset(minutes)), (hours, frozenset(values)))
    return Cron(*at, ANY_DAY, ANY_MONTH, ANY_WEEKDAY)
