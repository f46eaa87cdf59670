"""The first screen: the account, what needs the operator, what goes on, comes and has been."""

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from sestui.reports.dashboard import Dashboard
from sestui.tui.app.base_screen import BaseScreen
from sestui.tui.app.navigation import open_run
from sestui.tui.app.services import ScreenServices
from sestui.tui.app.tabs import TABS
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.home.account_figures import AccountHealth, AccountQuota, AccountRate
from sestui.tui.home.agenda import COLUMNS, AgendaRow, agenda, cells
from sestui.tui.home.service import AccountSnapshot, HomeService
from sestui.tui.widgets.lazy_table import LazyTable

_REFRESH_SECONDS = 0.5
_STEPS = (
    ("contacts", "import your list"),
    ("compose", "write the message, see how it looks for each contact"),
    ("campaigns", "send yourself a test, then start it"),
)


def _first_steps() -> str:
    """What to do where there is nothing yet; the keys are the places' own."""
    keys = {place.mode: (number, place.name) for number, place in enumerate(TABS, 1)}
    steps = "\n".join(
        f"  {keys[mode][0]}   {keys[mode][1]:<12}{what}" for mode, what in _STEPS if mode in keys
    )
    return (
        f"Nothing has been sent yet. Three steps to your first campaign:\n\n{steps}\n\n"
        "Until you choose SES in Account, mail goes to the simulator: nothing leaves this "
        "machine.\n"
        "?  shows every key, ctrl+p finds everything by name."
    )


class HomeScreen(BaseScreen):
    """The dashboard."""

    PLACE = "Home"
    TELLS_OF_SENDING = True

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._home = HomeService(services.runtime)
        self._rate, self._quota, self._health = AccountRate(), AccountQuota(), AccountHealth()
        self._agenda: LazyTable[AgendaRow] = LazyTable(COLUMNS, cells)

    def body(self) -> ComposeResult:
        """Account on top, agenda or what to do first below."""
        yield Vertical(self._rate, self._quota, self._health, id="figures")
        yield self._agenda
        yield Static(_first_steps(), id="empty", markup=False)

    def on_mount(self) -> None:
        """The agenda has the focus."""
        self.query_one("#empty").display = False
        self._agenda.focus()

    async def read(self) -> None:
        """Read runs and account."""
        account_open = self.services.account_open
        seen = await self.look(lambda: self._home.snapshot(account_open=account_open))
        if seen is not None:
            self._show(*seen)

    def _show(self, found: Dashboard, account: AccountSnapshot | None) -> None:
        for figure in (self._rate, self._quota, self._health):
            figure.account = account
        key = self.services.runtime.settings.keymap.get("schedule.crontab", "C").partition(",")[0]
        rows = agenda(found, self.services.at, key)
        self._agenda.show_rows(rows)
        self._agenda.display = bool(rows)
        self.query_one("#empty").display = not rows

    @on(LazyTable.Opened)
    def _open(self) -> None:
        row = self._agenda.selected
        if row is None:
            return
        if row.import_id is not None:
            self._open_import(row, row.import_id)
        elif row.run is not None:
            open_run(self, row.run.id)
        elif row.place:
            self.app.switch_mode(row.place)

    @work(group="action")
    async def _open_import(self, row: AgendaRow, import_id: int) -> None:
        question = ConfirmScreen(
            row.name,
            f"{row.text}\nWhich rows and why: import the file again and save the rejects; "
            "existing contacts stay as they are.",
            recipients=0,
            yes="I know, don't show it again",
        )
        if await self.app.push_screen_wait(question):
            await self.attempt(lambda: self._home.import_seen(import_id))
            self.look_again()
