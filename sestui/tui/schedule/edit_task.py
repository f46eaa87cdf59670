"""The form in which a task is written, with the fields of its type and what its schedule means."""

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Select, Static, TextArea

from sestui.core.task.fields import TASK_FIELDS, TaskFields
from sestui.tasks.task_form import OTHERS, FormFaults, TaskForm, fields_of_type, form_of
from sestui.tasks.task_service import TaskView
from sestui.tui.app.screens.base_screen import FAILED
from sestui.tui.app.screens.edit_screen import EditScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.schedule.checked_field import CheckedField, parameter_field, task_field
from sestui.tui.schedule.service import Choices, TaskFormService
from sestui.tui.widgets.form import Form
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.schedule_preview import SchedulePreview

_TYPING_SECONDS = 0.2
_TIMES = ("schedule", "timezone", "starts_at", "ends_at")


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
        self._service = TaskFormService(services.runtime)
        self._task_name = view.name if view is not None else None
        fields = view.fields if view is not None else TaskFields("", "", "0 3 * * *")
        self.title = f"edit {self._task_name}" if self._task_name else "new task"
        self._first = form_of(fields)
        self._fields = {
            name: task_field(name, text, TASK_FIELDS[name])
            for name, text in self._first.texts.items()
        }
        self._parameters: dict[str, CheckedField] = {}
        self._shown_type = ""
        """The type whose parameters have their fields in the form."""
        self._typed: dict[str, str] = dict(self._first.parameters)
        """What was typed into parameters so far, by name: it stays when the type changes."""
        self._choices: Choices | None = None
        self._asked_to_save = False
        self._type_says = Static("", id="type-says", markup=False)
        self._preview = SchedulePreview(id="ahead")

    def body(self) -> ComposeResult:
        """A field a line, those of the type below it; what the schedule comes to; the buttons."""
        title = f"Task {self._task_name}" if self._task_name else "New task"
        yield Static(shorten(title, 200), id="question", markup=False)
        lines = dict(self._fields)
        yield Form(
            VerticalScroll(
                *(lines.pop("name"), lines.pop("type"), self._type_says),
                Vertical(id="type-fields"),
                lines.pop(OTHERS),
                Static("When it runs", classes="caption", markup=False),
                *lines.values(),
                id="task-form",
                can_focus=False,
            ),
            self._preview,
            yes="Save",
        )

    async def read(self) -> None:
        """Read once what there is to choose from."""
        if self._choices is not None:
            return
        choices = await self.fetch(self._service.choices)
        if choices is None:
            return
        self._choices = choices
        chosen, first = self.query_one("#type", Select), self._first.texts["type"]
        # A type whose package is gone stays chosen until another one is.
        names = [*choices.types, *([first] if first not in {"", *choices.types} else [])]
        chosen.set_options([(name, name) for name in names])
        if first:
            chosen.value = first
        await self._show_type(first)
        self._fields["name"].field.focus()
        self._check_soon()
        self._preview_schedule()

    @property
    def _form(self) -> TaskForm:
        """What stands in the fields now."""
        texts = {name: each.text for name, each in self._fields.items()}
        parameters = {name: each.text for name, each in self._parameters.items()}
        return replace(self._first, texts=texts, parameters=parameters)

    @property
    def touched(self) -> bool:
        """Whether a field has been changed."""
        return self._choices is not None and self._form != self._first

    # the fields of the type

    @on(Select.Changed, "#type")
    async def _type_changed(self) -> None:
        if self._choices is not None:
            await self._show_type(self._fields["type"].text)

    async def _show_type(self, type_: str) -> None:
        """Put the fields of the type's parameters into the form."""
        if self._choices is None:
            return
        if type_ != self._shown_type:
            self._typed |= {name: each.text for name, each in self._parameters.items()}
            self._shown_type = type_
            self._parameters = {
                each.name: parameter_field(
                    each, self._typed.get(each.name, ""), self._choices.names
                )
                for each in fields_of_type(type_)
            }
            place = self.query_one("#type-fields")
            await place.remove_children()
            await place.mount(*self._parameters.values())
        self._type_says.update(shorten(self._choices.types.get(type_, ""), 200))
        # What no field shows has one of its own, as long as there is anything.
        others = self._fields[OTHERS]
        others.display = bool(others.text) or type_ not in {"", *self._choices.types}

    # what is wrong, and what it would come to

    @on(Input.Changed)
    @on(Select.Changed)
    @on(TextArea.Changed)
    def _changed(self, event: Input.Changed | Select.Changed | TextArea.Changed) -> None:
        if self._choices is None:
            return
        self._check_soon()
        if event.control in {self._fields[name].field for name in _TIMES}:
            self._preview_schedule()

    def _preview_schedule(self) -> None:
        """Say when it would run, as soon as typing pauses."""
        form = self._form
        self._preview.show(lambda: self._service.forecast(form))

    @work(exclusive=True, group="check")
    async def _check_soon(self) -> None:
        """Say beside each field what is wrong with it; more typing begins anew."""
        await asyncio.sleep(_TYPING_SECONDS)
        if self.is_attached and self.query("#name"):  # not left in the meantime
            await self._check(self._form)

    async def _check(self, form: TaskForm) -> bool:
        """Show the faults of the form; whether there are none."""
        faults = await self.attempt(lambda: self._service.faults(form))
        if faults is FAILED:
            return False
        self._show_faults(faults, form)
        return not (faults.fields or faults.parameters)

    def _show_faults(self, faults: FormFaults, form: TaskForm) -> None:
        """Of what is empty only once it was to be saved: nobody is blamed for what comes next."""
        for name, each in self._fields.items():
            fault = faults.fields.get(name, "")
            each.say(fault if self._asked_to_save or form.texts[name].strip() else "")
            if name == OTHERS:
                each.display = each.display or bool(fault)
        for name, each in self._parameters.items():
            fault = faults.parameters.get(name, "")
            each.say(fault if self._asked_to_save or form.parameters.get(name) else "")

    @work(group="action", exclusive=True)
    async def action_save(self) -> None:
        """Save; where a field is wrong, go to it instead."""
        form = self._form
        self._asked_to_save = True
        if not await self._check(form):
            self._go_to_fault()
            return
        name = await self.attempt(lambda: self._service.save(self._task_name, form))
        if name is not FAILED:
            self.toast(f"Saved {name}.")
            self.app.pop_screen()

    def _go_to_fault(self) -> None:
        for each in self.query(CheckedField):
            if each.wrong:
                each.field.focus()
                each.scroll_visible(animate=False)
                self.toast(f"Nothing has been saved. {each.sentence}", failed=True)
                return
