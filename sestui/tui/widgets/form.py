"""A form: fields, what is wrong with them, and two buttons that lead out."""

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static, TextArea

from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.format import shorten

Field = Input | TextArea | Select[str]


class Labelled(Horizontal):
    """A field behind its name."""

    def __init__(self, label: str, field: Field) -> None:
        super().__init__(classes="labelled")
        self._label = label
        self.field = field

    def compose(self) -> ComposeResult:
        """The name, the field."""
        yield Label(self._label, markup=False)
        yield self.field

    def on_click(self) -> None:
        """The name stands for the field."""
        self.field.focus()


class Form(Vertical):
    """What is put into it, a line for what is wrong, "Go back" and a button that accepts."""

    @dataclass
    class Accepted(Message):
        """The form is to be saved."""

    @dataclass
    class Refused(Message):
        """The form is to be left."""

    def __init__(
        self,
        *content: Widget,
        yes: str,
        fault_cells: int = 300,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        """``yes`` is on the button that accepts; a fault is shown up to ``fault_cells``."""
        super().__init__(id=id)
        self._content = content
        self._yes = yes
        self._fault_cells = fault_cells
        self._fault = Static("", classes="fault", markup=False)

    def compose(self) -> ComposeResult:
        """The content, the fault, no and yes."""
        yield from self._content
        yield self._fault
        with Horizontal(id="buttons"):
            yield PushButton("Go back", id="no")
            yield PushButton(self._yes, id="yes", variant="primary")

    def say(self, fault: str) -> None:
        """Show what is wrong; '' if nothing is."""
        self._fault.update(shorten(fault, self._fault_cells))
        self._fault.display = bool(fault)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.screen.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Accepted() if event.button.id == "yes" else self.Refused())


def text_of(field: Field) -> str:
    """What stands in a field; '' where nothing is chosen."""
    if isinstance(field, TextArea):
        return field.text
    return field.value if isinstance(field.value, str) else ""
