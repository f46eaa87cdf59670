"""When a cron expression fires in a time zone, also where the clocks change.

A schedule that names hours (``30 2 * * *``, ``0 9-17 * * *``) is kept by each time on the clock
once a day: a time that doesn't exist, because clocks go forward over it, fires at the first
instant after the gap (several such times at that one instant), and one that comes twice, because
clocks go back, fires at the first of the two only: a campaign at 02:30 must not go out twice.

A schedule for every hour (``*/15 * * * *``) fires whenever the clock shows such a time: what is
left out by the clock is left out, what comes twice fires twice, so that it never pauses for an
hour in autumn.

When both day and weekday are given, either of them is enough, as in every cron. Days or weekdays
that cover all there are (``*/1``, ``0-6``) count as not given.
"""

import os
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter.croniter import CroniterBadDateError

from sestui.core.clock import Instant
from sestui.core.cron_grammar import Expression, parse
from sestui.errors import UsageError

_LOOK_BACK_SECONDS = 3600.0


def check_cron(expression: str) -> str:
    """The expression with single spaces: five fields, six with a year, or an alias like @daily.

    Raises:
        UsageError: it isn't one, or it never fires (the 31st of February).
    """
    return parse(expression).text


def zone_named(name: str) -> tzinfo:
    """The IANA zone of that name; '' is the machine's own.

    Raises:
        UsageError: there is no such zone.
    """
    if not name:
        return _machine_zone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"{name!r} is not an IANA time zone such as Europe/Paris.") from error


def next_fire(expression: str, zone: str, after: Instant) -> Instant | None:
    """The first instant later than ``after`` at which the expression fires in ``zone``.

    None: it never fires again.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    return next(fires(expression, zone, after), None)


def upcoming(expression: str, zone: str, after: Instant, count: int) -> list[Instant]:
    """The next ``count`` fires later than ``after``; fewer if there are no more.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    return list(islice(fires(expression, zone, after), count))


def fires(expression: str, zone: str, after: Instant) -> Iterator[Instant]:
    """Every fire later than ``after``, in order.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    given, clock = parse(expression), _Clock(zone_named(zone))
    begin = clock.shown(after)
    if given.every_hour:
        # Times that the clock has shown already come once more if it is about to be set back.
        begin -= clock.comes_again(begin)
    last = after
    again: deque[Instant] = deque()
    for wall in _walls(given, begin.replace(microsecond=0, fold=0)):
        first, *second = clock.instants(wall, every_hour=given.every_hour) or [last]
        while again and again[0] <= first:
            last = again.popleft()
            yield last
        if first > last:
            last = first
            yield last
        again += [instant for instant in second if instant > after]
    yield from again


def _walls(given: Expression, after: datetime) -> Iterator[datetime]:
    walls = given.walls(after)
    while True:
        try:
            yield walls.get_next(datetime)
        except CroniterBadDateError:
            return


def latest(expression: str, zone: str, after: Instant, until: Instant, count: int) -> list[Instant]:
    """The last ``count`` fires later than ``after`` and not later than ``until``, in order.

    Looks back from ``until``: a schedule of every minute that slept a year costs no more than one
    that slept an hour.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    back = _LOOK_BACK_SECONDS
    while True:
        begin = max(after, until - back)
        found = [*takewhile(lambda fired: fired <= until, fires(expression, zone, begin))]
        if len(found) >= count or begin == after:
            return found[-count:]
        back *= 8


class _Clock:
    """The clocks on the walls of a zone; walls are naive datetimes."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def shown(self, instant: Instant) -> datetime:
        """What the clock shows then; ``fold`` is 1 in the second of two equal hours."""
        return datetime.fromtimestamp(instant, self._zone).replace(tzinfo=None)

    def comes_again(self, wall: datetime) -> timedelta:
        """By how much the clock will be set back, if ``wall`` is to be shown once more."""
        first, second = self._offsets(wall)
        return first - second if first > second and not wall.fold else timedelta()

    def instants(self, wall: datetime, *, every_hour: bool) -> list[Instant]:
        """When a fire at ``wall`` comes, by the rule for its kind of schedule."""
        first, second = self._offsets(wall)
        if first == second:
            return [_instant(wall, first)]
        if first < second:
            return [] if every_hour else [self._end_of_gap(wall, first, second)]
        both = [_instant(wall, first), _instant(wall, second)]
        return both if every_hour else both[:1]

    def _offsets(self, wall: datetime) -> tuple[timedelta, timedelta]:
        """Offsets from UTC by the rule before and after: equal but for gaps and repeats."""
        aware = wall.replace(tzinfo=self._zone)
        first, second = (aware.replace(fold=fold).utcoffset() for fold in (0, 1))
        return first or timedelta(), second or timedelta()

    def _end_of_gap(self, wall: datetime, before: timedelta, after: timedelta) -> Instant:
        """The instant at which the clock was set forward over ``wall``."""
        low, high = int(_instant(wall, after)), int(_instant(wall, before))
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset_at(middle) == before:
                low = middle
            else:
                high = middle
        return float(high)

    def _offset_at(self, instant: Instant) -> timedelta | None:
        return datetime.fromtimestamp(instant, self._zone).utcoffset()


def _instant(wall: datetime, offset: timedelta) -> Instant:
    return (wall - offset).replace(tzinfo=UTC).timestamp()


def _machine_zone() -> tzinfo:
    name = os.environ.get("TZ", "").lstrip(":")
    try:
        if name:
            return ZoneInfo(name)
        with open("/etc/localtime", "rb") as rules:
            return ZoneInfo.from_file(rules)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A TZ in POSIX notation, or a system without zone files: today's offset is all there is.
        return datetime.now().astimezone().tzinfo or UTC
