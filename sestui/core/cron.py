"""Cron expressions: is this one, and when does it fire next in a time zone."""

import os
import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter
from croniter.croniter import CroniterBadDateError, CroniterError

from sestui.core.clock import Instant
from sestui.errors import UsageError

_ALIASES = {"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}


def check_cron(expression: str) -> str:
    """The expression with single spaces, if it is one of five fields or an alias like @daily.

    Raises:
        UsageError: it isn't, or it never fires (the 31st of February).
    """
    tidy = " ".join(expression.split())
    if tidy.startswith("@"):
        if tidy in _ALIASES:
            return tidy
        raise UsageError(f"{tidy} is not a schedule; use one of {', '.join(sorted(_ALIASES))}.")
    fields = tidy.split(" ")
    if len(fields) != 5:
        raise UsageError(
            f"A schedule has five fields (minute hour day month weekday, as in '0 9 1 * *'), "
            f"not {len(fields) if tidy else 0}."
        )
    if any(re.fullmatch(r"[HhRr](\(.*\))?(/.*)?", field) for field in fields):
        raise UsageError("A schedule can't use hashed (H) or random (R) fields; write the time.")
    try:
        croniter(tidy, datetime(2000, 1, 1, tzinfo=UTC)).get_next(datetime)
    except CroniterBadDateError as error:
        raise UsageError(f"The schedule '{tidy}' never fires: there is no such day.") from error
    except (CroniterError, ValueError, KeyError) as error:
        raise UsageError(
            f"'{tidy}' is not a cron schedule ({error}); '0 9 1 * *' is 09:00 on the first of "
            "each month."
        ) from error
    return tidy


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

    When clocks go forward, a time that doesn't exist fires right after the gap. When they go back,
    a schedule with fixed hours fires at the first of the two equal times only (a campaign at 02:30
    must not go out twice), one for every hour goes on in both. None: it never fires again.

    Raises:
        UsageError: not an expression, or no such zone.
    """
    tidy = check_cron(expression)
    times = croniter(tidy, datetime.fromtimestamp(after, zone_named(zone)))
    fixed_hours = not (tidy == "@hourly" or tidy.split(" ", 2)[1:2] in (["*"], ["*/1"]))
    fired: datetime
    while True:
        try:
            fired = times.get_next(datetime)
        except CroniterBadDateError:
            return None
        if fired.timestamp() > after and not (fixed_hours and _is_repeat(fired)):
            return fired.timestamp()


def _is_repeat(moment: datetime) -> bool:
    """Whether the same time on the clock has been before: the second pass when clocks go back."""
    first = moment.replace(fold=0)
    return moment.fold == 1 and first.utcoffset() != moment.utcoffset()


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
