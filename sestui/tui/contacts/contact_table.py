"""The table of contacts, which is also where they are searched."""

import asyncio
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from sestui.core.percent import percent
from sestui.errors import SestuiError
from sestui.store.contacts.pages import ContactLine, ContactPages
from sestui.store.contacts.search import find_contacts
from sestui.store.contacts.walks import Which
from sestui.store.db.database import Database
from sestui.tui.contacts.contact_cells import PEOPLE_COLUMNS, contact_cells
from sestui.tui.contacts.service import FoundContactRows
from sestui.tui.widgets.lazy_table import LazyTable, TableMessage

_TYPING_SECONDS = 0.15
_RETRY_SECONDS = 1.0


class ContactTable(LazyTable[ContactLine]):
    """Shows ``which`` contacts, or those of them in which ``wanted`` is found."""

    BINDINGS: ClassVar[list[BindingType]] = []

    class Told(TableMessage):
        """There is something new in :attr:`said`."""

    def __init__(self, database: Database) -> None:
        super().__init__(PEOPLE_COLUMNS, contact_cells, id="people")
        self._database = database
        self.which = Which()
        self.wanted = ""
        self._progress = ""

    @property
    def said(self) -> str:
        """How many are shown, or how far the search is."""
        if self.wanted or self.count is None:
            return self._progress
        return "1 contact" if self.count == 1 else f"{self.count:,} contacts"

    def look_at(self, which: Which, wanted: str = "", *, total: int = 0) -> None:
        """Show these contacts; all of them if ``wanted`` is ''. ``total`` is how many there are."""
        self.which, self.wanted = which, wanted
        self._search(total, cursor=0)

    def renew(self) -> None:
        """Show what has changed: who is found may be others now, too."""
        if self.wanted:
            self._search(0, cursor=self.cursor)
        else:
            self.reload()

    @work(exclusive=True, group="find")
    async def _search(self, total: int, *, cursor: int) -> None:
        """A newer search cancels this one, and nobody asks for its next step: that is all there
        is to giving it up."""
        if not self.wanted:
            self.show(ContactPages(self._database, self.which))
            self.post_message(self.Told(self))
            return
        self._tell("searching…")
        await asyncio.sleep(_TYPING_SECONDS)
        failed = False
        while True:
            try:
                await self._searched(total, cursor)
                break
            except SestuiError as error:
                failed = True
                self.post_message(self.Failed(self, f"{error} Trying again."))
            await asyncio.sleep(_RETRY_SECONDS)
        if failed:
            self.post_message(self.Failed(self, ""))

    async def _searched(self, total: int, cursor: int) -> None:
        """Search to the end; what is found is shown as soon as it fills the table to ``cursor``."""
        finds, steps = FoundContactRows(), find_contacts(self._database, self.which, self.wanted)
        shown = done = False
        while not done:
            step = await asyncio.to_thread(next, steps)
            done = step.done
            finds.lines += step.lines
            if not shown and (len(finds.lines) > cursor or done):
                self.show(finds, keep_cursor=bool(cursor))
                shown = True
            elif step.lines:
                self.reload()
            if done:
                self._tell(_result(len(finds.lines), more=step.more))
            else:
                self._tell(_progress(len(finds.lines), step.searched, total))

    def _tell(self, progress: str) -> None:
        self._progress = progress
        self.post_message(self.Told(self))


def _progress(found: int, searched: int, total: int) -> str:
    share = f" {percent(searched, total)}" if total else ""
    return f"{found:,} found, searching…{share}"


def _result(found: int, *, more: bool) -> str:
    if more:
        return f"the first {found:,} found: type more to narrow it down"
    return f"{found:,} found · esc shows all" if found else "no contacts found · esc shows all"
