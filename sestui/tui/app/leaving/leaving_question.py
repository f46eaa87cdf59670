"""Asked when the screens are left while they have something to do."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from sestui.errors import SestuiError, unforeseen
from sestui.tui.app.leaving.pending import Words
from sestui.tui.dialogs.choose import move_in
from sestui.tui.dialogs.dialog import Dialog

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeavingAnswer:
    """An answer that leaves."""

    sentence: str
    act: Callable[[], Words]
    """Does it, and returns the message for the shell; blocking. Raises SestuiError: it can't be
    done."""
    doing: str = ""
    """What is said meanwhile; '' for what takes no time."""


class LeavingQuestion(Dialog[Words | None]):
    """Does what is chosen; returns the message for the shell, or None to stay.

    What can't be done is said in place, and the question stays.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stay", "Stay", tooltip="Stay; nothing changes"),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
    ]

    def __init__(self, question: str, text: str, answers: Sequence[LeavingAnswer]) -> None:
        """``answers`` stand below the one that stays."""
        super().__init__()
        self._question = question
        self._text = text
        self._answers = answers
        self._doing = False

    def compose(self) -> ComposeResult:
        """Question, explanation, answers, what went wrong."""
        sentences = ("Stay", *(answer.sentence for answer in self._answers))
        with Vertical(id="dialog"):
            yield Static(self._question, id="question", markup=False)
            yield Static(self._text, markup=False)
            yield OptionList(
                *(Option(Content(sentence)) for sentence in sentences),
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
        if not event.option_index:
            self.action_stay()
        elif not self._doing:
            self._do(self._answers[event.option_index - 1])

    @work(group="leaving")
    async def _do(self, answer: LeavingAnswer) -> None:
        self._doing = True
        self._say(answer.doing)
        try:
            words = await asyncio.to_thread(answer.act)
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
        if text:  # long paths in the question may leave no room for it
            self.call_after_refresh(fault.scroll_visible, animate=False)
