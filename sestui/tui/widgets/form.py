"""A form: fields, what is wrong with them, and two buttons that lead out."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static, TextArea

from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.format import shorten

LOW = [(0, "-low"), (20, "-high")]
"""From how many lines of the terminal on, forms have margins and buttons of three lines."""

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


class Fields(Vertical):
    """The fields that tab and shift+tab go through, round and round, and to nothing else."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_field(1)", "Next field", show=False),
        Binding("shift+tab", "next_field(-1)", "Previous field", show=False),
    ]

    def action_next_field(self, step: int) -> None:
        """Go ``step`` fields on from the one that has the focus, else to the first."""
        chain = [each for each in self.screen.focus_chain if self in each.ancestors]
        focused = self.screen.focused
        if chain:
            at = chain.index(focused) + step if focused in chain else 0
            chain[at % len(chain)].focus()


def focus_next(widget: Widget) -> None:
    """Go on from ``widget`` to the next field, or where it is among none to what comes next."""
    fields = next((each for each in widget.ancestors if isinstance(each, Fields)), None)
    if fields is not None:
        fields.action_next_field(1)
    else:
        widget.screen.focus_next()


class Form(Fields):
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
        self.action_next_field(1)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Accepted() if event.button.id == "yes" else self.Refused())


def text_of(field: Field) -> str:
    """What stands in a field; '' where nothing is chosen."""
    if isinstance(field, TextArea):
        return field.text
    return field.value if isinstance(field.value, str) else ""
