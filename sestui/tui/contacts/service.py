"""The service behind Contacts and a contact's page."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.audience import contacts_service as people
from sestui.audience.contact_form import ContactForm, fields_of
from sestui.core.delivery.states import Standing
from sestui.errors import StateError
from sestui.runtime import Runtime
from sestui.store.contacts.changes.edits import ContactEdits
from sestui.store.contacts.key_queries import Order, Which
from sestui.store.contacts.pages import ContactLine, count_of
from sestui.store.db.tables import Contact


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts one can look at: all, a list's, the suppressed."""

    title: str
    contacts: int
    which: Which


class FoundContactRows:
    """What a search has found so far, as a table's source: best first, unless another order is
    wanted."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self.lines: list[ContactLine] = []

    def add(self, lines: Sequence[ContactLine]) -> None:
        """More that has been found."""
        found = [*self.lines, *lines]
        if self._order in {Order.ADDRESS, Order.ADDRESS_BACK}:
            back = self._order is Order.ADDRESS_BACK
            found.sort(key=lambda line: line.email.casefold(), reverse=back)
        elif self._order is Order.OLDEST:
            found.sort(key=lambda line: line.id or 0)
        self.lines = found

    def count(self) -> int:
        """How many have been found."""
        return len(self.lines)

    def page(self, offset: int, limit: int) -> Sequence[ContactLine]:
        """A part of them."""
        return self.lines[offset : offset + limit]


class ContactsService:
    """Queries and changes of contacts."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._edits = ContactEdits(runtime.database)

    def groups(self) -> list[Group]:
        """All contacts, every list by name, the suppressed."""
        suppressed = Which(standing=Standing.SUPPRESSED)
        database, contacts = self._runtime.database, self._runtime.contacts
        with database.snapshot(), database.read_connection() as connection:
            return [
                Group("All", contacts.count(), Which()),
                *(Group(each.name, each.contacts, Which(each.name)) for each in contacts.lists()),
                Group("Suppressed", count_of(connection, suppressed), suppressed),
            ]

    def add(self, typed: str, list_name: str) -> str:
        """A new contact, on a list unless its name is ''; the address."""
        return people.add_contact(self._edits, typed, list_name, self._runtime.clock.now()).email

    def save(self, contact: Contact, form: ContactForm) -> None:
        """Save the edited contact, unless someone else changed it meanwhile."""
        fields = fields_of(form, contact)
        now = self._runtime.clock.now()
        self._edits.save(contact.id, fields, now, seen=contact.updated_at)

    def change_lists(self, contact: Contact, *, join: Sequence[str], leave: Sequence[str]) -> None:
        """Put the contact on lists and take it off others."""
        now = self._runtime.clock.now()
        self._edits.change_lists(contact.id, join=join, leave=leave, now=now)

    def suppress(self, email: str, reason: str) -> None:
        """Never mail the address again."""
        if not people.suppress(
            self._runtime.suppressions, email, reason, self._runtime.clock.now()
        ):
            raise StateError(f"{email} has been suppressed by someone else in the meantime.")

    def unsuppress(self, email: str) -> None:
        """Unsuppress the address."""
        now = self._runtime.clock.now()
        removed, still = people.unsuppress(self._runtime.suppressions, email, now)
        if still is not None:
            raise StateError(
                f"{email} is suppressed with its whole domain: to allow mail to all of it again, "
                f"unsuppress {still.email_key}."
            )
        if not removed:
            raise StateError(f"{email} is no longer suppressed.")
