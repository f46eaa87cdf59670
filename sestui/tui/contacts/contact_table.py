"""The table of contacts, which is also where they are searched."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from textual import events, work
from textual.binding import Binding, BindingType

from sestui.core.percent import percent
from sestui.errors import SestuiError
from sestui.store.contacts.changes.selection import Selection
from sestui.store.contacts.key_queries import Order, Which
from sestui.store.contacts.pages import ContactLine, ContactPages
from sestui.store.contacts.search import find_contacts
from sestui.store.db.database import Database
from sestui.tui.contacts.contact_cells import contact_cells, contact_columns
from sestui.tui.contacts.marks import MOST_MARKED, Marks
from sestui.tui.contacts.service import FoundContactRows
from sestui.tui.widgets.column_widths import GAP
from sestui.tui.widgets.format import grouped
from sestui.tui.widgets.lazy_table import LazyTable, TableMessage
from sestui.tui.widgets.row_pages import PAGE
from sestui.tui.widgets.row_strip import Cell

_TYPING_SECONDS = 0.15
_RETRY_SECONDS = 1.0


class ContactTable(LazyTable[ContactLine]):
    """Shows ``which`` contacts, or those of them in which ``wanted`` is found; some are marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="contacts.mark", tooltip="Mark the contact, or unmark"),
        Binding(
            "V",
            "range",
            "Range",
            show=False,
            id="contacts.range",
            tooltip="Begin a range here; once more marks all up to the cursor",
        ),
        Binding(
            "asterisk",
            "mark_all",
            "Mark all",
            key_display="*",
            show=False,
            id="contacts.mark_all",
            tooltip="Mark all that match, however many; once more unmarks them",
        ),
        Binding("shift+down", "mark_on(1)", "Mark down", show=False),
        Binding("shift+up", "mark_on(-1)", "Mark up", show=False),
    ]

    class CountChanged(TableMessage):
        """The summary has changed."""

    @dataclass
    class HeadClicked(TableMessage):
        """The heading of a column was clicked."""

        key: str

    def __init__(self, database: Database) -> None:
        super().__init__(contact_columns(Order.NEWEST), self._marked_cells, id="people")
        self._database = database
        self.which = Which()
        self.wanted = ""
        self.order = Order.NEWEST
        self.marks = Marks()
        self._range_from: int | None = None
        self._in_range: set[int] = set()
        """The contacts in sight that a range would mark."""
        self._progress = ""
        self._counting = ""

    @property
    def summary(self) -> str:
        """How many are shown, or how far the search is; who is marked, and the order."""
        told = self._progress
        if not self.wanted and self.count is not None:
            told = "1 contact" if self.count == 1 else f"{grouped(self.count)} contacts"
        order = "" if self.order is Order.NEWEST else self.order.value
        range_ = "" if self._range_from is None else "range: V ends it"
        return " · ".join(
            part for part in (told, order, range_, self.marks.summary, self._counting) if part
        )

    def show_count(self, said: str) -> None:
        """Show that something is being counted; '' when it is done."""
        self._counting = said
        self.post_message(self.CountChanged(self))

    @property
    def shown(self) -> Which | Selection:
        """What is shown, as a condition."""
        return Selection(self.which, self.wanted) if self.wanted else self.which

    # marking

    def action_mark(self) -> None:
        """Mark the contact under the cursor, or unmark it, and go on to the next."""
        if self._range_from is not None:
            self.action_range()
            return
        line = self.selected
        if line is not None and line.id is not None:
            if self.marks.full and not self.marks.has(line.id):
                self._refuse_more()
                return
            self.marks.toggle(line.id)
        elif line is not None:
            self.notify("This address is no contact's: it can't be marked.", markup=False)
        self._to_next(1)

    def action_mark_on(self, rows: int) -> None:
        """Mark the contact under the cursor and the next one."""
        self._mark_line(self.selected)
        self._to_next(rows)
        self._mark_line(self.selected)

    def _to_next(self, rows: int) -> None:
        """Go on after a mark: the lines of both contacts are drawn anew, and no others."""
        self.refresh(self._region_of(self.cursor))
        self.cursor += rows
        self.post_message(self.CountChanged(self))

    def _mark_line(self, line: ContactLine | None) -> None:
        if line is not None and line.id is not None and not self.marks.full:
            self.marks.add([line.id])

    def action_mark_all(self) -> None:
        """Mark all that match, or nobody."""
        if self.marks.every:
            self.marks.clear()
        else:
            self.marks.mark_all()
        self._marks_changed()

    def action_range(self) -> None:
        """Begin a range at the cursor, or mark everybody in it."""
        if self._range_from is None:
            self._range_from = self.cursor
        else:
            first, last = sorted((self._range_from, self.cursor))
            self._range_from = None
            if last - first >= MOST_MARKED:
                self._refuse_more()
            else:
                self._mark_range(first, last)
        self._marks_changed()

    @work(group="mark")
    async def _mark_range(self, first: int, last: int) -> None:
        """Mark the contacts in these rows, most of which may not have been read."""
        source = self._source
        for number in range(first, last + 1, PAGE):
            size = min(PAGE, last + 1 - number)
            try:
                lines = await asyncio.to_thread(source.page, number, size)
            except SestuiError as error:
                self.post_message(self.Failed(self, str(error)))
                return
            self.marks.add(line.id for line in lines if line.id is not None)
        self._marks_changed()

    def _refuse_more(self) -> None:
        self.notify(
            f"At most {grouped(MOST_MARKED)} can be marked one by one; * marks all that match.",
            severity="warning",
            markup=False,
        )

    def clear_marks(self) -> bool:
        """End a range, or unmark everybody; False: there was nothing to do."""
        if self._range_from is not None:
            self._range_from = None
        elif self.marks:
            self.marks.clear()
        else:
            return False
        self._marks_changed()
        return True

    def _marks_changed(self) -> None:
        self._in_range = self._ids_in_range()
        self.refresh()
        self.post_message(self.CountChanged(self))

    def _ids_in_range(self) -> set[int]:
        if self._range_from is None:
            return set()
        first, last = sorted((self._range_from, self.cursor))
        top = max(first, self.scroll_offset.y)
        bottom = min(last, self.scroll_offset.y + self.size.height)
        lines = (self.row_at(number) for number in range(top, bottom + 1))
        return {line.id for line in lines if line is not None and line.id is not None}

    def watch_cursor(self, old: int, row: int) -> None:
        """A range grows with it."""
        super().watch_cursor(old, row)
        if self._range_from is not None:
            self._in_range = self._ids_in_range()
            if abs(row - old) > 1:
                self.refresh()

    def _marked_cells(self, line: ContactLine) -> dict[str, Cell]:
        marked = self.marks.has(line.id) or line.id in self._in_range
        return contact_cells(line) | {"mark": ("●" if marked else "", "busy")}

    # ordering

    def sort(self, order: Order) -> None:
        """Show the same contacts in another order."""
        self.order = order
        self._columns = contact_columns(order)
        self._search(0, cursor=0)

    def on_click(self, event: events.Click) -> None:
        """A click on a heading asks for its order."""
        at = event.get_content_offset(self)
        if at is None or at.y:
            return
        left = 1
        for column, room in self._fitting:
            if left <= at.x < left + room:
                self.post_message(self.HeadClicked(self, column.key))
            left += room + GAP

    # showing

    def show_contacts(self, which: Which, wanted: str = "", *, total: int = 0) -> None:
        """Show these contacts; all of them if ``wanted`` is ''. ``total`` is how many there are."""
        self.which, self.wanted = which, wanted
        self._range_from = None
        self.marks.filter_changed()
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
            self.show(ContactPages(self._database, self.which, self.order))
            self.post_message(self.CountChanged(self))
            return
        self._show_progress("searching…")
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
        finds, steps = (
            FoundContactRows(self.order),
            find_contacts(self._database, self.which, self.wanted),
        )
        shown = done = False
        while not done:
            step = await asyncio.to_thread(next, steps)
            done = step.done
            finds.add(step.lines)
            if not shown and (len(finds.lines) > cursor or done):
                self.show(finds, keep_cursor=bool(cursor))
                shown = True
            elif step.lines:
                self.reload()
            if done:
                self._show_progress(_result(len(finds.lines), more=step.more))
            else:
                self._show_progress(_progress(len(finds.lines), step.searched, total))

    def _show_progress(self, progress: str) -> None:
        self._progress = progress
        self.post_message(self.CountChanged(self))


def _progress(found: int, searched: int, total: int) -> str:
    share = f" {percent(searched, total)}" if total else ""
    return f"{grouped(found)} found, searching…{share}"


def _result(found: int, *, more: bool) -> str:
    if more:
        return f"the first {grouped(found)} found: type more to narrow it down"
    return (
        f"{grouped(found)} found · esc shows all" if found else "no contacts found · esc shows all"
    )
