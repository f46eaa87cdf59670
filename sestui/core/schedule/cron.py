"""When a cron expression fires in a time zone, including changes of the clocks.

A schedule that names hours (``30 2 * * *``, ``0 9-17 * * *``) fires once a day at each local time.
Times that are skipped when clocks go forward fire once, at the first instant after the gap. Times
that occur twice when clocks go back fire the first time only, as a campaign at 02:30 must not go
out twice.

A schedule for every hour (``*/15 * * * *``) fires whenever the clock shows such a time: skipped
times don't fire, repeated times fire twice, so it doesn't pause for an hour in autumn.

Each fire is an :class:`Occurrence` with a name that survives changes of the zone's rules, so that
an occurrence is not run again under another instant.

All functions raise UsageError for an invalid expression or an unknown zone.
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
    """Its instant, by the zone's rules at the time of calculation."""
    name: str
    """See :func:`sestui.core.schedule.zones.occurrence_name`."""

    def of_zone(self, zone: str) -> "Occurrence":
        """The same with the zone in its name, for occurrences of several schedules together."""
        return Occurrence(self.at, f"{self.name} {zone}".rstrip())


def check_cron(expression: str) -> str:
    """Validate an expression: five fields, six with a year, or an alias like @daily.

    Returns it with single spaces.

    Raises:
        UsageError: it isn't valid, never fires (31 February), or seems to be of another dialect.
    """
    text = " ".join(expression.split())
    refuse_dialects(text)
    return parse(text).text


def next_occurrence(expression: str, zone: str, after: Instant) -> Occurrence | None:
    """The first occurrence after ``after``; None if it never fires again."""
    return next(occurrences(expression, zone, after), None)


def occurrence_at(expression: str, zone: str, instant: Instant) -> Occurrence:
    """An occurrence at a given instant, even if the expression does not fire then.

    ``expression`` is '' for a single date.
    """
    every_hour = bool(expression) and parse(expression).every_hour
    return Occurrence(instant, occurrence_name(instant, zone, every_hour=every_hour))


def next_occurrences(expression: str, zone: str, after: Instant, count: int) -> list[Occurrence]:
    """The next ``count`` occurrences after ``after``, or fewer if there are no more."""
    return list(islice(occurrences(expression, zone, after), count))


def occurrences(expression: str, zone: str, after: Instant) -> Iterator[Occurrence]:
    """All occurrences after ``after``, in order."""
    given = parse(expression)
    for at, wall in _fires(expression, zone, after):
        name = occurrence_name(at, zone, every_hour=given.every_hour, wall=wall)
        yield Occurrence(at, name)


def _fires(expression: str, zone: str, after: Instant) -> Iterator[tuple[Instant, datetime]]:
    """All fires after ``after``, each with its local time in the schedule."""
    given, clock = parse(expression), WallClock(zone_named(zone))
    begin = clock.shown(after)
    if given.every_hour:
        # If the clock is about to be set back, times that it has shown occur again.
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
    """The last ``count`` occurrences after ``after`` and up to ``until``, in order.

    It searches back from ``until``, so the length of the whole period doesn't matter.
    """
    back = _LOOK_BACK_SECONDS
    while True:
        begin = max(after, until - back)
        found = [*takewhile(lambda fired: fired.at <= until, occurrences(expression, zone, begin))]
        if len(found) >= count or begin == after:
            return found[-count:]
        back *= 8
