"""Apply task files to the database: plan without changes, then write."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sestui.compose.apply import Change, FieldChange, Plan
from sestui.compose.files import text_of
from sestui.core.task.fields import TASK_FIELDS, TaskFields
from sestui.core.task.file import TaskFile
from sestui.errors import BadFileError, UsageError
from sestui.store.campaigns.campaigns import Campaigns
from sestui.tasks.task_service import TaskService

SUFFIXES = {".yaml", ".yml"}
"""Suffixes of task files."""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """The changes that a task file would make."""

    path: str
    fields: TaskFields
    change: Change
    changes: tuple[FieldChange, ...]
    schedules: bool
    """Whether applying the file makes a campaign start on its own, or at another time."""
    kind: ClassVar[str] = "task"
    diff: ClassVar[str] = ""
    warnings: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """The task's name."""
        return self.fields.name


def plan_task(service: TaskService, path: Path, default_zone: str = "") -> TaskPlan:
    """Compare a file with the database; nothing is written.

    Raises:
        NotFoundError: there is no such file.
        BadFileError: it is no task; the text names the file and the field.
    """
    file = TaskFile(text_of(path), str(path))
    view = service.find(file.name)
    existing = view.fields if view else None
    try:
        given = file.fields(default_zone=default_zone, existing=existing)
        wanted = service.check(given, folder=path.absolute().parent)
    except UsageError as error:
        raise BadFileError(f"{file.path}: {error}") from error
    if existing is None:
        change = Change.CREATED
    else:
        change = Change.UNCHANGED if existing == wanted else Change.UPDATED
    old, new = _shown(existing), _shown(wanted)
    changes = tuple(
        FieldChange(name, old.get(name, ""), new.get(name, ""))
        for name in sorted(old.keys() | new.keys(), key=[*new, *old].index)
        if old.get(name, "") != new.get(name, "")
    )
    return TaskPlan(file.path, wanted, change, changes, wanted.schedules_anew(existing))


def refuse_second_ways(
    campaigns: Campaigns, service: TaskService, plans: Sequence[Plan], tasks: Sequence[TaskPlan]
) -> None:
    """Check that no campaign has two ways to start on its own after these files are applied.

    Raises:
        BadFileError: one has; names the files.
    """
    planned = {each.name: each for each in plans}
    for task in tasks:
        own = planned.get(task.fields.campaign)
        if own is None:
            _refuse(task.path, service.in_the_way(task.fields) if task.schedules else "")
        elif task.fields.active and own.next_due_at is not None:
            both = task.schedules or own.schedules
            why = (
                f"the task {task.name} starts {own.name}, which {own.path} schedules already; take "
                "the schedule out of the campaign's file, or switch the task off (active: false)."
            )
            _refuse(task.path, why if both else "")
    for each in plans:
        if each.schedules:
            besides = [task.name for task in tasks]
            _refuse(each.path, campaigns.started_by_task(each.name, besides))


def _refuse(path: str, why: str) -> None:
    if why:
        raise BadFileError(f"{path}: {why}")


def apply_task(service: TaskService, plan: TaskPlan) -> None:
    """Write a plan; an unchanged task keeps its next run too."""
    if plan.change is Change.CREATED:
        service.add(plan.fields)
    elif plan.change is Change.UPDATED:
        service.change(plan.name, plan.fields)


def _shown(fields: TaskFields | None) -> dict[str, str]:
    """Every field as text, by its name in the file."""
    if fields is None:
        return {}
    shown = {
        each.name: each.kind.shown(getattr(fields, attribute))
        for attribute, each in TASK_FIELDS.items()
        if attribute != "parameters"
    }
    given = fields.parameters.items()
    return shown | {f"parameters.{k}": json.dumps(value, ensure_ascii=False) for k, value in given}
