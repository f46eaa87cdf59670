"""The app: screens over one runtime, with the sender behind them."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.message import Message
from textual.reactive import reactive

from sestui.errors import SestuiError
from sestui.runtime import Runtime
from sestui.tui.background import Background, Mailbox
from sestui.tui.desk import AccountLabel, Desk
from sestui.tui.errands import last_words
from sestui.tui.format import shorten
from sestui.tui.palette import ActionsProvider, PlacesProvider
from sestui.tui.places import PLACES, place_bindings
from sestui.tui.screens.help import HelpScreen, help_rows
from sestui.tui.screens.jump import JumpScreen, marks
from sestui.tui.screens.leaving import LeavingScreen
from sestui.tui.screens.run import RunScreen
from sestui.tui.signals import ignore_signals, leave_on_signals
from sestui.tui.styles import LastingStylesheet
from sestui.tui.wishes import use_keymap, use_theme

_WATCH_SECONDS = 0.5
_LABEL_SECONDS = 30.0
_RETRY_SECONDS = 15.0
_LEAVE_SECONDS = 8.0
"""A little longer than the sender waits for what is in the air."""


class SenderReported(Message):
    """There is something in the mailbox."""


class SestuiApp(App[None]):
    """sestui on the screen; ``follow`` is the id of a run to open at once."""

    TITLE = "sestui"
    CSS_PATH = "sestui.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {
        ActionsProvider,
        PlacesProvider,
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+r", "retry", "Try again", id="retry", tooltip="Start the sender that has failed"
        ),
        Binding(
            "question_mark,f1", "help", "Help", key_display="?", id="help", tooltip="Every key here"
        ),
        Binding(
            "ctrl+o,f",
            "jump",
            "Jump",
            show=False,
            id="jump",
            tooltip="Put a letter on everything that can have the focus; type one to go there",
        ),
        Binding(
            "ctrl+z",
            "suspend",
            "Suspend",
            show=False,
            id="suspend",
            tooltip="Back to the shell; nothing is sent until `fg` comes back",
        ),
        Binding("q", "quit", "Quit", id="quit", tooltip="Close sestui; pending mail stays pending"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, tooltip="Close sestui"),
        *place_bindings(),
    ]

    account_label: reactive[AccountLabel] = reactive(AccountLabel("", True))
    """Which account mail goes to."""
    trouble: reactive[str] = reactive("")
    """Why nothing is being sent, as a sentence; '' when nothing stands in the way."""

    def __init__(self, runtime: Runtime, *, follow: int | None = None) -> None:
        super().__init__()
        self.stylesheet = LastingStylesheet(variables=self.get_css_variables())
        self.desk = Desk(runtime)
        self._follow = follow
        self._mailbox = Mailbox(lambda: self.post_message(SenderReported()))
        self.background = Background(runtime, self._mailbox.put)
        self._failed_at: float | None = None
        self._leaving = False
        for place in PLACES:
            self.add_mode(place.mode, partial(place.open, self.desk))

    def on_mount(self) -> None:
        """Paint first; everything that may take long happens behind."""
        settings = self.desk.runtime.settings
        use_theme(self, settings.theme)
        if settings.keymap:
            self.run_worker(use_keymap(self, settings.keymap), group="keymap")
        self.account_label = self.desk.label
        if self._follow is None:
            self.switch_mode(PLACES[0].mode)
        else:
            self.switch_mode("campaigns")
            self.push_screen(RunScreen(self.desk, self._follow))
        leave_on_signals(lambda: self.run_worker(self.leave()))
        # What the sender loads would fight with the first paint for the processor.
        self.call_after_refresh(self._start_sender)
        self.set_interval(_WATCH_SECONDS, self._watch_sender)
        self.set_interval(_LABEL_SECONDS, self._read_label)

    async def on_unmount(self) -> None:
        """However the app ends, the sender ends first: its runtime is closed next."""
        self.desk.errands.stop()
        self.background.stop()
        await asyncio.to_thread(self.background.join)
        ignore_signals()

    # the sender

    def _start_sender(self) -> None:
        if not self._leaving:
            self.background.start()

    @on(SenderReported)
    def _reported(self) -> None:
        batch = self._mailbox.take()
        if not self.desk.account_open:
            self.desk.account_open = True
            self._read_label()
        self.trouble = batch.trouble
        self.desk.listeners.tell(batch.lines)

    @work(exclusive=True, group="label")
    async def _read_label(self) -> None:
        try:
            self.account_label = await asyncio.to_thread(self.desk.read_label)
        except SestuiError:
            return  # the old label stays true; it is read again soon

    def _watch_sender(self) -> None:
        failure = self.background.failure
        if not failure:
            self._failed_at = None
            return
        now = self.desk.clock.monotonic()
        self.trouble = f"Nothing is being sent: {failure}  ctrl+r tries again."
        if self._failed_at is None:
            self._failed_at = now
            self.notify(shorten(failure, 400), severity="error", timeout=30, markup=False)
            self.refresh_bindings()
        elif self.background.worth_trying_again and now - self._failed_at >= _RETRY_SECONDS:
            self.action_retry()

    def action_retry(self) -> None:
        """Start the sender again."""
        self._failed_at = None
        self.trouble = ""
        self.background.start()
        self.refresh_bindings()

    # keys, palette and help come from the same declarations

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Trying again is offered only after a failure, the outbox only of the simulator."""
        if action == "retry":
            return bool(self.background.failure)
        if action == "go":
            offered = [p.mode for p in PLACES if p.offered(simulated=self.desk.label.simulated)]
            return parameters[0] in offered
        return super().check_action(action, parameters)

    def action_go(self, mode: str) -> None:
        """Go to a place."""
        self.switch_mode(mode)

    @work(group="jump")
    async def action_jump(self) -> None:
        """Show the jump keys and go where the operator says."""
        chosen = await self.push_screen_wait(JumpScreen(marks(self.screen)))
        if chosen is not None and chosen.is_attached:
            chosen.focus()

    def action_help(self) -> None:
        """Show every key that does something here."""
        self.push_screen(HelpScreen(help_rows(self)))

    def action_change_theme(self) -> None:
        """Choose other colours."""
        from sestui.tui.screens.themes import choose_theme  # noqa: PLC0415 - only when wanted

        self.run_worker(choose_theme(self), group="theme")

    # leaving

    async def action_quit(self) -> None:
        """Close, unless somebody has something to finish first."""
        if self.desk.may_leave:
            self._ask_to_leave()  # a worker: questions can be asked there
        else:
            await self.leave()

    @work(group="leave", exclusive=True)
    async def _ask_to_leave(self) -> None:
        for may_leave in tuple(self.desk.may_leave):
            if not await may_leave():
                return
        await self.leave()

    async def leave(self) -> None:
        """Let what is in the air get its answer, then close, without a question."""
        if self._leaving:
            return
        self._leaving = True
        self.background.stop()
        errands = self.desk.errands.stop()
        if self.background.alive or errands:
            self.push_screen(LeavingScreen())
        await asyncio.to_thread(self.background.join, _LEAVE_SECONDS)
        words = await asyncio.to_thread(last_words, errands)
        self.exit(message=Text(words) if words else None)

    @work(group="suspend")
    async def action_suspend(self) -> None:
        """Give the terminal back to the shell, with nothing in the air; `fg` comes back."""
        self.background.rest()
        waiting = LeavingScreen()
        await self.push_screen(waiting)
        await asyncio.to_thread(self.background.join, _LEAVE_SECONDS)
        await waiting.dismiss()
        self.action_suspend_process()  # returns when the process is continued
        self.background.start()
