"""The app: its tabs, its keys, and the reports of the sender behind the screens."""

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType, Keymap
from textual.notifications import SeverityLevel
from textual.reactive import reactive
from textual.screen import Screen

from sestui.core.clock import SystemClock
from sestui.errors import SestuiError
from sestui.tui._compat import write_to_terminal
from sestui.tui.app.keys.help import HelpScreen, help_rows
from sestui.tui.app.keys.jump_keys import JumpScreen, marks
from sestui.tui.app.keys.mode import COMMAND, mode_of
from sestui.tui.app.lifecycle import GRACE_SECONDS, LifecycleApp, SenderReported
from sestui.tui.app.navigation.navigator import BINDINGS as MOVES
from sestui.tui.app.navigation.navigator import Navigator
from sestui.tui.app.navigation.pages import Location, Page
from sestui.tui.app.navigation.tabs import TABS, keys_of_tabs
from sestui.tui.app.notices.alerts import Alerts
from sestui.tui.app.notices.notices import NoticeLog, ShownNotice
from sestui.tui.widgets.format import shorten

if TYPE_CHECKING:
    from sestui.runtime import Runtime
    from sestui.settings import Settings
    from sestui.tui.app.notices.run_watch import RunWatch

_AT_HOME_SECONDS = 0.3
"""By then the first look has been taken."""
_SETTLED_SECONDS = 5.0
"""By then everything is imported that stays for good. The garbage collector need not look through
it again and again: that stops every thread for a tenth of a second each time."""
_WATCH_SECONDS = 0.5
_LABEL_SECONDS = 30.0
_OF_THE_ACCOUNT = ("home", "outbox")
"""Places that keep figures of the account; the others read all they show again."""
_ELSEWHERE_SECONDS = 2.0
_EVENT_SECONDS = 3.0
"""How often to look whether a run has ended or needs somebody."""
_RETRY_SECONDS = 15.0

_BINDINGS = [
    Binding("ctrl+r", "retry", "Try again", id="retry", tooltip="Start the sender that has failed"),
    Binding(
        "question_mark,f1",
        "help",
        "Help",
        id="help",
        tooltip="All keys on this screen",
    ),
    Binding(
        "ctrl+o",
        "jump",
        "Jump",
        show=False,
        id="jump",
        tooltip="Label everything that can have the focus; type a label to go there",
    ),
    Binding(
        "ctrl+z",
        "suspend",
        "Suspend",
        show=False,
        id="suspend",
        tooltip="Back to the shell; nothing is sent until you return with `fg`",
    ),
    Binding(
        "ctrl+g",
        "hold_back",
        "Hold back",
        id="hold_back",
        tooltip="Pause the runs that sending is about to continue",
    ),
    Binding(
        "f3",
        "notices",
        "Notices",
        show=False,
        id="notices",
        tooltip="Every notice since the start, with its time",
    ),
    Binding("q", "quit", "Quit", id="quit", tooltip="Close sestui; while it sends, you choose"),
    Binding("ctrl+q", "quit", "Quit", show=False, priority=True, tooltip="Close sestui"),
]


class SestuiApp(LifecycleApp):
    """sestui on the screen; ``follow`` is the id of a run to open at once."""

    TITLE = "sestui"
    CSS_PATH = "sestui.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*_BINDINGS, *MOVES]

    trouble: reactive[str] = reactive("")
    """Why nothing is being sent, as a sentence; '' when nothing stands in the way."""

    tab_keys: reactive[Mapping[str, str]] = reactive(keys_of_tabs({}))
    """The key of each tab, by its mode, as the header shows it."""

    def __init__(
        self,
        settings: "Settings",
        open_runtime: "Callable[[], Runtime]",
        *,
        follow: int | None = None,
        lasting: bool = True,
        grace_seconds: float = GRACE_SECONDS,
        due_seconds: float | None = None,
    ) -> None:
        super().__init__(
            settings,
            open_runtime,
            lasting=lasting,
            grace_seconds=grace_seconds,
            due_seconds=due_seconds,
        )
        self.navigator = Navigator(self)
        self.notices = NoticeLog()
        self.alerts = Alerts(
            settings.alerts,
            os.environ,
            partial(write_to_terminal, self),
            terminal=sys.stdout.isatty(),
        )
        self.keymap: Mapping[str, str] = {}
        """The operator's own keys, by the ids of actions."""
        self._follow = follow
        self._first = TABS[0].mode
        self._failed_at: float | None = None
        self._reviving = False
        """Whether the simulator is being started again."""

    def came_in(self, screen_of_run: "Callable[[int], Screen[None]]") -> None:
        """Show the first tab, another that was asked for meanwhile, or the run to be followed."""
        from sestui.tui.app.navigation.screen_registry import import_all, screen_of  # noqa: PLC0415 - comes with the database
        from sestui.tui.app.notices.run_watch import RunWatch  # noqa: PLC0415 - it brings the database

        self.services.account_changed = partial(self.call_later, self._account_changed)
        for place in TABS:
            self.add_mode(place.mode, partial(screen_of, place.mode, self.services))
        self.navigator.follow()
        if self._follow is None:
            self.switch_mode(self._first)
        else:
            self.switch_mode("campaigns")
            self.push_screen(screen_of_run(self._follow))
        self.set_interval(_WATCH_SECONDS, self._watch_sender)
        self.set_interval(_WATCH_SECONDS, self._watch_simulator)
        self.set_interval(_LABEL_SECONDS, self._read_label)
        self.set_interval(_ELSEWHERE_SECONDS, self._poll_runs)
        run_watch = RunWatch(self.services.runtime)
        self.set_interval(_EVENT_SECONDS, lambda: self._watch_runs(run_watch))
        self.set_timer(_AT_HOME_SECONDS, lambda: self._get_ready(import_all))
        self.set_timer(_AT_HOME_SECONDS, self._poll_runs)
        self.set_timer(_SETTLED_SECONDS, gc.freeze)

    @work(group="ready")
    async def _get_ready(self, import_all: Callable[[], None]) -> None:
        """Import the other tabs before they are opened."""
        await asyncio.to_thread(import_all)

    # the sender

    @on(SenderReported)
    def _reported(self) -> None:
        batch = self.mailbox.take()
        if not self.services.account_open:
            self.services.account_open = True
            self._read_label()
        self.trouble = batch.trouble
        self.services.listeners.notify(batch.lines)

    def _account_changed(self) -> None:
        """Start over with another account: whatever was shown of the former one is dropped."""
        from sestui.tui.app.navigation.screen_registry import screen_of  # noqa: PLC0415 - as in came_in

        self.services.account_open = False
        self.account_label = self.services.read_label()
        if self.current_mode in _OF_THE_ACCOUNT:  # somebody has not waited for it
            self.switch_mode("account")
        for mode in _OF_THE_ACCOUNT:
            self.remove_mode(mode)
            self.add_mode(mode, partial(screen_of, mode, self.services))
        self.action_retry()

    @work(exclusive=True, group="label")
    async def _read_label(self) -> None:
        try:
            self.account_label = await asyncio.to_thread(self.services.read_label)
        except SestuiError:
            return  # the old label stays true; it is read again soon

    @work(exclusive=True, group="elsewhere")
    async def _poll_runs(self) -> None:
        from sestui.tui.app.leaving.going_on import sent_elsewhere  # noqa: PLC0415 - not for the first paint

        found = await sent_elsewhere(self.services.runtime)
        if found is not None:
            self.sent_elsewhere = found

    def _watch_sender(self) -> None:
        failure = self.background.failure
        if not failure:
            self._failed_at = None
            return
        now = self.services.clock.monotonic()
        self.trouble = f"Nothing is being sent: {failure}  ctrl+r tries again."
        if self._failed_at is None:
            self._failed_at = now
            self.notify(shorten(failure, 400), severity="error", timeout=30, markup=False)
            self.refresh_bindings()
        elif self.background.worth_trying_again and now - self._failed_at >= _RETRY_SECONDS:
            self.action_retry()

    def _watch_simulator(self) -> None:
        if self.services.runtime.ses.simulator_died and not self._reviving:
            self._reviving = True
            self._revive_simulator()

    @work(group="simulator")
    async def _revive_simulator(self) -> None:
        """Restart the simulator: the user need not know that it is a separate process."""
        said = "The simulator had stopped; it has been restarted."
        try:
            if await asyncio.to_thread(self.services.runtime.ses.revive_simulator):
                self.notify(said, severity="warning", timeout=12, markup=False)
                self.trouble = ""
        except SestuiError as error:
            self.trouble = f"The simulator has stopped: {error} Trying again."
            await asyncio.sleep(_RETRY_SECONDS)
        finally:
            self._reviving = False

    @work(exclusive=True, group="events")
    async def _watch_runs(self, run_watch: "RunWatch") -> None:
        """Alert the operator when a run ends or needs attention."""
        try:
            events = await asyncio.to_thread(run_watch.poll)
        except SestuiError:
            return  # it is looked at again soon, and told of then
        for each in events:
            severity: SeverityLevel = "warning" if each.needs_somebody else "information"
            said = shorten(each.sentence, 300)
            if getattr(self.screen, "page", None) == Page("run", each.run_id):
                self._note(severity, said)  # the screen says it already, and better
            else:
                self.notify(said, severity=severity, timeout=12, markup=False)
            self.alerts.notify(each.sentence)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a toast, and keep it among the notices."""
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)
        self._note(severity, message)

    def _note(self, severity: SeverityLevel, message: str) -> None:
        """Keep a message among the notices."""
        clock = self.services.clock if self.opened else SystemClock()
        self.notices.add(ShownNotice(clock.now(), severity, message))

    def action_notices(self) -> None:
        """Show the notices."""
        self.navigator.open_on_top(Page("notices"))

    def action_retry(self) -> None:
        """Start the sender again."""
        self._failed_at = None
        self.trouble = ""
        self.background.start(self.services.runtime)
        self.refresh_bindings()

    # keys, palette and help come from the same declarations

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Retrying is available only after a failure, and a tab only where it is shown.

        Before there is anything to look at one can leave, or say where to go first.
        """
        if not self.opened and action not in {"go", "quit"}:
            return False
        offered: dict[str, Callable[[], bool]] = {
            "retry": lambda: bool(self.background.failure),
            "suspend": lambda: mode_of(self.focused) == COMMAND,  # ctrl+z undoes in a field
            "hold_back": lambda: self.may_hold_back,
        }
        if action in offered:
            return offered[action]()
        if action == "go":
            simulated = self.account_label.simulated
            return parameters[0] in [
                each.mode for each in TABS if each.offered(simulated=simulated)
            ]
        if action == "travel":
            return self.navigator.leads_on(int(str(parameters[0])))
        return super().check_action(action, parameters)

    def set_keymap(self, keymap: Keymap) -> None:
        """Use the operator's keys, in the header too."""
        super().set_keymap(keymap)
        self.keymap = dict(keymap)
        self.tab_keys = keys_of_tabs(keymap)

    def action_go(self, mode: str) -> None:
        """Go to a tab's root, or begin there if nothing is open yet."""
        if self.opened:
            self.navigator.go_to(Location(mode))
        else:
            self._first = mode

    def action_climb(self, crumb: int) -> None:
        """Go to a part of the header's trail by its number."""
        self.navigator.climb(crumb)

    def action_travel(self, step: int) -> None:
        """Go back or forward through what was visited."""
        self.run_worker(self.navigator.travel(step), group="travel")

    @work(group="jump")
    async def action_jump(self) -> None:
        """Show the jump keys and go where the operator says."""
        chosen = await self.push_screen_wait(JumpScreen(marks(self.screen)))
        if chosen is not None and chosen.is_attached:
            chosen.focus()

    def action_help(self) -> None:
        """Show every key that does something here."""
        self.push_screen(HelpScreen(help_rows(self)))

    def action_command_palette(self) -> None:
        """Open the command palette."""
        from sestui.tui.app.palette.palette import PaletteScreen, open_palette  # noqa: PLC0415 - if wanted

        if self.opened and not isinstance(self.screen, PaletteScreen):
            open_palette(self)

    def action_change_theme(self) -> None:
        """Choose a colour theme."""
        from sestui.tui.app.look.themes import choose_theme  # noqa: PLC0415 - only when wanted

        self.run_worker(choose_theme(self), group="theme")
