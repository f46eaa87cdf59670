"""Every action with its keys, and other keys for it."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from sestui.core.keymap import keymap_text
from sestui.errors import SestuiError
from sestui.settings import load_settings
from sestui.settings_file import in_environment, write
from sestui.tui.app.keys.keymap import Action, actions, sort_out
from sestui.tui.app.look.preferences import use_keymap
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_COLUMNS = (
    Column("id", "Action", width=22),
    Column("keys", "Keys", width=10, share=1),
    Column("what", "What it does", share=3),
)
_RETRY_SECONDS = 1.0


class ActionTable(LazyTable[Action]):
    """The actions by id."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Change", id="keys.change",
                tooltip="Change the keys of the action under the cursor"),
    ]  # fmt: skip


class KeysScreen(BaseScreen):
    """A change is written into the settings and holds at once."""

    PLACE = "Account"
    TITLE = "keymap"
    page = Page("keymap")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find", key_display="/", id="keys.find",
                tooltip="Show only actions that match"),
        Binding("y", "copy_id", "Copy", id="keys.copy", tooltip="Copy the action's id"),
    ]  # fmt: skip

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self._known: Mapping[str, Action] = {}
        self._keymap: dict[str, str] = {}
        self._table = ActionTable(_COLUMNS, self._cells, id="actions")
        self._find = Input(placeholder="part of an action, a key or what it does", id="find")
        self._line = Input(
            placeholder="keys, such as s,ctrl+n or slash; empty: the default", id="keys"
        )
        self._fault = Static("", classes="fault", markup=False)

    def body(self) -> ComposeResult:
        """Actions, the lines, what is wrong."""
        yield self._table
        yield self._find
        yield self._line
        yield self._fault

    def on_mount(self) -> None:
        """The actions have the focus."""
        self._find.display = self._line.display = False
        self.set_focus(self._table)

    async def read(self) -> None:
        """Gather every action there is, and the keymap of the settings."""
        if not self._known:
            self._known = await asyncio.to_thread(actions)
        keymap = await self.fetch(lambda: dict(load_settings().keymap))
        self.refresh_seconds = _RETRY_SECONDS if keymap is None else None
        if keymap is not None:
            self._keymap = keymap
            self._show()

    def _show(self) -> None:
        wanted = self._find.value.casefold()
        rows = [each for each in self._known.values() if wanted in self._text(each).casefold()]
        self._table.show_rows(rows)
        self.refresh_bindings()

    def _keys(self, action: Action) -> str:
        return self._keymap.get(action.id, action.keys)

    def _text(self, action: Action) -> str:
        return f"{action.id} {self._keys(action)} {action.description} {action.tooltip}"

    def _cells(self, action: Action) -> dict[str, Cell]:
        own = action.id in self._keymap
        return {
            "id": (action.id, ""),
            "keys": (self._keys(action), "good" if own else ""),
            "what": (action.tooltip or action.description, "quiet"),
        }

    # finding

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A line that is typed in takes the letters."""
        if action in {"find", "copy_id"}:
            return not (self._find.has_focus or self._line.has_focus)
        return super().check_action(action, parameters)

    def action_find(self) -> None:
        """Open the find line."""
        self._find.display = True
        self.set_focus(self._find)

    def action_copy_id(self) -> None:
        """Copy the id under the cursor."""
        if (action := self._table.selected) is not None:
            self.copy(action.id)

    @on(Input.Changed, "#find")
    def _find_changed(self) -> None:
        self._show()

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.set_focus(self._table)

    def step_back(self) -> bool:
        """Close the line for keys, then the find line."""
        line = self._line if self._line.display else self._find
        if not line.display:
            return False
        line.display = False
        self._say("")
        if line is self._find:
            self._find.value = ""
            self._show()
        self.set_focus(self._table)
        return True

    # changing

    @on(LazyTable.Opened)
    def _opened(self) -> None:
        if (action := self._table.selected) is not None:
            self._line.value = self._keys(action)
            self._line.display = True
            self.set_focus(self._line)

    @on(Input.Submitted, "#keys")
    def _entered(self, event: Input.Submitted) -> None:
        if (action := self._table.selected) is not None:
            self._give(action, "".join(event.value.split()))

    @work(exclusive=True, group="action")
    async def _give(self, action: Action, keys: str) -> None:
        """Write the keys into the settings, and use them."""
        keymap = {name: given for name, given in self._keymap.items() if name != action.id}
        if keys and keys != action.keys:
            keymap[action.id] = keys
        sorted_out = sort_out({action.id: keys} if keys else {}, self._known)
        if in_environment("keymap"):
            self._say("The keymap is set by SESTUI_KEYMAP or the command line: change it there.")
            return
        if sorted_out.complaints:
            self._say(f"{sorted_out.complaints[0]}; write s, ctrl+n, slash or the like.")
            return
        try:
            await asyncio.to_thread(write, {"keymap": keymap_text(keymap)})
        except SestuiError as error:
            self._say(str(error))
            return
        self._keymap = keymap
        await use_keymap(self.app, keymap)
        self.step_back()
        self._show()
        self.toast(f"{action.description}: {keys or action.keys}")

    def _say(self, fault: str) -> None:
        self._fault.update(fault)
        self._fault.display = bool(fault)
