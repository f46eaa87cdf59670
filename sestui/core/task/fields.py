"""A task's own values, and which of its occurrences are to be run."""

from dataclasses import dataclass, field
from typing import Any

from sestui.core.clock import Instant
from sestui.core.schedule.cron import Occurrence, next_occurrence, past
from sestui.core.task.states import Misfire, Overlap

GRACE_SECONDS = 300.0
"""An occurrence that starts no later than this is on time, whatever the misfire rule."""

HOUR_SECONDS = 3600.0
MOST_ATTEMPTS = 3
"""An occurrence whose process died is tried again this often at most: it may be what kills it."""

MOST_COUNTED = 1_000
"""Missed occurrences are counted up to here."""


CAMPAIGN_TYPE = "campaign"
"""The type of tasks that start a campaign."""


def campaign_of(type_: str, parameters: object) -> str:
    """The campaign that a task of that type and with these parameters starts; '' for none."""
    if type_ != CAMPAIGN_TYPE or not isinstance(parameters, dict):
        return ""
    name = parameters.get("campaign")
    return name if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True)
class TaskFields:
    """What a task is; equal fields are the same task."""

    name: str
    type: str
    schedule: str
    """A cron expression, with or without a year; ``+fri`` wants day and weekday."""
    description: str = ""
    timezone: str = ""
    """IANA zone of the schedule; '' is the machine's."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """As its type's parameters model takes them."""
    active: bool = True
    priority: int = 5
    starts_at: Instant | None = None
    """Nothing is run for occurrences before this,"""
    ends_at: Instant | None = None
    """nor for those after this."""
    misfire: Misfire = Misfire.ONCE
    misfire_bound: int = 10
    """With ``all``: how many missed occurrences are made up for at most."""
    timeout: float = HOUR_SECONDS
    """Seconds that one run may take."""
    overlap: Overlap = Overlap.SKIP

    @property
    def campaign(self) -> str:
        """The campaign that it starts; '' for none."""
        return campaign_of(self.type, self.parameters)

    @property
    def timing(self) -> tuple[object, ...]:
        """All that says when it runs: equal timings run at the same times."""
        return (self.schedule, self.timezone, self.active, self.starts_at, self.ends_at)

    def schedules_anew(self, before: "TaskFields | None") -> bool:
        """Whether it starts a campaign by itself that it did not start so, or then, ``before``."""
        if not (self.active and self.campaign):
            return False
        return before is None or (before.campaign, before.timing) != (self.campaign, self.timing)

    def next_after(self, instant: Instant) -> Occurrence | None:
        """The first occurrence later than ``instant`` that its dates allow; None: there is none.

        Raises:
            UsageError: the schedule isn't one, or there is no such zone.
        """
        after = instant if self.starts_at is None else max(instant, self.starts_at - 1e-3)
        found = next_occurrence(self.schedule, self.timezone, after)
        over = found is not None and self.ends_at is not None and found.at > self.ends_at
        return None if over else found


@dataclass(frozen=True, slots=True)
class Occurrences:
    """What became due since the last look."""

    run: tuple[Occurrence, ...]
    """To be run, the oldest first."""
    missed: int
    """How many are let go; MOST_COUNTED stands for that many or more."""
    newest_missed: Occurrence | None


def occurrences(task: TaskFields, due: Occurrence, now: Instant) -> Occurrences:
    """What to do about the occurrences from ``due``, which was waited for, up to ``now``."""
    until = now if task.ends_at is None else min(now, task.ends_at)
    found = past(task.schedule, task.timezone, due.at - 1e-3, until, MOST_COUNTED)
    # A zone whose rules were changed since may know no such time any more: it was promised.
    found = found or [due]
    if task.misfire is Misfire.ALL:
        kept = max(1, task.misfire_bound)
    elif task.misfire is Misfire.ONCE or now - found[-1].at <= GRACE_SECONDS:
        kept = 1
    else:
        kept = 0
    split = max(0, len(found) - kept)
    let_go = found[:split]
    # What one run makes up for is not missed.
    missed = 0 if task.misfire is Misfire.ONCE else len(let_go)
    return Occurrences(tuple(found[split:]), missed, let_go[-1] if missed else None)


def may_retry(misfire: Misfire, attempt: int) -> bool:
    """Whether an occurrence whose process died in its ``attempt``-th try is to be tried again."""
    return misfire is not Misfire.SKIP and attempt < MOST_ATTEMPTS
