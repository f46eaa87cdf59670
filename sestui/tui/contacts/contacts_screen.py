"""Contacts: the lists on the left, who is on them on the right, a million as fast as ten."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from sestui.core.delivery.states import Standing
from sestui.store.contacts.key_queries import Order, Which
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.navigation import open_contact
from sestui.tui.app.services import ScreenServices
from sestui.tui.contacts.contact_actions import ContactActions
from sestui.tui.contacts.contact_table import ContactTable
from sestui.tui.contacts.groups_table import SUPPRESSED, GroupsTable, group_of
from sestui.tui.contacts.list_actions import ListActions
from sestui.tui.contacts.marked_contacts import MarkedContacts
from sestui.tui.contacts.saved_filters import SavedFilters
from sestui.tui.contacts.service import Group
from sestui.tui.contacts.suppress import SuppressionScreen
from sestui.tui.contacts.undo_changes import UndoChanges
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.lazy_table import LazyTable

_REFRESH_SECONDS = 5.0
_RETRY_SECONDS = 1.0

_EMPTY = """\
No contacts yet.

  i   imports a list from a file: CSV, Excel, JSON, vCard
  I   takes over another tool: Keila, listmonk, Mailchimp, Sendy, SES
  n   adds one by hand

or, in a shell:  sestui import

They then appear here: / searches as you type, enter shows every mail
sent to a contact, ? shows all keys.
"""

_FILTERS = (None, *Standing)


class ContactsScreen(SuppressionScreen):
    """Lists and their contacts."""

    PLACE = "Contacts"
    AUTO_FOCUS = "#people"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - textual's own way
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "find",
            "Find",
            key_display="/",
            id="contacts.find",
            tooltip="Show only contacts with this in their address or attributes",
        ),
        Binding(
            "b",
            "filter",
            "Status",
            id="contacts.filter",
            tooltip="Show one status after another, then all again",
        ),
        *ContactActions.BINDINGS,
        *SuppressionScreen.SUPPRESSING,
        Binding("y", "copy", "Copy", show=False, id="contacts.copy", tooltip="Copy the address"),
        Binding("h", "groups", "To the lists", show=False),
        Binding("l", "people", "To the contacts", show=False),
        Binding(
            "o",
            "sort",
            "Sort",
            show=False,
            id="contacts.sort",
            tooltip="Newest first, oldest first, by address, by address from the end",
        ),
        *MarkedContacts.BINDINGS,
        *UndoChanges.BINDINGS,
        *ListActions.BINDINGS,
        *SavedFilters.BINDINGS,
    ]
    PARTS = (ContactActions, MarkedContacts, UndoChanges, ListActions, SavedFilters)

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._groups = GroupsTable()
        self._people = ContactTable(services.runtime.database)
        self._had_marks = False
        self.take(ContactActions(self, self._people, lambda: self._list is not None))
        self._marked = self.take(MarkedContacts(self, self._people, self.changed))
        self.take(UndoChanges(self, self.changed))
        self.take(ListActions(self, lambda: self._list, lambda: self._groups.groups, self.changed))
        self.take(SavedFilters(self, self._people, self._show_filter))

    def body(self) -> ComposeResult:
        """Lists, contacts, the find line; or what to do first."""
        with Horizontal(id="contacts"):
            yield self._groups
            with Vertical():
                yield self._people
                yield Input(placeholder="part of an address or attribute", id="find")
        yield Static(_EMPTY, id="empty", markup=False)

    def on_mount(self) -> None:
        """The contacts have the focus, and are read before the lists are counted."""
        self.query_one("#empty").display = False
        self.query_one("#find").display = False
        frame(self._groups, "Lists")
        self._say()
        self._people.focus()
        self._people.show_contacts(Which())

    # reading

    async def read(self) -> None:
        """Count the lists; where something has changed, read the table again."""
        groups = await self.fetch(self.contacts.groups)
        if groups is None:
            return
        before = self._groups.groups
        self._show_groups(groups)
        if self._group not in {group.which for group in groups}:
            self._choose(Which())  # the list is not there any more
        elif before and groups != before and not self._people.wanted:
            self._people.reload()

    def on_screen_resume(self) -> None:
        """Show what has changed elsewhere."""
        super().on_screen_resume()
        if self._groups.groups:
            self.changed()

    def _show_groups(self, groups: list[Group]) -> None:
        self._groups.show_groups(groups, self._group)
        empty = not groups[0].contacts and len(groups) == 2 and not groups[-1].contacts
        self.query_one("#contacts").display = not empty
        self.query_one("#empty").display = empty
        if self.focused is None and not empty:  # what was hidden has lost it
            self._people.focus()
        self._say()

    @property
    def _empty(self) -> bool:
        return self.query_one("#empty").display

    @property
    def _group(self) -> Which:
        """The shown group, filtered or not."""
        return group_of(self._people.which)

    @on(LazyTable.Counted, "#people")
    def _counted(self) -> None:
        self._say()
        self.offer_again()

    @on(ContactTable.CountChanged)
    def _told(self) -> None:
        """Update the available actions, which depend on whether any contact is marked."""
        self._say()
        if bool(self._people.marks) != self._had_marks:
            self._had_marks = bool(self._people.marks)
            self.offer_again()

    def _say(self) -> None:
        name, standing = self._people.which.list_name, self._people.which.standing
        where = shorten(name, 40) if name is not None else "all"
        status = f", {standing.value}" if standing else ""
        said = f" · {self._people.summary}" if self._people.summary else ""
        frame(self._people, f"Contacts · {where}{status}{said}")

    @on(LazyTable.Failed)
    def _failed(self, event: LazyTable.Failed) -> None:
        if event.sentence:
            self.set_timer(_RETRY_SECONDS, event.table.reload)

    @property
    def _list(self) -> Group | None:
        """The group under the cursor, while the groups have the focus."""
        return self._groups.selected if self._groups.has_focus else None

    # choosing

    @on(LazyTable.Moved, "#groups")
    def _group_moved(self) -> None:
        group = self._groups.selected
        if group is not None and group.which != self._group:
            self._choose(group.which)

    @on(LazyTable.Opened, "#groups")
    def action_people(self) -> None:
        """Go to the contacts."""
        self._people.focus()

    def action_groups(self) -> None:
        """Go to the lists."""
        self._groups.focus()

    def action_filter(self) -> None:
        """Show the next status."""
        which = self._people.which
        standing = _FILTERS[(_FILTERS.index(which.standing) + 1) % len(_FILTERS)]
        following = Which(which.list_name, standing)
        self._choose(Which() if following == SUPPRESSED else following)

    def action_sort(self) -> None:
        """Show them in the next order."""
        orders = list(Order)
        self._people.sort(orders[(orders.index(self._people.order) + 1) % len(orders)])

    @on(ContactTable.HeadClicked)
    def _head_clicked(self, event: ContactTable.HeadClicked) -> None:
        """Only what an index gives: sorting a million by anything else takes minutes."""
        if event.key != "email":
            self.toast("Contacts come by age or by address: no index sorts them by anything else.")
            return
        following = {Order.ADDRESS: Order.ADDRESS_BACK, Order.ADDRESS_BACK: Order.NEWEST}
        self._people.sort(following.get(self._people.order, Order.ADDRESS))

    def _show_filter(self, which: Which, text: str) -> None:
        """Show the contacts of a saved filter."""
        find = self.query_one("#find", Input)
        with find.prevent(Input.Changed):
            find.value = text
        find.display = bool(text)
        self._choose(which)
        self._people.focus()

    def _choose(self, which: Which) -> None:
        wanted = self.query_one("#find", Input).value.strip()
        total = self._groups.size_of(group_of(which))
        self._people.show_contacts(which, wanted, total=total)

    # finding

    def action_find(self) -> None:
        """Open the find line."""
        find = self.query_one("#find")
        find.display = True
        self.set_focus(find)  # at once: what is typed next goes there

    def find(self, text: str) -> None:
        """Show the contacts with ``text`` in their address or attributes."""
        self._choose(Which())
        self.action_find()
        self.query_one("#find", Input).value = text
        self._people.focus()

    def show_list(self, name: str) -> None:
        """Show the contacts on a list."""
        if self._groups.go_to(Which(name)):
            self._show_filter(Which(name), "")
        else:
            self.toast(f"There is no longer a list {name}.", failed=True)

    def step_back(self) -> bool:
        """Unmark everybody, close the find line, then take the filter away."""
        find = self.query_one("#find", Input)
        if not find.has_focus and self._people.clear_marks():
            return True
        if find.display:
            find.value = ""
            find.display = False
            self._people.focus()
        elif self._people.which != self._group:
            self._choose(self._group)
        else:
            return False
        return True

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self._people.focus()

    @on(Input.Changed, "#find")
    def _typed(self, event: Input.Changed) -> None:
        if event.value.strip() != self._people.wanted:
            self._choose(self._people.which)

    # doing

    @property
    def suppressible(self) -> tuple[str, bool, str] | None:
        """The contact under the cursor."""
        line = self._people.selected
        if line is None:
            return None
        return line.email, line.standing is Standing.SUPPRESSED, line.reason

    def changed(self) -> None:
        """Show the change."""
        self._people.renew()
        self.reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Some actions need contacts; those who are suppressed have one status."""
        if not self.is_mounted:
            return super().check_action(action, parameters)
        if action in {"suppress", "unsuppress"}:
            return self._offers_to_suppress(action, parameters)
        if action in {"find", "filter", "sort", "export", "filters"} and self._empty:
            return False
        if action == "filter":
            return self._people.which != SUPPRESSED
        return super().check_action(action, parameters)

    def _offers_to_suppress(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether it can be done to the marked contacts, or the one under the cursor."""
        if self._list is not None:
            return False  # the keys change the list
        if self._people.marks:
            return action == "suppress"
        return super().check_action(action, parameters)

    def suppress_others(self) -> bool:
        """Suppress the marked contacts, if there are any."""
        if self._people.marks:
            self._marked.action_suppress_marked()
        return bool(self._people.marks)

    @on(LazyTable.Opened, "#people")
    def _open(self) -> None:
        if (line := self._people.selected) is not None:
            open_contact(self, line.email)
