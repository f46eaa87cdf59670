"""Which times of a run's mail to ask SES for, so that each answer holds all mails of its time."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

from sestui.core.clock import Instant

TICK_MAILS = 500
"""Every so many mails of a run, the time of one is read."""
_PAGE_TICKS = 15
"""So many of these a page is planned to hold, three quarters of what SES tells at once: others may
send by the same address, and what is planned by our clock is found by SES's."""
_BEFORE_SECONDS = 30.0
_AFTER_SECONDS = 120.0
"""Most mails are accepted within this time of their claim; others are found elsewhere."""


@dataclass(frozen=True, slots=True)
class TimePage:
    """A time, in whole seconds but for the present; both ends are within it."""

    since: Instant
    until: Instant

    def halves(self) -> tuple["TimePage", "TimePage"] | None:
        """Both halves; None: it is too short to be divided."""
        middle = float(floor((self.since + self.until) / 2))
        if not self.since < middle < self.until:
            return None
        return TimePage(self.since, middle), TimePage(middle, self.until)


def pages_around(
    times: Iterable[Instant], ticks: Sequence[Instant], since: Instant, until: Instant
) -> list[TimePage]:
    """The pages in which mails handed over at ``times`` are most likely, within the whole time.

    ``ticks`` are when each five hundredth mail was handed over, in order.
    """
    found: list[TimePage] = []
    for page in _spans(times, since, until):
        begin = page.since
        if found and _between(ticks, found[-1].since, page.until) <= _PAGE_TICKS:
            begin = found.pop().since
        while _between(ticks, begin, page.until) > _PAGE_TICKS:
            cut = float(floor(ticks[bisect_right(ticks, begin) + _PAGE_TICKS - 1]))
            if not begin < cut < page.until:
                break  # so many in one second; SES's answer says whether they are too many
            found.append(TimePage(begin, cut))
            begin = cut
        found.append(TimePage(begin, page.until))
    return found


def gaps(pages: Iterable[TimePage], since: Instant, until: Instant) -> list[TimePage]:
    """The pages between ``pages``, which are in order, and up to both ends."""
    found: list[TimePage] = []
    for page in pages:
        if since < page.since:
            found.append(TimePage(since, page.since))
        since = max(since, page.until)
    if since < until:
        found.append(TimePage(since, until))
    return found


def _spans(times: Iterable[Instant], since: Instant, until: Instant) -> list[TimePage]:
    found: list[TimePage] = []
    for at in sorted(times):
        begin = max(float(floor(at - _BEFORE_SECONDS)), since)
        end = min(float(ceil(at + _AFTER_SECONDS)), until)
        if found and begin <= found[-1].until:
            begin, end = found[-1].since, max(found[-1].until, end)
            found.pop()
        found.append(TimePage(begin, end))
    return found


def _between(ticks: Sequence[Instant], since: Instant, until: Instant) -> int:
    return bisect_right(ticks, until) - bisect_right(ticks, since)
