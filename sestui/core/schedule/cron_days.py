"""Days relative to a month's end that croniter doesn't support: ``LW``, ``L-3``, ``5L``."""

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

from sestui.errors import UsageError

_BEFORE_LAST = re.compile(r"[Ll]-(\d+)", re.ASCII)
_LAST_WEEKDAY = re.compile(r"(?:([0-7]|[A-Za-z]{3})[Ll]|[Ll]([A-Za-z]{3}))", re.ASCII)
_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MOST_BEFORE = 30
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """A day field that contains ``LW`` or ``L-3``."""

    before_last: frozenset[int]
    """Days before the month's last day; 0 is the last day."""
    last_working_day: bool
    """Whether it contains the month's last day from Monday to Friday."""
    others: str
    """The field's other parts; '' for none."""
    days: frozenset[int] = frozenset()
    """The days of ``others``."""
    weekdays: frozenset[int] = frozenset()
    """Weekdays (0 is Sunday) that fire as well."""

    @classmethod
    def read(cls, field: str) -> Self | None:
        """Parse a day field; None if croniter supports all of it.

        Raises:
            UsageError: no month has so many days.
        """
        before, others, working = set(), [], False
        for part in field.split(","):
            found = _BEFORE_LAST.fullmatch(part)
            if found is not None:
                before.add(_checked(part, int(found[1])))
            elif part.upper() == "LW":
                working = True
            else:
                others.append(part)
        if not before and not working:
            return None
        if any(part.upper() == "L" for part in others):
            before.add(0)
            others = [part for part in others if part.upper() != "L"]
        return cls(frozenset(before), working, ",".join(others))

    def with_days(self, days: frozenset[int], weekdays: frozenset[int]) -> "SpecialDays":
        """The same with the days of :attr:`others`, and with alternative weekdays."""
        return replace(self, days=days if self.others else frozenset(), weekdays=weekdays)

    def holds(self, day: date) -> bool:
        """Whether ``day`` is one of these days."""
        left = calendar.monthrange(day.year, day.month)[1] - day.day
        if day.day in self.days or left in self.before_last or self._is_weekday(day):
            return True
        if not self.last_working_day or day.weekday() >= _SATURDAY:
            return False
        # Only a weekend follows the last working day.
        return left == 0 or (day.weekday() == _SATURDAY - 1 and left <= 2)

    def _is_weekday(self, day: date) -> bool:
        return day.isoweekday() % 7 in self.weekdays


def _checked(part: str, days: int) -> int:
    if not 1 <= days <= _MOST_BEFORE:
        raise UsageError(f"the day can't be '{part}': write L-1 to L-{_MOST_BEFORE}.")
    return days


def rewritten_weekday(field: str) -> str:
    """``5L`` and ``friL``, the month's last Friday, as croniter spells it (``L5``)."""
    found = _LAST_WEEKDAY.fullmatch(field)
    if found is None:
        return field
    name = (found[1] or found[2]).lower()
    number = int(name) % 7 if name.isdigit() else _NAMES.index(name) if name in _NAMES else None
    return field if number is None else f"L{number}"
