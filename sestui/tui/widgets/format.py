"""Figures and strangers' text as the screens draw them; pure functions."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.cells import cell_len

from sestui.core.clock import Instant
from sestui.core.text import printable

AGO_SECONDS = 20.0
"""How often it is drawn anew how long ago something was, where nothing else has changed."""

_LONGEST_ADDRESS = 320
"""SMTP has no longer ones."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


def compact(value: float) -> str:
    """At most four characters up to a thousand million: ``0.5``, ``28``, ``1.2k``, ``40k``."""
    units = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
    size, unit = next((each for each in units if value >= each[0] * 0.9995), (1.0, ""))
    scaled = value / size
    figures = f"{scaled:.1f}" if scaled < 9.95 else f"{scaled:.0f}"
    return figures.removesuffix(".0") + unit


def duration(seconds: float) -> str:
    """``41 s``, ``4 min 41 s``, ``2 h 05 min`` or ``3 d 4 h``: two units at most."""
    whole = max(0, round(seconds))
    minutes, secs = divmod(whole, 60)
    hours, mins = divmod(minutes, 60)
    days, hrs = divmod(hours, 24)
    if days:
        return f"{days} d {hrs} h"
    if hours:
        return f"{hours} h {mins:02} min"
    if minutes:
        return f"{minutes} min {secs:02} s"
    return f"{secs} s"


def recipients(count: int) -> str:
    """``1 recipient``, ``20,000 recipients``."""
    return counted(count, "recipient")


def counted(number: int, noun: str) -> str:
    """``1 run``, ``2,000 runs``."""
    return f"{grouped(number)} {noun}{'' if number == 1 else 's'}"


def not_mailed(count: int) -> str:
    """How many of an audience will be skipped and why, as a sentence; '' for none."""
    if not count:
        return ""
    who = f"{grouped(count)} of its contacts {'is' if count == 1 else 'are'}"
    return f"{who} unsubscribed, suppressed or invalid, and will be skipped."


def grouped(number: float, digits: int = 0) -> str:
    """``1,505``, ``27.9``: in groups of three, with ``digits`` behind the point.

    The one place that decides how a figure looks on the screens. The separator is a comma: a
    terminal draws a thin space (U+2009, U+202F) as wide as any character, so that figures beside
    one another run together (``12 204 of 20 000 1 505``); fonts of consoles lack it, and what is
    copied is no number to a spreadsheet or a shell. A comma is the thinnest sign a cell can hold,
    and the same figure looks the same in the command line's output and in the log.
    """
    return f"{number:,.{digits}f}" if digits or isinstance(number, float) else f"{number:,}"


def bar(fraction: float, width: int) -> str:
    """A bar of ``width`` cells filled to ``fraction`` (0 to 1), to an eighth of a cell."""
    eighths = int(min(1.0, max(0.0, fraction)) * width * 8 + 1e-9)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[part] if part else "")
    return filled.ljust(width)


def gauge(fraction: float, width: int) -> str:
    """A coarse bar whose rest is drawn too; anything above nothing shows at least one cell."""
    share = min(1.0, max(0.0, fraction))
    full = min(width, max(1, round(share * width)) if share > 0 else 0)
    return "▓" * full + "░" * (width - full)


def shorten(text: str, width: int) -> str:
    """``text`` made harmless and cut to ``width`` cells, with an ellipsis where it was cut."""
    # Eight code points a cell: room for marks, and a bound on what is measured.
    shown = printable(text[: 8 * width + 8])
    if cell_len(shown) <= width and len(text) <= 8 * width + 8:
        return shown
    used = 0
    kept: list[str] = []
    for character in shown:
        used += cell_len(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"[:width]


def shorten_address(text: str, width: int) -> str:
    """An address cut before its domain, ``somebody-with-a-lon…@example.com``, where that helps.

    Addresses beside one another often differ in their ends. One whose domain leaves no room for
    three characters is cut like any other text.
    """
    if len(text) > _LONGEST_ADDRESS or cell_len(shown := printable(text)) <= width:
        return shorten(text, width)
    local, at, domain = shown.rpartition("@")
    room = width - cell_len(domain) - 1
    return shorten(local, room) + at + domain if at and room > 3 else shorten(text, width)


def file_size(size: float) -> str:
    """``812 B``, ``12.3 kB``, ``4.0 MB``: thousands, as file managers count."""
    if size < 1000:
        return f"{size:.0f} B"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95 or unit == "GB":
            break
    return f"{grouped(size, 1)} {unit}"


def clock_time(instant: Instant, zone: ZoneInfo | None) -> str:
    """``10:37:19`` where the operator is."""
    return f"{_local(instant, zone):%H:%M:%S}"


def moment(instant: Instant, now: Instant, zone: ZoneInfo | None) -> str:
    """``10:42`` today, ``22 Nov 10:42`` this year, ``22 Nov 2025`` else."""
    then, today = _local(instant, zone), _local(now, zone)
    if then.date() == today.date():
        return f"{then:%H:%M}"
    if then.year == today.year:
        return f"{then.day} {then:%b %H:%M}"
    return f"{then.day} {then:%b %Y}"


def weekday_time(then: datetime) -> str:
    """``Sat 10:42`` in the zone that ``then`` is told in."""
    return f"{then:%a %H:%M}"


def relative(instant: Instant, now: Instant) -> str:
    """``now``, ``in <1 min``, ``in 5 min``, ``3 h ago``, ``in 2 d``: the largest unit alone."""
    away = abs(instant - now)
    if away < 60:
        return "in <1 min" if instant >= now + 1 else "now"
    units = ((86_400, "d"), (3_600, "h"), (60, "min"))
    size, unit = next(each for each in units if away >= each[0])
    said = f"{grouped(away // size)} {unit}"
    return f"{said} ago" if instant < now else f"in {said}"


def exact(instant: Instant, zone: ZoneInfo | None) -> str:
    """``Sat 28 Nov 2026 10:42:07``."""
    return f"{to_the_minute(instant, zone)}:{_local(instant, zone):%S}"


def to_the_minute(instant: Instant, zone: ZoneInfo | None) -> str:
    """``Sat 28 Nov 2026 10:42``, where the operator decides on a time."""
    then = _local(instant, zone)
    return f"{then:%a} {then.day} {then:%b %Y %H:%M}"


def _local(instant: Instant, zone: ZoneInfo | None) -> datetime:
    return datetime.fromtimestamp(instant, zone).astimezone(zone)
