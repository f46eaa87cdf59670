"""Send windows: the hours of the week in which mail may leave."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sestui.core.clock import Instant
from sestui.errors import UsageError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:\s*-\s*(?P<last>[a-z]{3}))?\s+)?"
    r"(?P<from>\d{1,2}:\d{2})\s*-\s*(?P<to>\d{1,2}:\d{2})"
)
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class _Span:
    """From ``begin`` to ``end`` (minutes after midnight) on ``days`` (Monday is 0)."""

    days: frozenset[int]
    begin: int
    end: int
    """More than 24 hours if it runs into the next day."""


@dataclass(frozen=True, slots=True)
class SendWindow:
    """Hours of the week in some time zone, such as ``Mon-Fri 09:00-18:00``."""

    spans: tuple[_Span, ...]

    def opens_at(self, now: Instant, zone: tzinfo) -> Instant:
        """``now`` if the window is open, else when it opens next."""
        times = self._times(now, zone)
        if any(begin <= now < end for begin, end in times):
            return now
        return min(begin for begin, _ in times if begin > now)

    def closes_at(self, now: Instant, zone: tzinfo) -> Instant:
        """When the window that is open at ``now`` closes; about a week later if it never does."""
        times = self._times(now, zone)
        closes = now
        while reach := max((end for begin, end in times if begin <= closes < end), default=0.0):
            closes = reach
        return closes

    def _times(self, now: Instant, zone: tzinfo) -> list[tuple[Instant, Instant]]:
        """All spans from yesterday's, which may run into today, to eight days ahead."""
        today = datetime.fromtimestamp(now, zone).date()
        times = []
        for ahead in range(-1, 9):
            day = today + timedelta(days=ahead)
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            # In local time, as a day with a transition isn't 24 hours long.
            times += [
                (
                    (midnight + timedelta(minutes=span.begin)).timestamp(),
                    (midnight + timedelta(minutes=span.end)).timestamp(),
                )
                for span in self.spans
                if day.weekday() in span.days
            ]
        return times


def parse_window(text: str) -> SendWindow:
    """Parse ``Mon-Fri 09:00-18:00, Sat 10:00-14:00``.

    Days are optional, and a span may run past midnight.

    Raises:
        UsageError: it isn't one.
    """
    spans = tuple(_span(part.strip()) for part in text.split(","))
    return SendWindow(spans)


def _span(part: str) -> _Span:
    found = _PART.fullmatch(part.lower())
    if not found:
        raise _fault(part)
    begin, end = _minutes(found["from"], part), _minutes(found["to"], part)
    if begin in (_DAY_MINUTES, end):
        raise _fault(part)
    if end < begin:
        end += _DAY_MINUTES
    return _Span(_days(found["first"], found["last"], part), begin, end)


def _minutes(text: str, part: str) -> int:
    hours, minutes = (int(number) for number in text.split(":"))
    total = hours * 60 + minutes
    if minutes > 59 or total > _DAY_MINUTES:
        raise _fault(part)
    return total


def _days(first: str | None, last: str | None, part: str) -> frozenset[int]:
    if first is None:
        return frozenset(range(7))
    try:
        begin = _DAYS.index(first)
        end = _DAYS.index(last) if last else begin
    except ValueError:
        raise _fault(part) from None
    return frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _fault(part: str) -> UsageError:
    return UsageError(
        f"{part!r} is not a send window; write it as 'Mon-Fri 09:00-18:00' or '08:00-20:00'."
    )
