"""The table of a task's fields, and the rules for its occurrences.

Files, `apply`'s diff, the form, JSON and database rows are derived from the table. A new field
needs a line here, a column in ``store.tasks.tables`` with its migration, and an option in
``cli.tasks.task``.
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
"""An occurrence that starts within this is on time, whatever the misfire rule."""

HOUR_SECONDS = 3600.0
MOST_ATTEMPTS = 3
"""Attempts at an occurrence whose process died, as the task itself may kill it."""

MOST_COUNTED = 1_000
"""Missed occurrences are counted up to this number."""

_MISFIRE = {
    Misfire.SKIP: "skip: missed occurrences are left out",
    Misfire.ONCE: "once: one run makes up for all that were missed",
    Misfire.ALL: "all: one run each makes up for them, up to the bound",
}
_OVERLAP = {
    Overlap.SKIP: "skip: left out while the previous run is still running",
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
    """The campaign that a task of this type and with these parameters starts; '' for none."""
    if type_ != CAMPAIGN_TYPE or not isinstance(parameters, dict):
        return ""
    name = parameters.get("campaign")
    return name if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True)
class TaskFields:
    """A task's fields, in the order of its form."""

    name: str = table_field(MISSING, TaskKind(values.task_name), "name", "nightly-backup")
    type: str = table_field(MISSING, TaskKind(), "type", "what it does")
    schedule: str = table_field(MISSING, TaskKind(campaign_values.schedule), "schedule", _CRON)
    """A cron expression, with or without a year; ``+fri`` requires both day and weekday."""
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
    """Seconds."""
    starts_at: Instant | None = table_field(None, INSTANT, "start", _START, name="start")
    """Occurrences before this don't run."""
    ends_at: Instant | None = table_field(
        None, INSTANT, "end", "not after this; empty: never", name="end"
    )
    """Occurrences after this don't run."""
    misfire: Misfire = table_field(Misfire.ONCE, choice(Misfire.SKIP, _MISFIRE), "misfire")
    misfire_bound: int = table_field(10, whole(values.between(*values.MADE_UP)), "bound", _BOUND)
    """With ``all``: the most missed occurrences that are made up for."""
    overlap: Overlap = table_field(Overlap.SKIP, choice(Overlap.SKIP, _OVERLAP), "overlap")
    active: bool = table_field(True, FLAG)
    parameters: dict[str, Any] = table_field(
        dict, PARAMETERS, "parameters, a line each: name = value"
    )
    """As the parameters model of its type takes them."""

    @property
    def campaign(self) -> str:
        """The campaign that it starts; '' for none."""
        return campaign_of(self.type, self.parameters)

    @property
    def timing(self) -> tuple[object, ...]:
        """All fields that determine when it runs."""
        return (self.schedule, self.timezone, self.active, self.starts_at, self.ends_at)

    def schedules_anew(self, before: "TaskFields | None") -> bool:
        """Whether it schedules a campaign that ``before`` did not, or not at the same times."""
        if not (self.active and self.campaign):
            return False
        return before is None or (before.campaign, before.timing) != (self.campaign, self.timing)

    def next_after(self, instant: Instant) -> Occurrence | None:
        """The first occurrence after ``instant`` within its dates; None if there is none.

        Raises:
            UsageError: the schedule is invalid, or there is no such zone.
        """
        after = instant if self.starts_at is None else max(instant, self.starts_at - 1e-3)
        found = next_occurrence(self.schedule, self.timezone, after)
        over = found is not None and self.ends_at is not None and found.at > self.ends_at
        return None if over else found


TASK_FIELDS: dict[str, TableField[TaskKind]] = table_of(TaskFields)
"""By attribute."""


def checked_fields(fields: TaskFields) -> TaskFields:
    """Validate and normalise all fields but the type and its parameters.

    Raises:
        UsageError: names the invalid field.
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
    """Turn ``BadValue`` into a UsageError that names the field."""
    try:
        yield
    except BadValue as bad:
        raise UsageError(f"{name}: {bad.problem}.") from bad


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Occurrences that have become due."""

    run: tuple[Occurrence, ...]
    """Occurrences to run, oldest first."""
    missed: int
    """How many are left out; MOST_COUNTED stands for that many or more."""
    newest_missed: Occurrence | None


def occurrences(task: TaskFields, due: Occurrence, now: Instant) -> Occurrences:
    """Decide about the occurrences from ``due``, the stored one, up to ``now``."""
    until = now if task.ends_at is None else min(now, task.ends_at)
    found = past(task.schedule, task.timezone, due.at - 1e-3, until, MOST_COUNTED)
    # After a change of the zone's rules there may be no such time, but it was announced.
    found = found or [due]
    if task.misfire is Misfire.ALL:
        kept = max(1, task.misfire_bound)
    elif task.misfire is Misfire.ONCE or now - found[-1].at <= GRACE_SECONDS:
        kept = 1
    else:
        kept = 0
    split = max(0, len(found) - kept)
    let_go = found[:split]
    # With ONCE, one run makes up for all of them.
    missed = 0 if task.misfire is Misfire.ONCE else len(let_go)
    return Occurrences(tuple(found[split:]), missed, let_go[-1] if missed else None)


def may_retry(misfire: Misfire, attempt: int) -> bool:
    """Whether to retry an occurrence whose process died in this ``attempt`` (from 1)."""
    return misfire is not Misfire.SKIP and attempt < MOST_ATTEMPTS
