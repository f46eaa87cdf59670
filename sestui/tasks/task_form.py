"""The form of a task: the text of its fields, and their errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sestui.core.campaign.values import BadValue
from sestui.core.clock import Instant
from sestui.core.schedule.cron import next_occurrence
from sestui.core.schedule.typed_time import Here
from sestui.core.schedule.zones import zone_named
from sestui.core.task.fields import TASK_FIELDS, TaskFields, naming
from sestui.errors import SestuiError, UsageError
from sestui.tasks.parameter_fields import ParameterField, parameter_fields
from sestui.tasks.registry import checked_type, load_type, parameter_faults

OTHERS = "parameters"
"""The field for parameters without a field of their own, on separate lines."""


@dataclass(frozen=True, slots=True)
class TaskForm:
    """The texts of a task form's fields."""

    texts: Mapping[str, str]
    """By attribute."""
    active: bool
    """No field shows it."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The texts of the parameters' fields, by name."""


def fields_of_type(type_: str) -> tuple[ParameterField, ...]:
    """The fields of the type's parameters; none if it can't be loaded."""
    try:
        return parameter_fields(load_type(type_).Parameters)
    except SestuiError:
        return ()


def form_of(fields: TaskFields) -> TaskForm:
    """The form with a task's values."""
    own = {each.name: each for each in fields_of_type(fields.type)}
    given = fields.parameters
    rest = {name: value for name, value in given.items() if name not in own}
    texts = {
        attribute: each.kind.to_form(getattr(fields, attribute), fields.timezone)
        for attribute, each in TASK_FIELDS.items()
        if each.label
    }
    texts[OTHERS] = TASK_FIELDS[OTHERS].kind.to_form(rest, fields.timezone)
    parameters = {name: each.text(given.get(name)) for name, each in own.items()}
    return TaskForm(texts, fields.active, parameters)


def fields_of_form(form: TaskForm, now: Instant | None = None) -> TaskFields:
    """The form's values; names, types and parameters are not checked.

    Times may be ``tomorrow 9:00`` and the like if ``now`` is given.

    Raises:
        UsageError: a field is invalid; the sentence begins with its name.
    """
    here = Here(form.texts["timezone"].strip(), now)
    read: dict[str, Any] = {}
    for attribute, text in form.texts.items():
        each = TASK_FIELDS[attribute]
        with naming(each.name.replace("_", " ")):
            read[attribute] = each.kind.from_form(text.strip(), here)
    for name, own in _given(form):
        with naming(own.label):
            read[OTHERS][name] = own.value(form.parameters[name])
    return TaskFields(**read, active=form.active)


def _given(form: TaskForm) -> Sequence[tuple[str, ParameterField]]:
    """The parameters whose fields aren't empty; others have the default."""
    return [
        (each.name, each)
        for each in fields_of_type(form.texts["type"])
        if form.parameters.get(each.name, "").strip()
    ]


@dataclass(frozen=True, slots=True)
class FormFaults:
    """The fields' errors, as the rest of a sentence."""

    fields: Mapping[str, str]
    """By attribute."""
    parameters: Mapping[str, str]
    """By the parameter's name."""


def faults_of(form: TaskForm, now: Instant | None = None) -> FormFaults:
    """Check all fields and return all errors; ``now`` as for :func:`fields_of_form`."""
    faults: dict[str, str] = {}
    zone = _checked_zone(form, faults)
    here = Here(zone, now)
    values: dict[str, Any] = {}
    for attribute, text in form.texts.items():
        kind = TASK_FIELDS[attribute].kind
        try:
            values[attribute] = kind.rule(kind.from_form(text.strip(), here))
        except BadValue as bad:
            faults.setdefault(attribute, bad.problem)
        except UsageError as error:
            faults.setdefault(attribute, str(error).rstrip("."))
    starts, ends = values.get("starts_at"), values.get("ends_at")
    if starts is not None and ends is not None and ends < starts:
        faults["ends_at"] = "it is before the start"
    if "schedule" in values and "schedule" not in faults and "timezone" not in faults:
        _check_that_it_fires(values["schedule"], zone, faults)
    return FormFaults(faults, _parameter_faults(form, values.get(OTHERS, {}), faults))


def _checked_zone(form: TaskForm, faults: dict[str, str]) -> str:
    zone = form.texts["timezone"].strip()
    try:
        zone_named(zone)
    except UsageError as error:
        faults["timezone"] = str(error).rstrip(".")
        return ""
    return zone


def _check_that_it_fires(schedule: str, zone: str, faults: dict[str, str]) -> None:
    try:
        if next_occurrence(schedule, zone, 0.0) is None:
            faults["schedule"] = "it never fires"
    except UsageError as error:
        faults["schedule"] = str(error).rstrip(".")


def _parameter_faults(
    form: TaskForm, others: Mapping[str, Any], faults: dict[str, str]
) -> dict[str, str]:
    """The parameters' errors; an unusable type is an error of the type's field."""
    given, unread = dict(others), {}
    for name, each in _given(form):
        try:
            given[name] = each.value(form.parameters[name])
        except BadValue as bad:
            unread[name] = bad.problem
    try:
        kind = load_type(checked_type(form.texts["type"]))
    except SestuiError as error:
        if form.texts["type"]:
            faults["type"] = str(error).rstrip(".")
        return unread
    found = {**parameter_faults(kind, given), **unread}
    beside = {
        name: said for name, said in found.items() if name not in kind.Parameters.model_fields
    }
    if beside:
        faults.setdefault(OTHERS, "; ".join(beside.values()))
    return {name: said for name, said in found.items() if name not in beside}
