"""Time zones, local times in them, and names of occurrences.

It imports only the standard library, as `run-due` needs it every minute.
"""

import io
import os
import re
import struct
import zoneinfo
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sestui.core.clock import Instant
from sestui.errors import UsageError

LONGEST_SHIFT = 26 * 3600.0
"""The most seconds by which another zone moves a local time."""

_LOCAL_RULES = Path("/etc/localtime")
_POSIX = re.compile(r"(<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})[+-]?\d")
_SUMMER = re.compile(r"^(?:<[^>]+>|[A-Za-z]+)[^,A-Za-z<]*(?:<[^>]+>|[A-Za-z]+)[^,]*$")
_SAME_SECONDS = 1e-3


def zone_named(name: str) -> tzinfo:
    """The IANA zone of that name by this machine's current rules; '' is the machine's own.

    Raises:
        UsageError: there is no such zone; similar names are suggested.
    """
    if not name:
        return _machine_zone()
    try:
        return _loaded(name, _version(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"{name!r} is not an IANA time zone such as Europe/Paris{_suggested(name)}."
        ) from error


def _version(name: str) -> tuple[str, int, int] | None:
    """Identifies the version of the zone's file; None for Python's own data."""
    for folder in zoneinfo.TZPATH:
        try:
            found = os.stat(os.path.join(folder, name))
        except (OSError, ValueError):
            continue
        return folder, found.st_mtime_ns, found.st_ino
    return None


@lru_cache(maxsize=1024)
def _loaded(name: str, _version: tuple[str, int, int] | None) -> ZoneInfo:
    return ZoneInfo.no_cache(name)


def _suggested(name: str) -> str:
    """`` (did you mean Europe/Paris?)``, or ''."""
    import difflib  # noqa: PLC0415 - needed only after a misspelling

    known = zoneinfo.available_timezones()
    by_word = {zone.rsplit("/", 1)[-1].casefold(): zone for zone in sorted(known)}
    by_name = {zone.casefold(): zone for zone in known}
    low = name.strip().replace(" ", "_").casefold()
    close = [by_name[each] for each in difflib.get_close_matches(low, by_name, n=2, cutoff=0.75)]
    word = difflib.get_close_matches(low.rsplit("/", 1)[-1], by_word, n=2, cutoff=0.75)
    close += [by_word[each] for each in word if by_word[each] not in close]
    return f" (did you mean {' or '.join(close[:2])}?)" if close else ""


# the machine's own


def _machine_zone() -> tzinfo:
    named = os.environ.get("TZ", "")
    if named:
        return _zone_of_variable(named)
    try:
        found = _LOCAL_RULES.stat()
        return _local_rules(_LOCAL_RULES, found.st_mtime_ns, found.st_ino)
    except (ValueError, OSError):
        # The system has no zone files: only the current offset is known.
        return datetime.now().astimezone().tzinfo or UTC


@lru_cache(maxsize=8)
def _local_rules(file: Path, _changed: int, _inode: int) -> ZoneInfo:
    with file.open("rb") as rules:
        return ZoneInfo.from_file(rules)


def _zone_of_variable(named: str) -> tzinfo:
    """The zone in ``TZ``: a name, a file, or rules in POSIX notation.

    Raises:
        UsageError: it is none of these.
    """
    name = named.removeprefix(":")
    if name.startswith("/"):
        try:
            found = Path(name).stat()
            return _local_rules(Path(name), found.st_mtime_ns, found.st_ino)
        except (ValueError, OSError) as error:
            raise UsageError(f"TZ names {name!r}, which holds no time zone.") from error
    try:
        return _loaded(name, _version(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    if not _POSIX.match(name):
        raise UsageError(f"TZ={named!r} is not a time zone such as Europe/Paris{_suggested(name)}.")
    try:
        return _posix_zone(name)
    except ValueError as error:
        rules = " without the rules for its summer time" if _SUMMER.match(name) else ""
        raise UsageError(
            f"TZ={named!r} is a POSIX time zone{rules} that can't be followed; name a zone "
            "(Europe/Paris), or write the rules out (CET-1CEST,M3.5.0,M10.5.0/3)."
        ) from error


@lru_cache(maxsize=32)
def _posix_zone(rules: str) -> ZoneInfo:
    """A zone from POSIX rules such as ``CET-1CEST,M3.5.0,M10.5.0/3``; ValueError if invalid."""

    def block(version: bytes) -> bytes:
        counts = struct.pack(">6l", 0, 0, 0, 0, 1, 1)
        return b"TZif" + version + bytes(15) + counts + struct.pack(">lbb", 0, 0, 0) + b"\0"

    file = block(b"2") + block(b"2") + b"\n" + rules.encode("ascii") + b"\n"
    return ZoneInfo.from_file(io.BytesIO(file), key=rules)


# clocks


class WallClock:
    """Local times of a zone, as naive datetimes ("walls")."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def shown(self, instant: Instant) -> datetime:
        """The local time at an instant; ``fold`` is 1 in the second of two equal hours."""
        return datetime.fromtimestamp(instant, self._zone).replace(tzinfo=None)

    def comes_again(self, wall: datetime) -> timedelta:
        """By how much the clock will be set back if ``wall`` is to occur again; else 0."""
        first, second = self._offsets(wall)
        return first - second if first > second and not wall.fold else timedelta()

    def instants(self, wall: datetime, *, every_hour: bool) -> list[Instant]:
        """The instants of a fire at ``wall``, by the rule for its kind of schedule."""
        first, second = self._offsets(wall)
        if first == second:
            return [_instant(wall, first)]
        if first < second:
            return [] if every_hour else [self._end_of_gap(wall, first, second)]
        both = [_instant(wall, first), _instant(wall, second)]
        return both if every_hour else both[:1]

    def _offsets(self, wall: datetime) -> tuple[timedelta, timedelta]:
        """Offsets from UTC before and after a change of the clock; equal if there is none."""
        aware = wall.replace(tzinfo=self._zone)
        first, second = (aware.replace(fold=fold).utcoffset() for fold in (0, 1))
        return first or timedelta(), second or timedelta()

    def _end_of_gap(self, wall: datetime, before: timedelta, after: timedelta) -> Instant:
        """The instant at which the clock was set forward, skipping ``wall``."""
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


# names of occurrences


def occurrence_name(
    instant: Instant, zone: str, *, every_hour: bool, wall: datetime | None = None
) -> str:
    """A name for an occurrence that survives changes of the zone's rules.

    For a schedule that names hours it is the local time (``2026-12-01T09:00``). For one of every
    hour it has the offset too, which distinguishes repeated times (``2026-10-25T02:30+01:00``).
    ``wall`` is the time in the schedule, if the clock skipped it.

    Raises:
        UsageError: there is no such zone.
    """
    moment = datetime.fromtimestamp(instant, zone_named(zone))
    if not every_hour:
        moment = (wall or moment).replace(tzinfo=None, fold=0)
    exact = moment.second or moment.microsecond
    return moment.isoformat(timespec="auto" if exact else "minutes")


def occurring(name: str, zone: str) -> Instant:
    """The instant of a named occurrence by the zone's current rules.

    Raises:
        UsageError: there is no such zone. ValueError: it is not such a name.
    """
    moment = datetime.fromisoformat(name)
    if moment.tzinfo is not None:
        return moment.timestamp()
    return WallClock(zone_named(zone)).instants(moment, every_hour=False)[0]


def due_at(stored: Instant, name: str, zone: str) -> Instant:
    """The instant of a stored occurrence by the zone's current rules.

    ``stored`` is the instant of ``name`` when it was saved; it is returned if there is no name, or
    the zone is gone.
    """
    if not name:
        return stored
    try:
        found = occurring(name, zone)
    except (UsageError, ValueError):
        return stored
    return stored if abs(found - stored) < _SAME_SECONDS else found


def dated_time(instant: Instant, zone: ZoneInfo | None) -> str:
    """An instant for files, which are read on another day: ``2026-11-28 10:42+01:00``."""
    return datetime.fromtimestamp(instant, zone).astimezone(zone).isoformat(" ", "minutes")


def local_time(instant: Instant, now: Instant, zone: ZoneInfo | None) -> str:
    """An instant for people: ``at 10:42`` today, else ``on 23 Nov [2025] at 10:42``."""
    then = datetime.fromtimestamp(instant, zone).astimezone(zone)
    today = datetime.fromtimestamp(now, zone).astimezone(zone)
    year = "" if then.year == today.year else f"{then:%Y} "
    day = "" if then.date() == today.date() else f"on {then.day} {then:%b} {year}"
    return f"{day}at {then:%H:%M}"
