"""The relay's keys: who may send through it, as what, and how much of the account."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from sestui.core.percent import set_percent
from sestui.errors import SestuiError
from sestui.store.relay.key_maker import KeyMaker
from sestui.store.relay.tables import RelayKey
from sestui.tui.account.new_relay_key import NewRelayKeyScreen, RelaySecretScreen
from sestui.tui.account.relay_key_form import KeyForm
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_REFRESH_SECONDS = 2.0
"""The command line makes and revokes keys too."""

_COLUMNS = (
    Column("name", "Name", share=2),
    Column("id", "Access key id", width=20),
    Column("senders", "May send as", share=3),
    Column("rate", "Rate", width=6, right=True),
    Column("quota", "Quota", width=6, right=True),
    Column("state", "State", width=10),
)
_STATES = {"works": "good", "sends only": "good", "revoked": "quiet"}
_ABOUT_LINES = 3
_EMPTY = """\
No relay keys yet.

Programs that send through SES can send through sestui instead. Each needs a
key, bound to what it may send as and to its share of the account.

  n   creates one; its secret is shown once

`sestui relay` then serves any program that has a key.
"""


class KeyTable(LazyTable[RelayKey]):
    """The keys; the details of one are below the table, so rows can't be opened."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Moving is all."""
        return action != "select" and super().check_action(action, parameters)


class RelayKeysScreen(BaseScreen):
    """Every key, the newest first; new ones are made here, old ones revoked."""

    PLACE = "Account"
    TITLE = "relay keys"
    page = Page("relay keys")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="relay_keys.new",
                tooltip="Create a key for a program; its secret is shown once"),
        Binding("x", "revoke", "Revoke", id="relay_keys.revoke",
                tooltip="Revoke the key under the cursor"),
        Binding("y", "copy_id", "Copy", id="relay_keys.copy", tooltip="Copy the access key id"),
    ]  # fmt: skip

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        runtime = services.runtime
        self._keys = KeyMaker(runtime.database, runtime.settings.data_dir, runtime.clock)
        self._table = KeyTable(_COLUMNS, _cells, id="relay-keys")
        self._about = Static("", id="about-key", markup=False)
        self._empty = Static(_EMPTY, id="empty", markup=False)
        self._making = False

    def body(self) -> ComposeResult:
        """The keys, more of the one under the cursor, or what to do first."""
        yield self._table
        yield self._about
        yield self._empty

    def on_mount(self) -> None:
        """The keys have the focus."""
        frame(self._table, "Relay keys")
        self._empty.display = False
        self.set_focus(self._table)

    # reading

    async def read(self) -> None:
        """Read the keys; the cursor stays on its key, whatever has come above it."""
        keys = await self.fetch(self._keys.all)
        if keys is None:
            return
        before = self._table.selected
        self._table.show_rows(keys)
        if before is not None:
            places = [number for number, key in enumerate(keys) if key.id == before.id]
            self._table.cursor = places[0] if places else self._table.cursor
        self._table.display = self._about.display = bool(keys)
        self._empty.display = not keys
        if self.focused is None and keys:  # what was hidden has lost it
            self._table.focus()
        self._show_details()

    @on(LazyTable.Moved)
    def _moved(self) -> None:
        self._show_details()

    def on_resize(self) -> None:
        """A wider screen tells more."""
        self._show_details()

    def _show_details(self) -> None:
        if (key := self._table.selected) is not None:
            words = (
                f"{key.name} may send as {', '.join(key.senders) or 'anybody'}; calls: {key.calls}"
            )
            when = f"; created {self.services.at(key.created_at)}"
            if key.revoked_at is not None:
                when += f", revoked {self.services.at(key.revoked_at)}"
            room = _ABOUT_LINES * (self.size.width - 2) - self.size.width // 2 - len(when)
            self._about.update(f"{shorten(words, max(1, room))}{when}.")
        self.refresh_bindings()

    # doing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One key is made at a time; the actions need a key, revoking a valid one."""
        if action == "new":
            return not self._making
        if action in {"revoke", "copy_id"} and self.is_mounted:
            key = self._table.selected
            return key is not None and (action == "copy_id" or key.works)
        return super().check_action(action, parameters)

    def action_copy_id(self) -> None:
        """Copy the access key id under the cursor."""
        if (key := self._table.selected) is not None:
            self.copy(key.id)

    @work(group="action")
    async def action_new(self) -> None:
        """Ask, make the key, and show its secret; what can't be done leads back to the form."""
        form: KeyForm | None = KeyForm()
        fault = ""
        while form is not None:
            form = await self.app.push_screen_wait(NewRelayKeyScreen(form, fault))
            if form is None or not (fault := await self._make(form)):
                return

    async def _make(self, form: KeyForm) -> str:
        """Make the key and show it; what went wrong, or ''."""
        self._making = True
        try:
            made = await asyncio.to_thread(lambda: self._keys.add(form.fields()))
        except SestuiError as error:
            return str(error)
        finally:
            self._making = False
        # Nobody waits for its end: a worker that did would hold the secret as long.
        self.app.push_screen(RelaySecretScreen(made))
        return ""

    @property
    def would_lose(self) -> str:
        """The secret of a key that is being made: there would be nobody to show it."""
        return (
            "The secret of the key that is being made will never be shown." if self._making else ""
        )

    def step_back(self) -> bool:
        """Stay while a key is being made: there would be nobody to show its secret."""
        return self._making

    @work(group="action")
    async def action_revoke(self) -> None:
        """Revoke the key after a confirmation."""
        if (key := self._table.selected) is None:
            return
        question = ConfirmScreen(
            f"Revoke the key {shorten(key.name, 60)}?",
            f"Within seconds, programs that use {key.id} can no longer send, and this can't be "
            "undone. Mail the relay has already accepted is still sent.",
            recipients=0,
            yes="Revoke",
        )
        if not await self.app.push_screen_wait(question):
            return
        revoked = await self.attempt(lambda: self._keys.revoke(key.id))
        if revoked is not FAILED:
            self.toast(f"Key {revoked.name} has been revoked.")
        self.reload()


def _cells(key: RelayKey) -> dict[str, Cell]:
    quiet = "" if key.works else "quiet"
    return {
        "name": (key.name, quiet),
        "id": (key.id, "quiet"),
        "senders": (", ".join(key.senders) or "any", quiet),
        "rate": (set_percent(key.rate_share), quiet),
        "quota": (set_percent(key.quota_share), quiet),
        "state": (key.state, _STATES.get(key.state, "")),
    }
