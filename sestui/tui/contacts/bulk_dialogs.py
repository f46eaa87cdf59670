"""Dialogs for changes to many contacts: the question and the progress."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static

from sestui.core.percent import percent
from sestui.errors import SestuiError
from sestui.store.contacts.changes.bulk import Changed
from sestui.tui.app.services import ScreenServices
from sestui.tui.contacts.changes import BulkJob
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.button import PushButton
from sestui.tui.widgets.format import bar, shorten
from sestui.tui.widgets.text_input import TextInput

_PROGRESS_SECONDS = 0.1
_BAR = 30


@dataclass(frozen=True, slots=True)
class AddOrRemove:
    """What was typed, and which of the two."""

    name: str
    add: bool


class AddOrRemoveScreen(Dialog[AddOrRemove | None]):
    """Returns a name to add or remove, or None if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Change nothing"),
    ]

    def __init__(
        self, question: str, text: str, *, placeholder: str, names: Sequence[str] = ()
    ) -> None:
        """``names`` complete what is typed."""
        super().__init__()
        self._question = question
        self._text = text
        self._placeholder = placeholder
        self._names = names

    def compose(self) -> ComposeResult:
        """Question, explanation, the line, back, remove and add."""
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            yield Static(self._text, markup=False)
            yield TextInput(
                placeholder=self._placeholder,
                suggester=SuggestFromList(self._names, case_sensitive=False),
            )
            with Horizontal(id="buttons"):
                yield PushButton("Go back", id="no")
                yield PushButton("Remove", id="remove", variant="warning", disabled=True)
                yield PushButton("Add", id="add", variant="primary", disabled=True)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        for name in ("#add", "#remove"):
            self.query_one(name, Button).disabled = not event.value.strip()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        """Enter moves on to the buttons, as adding or removing is still to be chosen."""
        self.query_one("#add").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        name = self.query_one(Input).value.strip()
        if event.button.id == "no" or not name:
            self.dismiss(None)
        else:
            self.dismiss(AddOrRemove(name, event.button.id == "add"))

    def action_go_back(self) -> None:
        """Change nothing."""
        self.dismiss(None)


class BulkProgressScreen(Dialog[Changed | None]):
    """Runs a job and returns its result; None if it was stopped or failed, which is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", tooltip="Stop; nothing is changed then"),
    ]

    def __init__(self, services: ScreenServices, title: str, job: BulkJob) -> None:
        super().__init__()
        self._jobs = services.jobs
        self._title = title
        self._job = job

    def compose(self) -> ComposeResult:
        """What is done, how far it is."""
        with Vertical(id="dialog"):
            yield Static(shorten(self._title, 200), id="question", markup=False)
            yield Static("", id="progress")

    def on_mount(self) -> None:
        """Begin."""
        self.set_interval(_PROGRESS_SECONDS, self._draw)
        self._draw()
        self._begin()

    def _draw(self) -> None:
        share = self._job.share
        drawn = Content.styled(bar(share, _BAR), "$primary on $surface-lighten-1")
        said = f" {percent(round(1_000 * share), 1_000):>5}   esc stops it"
        self.query_one("#progress", Static).update(drawn + Content(said))

    @work
    async def _begin(self) -> None:
        self._jobs.add(self._job)
        try:
            result = await asyncio.to_thread(self._job.run)
        except SestuiError as error:
            self.notify(shorten(str(error), 400), severity="error", timeout=12, markup=False)
            self.dismiss(None)
        else:
            self.dismiss(result)
        finally:
            self._jobs.remove(self._job)

    def action_stop(self) -> None:
        """Stop the job, which rolls it back."""
        self._job.stop()
