"""The rules of a task's fields: each returns the value, or raises ``BadValue``."""

from collections.abc import Callable
from typing import Any

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.values import CONTROLS, NAME, BadValue
from sestui.core.clock import Instant
from sestui.core.schedule.typed_time import Here, NotATimeError, read_time
from sestui.core.schedule.zones import WallClock, zone_named
from sestui.errors import UsageError

NO_CLOCK = Here("UTC")
"""For texts that mean the same at any time, in any zone."""
MADE_UP = (1, 1_000)
"""Least and most missed occurrences that may be made up for."""
TIMEOUT = (1, 7 * 86_400.0)
"""Least and most seconds."""


def task_name(text: str) -> str:
    """A task's name, made of characters that suit files, shells and screens."""
    if not NAME.fullmatch(text):
        raise BadValue(
            f"{text!r} can't be a task's name; use up to 100 letters, digits, '.', '_' and '-', as "
            f"in {campaign_values.offered_name(text) or 'nightly-backup'}"
        )
    return text


def one_line(text: str) -> str:
    """Text without line breaks or other control characters."""
    if CONTROLS.search(text) or "\n" in text:
        raise BadValue("holds control characters")
    return text.strip()


def timezone(text: str) -> str:
    """The name of an IANA zone; '' for the machine's."""
    return campaign_values.timezone(text) if text else ""


def between(low: float, high: float) -> Callable[[Any], float]:
    """The rule of a number from ``low`` to ``high``."""

    def rule(value: Any) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise BadValue(f"must be a number from {low:,.0f} to {high:,.0f}")
        return float(value)

    return rule


def once(text: str, here: Here = NO_CLOCK) -> str:
    """``2026-12-01T09:00`` (in the task's zone) as a schedule that fires once.

    With ``here.now`` it may be whatever :func:`read_time` understands.

    Raises:
        UsageError: it is not a time, or has an offset or seconds.
    """
    try:
        found = read_time(text, here)
    except NotATimeError as error:
        raise UsageError(f"{error}.", option="--at") from error
    moment = found.wall
    if moment is None or moment.second or moment.microsecond:
        raise UsageError(
            f"{text}: write it as 2026-12-01T09:00, on the clock of the task's zone and without "
            "seconds.",
            option="--at",
        )
    if WallClock(zone_named(here.zone)).instants(moment, every_hour=False)[0] != found.at:
        raise UsageError(
            f"{text}: the clock shows {moment:%H:%M} twice that day, and a schedule means the "
            "first; choose another time.",
            option="--at",
        )
    return f"{moment.minute} {moment.hour} {moment.day} {moment.month} * {moment.year}"


def instant_of(name: str, text: str, here: Here) -> Instant | None:
    """The instant of a typed time; None for ''.

    Raises:
        UsageError: it is not a time.
    """
    if not text:
        return None
    try:
        return campaign_values.typed_start(text, here)
    except BadValue as bad:
        raise UsageError(f"{name}: {bad.problem}.") from bad
