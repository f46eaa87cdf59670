"""A field of a task's form with its name before it and its own fault below it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Label, Select, Static, TextArea

from sestui.core.field_table import TableField
from sestui.core.task.kinds import PARAMETERS, TaskKind
from sestui.tasks.parameter_fields import ParameterField, Shape
from sestui.tui.widgets.form import Field, Labelled, text_of
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.path_input import PathInput
from sestui.tui.widgets.text_input import NamesInput, TextInput

_FAULT_CELLS = 300
_MOST_LINES = 8
_HINT_CELLS = 200


class CheckedField(Vertical):
    """Name, field, what is wrong with it; a field of several lines stands below its name."""

    def __init__(self, label: str, field: Field, hint: str = "") -> None:
        super().__init__(classes="checked")
        self._label = label
        self._hint = hint
        self.field = field
        self._wrong = ""
        self._fault = Static("", classes="field-fault", markup=False)
        self._fault.display = False

    def compose(self) -> ComposeResult:
        """The field behind or below its name, and its fault."""
        if isinstance(self.field, TextArea):
            said = f"{self._label}: {self._hint}" if self._hint else self._label
            yield Label(shorten(said, _HINT_CELLS), classes="caption", markup=False)
            yield self.field
        else:
            yield Labelled(self._label, self.field)
        yield self._fault

    @property
    def text(self) -> str:
        """What stands in the field."""
        return text_of(self.field)

    @property
    def wrong(self) -> bool:
        """Whether something is said to be wrong with it."""
        return bool(self._wrong)

    @property
    def sentence(self) -> str:
        """What is wrong, after the name of the field."""
        return f"{self._label}: {self._wrong}."

    def say(self, fault: str) -> None:
        """Show what is wrong with the field; '' if nothing is."""
        self._wrong = fault
        self._fault.update(shorten(fault, _FAULT_CELLS))
        self._fault.display = bool(fault)


def task_field(name: str, text: str, field: TableField[TaskKind]) -> CheckedField:
    """A field that every task has."""
    return CheckedField(field.label, _of_task(name, text, field))


def _of_task(name: str, text: str, field: TableField[TaskKind]) -> Field:
    if field.kind is PARAMETERS:
        return TextArea(text, compact=True, id=name)
    if field.kind.choices:
        options = [(said, str(word)) for word, said in field.kind.choices.items()]
        return Select(options, value=text, allow_blank=False, id=name, compact=True)
    if name == "type":
        return Select[str]([], id=name, compact=True, prompt=field.hint)
    return Input(text, placeholder=field.hint, id=name, compact=True)


def parameter_field(
    each: ParameterField, text: str, names: Mapping[str, Sequence[str]]
) -> CheckedField:
    """A field of a parameter of the task's type; ``names`` are those it may be offered."""
    offered = names.get(each.offered.names, ()) if each.offered is not None else ()
    field = _of_parameter(each, text, lambda: offered)
    return CheckedField(each.label, field, each.hint)


def _of_parameter(each: ParameterField, text: str, names: Callable[[], Sequence[str]]) -> Field:
    id_ = f"parameter-{each.name}" if each.name.isascii() else None
    if each.shape in {Shape.TEXT, Shape.LINES, Shape.PAIRS} or "\n" in text:
        area = TextArea(text, compact=True, id=id_, tab_behavior="focus")
        area.styles.height = min(_MOST_LINES, max(2, text.count("\n") + 2))
        return area
    if each.shape in {Shape.CHOICE, Shape.OFFERED}:
        words = list(each.choices or names())
        # What isn't there any more stays chosen until another is.
        words += [text] if text and text not in words else []
        options = [(shorten(word, 60), word) for word in words]
        value = text or Select.NULL
        return Select(options, value=value, prompt=each.hint, id=id_, compact=True)
    if each.shape is Shape.PATH:
        line: Input = PathInput(_folder(), ("",), placeholder=each.hint, id=id_)
    elif each.shape is Shape.ITEMS and each.offered is not None:
        line = NamesInput(names, placeholder=each.hint, id=id_)
    else:
        line = TextInput(placeholder=each.hint, id=id_)
    line.value = text
    return line


def _folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was deleted under us
        return Path.home()
