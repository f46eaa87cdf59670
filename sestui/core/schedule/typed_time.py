"""Read a time as people type it: ``2026-12-01T09:00``, ``11:36``, ``tomorrow 9:00``, ``in 5 min``.

What can be read in two ways is refused. A local time that the clocks skip or repeat is taken as in
schedules: the first instant after the gap, and the first of two.
"""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sestui.core.clock import Instant
from sestui.core.schedule.cron import Occurrence
from sestui.core.schedule.daylight import clock_notes
from sestui.core.schedule.zones import WallClock, zone_named

_FULL = "2026-12-01T09:00"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_SHORT = {"tues": "tuesday", "thur": "thursday", "thurs": "thursday", "sept": "september"}
_clock = re.compile(r"(\d{1,2}):(\d{2})([ap]m)?|(\d{1,2})([ap]m)").fullmatch
_date = re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch
_in_two_ways = re.compile(r"\d{1,2}[/.]\d{1,2}(?:[/.](?:\d{2}|\d{4})?)?|next|midnight").fullmatch
_day = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?").fullmatch
_HALVES = re.compile(r"(?<=\d) ?([ap])\.?m\b\.?")
_DURATION = re.compile(r"(\d{1,6}) ?([a-z]+)(?: and |, | |$|(?=\d))")
_MINUTES = {
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60),
}
_DAYS = {**dict.fromkeys(("d", "day", "days"), 1), **dict.fromkeys(("w", "week", "weeks"), 7)}


class NotATimeError(ValueError):
    """What is wrong with a typed time: the end of a sentence, without its full stop."""


@dataclass(frozen=True, slots=True)
class Here:
    """The clock by which a typed time is read."""

    zone: str
    """IANA; '' is the machine's."""
    now: Instant | None = None
    """None where a text must mean the same whenever it is read."""


@dataclass(frozen=True, slots=True)
class TypedTime:
    """A typed time, understood."""

    at: Instant
    wall: datetime | None
    """The local time that was meant; None if it was typed with an offset."""
    note: str = ""
    """What isn't to be seen from the date, in a few words; '' for nothing."""


def read_time(text: str, here: Here) -> TypedTime:
    """Read ``text``; where no ``now`` is given, as for a file, only a date with a time.

    Raises:
        NotATimeError: it can't be read, or in two ways.
        UsageError: there is no such zone.
    """
    tidy, zone, now = " ".join(text.split()), here.zone, here.now
    clock = WallClock(zone_named(zone))
    try:
        moment = _absolute(tidy)
        if moment is not None:
            if moment.tzinfo is not None:
                return TypedTime(moment.timestamp(), None)
            return _at(moment, clock, zone)
        if now is None:
            raise NotATimeError(f"{text!r} is not a time; write it as {_FULL}")
        if tidy.casefold().startswith("in "):
            return _later(text, tidy.casefold().removeprefix("in "), clock, zone, now)
        return _Words(text, tidy).resolved(clock, zone, now)
    except OverflowError as error:
        raise _not_a_time(text) from error


def pinned(text: str, here: Here) -> str:
    """``text`` as a date and time that mean the same whenever they are read; itself if it does.

    Raises:
        NotATimeError, UsageError: as :func:`read_time`.
    """
    if _absolute(" ".join(text.split())) is not None:
        return text
    found = read_time(text, here)
    moment = datetime.fromtimestamp(found.at, zone_named(here.zone))
    local = moment.replace(tzinfo=None).isoformat(timespec="minutes")
    # The second of two equal hours needs its offset.
    same = read_time(local, Here(here.zone)).at == found.at
    return local if same else moment.isoformat(timespec="minutes")


def _absolute(tidy: str) -> datetime | None:
    try:
        return datetime.fromisoformat(tidy)
    except ValueError:
        return None


def _not_a_time(text: str) -> NotATimeError:
    return NotATimeError(
        f"{text!r} is not a time; write it as {_FULL}, 9:00, tomorrow 9:00 or in 2 hours"
    )


def _at(wall: datetime, clock: WallClock, zone: str, note: str = "") -> TypedTime:
    """The instant of a local time, with a note on what the clocks do."""
    at = clock.instants(wall, every_hour=False)[0]
    (clocks,) = clock_notes([Occurrence(at, wall.isoformat())], zone, at)
    return TypedTime(at, wall, "; ".join(filter(None, (note, clocks))))


def _later(text: str, duration: str, clock: WallClock, zone: str, now: Instant) -> TypedTime:
    """``5 min``, ``1 h 30 min``, ``3 days`` (at the same local time) from ``now``."""
    minutes, days, end = 0, 0, 0
    duration = re.sub(r"\ban?\b", "1", duration)
    for part in _DURATION.finditer(duration):
        if part.start() != end:
            break
        number, unit, end = int(part[1]), part[2], part.end()
        if unit == "m" and not minutes:
            raise NotATimeError(f"{text!r}: m can be minutes or months; write {number} min")
        if unit not in {"m", *_MINUTES, *_DAYS}:
            raise _not_a_time(text)
        minutes += number * (1 if unit == "m" else _MINUTES.get(unit, 0))
        days += number * _DAYS.get(unit, 0)
    if end != len(duration) or not minutes + days:
        raise _not_a_time(text)
    begin = now
    if days:
        begin = _at(clock.shown(now) + timedelta(days=days), clock, zone).at
    at = math.floor(begin / 60.0 + minutes + 0.5) * 60.0  # the nearest full minute
    return TypedTime(at, clock.shown(at))


class _Words:
    """The words of a typed time: one time of day, and maybe a day.

    Raises:
        NotATimeError: they are something else.
    """

    def __init__(self, text: str, tidy: str) -> None:
        self._text = text
        self._clock: time | None = None
        self._relative = self._weekday = self._date = ""
        self._day = self._month = self._year = 0
        words = _HALVES.sub(r"\1m", tidy.casefold().replace(",", " "))
        for word in words.split():
            if word not in {"at", "on"}:
                self._take(word)
        days = (self._relative, self._weekday, self._date, self._month)
        if self._clock is None:
            if any(days):
                raise NotATimeError(f"{text!r} has no time of day; write it as {tidy} 9:00")
            raise _not_a_time(text)
        if bool(self._day) != bool(self._month) or (self._year and not self._month):
            raise _not_a_time(text)
        if sum(map(bool, (self._relative, self._date, self._month))) > 1 or (
            self._relative and self._weekday
        ):
            raise _not_a_time(text)

    def _take(self, word: str) -> None:
        if _in_two_ways(word):
            raise NotATimeError(
                f"{self._text!r} can be read in two ways; write the date as 2026-12-01 and the "
                "time as 9:00"
            )
        name = _SHORT.get(word, word).rstrip(".")
        weekday, month = _named(name, _WEEKDAYS), _named(name, _MONTHS)
        if found := _clock(word):
            self._once("_clock", self._time(found))
        elif word in {"today", "tomorrow"}:
            self._once("_relative", word)
        elif weekday:
            self._once("_weekday", weekday)
        elif month:
            self._once("_month", _MONTHS.index(month) + 1)
        elif _date(word):
            self._once("_date", word)
        elif found := _day(word):
            self._once("_day", int(found[1]))
        elif re.fullmatch(r"\d{4}", word):
            self._once("_year", int(word))
        else:
            raise _not_a_time(self._text)

    def _once(self, name: str, value: object) -> None:
        if getattr(self, name):
            raise _not_a_time(self._text)
        setattr(self, name, value)

    def _time(self, found: re.Match[str]) -> time:
        hour, minute = int(found[1] or found[4]), int(found[2] or 0)
        half = found[3] or found[5]
        if half and hour == 12:
            raise NotATimeError(f"{self._text!r} can be noon or midnight; write 12:00 or 0:00")
        if half and not 0 < hour < 12:
            raise _not_a_time(self._text)
        try:
            return time(hour + 12 * (half == "pm"), minute)
        except ValueError as error:
            raise _not_a_time(self._text) from error

    def resolved(self, clock: WallClock, zone: str, now: Instant) -> TypedTime:
        """The time from ``now`` on."""
        assert self._clock is not None  # noqa: S101 - checked when it was read
        today, of_day = clock.shown(now).date(), self._clock
        shown = f"{of_day:%H:%M}"
        if self._date or self._month:
            return self._on_date(today, clock, zone, now)
        if self._weekday:
            ahead = (_WEEKDAYS.index(self._weekday) - today.weekday()) % 7
            if not ahead:
                raise NotATimeError(
                    f"today is {self._weekday.title()}: write today {shown}, or "
                    f"{today + timedelta(days=7)} {shown}"
                )
            return _at(datetime.combine(today + timedelta(days=ahead), of_day), clock, zone)
        found = _at(datetime.combine(today, of_day), clock, zone)
        if self._relative != "tomorrow" and found.at > now:
            return found
        tomorrow = datetime.combine(today + timedelta(days=1), of_day)
        if self._relative == "today":
            raise NotATimeError(f"{shown} has passed today; write tomorrow {shown}")
        passed = "" if self._relative else f"{shown} has passed today, so tomorrow"
        return _at(tomorrow, clock, zone, passed)

    def _on_date(self, today: date, clock: WallClock, zone: str, now: Instant) -> TypedTime:
        assert self._clock is not None  # noqa: S101 - as above
        note = ""
        try:
            if self._date:
                day = date.fromisoformat(self._date)
            else:
                day = date(self._year or today.year, self._month, self._day)
            found = _at(datetime.combine(day, self._clock), clock, zone)
            if not self._date and not self._year and found.at <= now:
                day = day.replace(year=day.year + 1)
                note = "that has passed this year, so next year"
        except ValueError as error:
            raise _not_a_time(self._text) from error
        if self._weekday and _WEEKDAYS[day.weekday()] != self._weekday:
            raise NotATimeError(f"{day} is a {_WEEKDAYS[day.weekday()].title()}, not that weekday")
        return _at(datetime.combine(day, self._clock), clock, zone, note)


def _named(word: str, names: tuple[str, ...]) -> str:
    """The name that a word is, or the first three letters of."""
    return next((name for name in names if word in {name, name[:3]}), "")
