"""What the fields of a task may be, whichever door they come through."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.values import CONTROLS, NAME, BadValue
from sestui.core.clock import Instant
from sestui.core.task.fields import TaskFields
from sestui.errors import UsageError

T = TypeVar("T")

MOST_MADE_UP = 1_000
LONGEST_TIMEOUT = 7 * 86_400.0


def checked_fields(fields: TaskFields) -> TaskFields:
    """The fields in their normal form; the type and its parameters are not looked at.

    Raises:
        UsageError: names the field and what it may be.
    """
    zone = fields.timezone
    checked = replace(
        fields,
        name=_ruled("name", lambda: _name(fields.name)),
        description=_ruled("description", lambda: _line(fields.description)),
        schedule=_ruled("schedule", lambda: campaign_values.schedule(fields.schedule)),
        timezone=_ruled("timezone", lambda: campaign_values.timezone(zone)) if zone else "",
        priority=_ruled("priority", lambda: campaign_values.priority(fields.priority)),
        misfire_bound=_ruled(
            "misfire_bound", lambda: int(_between(fields.misfire_bound, 1, MOST_MADE_UP))
        ),
        timeout=_ruled("timeout", lambda: _between(fields.timeout, 1, LONGEST_TIMEOUT)),
    )
    starts, ends = fields.starts_at, fields.ends_at
    if starts is not None and ends is not None and ends < starts:
        raise UsageError("end: it is before the start.")
    return checked


def _ruled(name: str, rule: Callable[[], T]) -> T:
    try:
        return rule()
    except BadValue as bad:
        raise UsageError(f"{name}: {bad.problem}.") from bad


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise BadValue(
            f"{text!r} can't be a task's name; use up to 100 letters, digits, '.', '_' and '-', as "
            "in nightly-backup"
        )
    return text


def _line(text: str) -> str:
    if CONTROLS.search(text) or "\n" in text:
        raise BadValue("holds control characters")
    return text.strip()


def _between(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadValue(f"must be a number from {low:,.0f} to {high:,.0f}")
    return float(value)


def once(text: str) -> str:
    """``2026-12-01T09:00`` as a schedule that fires once, on the clock of the task's zone.

    Raises:
        UsageError: it is no time, says its own offset, or has seconds.
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
    """``2026-12-01T09:00`` on the clock of ``zone`` as an instant; '' for none.

    Raises:
        UsageError: it is no time.
    """
    if not text:
        return None
    try:
        return campaign_values.start(text, zone)
    except BadValue as bad:
        raise UsageError(f"{name}: {bad.problem}.") from bad
