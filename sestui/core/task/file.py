"""Read a task from a file: YAML with ``kind: task`` and the options of `task add`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sestui.core.campaign.front_matter import read_yaml
from sestui.core.campaign.kinds import flag_of
from sestui.core.schedule.cron_grammar import with_both
from sestui.core.suggestions import similar_or_known
from sestui.core.task.fields import TASK_FIELDS, TaskFields, checked_fields, naming
from sestui.core.task.kinds import text_of
from sestui.core.task.values import once
from sestui.core.text import printable
from sestui.errors import BadFileError, UsageError

_NAMES = (
    "kind",
    *(each.name for each in TASK_FIELDS.values()),
    *("at", "day_and_weekday"),  # these go into the schedule
)


class TaskFile:
    """A file whose YAML has been read; ``path`` is shown in errors.

    Raises:
        BadFileError: it isn't valid YAML, or doesn't describe a task.
    """

    def __init__(self, content: str, path: str) -> None:
        self.path = printable(path)
        self._values = read_yaml(content, self.path)
        with self._named():
            self._check_names()
            self.name = self._text("name")

    def fields(self, *, default_zone: str = "", existing: TaskFields | None = None) -> TaskFields:
        """The validated fields, apart from type and parameters.

        ``default_zone`` applies if the file names none; without ``active``, that of ``existing`` is
        kept.

        Raises:
            BadFileError: names file and field.
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
            if name not in _NAMES:
                hint = similar_or_known(name, _NAMES)
                raise UsageError(f"there is no field {printable(name)!r} ({hint}).")
        if self._values.get("kind") != "task":
            raise UsageError(
                "YAML files describe tasks, lists or segments; begin with 'kind: task', "
                "'kind: list' or 'kind: segment'."
            )
        if ("schedule" in self._values) == ("at" in self._values):
            raise UsageError("give either schedule or at, so that it runs at some time.")

    def _fields(self, default_zone: str, existing: TaskFields | None) -> TaskFields:
        zone = self._read("timezone", "") or default_zone
        read = {attribute: self._read(attribute, zone) for attribute in TASK_FIELDS}
        if existing is not None and "active" not in self._values:
            read["active"] = existing.active
        return checked_fields(TaskFields(**read | {"schedule": self._schedule(), "timezone": zone}))

    def _read(self, attribute: str, zone: str) -> Any:
        """The file's value, or the default."""
        field = TASK_FIELDS[attribute]
        if field.name not in self._values:
            return getattr(TaskFields("", "", ""), attribute)
        with naming(field.name):
            return field.kind.from_file(self._values[field.name], zone)

    def _schedule(self) -> str:
        text = once(self._text("at")) if "at" in self._values else self._text("schedule")
        if "day_and_weekday" not in self._values:
            return text
        with naming("day_and_weekday"):
            return with_both(text, both=flag_of(self._values["day_and_weekday"]))

    def _text(self, name: str) -> str:
        with naming(name):
            return text_of(self._values.get(name, ""))
