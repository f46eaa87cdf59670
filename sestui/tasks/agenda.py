"""The agenda: scheduled tasks and campaigns in order of their next runs."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sestui.core.campaign.audience import Audience
from sestui.core.clock import Clock, Instant, iso
from sestui.core.schedule.overdue import NOBODY, overdue
from sestui.core.task.fields import CAMPAIGN_TYPE, TaskFields
from sestui.reports.overview import RunView, run_view
from sestui.store.campaigns.campaigns import coming
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, Run
from sestui.store.runs.agenda import read_agenda
from sestui.tasks.task_service import TaskView, view_of

_LATELY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class ScheduledCampaign:
    """A campaign with a schedule or start."""

    name: str
    whom: Audience
    schedule: str
    """A cron expression; '' if it starts once."""
    start_at: Instant | None
    timezone: str
    priority: int
    next_run_at: Instant
    run: RunView | None
    """The newest run, without tests."""
    kind: ClassVar[str] = "campaign"
    type: ClassVar[str] = ""
    """Tasks have one."""
    active: ClassVar[bool] = True

    @property
    def last_run_at(self) -> Instant | None:
        """When its newest run started."""
        return self.run.started_at if self.run is not None else None

    @property
    def state(self) -> str:
        """The newest run's state; '' if there is none."""
        return self.run.state if self.run is not None else ""

    @property
    def timing(self) -> TaskFields:
        """Its timing as a task's fields; the schedule is '' if it starts once."""
        return TaskFields(self.name, CAMPAIGN_TYPE, self.schedule, timezone=self.timezone)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``, with the same names as tasks."""
        return {
            "kind": self.kind,
            "name": self.name,
            "lists": list(self.whom.lists),
            "segment": self.whom.segment,
            "schedule": self.schedule,
            "start_at": iso(self.start_at) or None,
            "timezone": self.timezone,
            "active": self.active,
            "priority": self.priority,
            "last_run_at": iso(self.last_run_at) or None,
            "next_run_at": iso(self.next_run_at),
            "last_run": self.run.as_dict() if self.run else None,
        }


AgendaItem = TaskView | ScheduledCampaign


@dataclass(frozen=True, slots=True)
class Agenda:
    """The agenda at an instant."""

    items: tuple[AgendaItem, ...]
    """By next run; then those without one, then disabled ones."""
    at: Instant
    """When it was read."""
    ran_at: Instant | None
    """When `run-due` last worked; None for never."""

    def late(self, item: AgendaItem) -> str:
        """``overdue 3 min`` for an item that nobody has run; else ''."""
        return overdue(item.next_run_at, self.at, self.ran_at) if item.active else ""

    @property
    def overdue(self) -> tuple[AgendaItem, ...]:
        """Overdue items, the longest overdue first."""
        return tuple(item for item in self.items if self.late(item))

    @property
    def has_next(self) -> bool:
        """Whether anything starts by itself."""
        return any(item.active and item.next_run_at is not None for item in self.items[:1])

    @property
    def ran_lately(self) -> bool:
        """Whether `run-due` has worked within a day."""
        return self.ran_at is not None and self.at - self.ran_at <= _LATELY_SECONDS

    @property
    def sentence(self) -> str:
        """``overdue 3 min: nothing runs tasks here``; '' if nothing is overdue."""
        late = self.overdue
        return f"{self.late(late[0])}: {NOBODY}" if late else ""


def read_agenda_now(database: Database, clock: Clock, *, with_runs: bool = True) -> Agenda:
    """Read the agenda; ``with_runs``: with the newest runs."""
    rows = read_agenda(database, with_runs=with_runs)
    items: list[AgendaItem] = [view_of(task, run) for task, run in rows.tasks]
    for campaign, run in rows.campaigns:
        at = coming(campaign)
        if at is not None:
            items.append(_scheduled(campaign, at, run))
    return Agenda(tuple(sorted(items, key=_order)), clock.now(), rows.ran_at)


def _scheduled(campaign: Campaign, at: Instant, run: Run | None) -> ScheduledCampaign:
    return ScheduledCampaign(
        name=campaign.name,
        whom=Audience.of(campaign),
        schedule=campaign.schedule,
        start_at=campaign.start_at,
        timezone=campaign.timezone,
        priority=campaign.priority,
        next_run_at=at,
        run=run_view(run, campaign.name) if run else None,
    )


def _order(item: AgendaItem) -> tuple[bool, bool, float, str, str]:
    at = item.next_run_at
    return not item.active, at is None, at or 0.0, item.name, item.kind
