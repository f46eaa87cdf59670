"""A task as it is typed into a form: text in every field, and one sentence for what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sestui.core.task.fields import TASK_FIELDS, TaskFields, naming


@dataclass(frozen=True, slots=True)
class TaskForm:
    """What stands in the fields of a task's form."""

    texts: Mapping[str, str]
    """By attribute."""
    active: bool
    """No field shows it."""


def form_of(fields: TaskFields) -> TaskForm:
    """A task's own values as they stand in the form."""
    texts = {
        attribute: each.kind.to_form(getattr(fields, attribute), fields.timezone)
        for attribute, each in TASK_FIELDS.items()
        if each.label
    }
    return TaskForm(texts, fields.active)


def fields_of_form(form: TaskForm) -> TaskFields:
    """What the form says; names, types and parameters are not checked yet.

    Raises:
        UsageError: a field can't be read at all; the sentence begins with its name.
    """
    zone = form.texts["timezone"].strip()
    read: dict[str, Any] = {}
    for attribute, text in form.texts.items():
        field = TASK_FIELDS[attribute]
        with naming(field.name.replace("_", " ")):
            read[attribute] = field.kind.from_form(text.strip(), zone)
    return TaskFields(**read, active=form.active)
