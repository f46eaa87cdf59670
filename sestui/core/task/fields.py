"""The one table of a task's fields, and which of its occurrences are to be run.

A new field is a line in :class:`TaskFields`, a column in ``store.tasks.tables`` with its migration,
an option in ``cli.task``, and the place that makes use of it. Files, `apply`'s diff, the form, JSON
and the store's rows are derived from the table.
"""

# ruff: noqa: RUF009 - a call makes each dataclass field, as dataclasses.field does

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass
from typing import Any

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.values import BadValue
from sestui.core.clock import Instant
from sestui.core.field_table import TableField, table_field, table_of
from sestui.core.schedule.cron import Occurrence, next_occurrence, past
from sestui.core.task import values
from sestui.core.task.kinds import FLAG, INSTANT, PARAMETERS, TaskKind, choice, number, whole
from sestui.core.task.states import Misfire, Overlap
from sestui.errors import UsageError

GRACE_SECONDS = 300.0
"""An occurrence that starts no later than this is on time, whatever the misfire rule."""

HOUR_SECONDS = 3600.0
MOST_ATTEMPTS = 3
"""An occurrence whose process died is tried again this often at most: it may be what kills it."""

MOST_COUNTED = 1_000
"""Missed occurrences are counted up to here."""

_MISFIRE = {
    Misfire.SKIP: "skip: missed occurrences are left out",
    Misfire.ONCE: "once: one run makes up for all that were missed",
    Misfire.ALL: "all: one run each makes up for them, up to the bound",
}
_OVERLAP = {
    Overlap.SKIP: "skip: left out while the previous run is at work",
    Overlap.WAIT: "wait: runs when the previous run has ended",
    Overlap.ALLOW: "allow: runs alongside the previous run",
}
_CRON = "minute hour day month weekday [year], or @daily; +fri: both day and weekday"
_ZONE = "IANA zone such as Europe/Paris; empty: the settings'"
_START = "not before this: 2026-12-01T09:00; empty: at once"
_BOUND = "with misfire all: at most this many are made up for"


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
    """What a task is; equal fields are the same task. In the order of its form."""

    name: str = table_field(MISSING, TaskKind(values.task_name), "name", "nightly-backup")
    type: str = table_field(MISSING, TaskKind(), "type", "what it does")
    schedule: str = table_field(MISSING, TaskKind(campaign_values.schedule), "schedule", _CRON)
    """A cron expression, with or without a year; ``+fri`` wants day and weekday."""
    timezone: str = table_field("", TaskKind(values.timezone), "timezone", _ZONE)
    """IANA zone of the schedule; '' is the machine's."""
    description: str = table_field("", TaskKind(values.one_line), "what it is for")
    priority: int = table_field(
        5, whole(campaign_values.priority), "priority", "0 to 9; 9 goes first"
    )
    timeout: float = table_field(
        HOUR_SECONDS,
        number(values.between(*values.TIMEOUT)),
        "timeout",
        "the longest a run may take, in seconds",
    )
    """Seconds that one run may take."""
    starts_at: Instant | None = table_field(None, INSTANT, "start", _START, name="start")
    """Nothing is run for occurrences before this,"""
    ends_at: Instant | None = table_field(
        None, INSTANT, "end", "not after this; empty: never", name="end"
    )
    """nor for those after this."""
    misfire: Misfire = table_field(Misfire.ONCE, choice(Misfire.SKIP, _MISFIRE), "misfire")
    misfire_bound: int = table_field(10, whole(values.between(*values.MADE_UP)), "bound", _BOUND)
    """With ``all``: how many missed occurrences are made up for at most."""
    overlap: Overlap = table_field(Overlap.SKIP, choice(Overlap.SKIP, _OVERLAP), "overlap")
    active: bool = table_field(True, FLAG)
    parameters: dict[str, Any] = table_field(
        dict, PARAMETERS, "parameters, a line each: name = value"
    )
    """As its type's parameters model takes them."""

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


TASK_FIELDS: dict[str, TableField[TaskKind]] = table_of(TaskFields)
"""By attribute."""


def checked_fields(fields: TaskFields) -> TaskFields:
    """The fields in their normal form; the type and its parameters are not looked at.

    Raises:
        UsageError: names the field and what it may be.
    """
    checked = {}
    for attribute, each in TASK_FIELDS.items():
        with naming(each.name):
            checked[attribute] = each.kind.rule(getattr(fields, attribute))
    starts, ends = fields.starts_at, fields.ends_at
    if starts is not None and ends is not None and ends < starts:
        raise UsageError("end: it is before the start.")
    return TaskFields(**checked)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """What is wrong with a value as an error that names its field.

    Raises:
        UsageError: instead of ``BadValue``.
    """
    try:
        yield
    except BadValue as bad:
        raise UsageError(f"{name}: {bad.problem}.") from bad


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
