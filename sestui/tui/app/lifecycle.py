"""The life cycle of the app: opening, closing, suspending.

It paints a first frame at once; what is slow to import and to open comes in behind it: SQLModel
alone takes longer to import than Textual takes to paint. However the app ends, the sender ends
first, and what is in flight gets its answer.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.events import Event
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen

from sestui.tui._compat import LoggedApp
from sestui.tui.app.background import Background, ReportInbox
from sestui.tui.app.keys.type_ahead import TypeAhead
from sestui.tui.app.leaving.leaving import LeavingScreen
from sestui.tui.app.leaving.shutdown import OutsideOrders
from sestui.tui.app.look.contrast import readable
from sestui.tui.app.look.preferences import use_density, use_keymap, use_theme
from sestui.tui.app.look.styles import LastingStylesheet
from sestui.tui.app.navigation.account_label import AccountLabel
from sestui.tui.app.opening import OpeningScreen
from sestui.tui.app.screens.background_jobs import last_words

if TYPE_CHECKING:
    from sestui.runtime import Runtime
    from sestui.settings import Settings
    from sestui.tui.app.leaving.pending import Words
    from sestui.tui.app.services import ScreenServices

_log = logging.getLogger(__name__)

_FIRST_LOOK_SECONDS = 1.0
"""What the sender imports would fight with the first looks at the database for the processor."""

_LEAVE_SECONDS = 8.0
"""A little longer than the sender waits for what is in flight."""

GRACE_SECONDS = 5.0
"""Time to read what a start goes on with, and to hold it back."""

DUE_SECONDS = 2.0
"""Interval of checks for due campaigns."""

_HUNG_UP_SECONDS = 0.8
"""Once the terminal is gone the sender waits so long for what is in flight."""


class SenderReported(Message):
    """The sender has reported something."""


class LifecycleApp(LoggedApp):
    """An app whose runtime is opened behind its first frame, with the sender behind its screens."""

    account_label: reactive[AccountLabel] = reactive(AccountLabel("", True))
    """Which account mail goes to."""

    going_on: reactive[str] = reactive("")
    """What sending goes on with in a moment, as a sentence; '' when nothing is held back for it."""

    sent_elsewhere: reactive[str] = reactive("")
    """Which process sends in the background, as a sentence; '' for none."""

    services: "ScreenServices"
    """There as soon as :attr:`opened` says so."""

    def __init__(
        self,
        settings: "Settings",
        open_runtime: "Callable[[], Runtime]",
        *,
        lasting: bool = True,
        grace_seconds: float = GRACE_SECONDS,
        due_seconds: float | None = None,
    ) -> None:
        """``lasting``: the workspace outlives the app, and sending may go on when that is left.

        ``grace_seconds`` is how long a start waits before it goes on with what is pending,
        ``due_seconds`` how often due campaigns are started; None: never.
        """
        super().__init__()
        self._lasting = lasting
        self._grace_seconds = grace_seconds
        self._due_seconds = due_seconds
        self.stylesheet = LastingStylesheet(variables=self.get_css_variables())
        self._settings = settings
        self.shows_faults = settings.log_level == "debug"
        self._open_runtime = open_runtime
        self.mailbox = ReportInbox(lambda: self.post_message(SenderReported()))
        self.background = Background(self.mailbox.put)
        self.opened = False
        """Whether there is a runtime behind the screens."""
        self.failure: Exception | None = None
        """Why the app has ended before there was one."""
        self._leaving = False
        self._asking = False
        self._words: Words | None = None
        """What the shell is told of sending, if the operator was asked; as the next."""
        self._schedule_words: Words | None = None
        self._held_back: asyncio.Event | None = None
        self._type_ahead = TypeAhead(self, super().on_event)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's, made readable."""
        self.theme_variables = readable(super().get_css_variables())
        return self.theme_variables

    async def on_event(self, event: Event) -> None:
        """Hold a key back while the one before it is being followed."""
        await self._type_ahead.take(event)

    def post_display_hook(self) -> None:
        """Pass on keys that were typed for what is visible now."""
        self._type_ahead.painted()

    @property
    def settled(self) -> bool:
        """Whether the keys that were pressed have done what they do, and it has been painted."""
        return self._type_ahead.settled

    # coming in

    def on_mount(self) -> None:
        """Paint in the operator's colours first; imports would fight with that for a processor."""
        use_theme(self, self._settings.theme)
        use_density(self, self._settings.density)
        self.account_label = AccountLabel.of_settings(self._settings.account)
        self.push_screen(OpeningScreen())
        self._orders = OutsideOrders(self, self._told_to_leave, self._hung_up)
        self._orders.follow()
        self.call_after_refresh(self._open)

    def came_in(self, screen_of_run: "Callable[[int], Screen[None]]") -> None:
        """Called once the runtime is open; ``screen_of_run`` makes a run's screen by its id."""
        raise NotImplementedError

    @work(group="open")
    async def _open(self) -> None:
        try:
            self.services, screen_of_run = await asyncio.to_thread(self._come_in)
        except Exception as error:  # noqa: BLE001 - whoever ran the app says it, in a terminal
            _log.debug("The app can't open its first screen.", exc_info=True)
            self.failure = error
            self.exit()
            return
        if self._leaving:
            return
        self.opened = True
        if self._settings.keymap:
            self.run_worker(use_keymap(self, self._settings.keymap), group="keymap")
        self.came_in(screen_of_run)
        self.set_timer(_FIRST_LOOK_SECONDS, self._start_sender)

    def _come_in(self) -> "tuple[ScreenServices, Callable[[int], Screen[None]]]":
        from sestui.tui.app.services import ScreenServices  # noqa: PLC0415 - brings the database
        from sestui.tui.campaigns.run_screen import RunScreen  # noqa: PLC0415 - as above
        from sestui.tui.home import home_screen as _wanted_next  # noqa: F401, PLC0415

        services = ScreenServices(self._open_runtime(), self.background, lasting=self._lasting)
        return services, partial(RunScreen, services)

    @work(group="sender", exclusive=True)
    async def _start_sender(self) -> None:
        """Start sending, after the grace period in which the operator may hold it back."""
        if self._lasting and self._grace_seconds > 0:
            await self._say_what_goes_on()
        if self._leaving:
            return
        self.background.start(self.services.runtime)
        if self._due_seconds is not None:
            self._start_due(self._due_seconds)

    @work(group="due", exclusive=True)
    async def _start_due(self, seconds: float) -> None:
        from sestui.tui.app.due import DueCampaigns  # noqa: PLC0415 - as above

        due = DueCampaigns(
            self.services.runtime,
            lambda sentence, how: self.notify(sentence, severity=how, markup=False),
        )
        await due.keep_starting(seconds)

    async def _say_what_goes_on(self) -> None:
        from sestui.tui.app.leaving import going_on  # noqa: PLC0415 - pulls in what reads the database

        runs = await going_on.read(self.services.runtime)
        if not runs:
            return
        self._held_back = held_back = asyncio.Event()
        self.going_on = going_on.sentence(runs)
        try:
            if await going_on.is_set_within(held_back, self._grace_seconds):
                self.notify(await going_on.hold_back(self.services.runtime, runs), markup=False)
        finally:
            self._held_back = None
            self.going_on = ""

    def watch_going_on(self) -> None:
        """Offer to hold sending back as long as that is possible."""
        if self.screen_stack:  # there is none any more once the app closes
            self.refresh_bindings()

    @property
    def may_hold_back(self) -> bool:
        """Whether sending is about to continue runs that were pending."""
        return self._held_back is not None

    def action_hold_back(self) -> None:
        """Pause the runs that sending is about to continue."""
        if self._held_back is not None:
            self._held_back.set()

    # leaving

    async def action_quit(self) -> None:
        """Close, after asking about unsaved work and about mail that is still being sent."""
        if not self.opened:
            await self.leave()
        elif not self._asking:  # one who presses it twice has been asked
            self._ask_to_leave()  # a worker: questions can be asked there

    @work(group="leave")
    async def _ask_to_leave(self) -> None:
        self._asking = True
        try:
            for may_leave in tuple(self.services.may_leave):
                if not await may_leave():
                    return
            if self._lasting:
                from sestui.tui.app.leaving.scheduled import ask_to_leave_scheduled  # noqa: PLC0415 - as above

                answer = await ask_to_leave_scheduled(self, self.services)
                if answer is None:
                    return
                self._schedule_words = answer
            if self._lasting and self.background.alive:
                from sestui.tui.app.leaving.going_on import ask_to_leave  # noqa: PLC0415 - as above

                answer = await ask_to_leave(self, self.services.runtime)
                if answer is None:
                    return
                self._words = answer
        finally:
            self._asking = False
        await self.leave()

    def _told_to_leave(self) -> None:
        self.run_worker(self.leave())

    def _hung_up(self) -> None:
        """The terminal is gone: what is unanswered after a second is in doubt."""
        self.background.stop(_HUNG_UP_SECONDS)
        self._told_to_leave()

    async def leave(self) -> None:
        """Close without a question, after the answers to calls in flight."""
        if self._leaving:
            return
        self._leaving = True
        self.background.stop()
        jobs = self.services.jobs.stop() if self.opened else ()
        if self.background.alive or jobs:
            self.push_screen(LeavingScreen())
        await asyncio.to_thread(self.background.join, _LEAVE_SECONDS)
        words = [await asyncio.to_thread(last_words, jobs)]
        if self.opened and self._lasting:
            words.append(await asyncio.to_thread(self._last_words_on_sending))
            words.append(await asyncio.to_thread(self._last_words_on_schedule))
        said = "\n".join(filter(None, words))
        self.exit(message=Text(said) if said else None)

    def _last_words_on_sending(self) -> str:
        from sestui.tui.app.leaving.pending import words_of_who_stays  # noqa: PLC0415 - as above

        return self._words() if self._words else words_of_who_stays(self.services.runtime)

    def _last_words_on_schedule(self) -> str:
        from sestui.tui.app.leaving.scheduled import words_of_what_waits  # noqa: PLC0415 - as above

        words = self._schedule_words
        return words() if words is not None else words_of_what_waits(self.services)

    async def on_unmount(self) -> None:
        """End the sender before the runtime is closed, however the app ends."""
        if self.opened:
            self.services.jobs.stop()
        self.background.stop()
        await asyncio.to_thread(self.background.join)
        self._orders.ignore()

    # standing aside

    @work(group="suspend")
    async def action_suspend(self) -> None:
        """Return to the shell, with nothing in flight; `fg` resumes."""
        self.background.rest()
        waiting = LeavingScreen()
        await self.push_screen(waiting)
        await asyncio.to_thread(self.background.join, _LEAVE_SECONDS)
        await waiting.dismiss()
        self.action_suspend_process()  # returns when the process is continued
        self.background.start(self.services.runtime)
