"""Suppress or unsuppress an address: the dialogs and the actions."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.contacts.service import ContactsService
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.format import shorten


class SuppressScreen(Dialog[str]):
    """Returns the reason, which is required, or '' if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "refuse", "Back", tooltip="Change nothing"),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, who: str, *, many: bool = False) -> None:
        """``who`` is an address, or says how ``many`` contacts they are."""
        super().__init__()
        self._who = who
        self._many = many

    def compose(self) -> ComposeResult:
        """Question, consequence, the reason, no and yes."""
        with Vertical(id="dialog"):
            yield Static(f"Suppress {shorten(self._who, 120)}?", id="question", markup=False)
            it = "They will get no more mail, whatever lists they are on."
            if not self._many:
                it = "This address will get no more mail, whatever lists it is on."
            yield Static(f"{it} Anything pending is skipped.", markup=False)
            yield Input(placeholder="the reason, for later reference")
            with Horizontal(id="buttons"):
                yield PushButton("Go back", id="no")
                yield PushButton("Suppress", id="yes", variant="warning", disabled=True)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = not event.value.strip()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            self.refuse_input("Give a reason; esc goes back.")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        chosen = event.button.id == "yes"
        self.dismiss(self.query_one(Input).value.strip() if chosen else "")

    def action_refuse(self) -> None:
        """Change nothing."""
        self.dismiss("")


class SuppressionScreen(BaseScreen):
    """A screen with an address in focus that can be suppressed."""

    SUPPRESSING: ClassVar[list[Binding]] = [
        Binding(
            "x",
            "suppress",
            "Suppress",
            id="contact.suppress",
            tooltip="Never mail this address again",
        ),
        Binding(
            "x",
            "unsuppress",
            "Unsuppress",
            id="contact.unsuppress",
            tooltip="Allow mail to this address again",
        ),
    ]
    """Two actions on one key: whether the address is suppressed decides which there is."""

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.contacts = ContactsService(services.runtime)

    @property
    def suppressible(self) -> tuple[str, bool, str] | None:
        """The address in focus, whether it is suppressed, and why; None: there is none."""
        raise NotImplementedError

    def suppress_others(self) -> bool:
        """Suppress others than the address in focus; False: nobody else is meant."""
        return False

    def changed(self) -> None:
        """The address in focus has changed."""
        self.reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only one of the two is offered."""
        if action in {"suppress", "unsuppress"}:
            found = self.suppressible if self.is_mounted else None
            return found is not None and found[1] == (action == "unsuppress")
        return super().check_action(action, parameters)

    @work(group="action")
    async def action_suppress(self) -> None:
        """Suppress the address, after asking for the reason."""
        if self.suppress_others() or (found := self.suppressible) is None:
            return
        email = found[0]
        reason = await self.app.push_screen_wait(SuppressScreen(email))
        if not reason:
            return

        def action() -> bool:
            self.contacts.suppress(email, reason)
            return True

        if await self.attempt(action):
            self.toast(f"{email} has been suppressed.")
            self.changed()

    @work(group="action")
    async def action_unsuppress(self) -> None:
        """Unsuppress the address after a confirmation."""
        if (found := self.suppressible) is None:
            return
        email, _, why = found
        question = ConfirmScreen(
            f"Allow mail to {shorten(email, 120)} again?",
            f"This 1 recipient is suppressed: {shorten(why or 'no reason given', 300)}",
            recipients=1,
            yes="Unsuppress",
        )
        if not await self.app.push_screen_wait(question):
            return

        def action() -> bool:
            self.contacts.unsuppress(email)
            return True

        if await self.attempt(action):
            self.toast(f"{email} may be mailed again.")
            self.changed()
