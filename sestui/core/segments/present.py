"""Now, as an expression means it: an instant, and the operator's day."""

from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from sestui.core.clock import Instant
from sestui.core.segments.nodes import DayPart, DaysFromNow, GivenDay

_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Present:
    """What relative days are relative to."""

    now: Instant
    zone: tzinfo | None = None
    """The operator's; None for the machine's."""

    def instant(self, operand: DaysFromNow | GivenDay) -> Instant:
        """The instant that is meant; a whole day is its beginning."""
        if isinstance(operand, DaysFromNow):
            return self.now + operand.days * _DAY_SECONDS
        moment = datetime.fromisoformat(operand.iso)
        return moment.replace(tzinfo=self.zone).timestamp()

    def day(self, operand: DaysFromNow | GivenDay) -> str:
        """The day that is meant, as 2026-11-01."""
        if isinstance(operand, GivenDay):
            return operand.iso[: len("2026-11-01")]
        return datetime.fromtimestamp(self.instant(operand), self.zone).date().isoformat()

    def part(self, part: DayPart) -> int:
        """Year, month or day of today."""
        today = datetime.fromtimestamp(self.now, self.zone)
        return {DayPart.YEAR: today.year, DayPart.MONTH: today.month, DayPart.DAY: today.day}[part]

    def midnight(self) -> Instant:
        """The beginning of today."""
        today = datetime.fromtimestamp(self.now, self.zone)
        return datetime.combine(today.date(), time(), tzinfo=self.zone).timestamp()
