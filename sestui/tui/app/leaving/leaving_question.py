"""Asked when the screens are left while mail is being sent."""

import asyncio
import logging
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from sestui.errors import SestuiError, unforeseen
from sestui.runtime import Runtime
from sestui.sending.background import BackgroundSender
from sestui.tui.app.leaving.pending import PendingRuns, Words, pause_all, send_in_background
from sestui.tui.dialogs.choose import move_in
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.format import grouped

_STAY, _PAUSE, _BACKGROUND = "stay", "pause", "background"

_log = logging.getLogger(__name__)


class LeavingQuestion(Dialog[Words | None]):
    """Does what is chosen; returns the message for the shell, or None to stay.

    What can't be done is said in place, and the question stays.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stay", "Stay", tooltip="Stay; sending continues"),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
    ]

    def __init__(
        self, runtime: Runtime, runs: PendingRuns, background: BackgroundSender | None
    ) -> None:
        """``background`` is the background sender that is at work already."""
        super().__init__()
        self._runtime = runtime
        self._runs = runs
        it = "it" if len(runs.run_ids) == 1 else "them"
        goes_on = f"Leave; {background.process} goes on" if background else ""
        self._answers = {
            _STAY: "Stay",
            _PAUSE: f"Leave and pause {it}",
            _BACKGROUND: goes_on or "Leave and go on in the background",
        }
        self._doing = False

    def compose(self) -> ComposeResult:
        """Question, explanation, answers, what went wrong."""
        runs = self._runs
        with Vertical(id="dialog"):
            yield Static(f"{runs.called} {runs.verb} being sent", id="question", markup=False)
            yield Static(
                f"{grouped(runs.pending)} pending. Paused, nothing more is sent until you resume. "
                "In the background, a process without a terminal sends the rest and then ends.",
                markup=False,
            )
            yield OptionList(
                *(Option(Content(sentence)) for sentence in self._answers.values()),
                id="answers",
                markup=False,
                compact=True,
            )
            yield Static("", id="leaving-fault", classes="fault", markup=False)

    def on_mount(self) -> None:
        """Focus the answer that changes nothing."""
        answers = self.query_one(OptionList)
        answers.highlighted = 0
        answers.focus()

    def action_stay(self) -> None:
        """Stay, unless leaving has begun."""
        if not self._doing:
            self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Move the cursor at once: a key that is pressed next finds it there."""
        move_in(self.query_one(OptionList), rows)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        answer = list(self._answers)[event.option_index]
        if answer == _STAY:
            self.action_stay()
        elif not self._doing:
            self._do(answer)

    @work(group="leaving")
    async def _do(self, answer: str) -> None:
        self._doing = True
        act = pause_all if answer == _PAUSE else send_in_background
        self._say("Pausing…" if answer == _PAUSE else "Starting the background sender…")
        try:
            words = await asyncio.to_thread(act, self._runtime, self._runs)
        except SestuiError as error:
            self._say(str(error))
        except Exception as error:  # noqa: BLE001 - as in every action of a screen
            _log.exception("The action chosen on leaving has failed.")
            self._say(str(unforeseen("It failed", error, "nothing has changed.")))
        else:
            self.dismiss(words)
        finally:
            self._doing = False

    def _say(self, text: str) -> None:
        fault = self.query_one("#leaving-fault", Static)
        fault.update(text)
        fault.display = bool(text)
