"""The form in which a task is written, with what its schedule means as one types."""

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Select, Static, TextArea

from sestui.core.field_table import TableField
from sestui.core.task.fields import TASK_FIELDS, TaskFields
from sestui.core.task.kinds import PARAMETERS, TaskKind
from sestui.errors import SestuiError
from sestui.tasks.task_form import TaskForm, fields_of_form, form_of
from sestui.tasks.task_service import TaskForecast, TaskView
from sestui.tui.app.base_screen import FAILED
from sestui.tui.app.edit_screen import EditScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.form import Field, Form, Labelled, text_of
from sestui.tui.widgets.format import shorten

_TYPING_SECONDS = 0.2


class EditTaskScreen(EditScreen):
    """A new task, or one that is changed."""

    PLACE = "Schedule"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s,f2", "save", "Save", id="edit_task.save", tooltip="Save the task and go back"
        ),
    ]

    def __init__(self, services: ScreenServices, view: TaskView | None) -> None:
        super().__init__(services)
        self._tasks = services.runtime.tasks
        self._task_name = view.name if view is not None else None
        fields = view.fields if view is not None else TaskFields("", "", "0 3 * * *")
        self._first = form_of(fields)
        self._fields = {
            name: _field(name, text, TASK_FIELDS[name]) for name, text in self._first.texts.items()
        }
        self._types: dict[str, str] = {}
        self._type_says = Static("", id="type-says", markup=False)
        self._ahead = Static("", id="ahead", markup=False)

    def body(self) -> ComposeResult:
        """A field a line, parameters, and what the schedule comes to; the buttons lead out."""
        title = f"Task {self._task_name}" if self._task_name else "New task"
        yield Static(shorten(title, 200), id="question", markup=False)
        lines = {
            name: Labelled(TASK_FIELDS[name].label, field)
            for name, field in self._fields.items()
            if name != "parameters"
        }
        yield Form(
            VerticalScroll(
                *(lines.pop("name"), lines.pop("type"), self._type_says),
                Static(TASK_FIELDS["parameters"].label, classes="caption", markup=False),
                self._fields["parameters"],
                *lines.values(),
                id="task-form",
            ),
            self._ahead,
            yes="Save",
        )

    async def read(self) -> None:
        """Read the types there are, once."""
        if self._types:
            return
        types = await self.look(self._tasks.types)
        if types is None:
            return
        self._types = types
        chosen, first = self.query_one("#type", Select), self._first.texts["type"]
        # A type whose package is gone stays chosen until another one is.
        names = [*types, *([first] if first not in {"", *types} else [])]
        chosen.set_options([(name, name) for name in names])
        if first:
            chosen.value = first
        self._fields["name"].focus()
        self._look_ahead()

    @property
    def _form(self) -> TaskForm:
        """What stands in the fields now."""
        return replace(
            self._first, texts={name: text_of(field) for name, field in self._fields.items()}
        )

    @property
    def touched(self) -> bool:
        """Whether the fields say something else than at first."""
        return bool(self._types) and self._form != self._first

    # what it would come to

    @on(Input.Changed)
    @on(Select.Changed)
    @on(TextArea.Changed)
    def _changed(self) -> None:
        if self._types:
            self._look_ahead()

    @work(exclusive=True, group="ahead")
    async def _look_ahead(self) -> None:
        """Check the form and say when it would run; what is typed meanwhile starts it anew."""
        await asyncio.sleep(_TYPING_SECONDS)
        if not self.is_attached or not self.query("#name"):
            return  # left while it was waited; a screen is taken apart from its fields up
        form = self._form
        kind, ahead = form.texts["type"], self._ahead
        self._type_says.update(shorten(self._types.get(kind, ""), 200))
        if not form.texts["name"] or not kind:
            ahead.update("It needs a name and a type.")
            return
        try:
            outlook = await asyncio.to_thread(self._outlook, form)
        except SestuiError as error:
            ahead.update(shorten(str(error), 400))
            ahead.set_class(True, "wrong")
        else:
            ahead.update(_said(outlook, max(20, self.size.width - 4)))
            ahead.set_class(False, "wrong")

    def _outlook(self, form: TaskForm) -> TaskForecast:
        """When the task in the form would run, checked as for saving."""
        return self._tasks.outlook(self._tasks.check(fields_of_form(form)))

    @work(group="action", exclusive=True)
    async def action_save(self) -> None:
        """Save, unless something is wrong with it."""
        form = self._form
        name = await self.attempt(lambda: self._save(form))
        if name is not FAILED:
            self.tell(f"Saved {name}.")
            self.app.pop_screen()

    def _save(self, form: TaskForm) -> str:
        """Store the form as a new task or over the one that was opened; how it is called now."""
        tasks, fields, name = self._tasks, fields_of_form(form), self._task_name
        return (tasks.add(fields) if name is None else tasks.change(name, fields)).name


def _field(name: str, text: str, field: TableField[TaskKind]) -> Field:
    """What a field of the task is typed into, or chosen from."""
    if field.kind is PARAMETERS:
        return TextArea(text, compact=True, id=name)
    if field.kind.choices:
        options = [(said, str(word)) for word, said in field.kind.choices.items()]
        return Select(options, value=text, allow_blank=False, id=name, compact=True)
    if name == "type":
        return Select[str]([], id=name, compact=True, prompt=field.hint)
    return Input(text, placeholder=field.hint, id=name, compact=True)


def _said(outlook: TaskForecast, width: int) -> str:
    fires = [at for at in outlook.fires if at]
    lines = [outlook.words, *(f"next  {at}" for at in fires[:3])]
    if not fires:
        lines.append("switched off: it runs when you switch it on")
    return "\n".join(shorten(line, width) for line in lines)
