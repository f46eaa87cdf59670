"""A task as a file: YAML with ``kind: task`` and the options of `task add` as fields."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

from sestui.core.campaign.front_matter import FrontMatterFault, read_front_matter
from sestui.core.schedule.cron_grammar import with_both
from sestui.core.task.fields import TaskFields
from sestui.core.task.states import Misfire, Overlap
from sestui.core.task.values import checked_fields, instant_of, once
from sestui.core.text import printable
from sestui.errors import BadFileError, UsageError

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_FIELDS = (
    *("kind", "name", "type", "description", "schedule", "at", "day_and_weekday", "timezone"),
    *("parameters", "active"),
    *("priority", "start", "end", "misfire", "misfire_bound", "timeout", "overlap"),
)


class TaskFile:
    """One file, read but for what the fields mean; ``path`` is as shown in errors.

    Raises:
        BadFileError: it isn't YAML with fields, or it is no task's.
    """

    def __init__(self, content: str, path: str) -> None:
        self.path = printable(path)
        begins = content.lstrip("\ufeff").startswith("---")
        body = content.rstrip().removesuffix("\n---").removesuffix("\n...")
        try:
            whole = f"{body}\n---\n" if begins else f"---\n{body}\n---\n"
            self._values = read_front_matter(whole).values
        except FrontMatterFault as fault:
            line = fault.line and fault.line - (not begins)
            place = f"{self.path}, line {line}" if line else self.path
            problem = fault.problem.replace("front matter", "file")
            raise BadFileError(f"{place}: {printable(problem)}.") from fault
        with self._named():
            self._check_names()
            self.name = self._text("name")

    def fields(self, *, default_zone: str = "", existing: TaskFields | None = None) -> TaskFields:
        """The task it describes; its type and parameters are not looked at.

        ``default_zone`` is for a file that names none; one that doesn't say whether the task is
        active leaves that as it is in ``existing``.

        Raises:
            BadFileError: one sentence with file and field.
        """
        with self._named():
            return self._fields(default_zone, existing)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except UsageError as error:
            raise BadFileError(f"{self.path}: {error}") from error

    def _check_names(self) -> None:
        for name in self._values:
            if name not in _FIELDS:
                close = difflib.get_close_matches(name, _FIELDS, n=1)
                hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(_FIELDS)}"
                raise UsageError(f"there is no field {printable(name)!r} ({hint}).")
        if self._values.get("kind") != "task":
            raise UsageError("a YAML file is a task's; begin it with 'kind: task'.")
        if ("schedule" in self._values) == ("at" in self._values):
            raise UsageError("give either schedule or at, so that it runs at some time.")

    def _fields(self, default_zone: str, existing: TaskFields | None) -> TaskFields:
        zone = self._text("timezone") or default_zone
        usual = TaskFields("", "", "")
        return checked_fields(
            TaskFields(
                name=self.name,
                type=self._text("type"),
                schedule=self._schedule(),
                description=self._text("description"),
                timezone=zone,
                parameters=self._of(dict, "parameters", {}),
                active=self._of(bool, "active", existing.active if existing else True),
                priority=self._values.get("priority", usual.priority),
                starts_at=instant_of("start", self._text("start"), zone),
                ends_at=instant_of("end", self._text("end"), zone),
                misfire=self._choice("misfire", Misfire, usual.misfire),
                misfire_bound=self._values.get("misfire_bound", usual.misfire_bound),
                timeout=self._values.get("timeout", usual.timeout),
                overlap=self._choice("overlap", Overlap, usual.overlap),
            )
        )

    def _schedule(self) -> str:
        text = once(self._text("at")) if "at" in self._values else self._text("schedule")
        if "day_and_weekday" not in self._values:
            return text
        return with_both(text, both=self._of(bool, "day_and_weekday", False))

    def _text(self, name: str) -> str:
        value = self._values.get(name, "")
        if not isinstance(value, str):
            raise UsageError(f"{name}: is no text; put it in quotes.")
        return value.strip()

    def _of(self, kind: type[T], name: str, usual: T) -> T:
        value = self._values.get(name, usual)
        if not isinstance(value, kind):
            wanted = "true or false" if kind is bool else "names with values"
            raise UsageError(f"{name}: must be {wanted}.")
        return value

    def _choice(self, name: str, kind: type[E], usual: E) -> E:
        value = self._values.get(name, usual.value)
        try:
            return kind(value)
        except ValueError as error:
            known = ", ".join(each.value for each in kind)
            raise UsageError(f"{name}: {printable(str(value))!r} is none of {known}.") from error
