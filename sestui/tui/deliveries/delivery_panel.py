"""Deliveries, filtered by state and address, and the details of the one under the cursor."""

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from sestui.core.clock import Instant
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import DeliveryState
from sestui.core.percent import percent
from sestui.errors import SestuiError
from sestui.store.ledger.log_rows import LogFilter, LogRow
from sestui.store.ledger.pages import Search
from sestui.tui.app.navigation.navigation import open_contact, open_run
from sestui.tui.app.screens.base_screen import BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.deliveries.delivery_screen import DeliveryScreen, Leads
from sestui.tui.deliveries.delivery_table import DeliveryDetail, DeliveryTable, seen_at
from sestui.tui.deliveries.service import DeliveryRows, FoundDeliveries
from sestui.tui.deliveries.state_bar import CHOICES, StateBar
from sestui.tui.widgets.format import AGO_SECONDS, grouped, shorten
from sestui.tui.widgets.lazy_table import LazyTable

_SHOW_SECONDS = 0.2
"""How often what a search has found is shown while it goes on."""
_AGAIN_SECONDS = 2.0
_SEARCH_SHARE = 10
"""A search that took a second is repeated for new deliveries after ten at the earliest."""


class FindLine(Input):
    """Where a part of an address is typed; down leads to what was found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "To the deliveries", show=False)
    ]


class DeliveryPanel(Vertical):
    """A table of deliveries, its state bar, its find line, and one delivery in full.

    The screen says what scope it is of with :meth:`show`, and calls :meth:`renew` in its reads.
    """

    class FilterChanged(Message):
        """The filter has changed."""

    def __init__(self, services: ScreenServices, *, mixed: bool) -> None:
        super().__init__()
        self._services = services
        self._pages = services.runtime.delivery_pages
        self._clock = services.clock
        self._scope: LogFilter | None = None
        self._reason = ("", "")
        self._found: FoundDeliveries | None = None
        self._latest: Search | None = None
        self._stale = False
        self._searched_at = 0.0
        self._search_took = 0.0
        self._line = FindLine(placeholder="part of an address", id="find-address")
        self._told = Static(id="found", markup=False)
        self._find = Horizontal(self._line, self._told, classes="find-line")
        self.bar = StateBar()
        self.table = DeliveryTable(services.clock, services.zone, mixed=mixed)
        self.detail = DeliveryDetail(services.clock, services.zone)

    def compose(self) -> ComposeResult:
        """Bar, find line, table, detail."""
        yield self.bar
        yield self._find
        yield self.table
        yield self.detail

    def on_mount(self) -> None:
        """No find line until one is asked for; how long ago things were goes on."""
        self._find.display = False
        self.set_interval(AGO_SECONDS, self.table.refresh)

    # what is wanted

    @property
    def wanted(self) -> LogFilter:
        """What is shown, as a filter."""
        scope = self._scope or LogFilter(states=frozenset())
        code, outcome = self._reason
        states = self.bar.choice.states
        return replace(scope, states=states, find=self._typed, code=code, outcome=outcome)

    @property
    def selected(self) -> LogRow | None:
        """The delivery under the cursor."""
        return self.table.selected

    @property
    def more(self) -> bool:
        """Whether more match than are shown."""
        return self._found is not None and self._found.search.more

    @property
    def finding(self) -> bool:
        """Whether the find line is open."""
        return bool(self._find.display)

    @property
    def _typed(self) -> str:
        return self._line.value.strip()

    def show(self, scope: LogFilter, *, keep_cursor: bool = False) -> bool:
        """Show the deliveries of a scope (its states and address are the panel's own).

        False if it is the one that is shown.
        """
        if scope == self._scope:
            return False
        self._scope = scope
        if not keep_cursor:
            self.bar.counts = None
        self._show(keep_cursor=keep_cursor)
        return True

    def find(self) -> None:
        """Open the find line."""
        self._find.display = True
        self._line.focus()

    def step_back(self) -> bool:
        """Close the find line; False if it was not open."""
        if not self.finding:
            return False
        reason, self._reason = self._reason, ("", "")
        self._line.value = ""
        self._find.display = False
        self.table.focus()
        if any(reason):
            self._show()
        return True

    def show_reason(self, state: DeliveryState, code: str = "", outcome: str = "") -> None:
        """Show only what came to this state with that code or outcome; esc shows all again."""
        self.bar.chosen = next(
            number for number, each in enumerate(CHOICES) if each.states == {state}
        )
        self._reason = (code, outcome)
        self._find.display = bool(code or outcome)
        self._show()

    def filter_by(self, step: int) -> None:
        """Take a state so many further on in the bar."""
        self._reason = ("", "")
        self.bar.move(step)
        self._show()

    def choose(self, number: int) -> None:
        """Take a state by its number in the bar."""
        self._reason = ("", "")
        self.bar.chosen = number
        self._show()

    # showing

    def counted(self, scope: LogFilter, counts: RunCounts) -> None:
        """How many there are now in ``scope``: what has changed is read again."""
        if scope != self._scope:
            return
        known = self.bar.counts
        self._stale = self._stale or (known is not None and counts != known)
        self.bar.counts = counts
        if not self._stale:
            return
        if self._found is None:
            self._stale = False
            self.table.reload()
        elif self._search_may_be_repeated():
            self._stale = False
            self._search(self.wanted, quietly=True)

    def _search_may_be_repeated(self) -> bool:
        rest = max(_AGAIN_SECONDS, _SEARCH_SHARE * self._search_took)
        under_way = self._latest is not None and not self._latest.done
        return not under_way and self._clock.monotonic() >= self._searched_at + rest

    @property
    def scope(self) -> LogFilter | None:
        """The panel's scope; None until it is set."""
        return self._scope

    def _show(self, *, keep_cursor: bool = False) -> None:
        self.workers.cancel_group(self, "search")
        self._found = self._latest = None
        self._stale = False
        wanted = self.wanted
        self.detail.hint = ""
        if wanted.is_search:
            self._search(wanted, quietly=False)
        else:
            self._told.update("")
            rows = DeliveryRows(self._services.runtime.database, self._pages, wanted)
            self.table.show(rows, keep_cursor=keep_cursor)
        self.post_message(self.FilterChanged())

    @work(exclusive=True, group="search")
    async def _search(self, wanted: LogFilter, *, quietly: bool) -> None:
        """Search the ledger chunk by chunk; the next key cancels it."""
        began = shown = self._clock.monotonic()
        self._latest = search = self._pages.search(wanted)
        if not quietly:
            self._found = FoundDeliveries(self._services.runtime.database, search)
            self._told.update("searching…")
        while not search.done:
            try:
                await asyncio.to_thread(search.step)
            except SestuiError as error:
                self.post_message(LazyTable.Failed(self.table, f"{error} Trying again."))
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            now = self._clock.monotonic()
            if not quietly and now >= shown + _SHOW_SECONDS:
                self._show_found(search, first=shown == began)
                shown = now
        self._searched_at = self._clock.monotonic()
        self._search_took = self._searched_at - began
        if quietly and self._found is not None:
            self._found.search = search
        self._show_found(search, first=shown == began and not quietly)

    def _show_found(self, search: Search, *, first: bool) -> None:
        only = " ".join(part for part in reversed(self._reason) if part)
        said = f"{'more than ' if search.more else ''}{grouped(search.count())} found"
        said = f"only {shorten(only, 40)}: {said}" if only else said
        if not search.done:
            said = f"{said}, searching… {percent(search.share, 1)}"
        elif self.finding:
            said = f"{said} · esc shows all"
        self._told.update(said)
        if first and self._found is not None:
            self.table.show(self._found)
        else:
            self.table.reload()

    # what is heard

    @on(Input.Changed, "#find-address")
    def _find_changed(self) -> None:
        if self._scope is not None:
            self._show()

    @on(Input.Submitted, "#find-address")
    def _find_done(self) -> None:
        self.table.focus()

    @on(LazyTable.Moved)
    def _moved(self) -> None:
        self.detail.row = self.table.selected

    @on(LazyTable.Opened)
    def _opened(self, event: LazyTable.Opened) -> None:
        event.stop()
        if (row := self.selected) is not None:
            self.app.push_screen(
                DeliveryScreen(row, self._exact), lambda where: self._go_on(row, where)
            )

    def _exact(self, instant: Instant) -> str:
        return seen_at(instant, self._clock.now(), self._services.zone)

    def _go_on(self, row: LogRow, where: Leads | None) -> None:
        if where is None or not isinstance(self.screen, BaseScreen):
            return
        if where is Leads.CONTACT:
            open_contact(self.screen, row.delivery.email)
        elif getattr(self.screen, "run_id", None) != row.delivery.run_id:
            open_run(self.screen, row.delivery.run_id)

    @on(LazyTable.Failed)
    def _failed(self, event: LazyTable.Failed) -> None:
        self._stale = self._stale or bool(event.sentence)

    @on(LazyTable.Counted)
    def _counted(self) -> None:
        if not self.table.count:
            self.detail.row = None
        self.detail.hint = self._hint()

    def _hint(self) -> str:
        if self.table.count:
            return ""
        label = self.bar.choice.label
        what = (
            "There are no deliveries here" if label == "all" else f"No deliveries here are {label}"
        )
        if self._typed:
            what = f"{what} with {shorten(self._typed, 60)} in the address"
        return f"{what}; → shows the next state." if not self._typed else f"{what}."
