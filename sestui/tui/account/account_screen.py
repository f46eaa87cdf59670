"""The account that mail goes to, and every setting."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from sestui.errors import SestuiError
from sestui.sending.ses_access import SesAccess
from sestui.settings import Settings
from sestui.settings_file import SECRETS, Setting, as_text, choices, in_force, write
from sestui.tui.account.account_choice import AccountChoiceScreen
from sestui.tui.account.account_lines import AccountLines
from sestui.tui.account.identities import IdentitiesScreen
from sestui.tui.account.relay_keys import RelayKeysScreen
from sestui.tui.account.service import AccountService
from sestui.tui.account.settings_table import AT_ONCE, SettingsTable, in_words
from sestui.tui.app.keys.keys_screen import KeysScreen
from sestui.tui.app.look.panel import frame
from sestui.tui.app.look.themes import choose_theme
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.drawn import DrawnText
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.lazy_table import LazyTable

_FIRST_SECONDS = 0.5
"""Until the account is known."""
_REFRESH_SECONDS = 5.0
_LETTERS = frozenset({"choose", "doctor", "identities", "ask", "keys", "relay_keys", "theme"})
"""Actions on letters, which a line that is typed in takes."""
_OF_THE_ACCOUNT = frozenset({"account", "aws_profile", "aws_region"})


class AccountScreen(BaseScreen):
    """Account on top, settings below."""

    PLACE = "Account"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "choose", "Account", id="account.choose",
                tooltip="Choose where mail goes: the simulator, or SES for real"),
        Binding("i", "identities", "Senders", id="account.identities",
                tooltip="The sender identities that SES knows, and whether they are verified"),
        Binding("R,f5", "ask", "Refresh from SES", id="account.ask",
                tooltip="Fetch quota, rate and health from SES now"),
        Binding("m", "keys", "Keymap", id="account.keys",
                tooltip="Every action with its keys; change them"),
        Binding("r", "relay_keys", "Relay keys", id="account.relay_keys",
                tooltip="Who may send through the relay; create or revoke keys"),
        Binding("d", "doctor", "Doctor", id="account.doctor",
                tooltip="What keeps mail from arriving, and what to do about it"),
        Binding("t", "theme", "Theme", id="account.theme", tooltip="Choose a colour theme"),
    ]  # fmt: skip

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _FIRST_SECONDS
        self._account = AccountService(services.runtime)
        self._lines = AccountLines()
        self._account_panel = Vertical(self._lines, id="figures")
        self._shown: SesAccess | None = None
        """The account that is shown."""
        self._table = SettingsTable()
        self._meaning = DrawnText("", id="meaning", markup=False)
        self._line = Input(id="value", select_on_focus=False)
        self._fault = Static("", classes="fault", markup=False)
        self._edited: Setting | None = None

    def body(self) -> ComposeResult:
        """Account, settings, one setting's meaning, the line for a value, what is wrong."""
        yield self._account_panel
        yield self._table
        yield self._meaning
        yield self._line
        yield self._fault

    def on_mount(self) -> None:
        """The settings have the focus."""
        self._line.display = False
        frame(self._account_panel, "Account")
        frame(self._table, "Settings")
        frame(self._meaning, "")
        self.set_focus(self._table)

    async def read(self) -> None:
        """Read the settings, and the account as soon as it is open."""
        settings = await self.fetch(lambda: in_force(self.services.runtime.settings))
        if settings is None:
            return
        self._table.show_rows(settings)
        self._begin_with(self.services.runtime.ses)
        if self.services.account_open:
            report = await self.fetch(self._account.report)
            if report is not None:
                self._lines.report = report
                self.refresh_seconds = _REFRESH_SECONDS
        self.refresh_bindings()

    def _begin_with(self, account: SesAccess) -> None:
        """Forget what is shown of another account."""
        if account is self._shown:
            return
        self._shown = account
        self._lines.place = "simulator" if account.simulated else "Amazon SES"
        self._lines.report, self._lines.credentials = None, "…"
        self.refresh_seconds = _FIRST_SECONDS
        self._find_credentials()

    @work(group="credentials", exclusive=True)
    async def _find_credentials(self) -> None:
        found = await self.attempt(self._account.credentials)
        self._lines.credentials = found or "not known"

    def show_setting(self, name: str) -> None:
        """Put the cursor on a setting."""
        self.step_back()
        self._table.cursor = list(Settings.model_fields).index(name)
        self.set_focus(self._table)

    # what may be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Refreshing needs an open account; letters are text while a line is being edited."""
        if action in _LETTERS and self._line.has_focus:
            return False
        if action in {"ask", "identities"}:
            return self.services.account_open
        return super().check_action(action, parameters)

    @work(exclusive=True, group="action")
    async def action_ask(self) -> None:
        """Ask SES now."""
        report = await self.attempt(lambda: self._account.report(ask=True))
        if report is not FAILED:
            self._lines.report = report
            self.toast("SES was asked a moment ago.")

    def action_choose(self) -> None:
        """Choose where mail goes."""
        self.app.push_screen(AccountChoiceScreen(self.services))

    def action_doctor(self) -> None:
        """Check everything that mail depends on."""
        from sestui.tui.account.doctor_screen import DoctorScreen  # noqa: PLC0415 - boto3, dnspython

        self.app.push_screen(DoctorScreen(self.services))

    def action_identities(self) -> None:
        """Show the sender identities."""
        self.app.push_screen(IdentitiesScreen(self.services))

    def action_keys(self) -> None:
        """Show every action with its keys."""
        self.app.push_screen(KeysScreen(self.services))

    def action_relay_keys(self) -> None:
        """Show the relay's keys."""
        self.app.push_screen(RelayKeysScreen(self.services))

    @work(group="theme")
    async def action_theme(self) -> None:
        """Choose a colour theme."""
        await choose_theme(self.app)
        self.reload()

    # changing a setting

    @on(LazyTable.Moved)
    def _moved(self) -> None:
        if (setting := self._table.selected) is not None and self._edited is None:
            self._explain(setting)

    def _explain(self, setting: Setting) -> None:
        values = choices(setting.name)
        parts = [setting.meaning]
        if values:
            parts.append(f"One of {', '.join(values)}.")
        if setting.coming is not None and setting.name not in AT_ONCE:
            parts.append(f"{in_words(setting.value)} stays in effect until the next start.")
        if setting.overruled:
            name = f"SESTUI_{setting.name.upper()}"
            parts.append(f"Set by {name} or the command line, which override the file.")
        frame(self._meaning, setting.name)
        self._meaning.update(shorten(" ".join(parts), max(1, 3 * self._meaning.size.width - 12)))

    @on(LazyTable.Opened)
    def _opened(self) -> None:
        setting = self._table.selected
        if setting is None:
            return
        if setting.name in _OF_THE_ACCOUNT:
            self.action_choose()
        elif setting.name == "theme":
            self.action_theme()
        elif setting.name == "keymap":
            self.action_keys()
        else:
            self._edit(setting)

    def _edit(self, setting: Setting) -> None:
        self._edited = setting
        values = choices(setting.name)
        self._line.value = as_text(setting)
        self._line.cursor_position = len(self._line.value)
        self._line.suggester = SuggestFromList(values) if values else None
        secret = "type it again; " if setting.name in SECRETS else ""
        self._line.placeholder = f"{secret}empty: the default"
        self._line.display = True
        self.set_focus(self._line)
        self.refresh_bindings()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if self._edited is not None:
            self._write(self._edited, event.value.strip())

    @work(exclusive=True, group="action")
    async def _write(self, setting: Setting, text: str) -> None:
        """Write one setting; an error is shown below the line."""
        try:
            await asyncio.to_thread(write, {setting.name: text})
        except SestuiError as error:
            self._say(str(error))
            return
        self.step_back()
        said = f"Saved {setting.name} = {shorten(text, 60)}" if text else f"Reset {setting.name}"
        if setting.name in SECRETS and text:
            said = f"Saved {setting.name}"
        effect = "but the environment overrides it" if setting.overruled else "for the next start"
        self.toast(f"{said}, {effect}.")
        self.reload()

    def _say(self, fault: str) -> None:
        self._fault.update(fault)
        self._fault.display = bool(fault)

    def step_back(self) -> bool:
        """Close the line."""
        if not self._line.display:
            return False
        self._edited = None
        self._line.display = False
        self._say("")
        self.set_focus(self._table)
        self.refresh_bindings()
        return True
