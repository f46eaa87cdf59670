"""One contact: its data, and the result of every mail to it."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from sestui.audience.contact_form import attributes_text
from sestui.core.contact.person_name import names_first
from sestui.core.delivery.states import RunKind, Standing, run_name
from sestui.core.text import printable
from sestui.reports.contact_record import ContactRecord, HistoryEntry
from sestui.tui.app.look.panel import frame
from sestui.tui.app.navigation.navigation import open_run
from sestui.tui.app.navigation.pages import Page
from sestui.tui.app.screens.base_screen import FAILED
from sestui.tui.app.services import ScreenServices
from sestui.tui.contacts.contact_cells import STATE_KINDS
from sestui.tui.contacts.contact_head import ContactHead
from sestui.tui.contacts.contact_lists import ContactListsScreen
from sestui.tui.contacts.suppress import SuppressionScreen
from sestui.tui.contacts.undo_changes import UndoChanges
from sestui.tui.widgets.drawn import DrawnText
from sestui.tui.widgets.format import grouped, shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.pager import Pager
from sestui.tui.widgets.row_strip import Cell

_REFRESH_SECONDS = 2.0
_MOST_WHY = 600

_COLUMNS = (
    Column("when", "When", width=12),
    Column("campaign", "Campaign", share=3),
    Column("run", "Run", width=7),
    Column("state", "State", width=9),
    Column("said", "Details", share=4, from_width=72),
)


class ContactScreen(SuppressionScreen):
    """A contact's page; also of an address that is no contact, but suppressed or tested."""

    PLACE = "Contacts"
    PARTS = (UndoChanges,)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - textual's own way
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "e", "edit", "Edit", id="contact.edit", tooltip="Change attributes, tags and status"
        ),
        Binding(
            "L", "lists", "Lists", id="contact.lists", tooltip="Add them to lists, or remove them"
        ),
        *SuppressionScreen.SUPPRESSING,
        *UndoChanges.BINDINGS,
        Binding(
            "v",
            "all",
            "All runs",
            id="contact.all",
            tooltip="Show or hide the runs of lists they are not on",
        ),
        Binding("y", "copy", "Copy", show=False, id="contact.copy", tooltip="Copy the address"),
        Binding(
            "Y",
            "copy_id",
            "Copy id",
            show=False,
            id="contact.copy_id",
            tooltip="Copy the message id that SES gave the mail under the cursor",
        ),
    ]

    def __init__(self, services: ScreenServices, email: str) -> None:
        super().__init__(services)
        self.refresh_seconds = _REFRESH_SECONDS
        self._email = self.title = email
        self.page = Page("contact", email)
        self._record: ContactRecord | None = None
        self._others = False
        self.take(UndoChanges(self, self.changed))
        self._head = ContactHead(services.runtime.local_time)
        self._attributes = Pager(id="attributes")
        self._history: LazyTable[HistoryEntry] = LazyTable(_COLUMNS, self._cells, id="history")

    def body(self) -> ComposeResult:
        """Who it is; what became of their mail; why, for the mail under the cursor."""
        with Container(id="contact"):
            with Vertical(id="who"):
                yield self._head
                yield self._attributes
            with Vertical(id="mail"):
                yield self._history
                yield DrawnText("", id="why", markup=False)

    def on_mount(self) -> None:
        """The history has the focus."""
        frame(self.query_one("#who"), "Contact")
        frame(self._history, "Mail")
        frame(self.query_one("#why"), "Why")
        self._history.focus()

    # reading

    async def read(self) -> None:
        """Read everything that concerns the address."""
        records = self.services.runtime.contact_records
        record = await self.fetch(lambda: records.of(self._email))
        if record is not None:
            self._record = record
            self._show()

    def _show(self) -> None:
        record = self._record
        if record is None:
            return
        self._head.record = record
        known = record.contact.attributes if record.contact else {}
        attributes = attributes_text(names_first(known))
        if attributes != self._attributes.text:
            self._attributes.show(attributes)
        self._attributes.display = bool(attributes)
        self._attributes.styles.max_height = attributes.count("\n") + 2
        history = self._shown_history(record)
        self._history.show_rows(history)
        frame(self._history, f"Mail · {grouped(len(history))}")
        self._say_why()

    def _shown_history(self, record: ContactRecord) -> list[HistoryEntry]:
        return [
            entry
            for entry in record.history
            if entry.state is not None or entry.on_their_list or self._others
        ]

    @on(LazyTable.Moved)
    def _say_why(self) -> None:
        self.query_one("#why", DrawnText).update(self._why())

    def _why(self) -> str:
        entry, record = self._history.selected, self._record
        if entry is not None:
            run = run_name(entry.kind, entry.run)
            return shorten(f"{entry.campaign} · {run}: {entry.why}", _MOST_WHY)
        if record is None:
            return ""
        more = " Press v to show the runs of other lists." if record.history else ""
        return f"Nothing has been sent to them yet.{more}"

    def _cells(self, entry: HistoryEntry) -> dict[str, Cell]:
        state, kind = ("not in it", "quiet")
        if entry.state is not None:
            state, kind = entry.state.label, STATE_KINDS[entry.state]
        said = ": ".join(part for part in (entry.outcome, entry.code, entry.reason) if part)
        test = entry.kind == RunKind.TEST
        return {
            "when": (self.services.at(entry.at), "quiet"),
            "campaign": (entry.campaign, ""),
            "run": (f"test {entry.run}" if test else str(entry.run), ""),
            "state": (state, kind),
            "said": (said, "quiet"),
        }

    # doing

    @property
    def suppressible(self) -> tuple[str, bool, str] | None:
        """The address of the page."""
        record = self._record
        if record is None:
            return None
        suppression = record.suppression
        reason = suppression.why if suppression else ""
        return record.email, record.standing is Standing.SUPPRESSED, reason

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only contacts are edited and on lists; only accepted mail has an id."""
        if not self.is_mounted:
            return super().check_action(action, parameters)
        if action in {"edit", "lists"}:
            return self._record is not None and self._record.contact is not None
        if action == "copy_id":
            entry = self._history.selected
            return entry is not None and bool(entry.message_id)
        return super().check_action(action, parameters)

    @on(LazyTable.Opened)
    def _open(self) -> None:
        if (entry := self._history.selected) is not None:
            open_run(self, entry.run_id)

    def action_all(self) -> None:
        """Show or hide the runs of lists they are not on."""
        self._others = not self._others
        self._show()

    def action_copy(self) -> None:
        """Copy the address."""
        self.copy(self._record.email if self._record else self._email)

    def action_copy_id(self) -> None:
        """Copy the message id."""
        if (entry := self._history.selected) is not None and entry.message_id:
            self.copy(entry.message_id)

    def action_edit(self) -> None:
        """Open the form."""
        from sestui.tui.contacts.edit_contact import EditContactScreen  # noqa: PLC0415 - if wanted

        if self._record is not None and self._record.contact is not None:
            self.app.push_screen(EditContactScreen(self.services, self._record.email))

    @work(group="action")
    async def action_lists(self) -> None:
        """Ask which lists, then join and leave."""
        record = self._record
        if record is None or (contact := record.contact) is None:
            return
        groups = await self.attempt(self.contacts.groups)
        if groups is FAILED:
            return
        names = [group.which.list_name for group in groups if group.which.list_name is not None]
        before = {each.name for each in record.lists}
        after = await self.app.push_screen_wait(ContactListsScreen(record.email, names, before))
        if after is None or after == before:
            return

        def action() -> bool:
            self.contacts.change_lists(
                contact, join=sorted(after - before), leave=sorted(before - after)
            )
            return True

        if await self.attempt(action):
            self.toast(_told(after - before, before - after))
            self.reload()


def _told(joined: set[str], left: set[str]) -> str:
    said = [f"Added to {', '.join(sorted(joined))}."] if joined else []
    said += [f"Removed from {', '.join(sorted(left))}."] if left else []
    return printable(" ".join(said))
