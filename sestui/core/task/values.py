"""The rules of a task's fields: each returns the value, or raises ``BadValue``."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.values import CONTROLS, NAME, BadValue
from sestui.core.clock import Instant
from sestui.errors import UsageError

MADE_UP = (1, 1_000)
"""Least and most missed occurrences that may be made up for."""
TIMEOUT = (1, 7 * 86_400.0)
"""Least and most seconds."""


def task_name(text: str) -> str:
    """A task's name, made of characters that suit files, shells and screens."""
    if not NAME.fullmatch(text):
        raise BadValue(
            f"{text!r} can't be a task's name; use up to 100 letters, digits, '.', '_' and '-', as "
            "in nightly-backup"
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


def once(text: str) -> str:
    """``2026-12-01T09:00`` (in the task's zone) as a schedule that fires once.

    Raises:
        UsageError: it is not a time, or has an offset or seconds.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text}: write it as 2026-12-01T09:00.", option="--at") from error
    if moment.tzinfo is not None or moment.second or moment.microsecond:
        raise UsageError(
            f"{text}: write it as 2026-12-01T09:00, on the clock of the task's zone and without "
            "seconds.",
            option="--at",
        )
    return f"{moment.minute} {moment.hour} {moment.day} {moment.month} * {moment.year}"


def instant_of(name: str, text: str, zone: str) -> Instant | None:
    """The instant of ``2026-12-01T09:00`` in ``zone``; None for ''.

    Raises:
        UsageError: it is not a time.
    """
    if not text:
        return None
    try:
        return campaign_values.start(text, zone)
    except BadValue as bad:
        raise UsageError(f"{name}: {bad.problem}.") from bad
