"""Add, import and edit contacts, and copy an address, from the contacts' table."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding

from sestui.tui.app.navigation.navigation import open_contact
from sestui.tui.app.screens.base_screen import FAILED
from sestui.tui.app.screens.screen_part import ScreenPart, in_worker
from sestui.tui.contacts.contact_table import ContactTable
from sestui.tui.contacts.suppress import SuppressionScreen
from sestui.tui.dialogs.ask import AskScreen, not_an_address
from sestui.tui.widgets.format import shorten


class ContactActions(ScreenPart):
    """Actions for single contacts."""

    BINDINGS: ClassVar[list[Binding]] = [
        Binding("n", "new", "New", show=False, id="contacts.new", tooltip="Add a contact by hand"),
        Binding(
            "i", "import", "Import", id="contacts.import", tooltip="Bring contacts from a file"
        ),
        Binding(
            "I",
            "migrate",
            "Another tool",
            show=False,
            id="contacts.migrate",
            tooltip="Take over another tool's lists, contacts and drafts",
        ),
        Binding(
            "e",
            "edit",
            "Edit",
            show=False,
            id="contacts.edit",
            tooltip="Change attributes, tags and status",
        ),
    ]

    def __init__(
        self, screen: SuppressionScreen, table: ContactTable, in_lists: Callable[[], bool]
    ) -> None:
        """``in_lists`` returns whether keys are meant for the lists."""
        super().__init__(screen)
        self._contacts = screen.contacts
        self._table = table
        self._in_lists = in_lists

    def offers(self, action: str) -> bool:
        """Only a contact under the cursor can be copied, and only one that exists edited."""
        line = self._table.selected
        if action == "copy":
            return line is not None
        if action == "edit":
            return line is not None and line.id is not None and not self._in_lists()
        return True

    def action_edit(self) -> None:
        """Open the form of the contact under the cursor."""
        from sestui.tui.contacts.edit_contact import EditContactScreen  # noqa: PLC0415 - if wanted

        if (line := self._table.selected) is not None:
            self.app.push_screen(EditContactScreen(self.services, line.email))

    def action_copy(self) -> None:
        """Copy the address under the cursor."""
        if (line := self._table.selected) is not None:
            self.screen.copy(line.email)

    def action_import(self) -> None:
        """Go to the import."""
        from sestui.tui.imports.import_screen import ImportScreen  # noqa: PLC0415 - only when wanted

        self.app.push_screen(ImportScreen(self.services))

    def action_migrate(self) -> None:
        """Go to the migration."""
        from sestui.tui.imports.migration_screen import MigrationScreen  # noqa: PLC0415 - as above

        self.app.push_screen(MigrationScreen(self.services))

    @in_worker("action")
    async def action_new(self) -> None:
        """Ask for an address and show the new contact."""
        name = self._table.which.list_name or ""
        where = (
            f"The contact will be added to {shorten(name, 60)}."
            if name
            else "It isn't on any list yet."
        )
        question = AskScreen(
            "New contact", where, placeholder="somebody@example.com", fault=not_an_address
        )
        typed = await self.app.push_screen_wait(question)
        if not typed:
            return
        email = await self.screen.attempt(lambda: self._contacts.add(typed, name))
        if email is not FAILED:
            open_contact(self.screen, email)
