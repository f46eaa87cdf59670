"""Choose a colour theme, each shown while the cursor is on it."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from sestui.errors import SestuiError
from sestui.settings_file import in_environment, write
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

if TYPE_CHECKING:
    from textual.app import App

_COLUMNS = (Column("name", "Theme", share=1),)


class ThemeTable(LazyTable[str]):
    """The themes by name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Keep", id="themes.keep", tooltip="Keep these colours"),
    ]


class ThemesScreen(Dialog[str]):
    """Shows each theme as the cursor comes to it; answers the one to keep, or ''."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "go_back", "Back", tooltip="Keep the current colours"),
    ]

    def __init__(self, names: Sequence[str], shown: str) -> None:
        """``shown`` is the theme there is."""
        super().__init__()
        self._names = names
        self._shown = shown
        self._table = ThemeTable(_COLUMNS, _cells)

    def compose(self) -> ComposeResult:
        """At the side: what is behind is what one looks at."""
        with Vertical(id="themes"):
            yield self._table
            yield Static("enter keeps, esc restores", markup=False)

    def on_mount(self) -> None:
        """The cursor is on the theme there is."""
        self._table.show_rows(self._names)
        if self._shown in self._names:
            self._table.cursor = self._names.index(self._shown)
        self.set_focus(self._table)

    @on(LazyTable.Moved)
    def _moved(self, event: LazyTable.Moved) -> None:
        if event.table.selected is not None:
            self.app.theme = event.table.selected

    @on(LazyTable.Opened)
    def _opened(self) -> None:
        self.dismiss(self._table.selected or "")

    def action_go_back(self) -> None:
        """Keep the current colours."""
        self.dismiss("")


async def choose_theme(app: "App[Any]") -> None:
    """Let the operator choose, and write the choice into the settings; called in a worker."""
    before = app.theme
    names = sorted(app.available_themes)
    chosen = await app.push_screen_wait(ThemesScreen(names, before))
    app.theme = chosen or before
    if not chosen:
        return
    try:
        await asyncio.to_thread(write, {"theme": chosen})
    except SestuiError as error:
        app.notify(str(error), severity="error", timeout=12, markup=False)
        return
    stronger = " SESTUI_THEME overrides it at the next start." if in_environment("theme") else ""
    app.notify(f"The theme is {chosen}.{stronger}", markup=False)


def _cells(name: str) -> dict[str, Cell]:
    return {"name": (name, "")}
