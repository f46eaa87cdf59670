"""The notices of this session, to be read again."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.notices.notices import ShownNotice
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.format import clock_time, shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

if TYPE_CHECKING:
    from sestui.tui.app.app import SestuiApp

_COLUMNS = (Column("at", "When", width=8), Column("text", "What", share=1))
_REFRESH_SECONDS = 1.0
_EMPTY = """\
Nothing has been said yet.

What appears in a corner for a few seconds is kept here until sestui is closed.
"""
_KINDS = {"information": "", "warning": "warning", "error": "bad"}


class NoticesScreen(BaseScreen):
    """Newest first; the one under the cursor in full below."""

    PLACE = "Home"
    TITLE = "notices"
    page = Page("notices")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="notices.copy", tooltip="Copy the notice"),
    ]

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._table: LazyTable[ShownNotice] = LazyTable(_COLUMNS, self._cells, id="notices")
        self._whole = Static("", id="notice", markup=False)
        self._empty = Static(_EMPTY, id="empty", markup=False)

    def body(self) -> ComposeResult:
        """The notices, one of them in full; or what will be here."""
        yield self._table
        yield self._whole
        yield self._empty

    def on_mount(self) -> None:
        """The notices have the focus."""
        self._empty.display = False
        self._table.focus()

    async def read(self) -> None:
        """Show those there are by now; the cursor stays on its notice."""
        notices = cast("SestuiApp", self.app).notices.all()
        before, at = self._table.selected, self._table.cursor
        if before is not None and before in notices:
            at = notices.index(before) if at else 0
        self._table.show_rows(notices)
        self._table.cursor = at
        self._table.display = self._whole.display = bool(notices)
        self._empty.display = not notices
        if self.focused is None and notices:
            self._table.focus()
        self._say()

    @on(LazyTable.Moved)
    def _say(self) -> None:
        notice = self._table.selected
        self._whole.update(shorten(notice.text, 600) if notice is not None else "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be nothing to copy."""
        if action == "copy" and self.is_mounted:
            return self._table.selected is not None
        return super().check_action(action, parameters)

    def action_copy(self) -> None:
        """Copy the notice under the cursor."""
        if (notice := self._table.selected) is not None:
            self.app.copy_to_clipboard(notice.text)

    def _cells(self, notice: ShownNotice) -> dict[str, Cell]:
        at = clock_time(notice.at, self.services.zone)
        return {"at": (at, "quiet"), "text": (notice.text, _KINDS.get(notice.severity, ""))}
