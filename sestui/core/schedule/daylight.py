"""What clocks that are set forward or back do to a schedule's dates, as people are told of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sestui.core.clock import Instant
from sestui.core.schedule.cron import Occurrence
from sestui.core.schedule.zones import WallClock, zone_named


def clock_notes(found: Sequence[Occurrence], zone: str, since: Instant) -> tuple[str, ...]:
    """For each occurrence, in order, what its zone's clocks do at or before it; '' for nothing.

    ``since`` is the instant before the first. An occurrence without a name tells of changes of the
    offset only.

    Raises:
        UsageError: there is no such zone.
    """
    clock = WallClock(zone_named(zone))
    notes, before = [], _offset(since, zone)
    for each in found:
        offset = _offset(each.at, zone)
        notes.append(_own_note(each, clock) or _shift(before, offset))
        before = offset
    return tuple(notes)


def _own_note(occurrence: Occurrence, clock: WallClock) -> str:
    """``02:30 is skipped that day``: where the clock was set over the very time that is named."""
    try:
        named = datetime.fromisoformat(occurrence.name)
    except ValueError:
        return ""  # it has no name
    if named.tzinfo is not None:
        return ""  # of every hour: it goes with the clock
    shown = clock.shown(occurrence.at)
    if shown.replace(fold=0) != named:
        return f"the clocks skip {named:%H:%M} that day"
    if clock.comes_again(named):
        return f"{named:%H:%M} comes twice that day: the first counts"
    return ""


def _shift(before: timedelta, after: timedelta) -> str:
    if before == after:
        return ""
    return f"after the clocks go {'forward' if after > before else 'back'}"


def _offset(instant: Instant, zone: str) -> timedelta:
    return datetime.fromtimestamp(instant, zone_named(zone)).utcoffset() or timedelta()
