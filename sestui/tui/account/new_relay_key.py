"""A new relay key: the form, and the dialog that shows its secret once."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from sestui.errors import SestuiError
from sestui.store.relay.key_maker import NewKey
from sestui.tui.account.relay_key_form import KeyForm
from sestui.tui.app.palette.palette import PaletteScreen
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.form import Form, Labelled
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.selection_list import SelectionItem, SelectionList
from sestui.tui.widgets.text_input import TextInput

_LINES = (
    ("name", "name", "the program that gets it, for example shop"),
    ("senders", "may send as", "addresses, domains, with commas; empty: any"),
    ("rate_share", "% of rate", "of the account's rate"),
    ("quota_share", "% of quota", "of the 24-hour quota that sestui may use"),
    ("allow", "other calls", "GetTemplate, …; empty: as chosen below"),
)
"""Field of the form, its label, and what may stand in it."""

_CALLS = (
    SelectionItem("usual calls", "all; with senders: quota, statistics"),
    SelectionItem("sends only", "any other is refused"),
)

_FAULT_CELLS = 170
"""Three lines of the dialog."""


class NewRelayKeyScreen(Dialog[KeyForm | None]):
    """Returns a valid form, or None if cancelled.

    It opens with ``form`` in it, and with what was wrong with that.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "refuse", "Back", tooltip="Create no key"),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, form: KeyForm, fault: str = "") -> None:
        super().__init__()
        self._first = form
        self._first_fault = fault
        self._fields = {field: TextInput(placeholder=hint, id=field) for field, _, hint in _LINES}
        self._calls = SelectionList("Allowed calls", one=True, noted=True, id="calls")
        self._form = Form(
            Static("A new relay key", id="question", markup=False),
            *(Labelled(label, self._fields[field]) for field, label, _ in _LINES),
            self._calls,
            yes="Create key",
            fault_cells=_FAULT_CELLS,
            id="dialog",
        )

    def compose(self) -> ComposeResult:
        """A line a field, what it may call, what is wrong, no and yes."""
        yield self._form

    def on_mount(self) -> None:
        """Begin with the name."""
        for name, field in self._fields.items():
            field.value = getattr(self._first, name)
        self._calls.offer(_CALLS, [_CALLS[self._first.send_only].name])
        self._form.say(self._first_fault)
        self._fields["name"].focus()

    @on(Form.Accepted)
    def _make(self) -> None:
        typed = {name: field.value for name, field in self._fields.items()}
        form = KeyForm(**typed, send_only=_CALLS[1].name in self._calls.ticked)
        try:
            form.fields()
        except SestuiError as error:
            self._form.say(str(error))
        else:
            self.dismiss(form)

    @on(Form.Refused)
    def action_refuse(self) -> None:
        """Create no key."""
        self.dismiss(None)


class RelaySecretScreen(Dialog[None]):
    """Shows a key with its secret, once: the secret is forgotten when the dialog is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Done", tooltip="Close; the secret will not be shown again"),
        Binding("y", "copy_both", "Copy", tooltip="Copy both lines"),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, key: NewKey) -> None:
        super().__init__()
        self._key: NewKey | None = key

    def compose(self) -> ComposeResult:
        """The two lines, and that they don't come again."""
        with Vertical(id="dialog"):
            yield Static(id="question", markup=False)
            yield Static(id="secret", markup=False)
            yield Static(
                "The secret will not be shown again: y copies both lines, for the program's "
                "environment.",
                markup=False,
            )
            with Horizontal(id="buttons"):
                yield PushButton("Copy", id="copy", variant="primary")
                yield PushButton("Done", id="done")

    def on_mount(self) -> None:
        """On what does not close it."""
        if (key := self._key) is not None:
            self.query_one("#question", Static).update(
                f"Key {shorten(key.name, 60)} has been created"
            )
            self.query_one("#secret", Static).update(key.environment)
        self.query_one("#copy").focus()

    # leaving

    def on_screen_suspend(self) -> None:
        """Forget the secret when one goes elsewhere and leaves the dialog behind."""
        # The palette goes away by itself: what is chosen in it suspends this screen once more.
        if not isinstance(self.app.screen, PaletteScreen):
            self._key = None
            self.query_one("#secret", Static).update("")

    def on_screen_resume(self) -> None:
        """Close if there is nothing left to show."""
        if self._key is None:
            self.dismiss()

    def action_close(self) -> None:
        """Close."""
        self.dismiss()

    # copying

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "copy":
            self.action_copy_both()
        else:
            self.dismiss()

    def action_copy_both(self) -> None:
        """Put both lines on the terminal's clipboard (OSC 52); the toast must not show them."""
        if self._key is not None:
            self.app.copy_to_clipboard(self._key.environment)
            self.notify("Copied: access key id and secret, a line each.", markup=False)
