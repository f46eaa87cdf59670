"""The registry of task types: entry points of the group ``sestui.tasks``, loaded one by one."""

import logging
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sestui.core.suggestions import did_you_mean, similar_or_known
from sestui.core.text import printable
from sestui.errors import SestuiError, UsageError
from sestui.tasks.task_type import TaskType

_log = logging.getLogger(__name__)

GROUP = "sestui.tasks"


class TaskTypeError(SestuiError):
    """A task's type is not installed, or its package is broken."""


def known_types() -> dict[str, EntryPoint]:
    """Every type by name, without loading it."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=_name)}


def _name(point: EntryPoint) -> str:
    return point.name


def checked_type(name: str) -> str:
    """Check that there is a type ``name``.

    Raises:
        UsageError: there is none; the text names similar ones.
    """
    known = known_types()
    if name in known:
        return name
    hint = did_you_mean(name, known) or f"there are {', '.join(known)}."
    if not name:
        raise UsageError(f"Choose a task type: {hint}")
    raise UsageError(f"There is no task type {printable(name)!r}; {hint}")


def load_type(name: str) -> TaskType[Any]:
    """The type by that name.

    Raises:
        TaskTypeError: its package is missing or broken.
    """
    point = known_types().get(name)
    if point is None:
        raise TaskTypeError(
            f"The task type {printable(name)!r} is unknown; is the package that provides it still "
            "installed?"
        )
    source = point.dist.name if point.dist else point.value
    try:
        made = point.load()()
    except Exception as error:
        _log.warning("A task type can't be loaded.", exc_info=True)
        raise TaskTypeError(
            f"The task type {name} (of {source}) can't be loaded: {type(error).__name__}: "
            f"{printable(str(error))}"
        ) from error
    if not isinstance(made, TaskType):
        raise TaskTypeError(
            f"The task type {name} (of {source}) is not a sestui.tasks.task_type.TaskType."
        )
    return made


def parameters_of(
    kind: TaskType[Any], name: str, given: Mapping[str, Any], folder: Path | None = None
) -> BaseModel:
    """The parameters, validated by the type's model; relative paths are from ``folder``.

    Raises:
        UsageError: names each parameter that is wrong, missing or unknown.
    """
    try:
        made: BaseModel = kind.Parameters.model_validate(
            dict(given), context={"folder": folder or Path()}
        )
    except ValidationError as error:
        faults = "; ".join(_fault(each, kind) for each in error.errors())
        raise UsageError(f"The parameters of {name} are wrong: {faults}.") from error
    return made


def parameter_faults(kind: TaskType[Any], given: Mapping[str, Any]) -> dict[str, str]:
    """Errors by parameter name; '' is for all together."""
    try:
        kind.Parameters.model_validate(dict(given), context={"folder": Path()})
    except ValidationError as error:
        faults: dict[str, str] = {}
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else ""
            deeper = ".".join(str(part) for part in each["loc"][1:])
            said = (f"{deeper}: " if deeper else "") + _sentence(each)
            if each["type"] == "missing" and not deeper:
                said = "it is needed"
            said = _unknown(each, kind) or said
            faults.setdefault(name, said)
        return faults
    return {}


def _fault(error: Any, kind: TaskType[Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "together"
    return _unknown(error, kind) or f"{where}: {_sentence(error)}"


def _unknown(error: Any, kind: TaskType[Any]) -> str:
    """The text for an unknown parameter; '' for other errors."""
    if error["type"] != "extra_forbidden":
        return ""
    where = ".".join(str(part) for part in error["loc"])
    known = list(kind.Parameters.model_fields)
    hint = similar_or_known(where, known)
    return f"there is no parameter {printable(where)} ({hint.rstrip('?')})"


def _sentence(error: Any) -> str:
    said = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return printable(said[:1].lower() + said[1:])
