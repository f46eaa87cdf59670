"""The form in which a task is written, with what its schedule means as one types."""

import asyncio
from dataclasses import replace
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Select, Static, TextArea

from sestui.core.task.states import Misfire, Overlap
from sestui.errors import SestuiError
from sestui.tasks.task_form import TaskForm, form_of
from sestui.tasks.task_service import TaskForecast, TaskView
from sestui.tui.app.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.schedule.service import ScheduleService
from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.format import shorten

_TYPING_SECONDS = 0.2

_LINES = (
    ("name", "name", "nightly-backup"),
    (
        "schedule",
        "schedule",
        "minute hour day month weekday [year], or @daily; +fri: both day and weekday",
    ),
    ("timezone", "timezone", "IANA zone such as Europe/Paris; empty: the settings'"),
    ("description", "what for", ""),
    ("priority", "priority", "0 to 9; 9 goes first"),
    ("timeout", "timeout", "seconds that a run may take"),
    ("starts", "start", "not before this: 2026-12-01T09:00; empty: at once"),
    ("ends", "end", "not after this; empty: never"),
    ("misfire_bound", "bound", "with misfire all: so many are made up for"),
)
"""Field of the form, its label, and what may stand in it."""

_MISFIRE = {
    Misfire.SKIP: "skip: what nobody started in time is let go",
    Misfire.ONCE: "once: one run makes up for all that was missed",
    Misfire.ALL: "all: each is made up for, up to the bound",
}
_OVERLAP = {
    Overlap.SKIP: "skip: left out while the run before is at work",
    Overlap.WAIT: "wait: runs when the other has ended",
    Overlap.ALLOW: "allow: runs beside the other",
}


class EditTaskScreen(BaseScreen):
    """A new task, or one that is changed."""

    PLACE = "Schedule"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s,f2", "save", "Save", id="edit_task.save", tooltip="Save the task and go back"
        ),
    ]

    def __init__(self, services: ScreenServices, view: TaskView | None) -> None:
        super().__init__(services)
        self._schedule = ScheduleService(services.runtime)
        self._task_name = view.name if view is not None else None
        self._first = form_of(view.fields) if view is not None else TaskForm()
        self._types: dict[str, str] = {}
        self._type_says = Static("", id="type-says", markup=False)
        self._ahead = Static("", id="ahead", markup=False)

    def body(self) -> ComposeResult:
        """A field a line, parameters, and what the schedule comes to; the buttons lead out."""
        title = f"Task {self._task_name}" if self._task_name else "New task"
        yield Static(shorten(title, 200), id="question", markup=False)
        with VerticalScroll(id="task-form"):
            (name, *others) = _LINES
            yield from self._line(*name)
            with Horizontal(classes="field"):
                yield Static("type", classes="label", markup=False)
                yield Select[str]([], id="type", compact=True, prompt="what it does")
            yield self._type_says
            yield Static("parameters, a line each: name = value", classes="caption", markup=False)
            yield TextArea(self._first.parameters, compact=True, id="parameters")
            for line in others[:-1]:
                yield from self._line(*line)
            yield from self._choice("misfire", _MISFIRE, self._first.misfire)
            yield from self._line(*others[-1])
            yield from self._choice("overlap", _OVERLAP, self._first.overlap)
        yield self._ahead
        with Horizontal(id="buttons"):
            yield PushButton("Go back", id="no")
            yield PushButton("Save", id="yes", variant="primary")

    def _line(self, field: str, label: str, placeholder: str) -> ComposeResult:
        with Horizontal(classes="field"):
            yield Static(label, classes="label", markup=False)
            value = getattr(self._first, field)
            yield Input(value, placeholder=placeholder, id=field, compact=True)

    @staticmethod
    def _choice(
        field: str, said: dict[Misfire, str] | dict[Overlap, str], now: str
    ) -> ComposeResult:
        with Horizontal(classes="field"):
            yield Static(field, classes="label", markup=False)
            options = [(text, str(value)) for value, text in said.items()]
            yield Select(options, value=str(now), allow_blank=False, id=field, compact=True)

    async def read(self) -> None:
        """Read the types there are, once."""
        if self._types:
            return
        types = await self.look(self._schedule.types)
        if types is None:
            return
        self._types = types
        chosen = self.query_one("#type", Select)
        # A type whose package is gone stays chosen until another one is.
        names = [*types, *([self._first.type] if self._first.type not in {"", *types} else [])]
        chosen.set_options([(name, name) for name in names])
        if self._first.type:
            chosen.value = self._first.type
        self.query_one("#name").focus()
        self._look_ahead()

    @property
    def _form(self) -> TaskForm:
        """What stands in the fields now."""
        typed: dict[str, Any] = {
            field: self.query_one(f"#{field}", Input).value for field, _, _ in _LINES
        }
        chosen = self.query_one("#type", Select).value
        return replace(
            self._first,
            **typed,
            type=chosen if isinstance(chosen, str) else "",
            parameters=self.query_one("#parameters", TextArea).text,
            misfire=Misfire(str(self.query_one("#misfire", Select).value)),
            overlap=Overlap(str(self.query_one("#overlap", Select).value)),
        )

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
        self._type_says.update(shorten(self._types.get(form.type, ""), 200))
        ahead = self._ahead
        if not form.name or not form.type:
            ahead.update("It needs a name and a type.")
            return
        try:
            outlook = await asyncio.to_thread(self._schedule.look_ahead, form)
        except SestuiError as error:
            ahead.update(shorten(str(error), 400))
            ahead.set_class(True, "wrong")
        else:
            ahead.update(_said(outlook, max(20, self.size.width - 4)))
            ahead.set_class(False, "wrong")

    # leaving

    def step_back(self) -> bool:
        """Ask before what was typed is thrown away."""
        if not self._types or self._form == self._first:
            return False
        self._ask_to_leave()
        return True

    @work(group="leave", exclusive=True)
    async def _ask_to_leave(self) -> None:
        question = ConfirmScreen(
            "Leave without saving?", "What you have changed is lost.", recipients=0, yes="Leave"
        )
        if await self.app.push_screen_wait(question):
            self.app.pop_screen()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes":
            self.action_save()
        else:
            self.action_go_back()

    @work(group="action", exclusive=True)
    async def action_save(self) -> None:
        """Save, unless something is wrong with it."""
        form = self._form
        name = await self.attempt(lambda: self._schedule.save(form, self._task_name))
        if name is not FAILED:
            self.tell(f"{name} is saved.")
            self.app.pop_screen()


def _said(outlook: TaskForecast, width: int) -> str:
    fires = [at for at in outlook.fires if at]
    lines = [outlook.words, *(f"next  {at}" for at in fires[:3])]
    if not fires:
        lines.append("switched off: it runs when you switch it on")
    return "\n".join(shorten(line, width) for line in lines)
