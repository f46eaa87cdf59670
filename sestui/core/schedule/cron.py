"""When a cron expression fires in a time zone, also where the clocks change.

A schedule that names hours (``30 2 * * *``, ``0 9-17 * * *``) is kept by each time on the clock
once a day: a time that doesn't exist, because clocks go forward over it, fires at the first
instant after the gap (several such times at that one instant), and one that comes twice, because
clocks go back, fires at the first of the two only: a campaign at 02:30 must not go out twice.

A schedule for every hour (``*/15 * * * *``) fires whenever the clock shows such a time: what is
left out by the clock is left out, what comes twice fires twice, so that it never pauses for an
hour in autumn.

Each fire is an :class:`Occurrence` with a name that outlives a change of the zone's rules: what
was run by that name is not run again.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile

from sestui.core.clock import Instant
from sestui.core.schedule.cron_dialects import refuse_dialects
from sestui.core.schedule.cron_grammar import parse
from sestui.core.schedule.zones import WallClock, occurrence_name, zone_named

_LOOK_BACK_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One fire of a schedule."""

    at: Instant
    """When it comes, by the zone's rules as they were when this was reckoned."""
    name: str
    """What it is known by: see :func:`sestui.core.schedule.zones.occurrence_name`."""

    def of_zone(self, zone: str) -> "Occurrence":
        """The same with the zone in its name: what may be started by several tells them apart."""
        return Occurrence(self.at, f"{self.name} {zone}".rstrip())


def check_cron(expression: str) -> str:
    """The expression with single spaces: five fields, six with a year, or an alias like @daily.

    Raises:
        UsageError: it isn't one, it never fires (the 31st of February), or it seems to be meant
            for another program, to which it says something else.
    """
    text = " ".join(expression.split())
    refuse_dialects(text)
    return parse(text).text


def next_occurrence(expression: str, zone: str, after: Instant) -> Occurrence | None:
    """The first occurrence later than ``after`` in ``zone``; None: it never fires again.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    return next(occurrences(expression, zone, after), None)


def occurrence_at(expression: str, zone: str, instant: Instant) -> Occurrence:
    """An occurrence at an instant that was promised, whether the expression fires then or not.

    ``expression`` is '' for what comes once.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    every_hour = bool(expression) and parse(expression).every_hour
    return Occurrence(instant, occurrence_name(instant, zone, every_hour=every_hour))


def next_occurrences(expression: str, zone: str, after: Instant, count: int) -> list[Occurrence]:
    """The next ``count`` occurrences later than ``after``; fewer if there are no more.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    return list(islice(occurrences(expression, zone, after), count))


def occurrences(expression: str, zone: str, after: Instant) -> Iterator[Occurrence]:
    """Every occurrence later than ``after``, in order.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    given = parse(expression)
    for at, wall in _fires(expression, zone, after):
        name = occurrence_name(at, zone, every_hour=given.every_hour, wall=wall)
        yield Occurrence(at, name)


def _fires(expression: str, zone: str, after: Instant) -> Iterator[tuple[Instant, datetime]]:
    """Every fire later than ``after`` with the time on the clock that it is for."""
    given, clock = parse(expression), WallClock(zone_named(zone))
    begin = clock.shown(after)
    if given.every_hour:
        # Times that the clock has shown already come once more if it is about to be set back.
        begin -= clock.comes_again(begin)
    last = after
    again: deque[tuple[Instant, datetime]] = deque()
    for wall in given.walls(begin.replace(microsecond=0, fold=0)):
        first, *second = clock.instants(wall, every_hour=given.every_hour) or [last]
        while again and again[0][0] <= first:
            last = again[0][0]
            yield again.popleft()
        if first > last:
            last = first
            yield first, wall
        again += [(instant, wall) for instant in second if instant > after]
    yield from again


def past(
    expression: str, zone: str, after: Instant, until: Instant, count: int
) -> list[Occurrence]:
    """The last ``count`` occurrences later than ``after`` and not later than ``until``, in order.

    Looks back from ``until``: a schedule of every minute that slept a year costs no more than one
    that slept an hour.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    back = _LOOK_BACK_SECONDS
    while True:
        begin = max(after, until - back)
        found = [*takewhile(lambda fired: fired.at <= until, occurrences(expression, zone, begin))]
        if len(found) >= count or begin == after:
            return found[-count:]
        back *= 8
