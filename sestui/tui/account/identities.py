"""The sender identities as SES knows them."""

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from sestui.core.delivery.account import Identity
from sestui.errors import SestuiError
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.widgets.format import counted, grouped
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_COLUMNS = (
    Column("name", "Sender", share=1),
    Column("kind", "Kind", width=14),
    Column("state", "State", width=26),
)
_EMPTY = """\
SES knows no sender in this region.

Verify your domain, or one address, under Identities in the AWS console; it then appears here.
The simulator takes mail from any sender.
"""
_STATES = {
    "PENDING": ("waits for verification", "warning"),
    "FAILED": ("verification failed", "bad"),
    "TEMPORARY_FAILURE": ("can't be checked now", "warning"),
    "NOT_STARTED": ("not verified", "warning"),
}


class IdentitiesScreen(BaseScreen):
    """A table that grows as the pages come."""

    PLACE = "Account"
    TITLE = "senders"
    page = Page("senders")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_name", "Copy", id="identities.copy", tooltip="Copy the sender's name"),
        Binding(
            "R,f5",
            "again",
            "Refresh from SES",
            id="identities.ask",
            tooltip="Fetch the senders from SES again",
        ),
    ]

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self._about = Static("Asking SES…", id="about-senders", markup=False)
        self._table: LazyTable[Identity] = LazyTable(_COLUMNS, _cells, id="identities")
        self._empty = Static(_EMPTY, id="empty", markup=False)

    def body(self) -> ComposeResult:
        """How many, the table or what to do first."""
        yield self._about
        yield self._table
        yield self._empty

    def on_mount(self) -> None:
        """Ask once: SES allows about one such call a second."""
        frame(self._table, "Senders")
        self._empty.display = False
        self.set_focus(self._table)
        self.action_again()

    @work(exclusive=True, group="identities")
    async def action_again(self) -> None:
        """Read all pages, showing each as it comes."""
        found: list[Identity] = []
        pages = self.services.runtime.ses.reader.identity_pages()
        try:
            while (page := await asyncio.to_thread(next, pages, None)) is not None:
                found += page
                self._table.show_rows(tuple(found))
                self._about.update(f"{counted(len(found), 'sender')} so far…")
        except SestuiError as error:
            self._about.update(str(error))
            return
        self._table.display = bool(found)
        self._empty.display = not found
        verified = sum(identity.verified for identity in found)
        self._about.update(f"{counted(len(found), 'sender')}, {grouped(verified)} verified")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Copying needs a sender."""
        if action == "copy_name":
            return self._table.selected is not None
        return super().check_action(action, parameters)

    def action_copy_name(self) -> None:
        """Copy the sender under the cursor."""
        if (identity := self._table.selected) is not None:
            self.copy(identity.name)


def _cells(identity: Identity) -> dict[str, Cell]:
    off = ("sending is switched off", "warning")
    state = ("verified", "good") if identity.verified else _STATES.get(identity.verification, off)
    kind = "domain" if identity.kind == "DOMAIN" else "address"
    return {"name": (identity.name, ""), "kind": (kind, "quiet"), "state": state}
