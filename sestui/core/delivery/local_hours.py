"""The hours at which the recipients of a campaign with a local time get its mail."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Self

from sestui.core.clock import Instant
from sestui.core.delivery.send_window import parse_window
from sestui.core.schedule.recipient_zones import ZoneSource
from sestui.core.text import printable

_SOURCES = {
    ZoneSource.ATTRIBUTE: "by their own time zone",
    ZoneSource.COUNTRY: "by their country",
    ZoneSource.CAMPAIGN: "by the campaign's time zone",
}


@dataclass(frozen=True, slots=True)
class LocalHours:
    """Who gets the mail when, and what tells their zones."""

    local_time: str
    """``09:00 local``."""
    zone: tzinfo
    """The campaign's, in which the hours are told."""
    dues: tuple[tuple[Instant, int], ...]
    """Instants and how many recipients have the local time then, in order."""
    sources: Mapping[ZoneSource, int] = field(default_factory=dict)
    """How many recipients' zones are known by what; empty for a run, which has its hours."""
    unread: int = 0
    """How many of them have a time zone or country that can't be read."""
    examples: tuple[str, ...] = ()
    """Some of these values."""
    window: str = ""
    """The campaign's send window."""
    outside: int = 0
    """How many have their local time while it is closed: they get the mail when it opens."""

    @property
    def recipients(self) -> int:
        """How many there are in all."""
        return sum(count for _, count in self.dues)

    def by_hour(self) -> list[tuple[datetime, int]]:
        """The recipients of each hour of the campaign's clock, in order; hours without any are
        left out."""
        hours: Counter[datetime] = Counter()
        for due, recipients in self.dues:
            shown = datetime.fromtimestamp(due, self.zone)
            hours[shown.replace(minute=0, second=0, microsecond=0)] += recipients
        return sorted(hours.items())

    def by_source(self) -> str:
        """``1,200 by their own time zone, 300 by their country``; '' if it isn't told."""
        return ", ".join(
            f"{self.sources[source]:,} {words}"
            for source, words in _SOURCES.items()
            if self.sources.get(source)
        )

    def unread_words(self) -> str:
        """How many values can't be read and which, to follow a subject; '' for none."""
        if not self.unread:
            return ""
        such = ", ".join(repr(printable(each)) for each in self.examples)
        whose = "1 recipient has" if self.unread == 1 else f"{self.unread:,} recipients have"
        return f"{whose} a time zone or country that can't be read ({such})"

    def outside_words(self) -> str:
        """How many wait for the send window, to follow a subject; '' for none."""
        if not self.outside:
            return ""
        whose = "1 recipient has" if self.outside == 1 else f"{self.outside:,} recipients have"
        return (
            f"{whose} that time while the send window ({self.window}) is closed: they get the mail "
            "when it opens"
        )

    def with_window(self, window: str, zone: tzinfo) -> Self:
        """The same for a campaign with a send window in ``zone``; '' for none."""
        if not window:
            return self
        opens_at = parse_window(window).opens_at
        outside = sum(count for due, count in self.dues if opens_at(due, zone) > due)
        return replace(self, window=window, outside=outside)
