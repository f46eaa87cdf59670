"""The tables of tasks, and of what checking addresses found."""

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
    """When the occurrence that `run-due` waits for comes, as reckoned last: zones change their
    rules, so that ``next_occurrence`` says what it is. None: it is inactive, or there is none."""
    next_occurrence: str = Field(default="")
    """The name of that occurrence; '' where it is told by ``next_run_at`` alone."""
    created_at: float
    updated_at: float


class TaskRun(SQLModel, table=True):
    """One execution of a task, with its log."""

    __tablename__ = "task_run"
    __table_args__ = (
        # Each occurrence is run once, however many run-due fire.
        UniqueConstraint("task_id", "scheduled_for"),
        Index("ix_task_run_occurrence", "task_id", "occurrence", unique=True),
        Index("ix_task_run_task_id", "task_id", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="task.id")
    scheduled_for: float | None = Field(default=None)
    """When the occurrence came; None: somebody started it by hand."""
    occurrence: str | None = Field(default=None)
    """Its name (``core.schedule.zones.occurrence_name``), by which it is run once whatever becomes
    of its zone; None by hand, and in rows of before there were names."""
    state: str = Field(default=TaskRunState.QUEUED.value, index=True)
    attempt: int = Field(default=0)
    """How often it was started: more than once if a process died on it."""
    worker: str = Field(default="")
    host: str = Field(default="")
    """The machine that ran it, as people call it."""
    program_host: str = Field(default="")
    """Where the program runs that it has started, if it has started one: machine, its boot and
    process namespace (see sending.identity).
    """
    program_pid: int | None = Field(default=None)
    """The leader of the program's process group."""
    program_started_at: float | None = Field(default=None)
    """Tells it from a later process of that number."""
    queued_at: float
    started_at: float | None = Field(default=None)
    finished_at: float | None = Field(default=None)
    detail: str = Field(default="", sa_column=_text())
    """What came of it, as a sentence."""
    result: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    """Figures, as the type gives them."""
    log: str = Field(default="", sa_column=_text())


class ContactCheck(SQLModel, table=True):
    """What checking a contact's address found last."""

    __tablename__ = "contact_check"

    contact_id: int = Field(foreign_key="contact.id", primary_key=True, ondelete="CASCADE")
    verdict: str
    """A ``Verdict``."""
    reason: str = Field(default="", sa_column=_text())
    checked_at: float = Field(index=True)
    decided: bool = Field(default=False)
    """This check made the contact invalid, so that a later one may take that back."""
