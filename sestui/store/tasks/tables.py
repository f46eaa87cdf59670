"""The tables of tasks and address checks."""

from typing import Any

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from sestui.core.task.fields import HOUR_SECONDS
from sestui.core.task.states import Misfire, Overlap, TaskRunState


def _json() -> Any:
    return Column(JSON, nullable=False)


def _text() -> Any:
    return Column(Text, nullable=False)


class Task(SQLModel, table=True):
    """A cron job in the database."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, index=True)
    description: str = Field(default="", sa_column=_text())
    type: str
    schedule: str
    """A cron expression, with or without a year."""
    timezone: str = Field(default="")
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    active: bool = Field(default=True)
    priority: int = Field(default=5)
    starts_at: float | None = Field(default=None)
    ends_at: float | None = Field(default=None)
    misfire: str = Field(default=Misfire.ONCE.value)
    misfire_bound: int = Field(default=10)
    timeout: float = Field(default=HOUR_SECONDS)
    overlap: str = Field(default=Overlap.SKIP.value)
    first_run_at: float | None = Field(default=None)
    last_run_at: float | None = Field(default=None)
    next_run_at: float | None = Field(default=None, index=True)
    """The instant of the next occurrence, as last calculated; None if inactive or over."""
    next_occurrence: str = Field(default="")
    """The name of that occurrence, independent of the zone's rules; '' for a bare instant."""
    created_at: float
    updated_at: float


class TaskRun(SQLModel, table=True):
    """One execution of a task, with its log."""

    __tablename__ = "task_run"
    __table_args__ = (
        # Each occurrence runs once, however many processes run run-due.
        UniqueConstraint("task_id", "scheduled_for"),
        Index("ix_task_run_occurrence", "task_id", "occurrence", unique=True),
        Index("ix_task_run_task_id", "task_id", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="task.id")
    scheduled_for: float | None = Field(default=None)
    """The instant of its occurrence; None for a manual run."""
    occurrence: str | None = Field(default=None)
    """Its name (``core.schedule.zones.occurrence_name``), which must be unique; None for manual
    runs, and in old rows."""
    state: str = Field(default=TaskRunState.QUEUED.value, index=True)
    attempt: int = Field(default=0)
    """Number of starts; more than 1 after a process died."""
    worker: str = Field(default="")
    host: str = Field(default="")
    """The name of the machine that ran it."""
    program_host: str = Field(default="")
    """Machine, boot and process namespace of the program that it has started, if any.
    """
    program_pid: int | None = Field(default=None)
    """The leader of the program's process group."""
    program_started_at: float | None = Field(default=None)
    """Start time, to detect a reused pid."""
    queued_at: float
    started_at: float | None = Field(default=None)
    finished_at: float | None = Field(default=None)
    detail: str = Field(default="", sa_column=_text())
    """The result as a sentence."""
    result: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    """Figures by the task's type."""
    log: str = Field(default="", sa_column=_text())


class ContactCheck(SQLModel, table=True):
    """The last check of a contact's address."""

    __tablename__ = "contact_check"

    contact_id: int = Field(foreign_key="contact.id", primary_key=True, ondelete="CASCADE")
    verdict: str
    """An ``AddressVerdict``."""
    reason: str = Field(default="", sa_column=_text())
    checked_at: float = Field(index=True)
    decided: bool = Field(default=False)
    """Whether this check made the contact invalid, so that a later one may revert that."""
