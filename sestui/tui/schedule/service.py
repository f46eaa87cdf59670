"""What the form of a task looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sestui.runtime import Runtime
from sestui.tasks.task_form import FormFaults, TaskForm, faults_of, fields_of_form
from sestui.tasks.task_service import TaskForecast


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers."""

    types: Mapping[str, str]
    """What each type does, by its name."""
    names: Mapping[str, Sequence[str]]
    """``campaigns`` and ``lists``, for parameters that name one."""


class TaskFormService:
    """Reads the choices, checks forms and stores them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def choices(self) -> Choices:
        """The task types there are, campaigns and lists, by name."""
        runtime = self._runtime
        with runtime.database.snapshot():
            names = {
                "campaigns": runtime.campaigns.names(),
                "lists": [each.name for each in runtime.contacts.lists()],
            }
        return Choices(runtime.tasks.types(), names)

    def faults(self, form: TaskForm) -> FormFaults:
        """What is wrong with each field."""
        return faults_of(form, self._runtime.clock.now())

    def forecast(self, form: TaskForm) -> TaskForecast:
        """When a task with these times would run, whatever its other fields say.

        Raises:
            UsageError: the schedule isn't one, or there is no such zone.
        """
        times = ("schedule", "timezone", "starts_at", "ends_at")
        usual = {"name": "preview", "type": "", "parameters": ""}
        kept = {name: form.texts[name] for name in times}
        fields = fields_of_form(TaskForm({**kept, **usual}, form.active), self._runtime.clock.now())
        return self._runtime.tasks.forecast(fields)

    def save(self, name: str | None, form: TaskForm) -> str:
        """Store the form as a new task or over the one of that name; how it is called now."""
        tasks = self._runtime.tasks
        fields = fields_of_form(form, self._runtime.clock.now())
        return (tasks.add(fields) if name is None else tasks.change(name, fields)).name
