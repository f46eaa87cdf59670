"""The first screen: a dashboard of running, pending, upcoming and recent things."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget

from sestui.core.clock import Instant
from sestui.reports.overview import RunView
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.navigation import compose_campaign, do_there, open_run
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.campaigns.resolution import RunAftermath
from sestui.tui.campaigns.run_controls import RunControls
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.home.cards import (
    ComingItem,
    RunCard,
    coming,
    coming_line,
    lately_line,
    need_card,
    need_lines,
)
from sestui.tui.home.first_steps import FirstSteps
from sestui.tui.home.items import ItemList
from sestui.tui.home.layout import COMING, LATELY, NEEDS, SENDING, STANDING, Wants, arrange
from sestui.tui.home.needs import HomeNeed, home_needs
from sestui.tui.home.sending import SendingPanel
from sestui.tui.home.service import HomeService, HomeSnapshot
from sestui.tui.home.standing import AccountPanel
from sestui.tui.widgets.format import exact, relative

if TYPE_CHECKING:
    from sestui.tui.app.app import SestuiApp

_REFRESH_SECONDS = 0.5
_PLOT_LINES = 8


class HomeScreen(BaseScreen):
    """The dashboard."""

    PLACE = "Home"
    VERTICAL_BREAKPOINTS = []  # noqa: RUF012 - its panels are dropped where there is no room
    TELLS_OF_SENDING = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *RunControls.BINDINGS,
        *RunAftermath.BINDINGS,
        Binding(
            "enter",
            "begin",
            "Begin",
            id="home.begin",
            tooltip="Take the next step to your first campaign",
        ),
        Binding("n", "new", "New", id="home.new", tooltip="Write a new campaign"),
    ]
    PARTS = (RunControls, RunAftermath)

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._home = HomeService(services.runtime)
        self._snapshot: HomeSnapshot | None = None
        self._now: Instant = services.clock.now()
        self._needs: ItemList[HomeNeed] = ItemList(need_card, lambda need: need.key, id=NEEDS)
        self._sending = SendingPanel(services.at)
        self._coming: ItemList[ComingItem] = ItemList(
            coming_line, lambda entry: (entry.item.kind, entry.item.name), id=COMING
        )
        self._lately: ItemList[RunView] = ItemList(
            lambda run, width: lately_line(run, width, ago=self._ago),
            lambda run: run.id,
            id=LATELY,
        )
        self._standing = AccountPanel(services.at)
        self._first = FirstSteps(services.runtime.settings.keymap)
        self._panels: dict[str, Widget] = {
            NEEDS: self._needs,
            SENDING: self._sending,
            STANDING: self._standing,
            COMING: self._coming,
            LATELY: self._lately,
        }
        self.take(RunControls(self, self._run))
        self.take(RunAftermath(self, self._run))

    def body(self) -> ComposeResult:
        """All panels there can be, or what to do first: their places depend on the size."""
        yield Container(*self._panels.values(), self._first, id="dashboard")

    def on_mount(self) -> None:
        """Show no panels before the first read."""
        self._first.display = False
        frame(self._first, "Welcome")
        for panel in self._panels.values():
            panel.display = False
        self._needs.add_class("-urgent")
        for name, title in ((STANDING, "Account"), (COMING, "Coming up"), (LATELY, "Lately")):
            frame(self._panels[name], title)

    def on_resize(self) -> None:
        """Other panels may have room."""
        self.call_after_refresh(self._arrange)

    # reading

    async def read(self) -> None:
        """Read everything on the screen."""
        account_open = self.services.account_open
        seen = await self.fetch(lambda: self._home.snapshot(account_open=account_open))
        if seen is not None:
            self._show(seen)

    def _show(self, seen: HomeSnapshot) -> None:
        self._snapshot, self._now = seen, seen.now
        found = seen.found
        key = self.services.runtime.settings.keymap.get("schedule.crontab", "C").partition(",")[0]
        needs = home_needs(found, key, self.services.at)
        self._needs.show(needs)
        frame(self._needs, f"Needs you · {len(needs)}")
        self._sending.show(seen)
        self._coming.show(coming(found.agenda, self.services.at))
        self._lately.show(found.recent)
        self._standing.show(seen.account, seen.frees, seen.rates_of_refusals, seen.verdict)
        self._first.begun = seen.begun
        self._notes()
        self._arrange()
        self.offer_again()

    def _arrange(self) -> None:
        """Give each panel its place; where nothing is, the first steps take that of the runs."""
        if self._snapshot is None or not self.is_attached:
            return
        size = self.query_one("#dashboard").size
        empty = not any(each.count for each in self._lists()[1:])
        first, other = (self._first, self._sending) if empty else (self._sending, self._first)
        other.display = False
        places = arrange(size.width, size.height, self._wants())
        for name, panel in (self._panels | {SENDING: first}).items():
            place = places.get(name)
            panel.display = place is not None
            if place is not None:
                panel.styles.offset = (place.x, place.y)
                panel.styles.width, panel.styles.height = place.width, place.height
        if NEEDS in places:
            width = places[NEEDS].width - self._needs.gutter.width
            self._needs.lines_each = need_lines(self._needs.entries, width)
        self._focus_something()

    def _wants(self) -> Wants:
        frame_lines = self._lately.gutter.height
        lines = {
            each.id or "": each.count * each.lines_each + frame_lines
            for each in self._lists()
            if each.count
        }
        cards = self._sending.cards.count * self._sending.cards.lines_each
        lines[SENDING] = cards + _PLOT_LINES + frame_lines
        if self._snapshot is not None and self._snapshot.account is not None:
            lines[STANDING] = self._standing.lines() + frame_lines
        return Wants(lines, frame_lines)

    def _lists(self) -> list[ItemList[Any]]:
        """The lists in order of urgency."""
        return [self._needs, self._sending.cards, self._coming, self._lately]

    def _focus_something(self) -> None:
        """Focus the most urgent list, unless another visible one has the focus."""
        focused = self.focused
        if focused is not None and not (isinstance(focused, ItemList) and self._is_gone(focused)):
            return
        for each in self._lists():
            if not self._is_gone(each):
                self.set_focus(each)
                return
        self.set_focus(None)

    @staticmethod
    def _is_gone(items: ItemList[Any]) -> bool:
        """Whether there is nothing in it, or no room for it."""
        return not items.count or not all(node.display for node in items.ancestors_with_self)

    def _ago(self, instant: Instant) -> str:
        return relative(instant, self._now)

    def _notes(self) -> None:
        """Below the lists in focus: the exact time of what is under the cursor."""
        zone = self.services.zone
        entry, run = self._coming.selected, self._lately.selected
        coming_note = lately_note = ""
        if entry is not None and self._coming.has_focus:
            coming_note = f"{exact(entry.at, zone)} · {self._ago(entry.at)}"
        if run is not None and run.finished_at is not None and self._lately.has_focus:
            lately_note = exact(run.finished_at, zone)
        frame(self._coming, "Coming up", coming_note)
        frame(self._lately, "Lately", lately_note)

    # what may be done

    def _run(self) -> RunView | None:
        """The run that is under the cursor of the list in focus."""
        focused = self.focused
        entry = focused.selected if isinstance(focused, ItemList) else None
        if isinstance(entry, RunView):
            return entry
        return entry.run if isinstance(entry, (HomeNeed, RunCard)) else None

    @on(ItemList.Moved)
    def _moved(self) -> None:
        self._notes()
        self.offer_again()

    @on(ItemList.Opened)
    def _opened(self, event: ItemList.Opened) -> None:
        entry = event.items.selected
        run = self._run()
        if isinstance(entry, HomeNeed) and entry.import_id is not None:
            self._open_import(entry, entry.import_id)
        elif isinstance(entry, HomeNeed) and entry.task:
            self._open_task(entry.task)
        elif isinstance(entry, HomeNeed) and entry.place:
            self.app.switch_mode(entry.place)
        elif isinstance(entry, ComingItem):
            self._open_coming(entry)
        elif run is not None:
            open_run(self, run.id)

    def _open_coming(self, entry: ComingItem) -> None:
        if entry.item.kind == "campaign":
            from sestui.tui.campaigns.campaign_screen import CampaignScreen  # noqa: PLC0415 - not for the first paint

            self.app.push_screen(CampaignScreen(self.services, entry.item.name))
        else:
            self._open_task(entry.item.name)

    def _open_task(self, name: str) -> None:
        from sestui.tui.schedule.task_log import TaskLogScreen  # noqa: PLC0415 - not for the first paint

        self.app.push_screen(TaskLogScreen(self.services, name))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One begins where there is nothing yet; nothing is below the first tab's own screen."""
        if action == "begin":
            return self._first.display
        if action == "go_back":
            return len(self.app.screen_stack) > 1
        return super().check_action(action, parameters)

    def action_begin(self) -> None:
        """Take the first of the steps that are shown which has not been taken yet."""
        step = self._first.next_step
        if step == "contacts":
            do_there(cast("SestuiApp", self.app), "contacts", "import", "Import")
        elif step == "compose":
            self.action_new()
        else:
            self.app.switch_mode(step)

    def action_new(self) -> None:
        """Write a new campaign."""
        self.app.run_worker(compose_campaign(self.app, ""))

    @work(group="action")
    async def _open_import(self, need: HomeNeed, import_id: int) -> None:
        question = ConfirmScreen(
            need.subject,
            f"{need.sentence}\nWhich rows and why: import the file again and save the rejects; "
            "existing contacts stay as they are.",
            recipients=0,
            yes="I know, don't show it again",
        )
        if await self.app.push_screen_wait(question):
            await self.attempt(lambda: self._home.import_seen(import_id))
            self.reload()
