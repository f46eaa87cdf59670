"""A time of day in each recipient's own zone: ``09:00 local``.

It comes once for everybody: at the first instant from the start of the run on at which the clock of
their zone shows it. Of an hour that is skipped, that is the end of the gap. So it is at most 24
hours ahead, or 25 where the clocks are set back meanwhile.
"""

import re
from datetime import datetime, time, timedelta, tzinfo

from sestui.core.clock import Instant
from sestui.core.schedule.zones import WallClock
from sestui.errors import UsageError

LONGEST_RUN = 25 * 3_600.0
"""Seconds from the start of a run within which it has been that time everywhere; see above."""
FURTHEST_LOCAL_TIME = 26 * 3_600.0
"""Seconds; what is further ahead dates from before the wall clock was set back.

It counts as come. SES takes no mail signed by a wrong clock, so it was the earlier one that was.
"""

_LOCAL = re.compile(r"(\d{1,2}):(\d{2})\s+local", re.IGNORECASE)
_BARE = re.compile(r"\d{1,2}:\d{2}")


def check_local_time(text: str) -> str:
    """``9:00 local`` as it is kept: ``09:00 local``.

    Raises:
        UsageError: it isn't one.
    """
    return f"{_time_of(text):%H:%M} local"


def next_local_time(text: str, zone: tzinfo, start: Instant) -> Instant:
    """When a clock of ``zone`` first shows the time of ``text`` at or after ``start``.

    Raises:
        UsageError: ``text`` is no local time.
    """
    at, clock = _time_of(text), WallClock(zone)
    today = clock.shown(start).date()
    found = [
        instant
        # From yesterday, as a clock may be set back across midnight.
        for ahead in range(-1, 4)
        for instant in _instants(clock, datetime.combine(today + timedelta(days=ahead), at))
    ]
    return min(instant for instant in found if instant >= start)


def _instants(clock: WallClock, wall: datetime) -> list[Instant]:
    """Both times of an hour that comes twice; the end of the gap for one that is skipped."""
    return clock.instants(wall, every_hour=True) or clock.instants(wall, every_hour=False)


def _time_of(text: str) -> time:
    found = _LOCAL.fullmatch(text.strip())
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    if _BARE.fullmatch(text.strip()):
        raise UsageError(
            f"{text!r} doesn't say whose time it is; write '{text.strip()} local' for each "
            "recipient's own, or a start for one instant."
        )
    raise UsageError(f"{text!r} is not a time of the recipients; write it as '09:00 local'.")
