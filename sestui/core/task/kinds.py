"""Kinds of values in a task: how each is read from files and forms, checked, and written.

``core.task.fields`` says which field is of which kind.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sestui.core.campaign import values as campaign_values
from sestui.core.campaign.kinds import flag_of
from sestui.core.campaign.values import BadValue
from sestui.core.clock import Instant, iso
from sestui.core.schedule.typed_time import Here
from sestui.core.schedule.zones import zone_named
from sestui.core.text import printable
from sestui.errors import UsageError

T = TypeVar("T")


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class TaskKind:
    """Converters of a kind of value; the defaults are those of text."""

    rule: Callable[[Any], Any] = _same
    """Validates and normalises a value from any source; raises ``BadValue``."""
    from_file: Callable[[Any, str], Any] = lambda given, _: text_of(given)
    """From a YAML value and the task's zone (IANA); raises ``BadValue``."""
    from_form: Callable[[str, Here], Any] = lambda typed, _: typed
    """From stripped text that was typed, and the clock; raises ``BadValue``."""
    to_form: Callable[[Any, str], str] = lambda value, _: str(value)
    """To the contents of a form's field, in the zone."""
    shown: Callable[[Any], str] = str
    """For people; '' for nothing."""
    as_json: Callable[[Any], Any] = _same
    of_row: Callable[[Any], Any] = _same
    """From a database value, which somebody may have edited by hand."""
    choices: Mapping[Any, str] = field(default_factory=dict)
    """The possible values with their descriptions."""


def number(rule: Callable[[Any], Any], read: Callable[[str], float] = float) -> TaskKind:
    """A number, which ``read`` parses."""

    def from_form(typed: str, _: Here) -> float:
        try:
            return read(typed)
        except (ValueError, OverflowError) as error:
            raise BadValue(f"{typed or 'nothing'} is not a number") from error

    return TaskKind(
        rule,
        lambda given, _: given,
        from_form,
        to_form=lambda value, _: f"{value:g}",
        shown=lambda value: f"{value:g}",
    )


def whole(rule: Callable[[Any], Any]) -> TaskKind:
    """A whole number."""
    return number(lambda value: int(rule(value)), lambda typed: int(float(typed)))


def choice(least: StrEnum, said: Mapping[Any, str]) -> TaskKind:
    """One of a few words; an unknown word in the database counts as ``least``."""
    of, words = type(least), list(said)

    def read(given: Any, _: str | Here) -> StrEnum:
        if given not in words:
            raise BadValue(f"{printable(str(given))!r} is not one of {', '.join(words)}")
        return of(given)

    return TaskKind(
        from_file=read,
        from_form=read,
        as_json=lambda value: value.value,
        of_row=lambda value: of(value) if value in words else least,
        choices=said,
    )


def _instant(text: str, zone: str) -> Instant | None:
    return campaign_values.start(text, zone) if text else None


def _on_the_clock(value: Instant | None, zone: str) -> str:
    if value is None:
        return ""
    moment = datetime.fromtimestamp(value, zone_named(zone))
    return moment.replace(tzinfo=None).isoformat("T", "minutes")


def _parameters(typed: str, _: Here) -> dict[str, Any]:
    """Parse lines ``name = value``; lists and objects are JSON."""
    found: dict[str, Any] = {}
    for line_number, line in enumerate(typed.splitlines(), 1):
        if not line.strip():
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name:
            raise UsageError(f"parameters, line {line_number}: write it as name = value.")
        if name in found:
            raise UsageError(f"parameters, line {line_number}: {name} appears twice.")
        found[name] = _parameter(line_number, value)
    return found


def _parameter(number: int, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text  # the type's own model converts it
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"parameters, line {number}: {text} is not JSON.") from error


def _parameters_text(value: dict[str, Any], _: str) -> str:
    return "\n".join(
        f"{name} = {each if isinstance(each, str) else json.dumps(each)}"
        for name, each in value.items()
    )


def text_of(given: Any) -> str:
    """A string from a file.

    Raises:
        BadValue: it is something else.
    """
    return _of(str, given, "must be text; put it in quotes").strip()


def _of(kind: type[T], given: Any, problem: str) -> T:
    if not isinstance(given, kind):
        raise BadValue(problem)
    return given


FLAG = TaskKind(
    from_file=lambda given, _: flag_of(given), shown=lambda value: "true" if value else "false"
)
INSTANT = TaskKind(
    from_file=lambda given, zone: _instant(text_of(given), zone),
    from_form=lambda typed, here: campaign_values.typed_start(typed, here) if typed else None,
    to_form=_on_the_clock,
    shown=iso,
    as_json=lambda value: iso(value) or None,
)
PARAMETERS = TaskKind(
    from_file=lambda given, _: _of(dict, given, "must be names with values"),
    from_form=_parameters,
    to_form=_parameters_text,
    of_row=lambda value: value if isinstance(value, dict) else {},
)
