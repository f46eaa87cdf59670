"""A task as it is typed into a form: text in every field, and one sentence for what is wrong."""

import json
from dataclasses import dataclass
from typing import Any

from sestui.core.schedule.cron_words import local_text
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import Misfire, Overlap
from sestui.core.task.values import instant_of
from sestui.errors import UsageError


@dataclass(frozen=True, slots=True)
class TaskForm:
    """What stands in the fields of a task's form; all of it text, but for what is chosen."""

    name: str = ""
    type: str = ""
    schedule: str = "0 3 * * *"
    timezone: str = ""
    description: str = ""
    parameters: str = ""
    """A line each: ``name = value``; lists and objects as JSON."""
    priority: str = "5"
    timeout: str = "3600"
    """Seconds."""
    starts: str = ""
    """``2026-12-01T09:00`` on the task's clock; '' for none; so with ``ends``."""
    ends: str = ""
    misfire: Misfire = Misfire.ONCE
    misfire_bound: str = "10"
    overlap: Overlap = Overlap.SKIP
    active: bool = True


def form_of(fields: TaskFields) -> TaskForm:
    """A task's own values as they stand in the form."""
    return TaskForm(
        name=fields.name,
        type=fields.type,
        schedule=fields.schedule,
        timezone=fields.timezone,
        description=fields.description,
        parameters="\n".join(
            f"{name} = {value if isinstance(value, str) else json.dumps(value)}"
            for name, value in fields.parameters.items()
        ),
        priority=str(fields.priority),
        timeout=f"{fields.timeout:g}",
        starts=local_text(fields.starts_at, fields.timezone),
        ends=local_text(fields.ends_at, fields.timezone),
        misfire=fields.misfire,
        misfire_bound=str(fields.misfire_bound),
        overlap=fields.overlap,
        active=fields.active,
    )


def fields_of_form(form: TaskForm) -> TaskFields:
    """What the form says; names, types and parameters are not checked yet.

    Raises:
        UsageError: a field can't be read at all; the sentence begins with its name.
    """
    zone = form.timezone.strip()
    return TaskFields(
        name=form.name.strip(),
        type=form.type.strip(),
        schedule=form.schedule.strip(),
        timezone=zone,
        description=form.description.strip(),
        parameters=_parameters(form.parameters),
        priority=int(_number("priority", form.priority)),
        timeout=_number("timeout", form.timeout),
        starts_at=instant_of("start", form.starts.strip(), zone),
        ends_at=instant_of("end", form.ends.strip(), zone),
        misfire=form.misfire,
        misfire_bound=int(_number("misfire bound", form.misfire_bound)),
        overlap=form.overlap,
        active=form.active,
    )


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{name}: {text.strip() or 'nothing'} is not a number.") from error


def _parameters(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name:
            raise UsageError(f"parameters, line {number}: write it as name = value.")
        if name in found:
            raise UsageError(f"parameters, line {number}: {name} is there twice.")
        found[name] = _value(number, value)
    return found


def _value(number: int, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text  # the type's own model makes a number or a truth of it
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"parameters, line {number}: {text} is not JSON.") from error
