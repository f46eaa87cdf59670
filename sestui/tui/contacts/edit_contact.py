"""The form in which a contact is edited."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static, TextArea

from sestui.audience.contact_form import ContactForm, fields_of, form_of
from sestui.core.delivery.states import ContactStatus
from sestui.errors import SestuiError
from sestui.store.db.tables import Contact
from sestui.tui.app.screens.edit_screen import EditScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.contacts.service import ContactsService
from sestui.tui.dialogs.confirm import ConfirmScreen
from sestui.tui.widgets.form import Form, Labelled
from sestui.tui.widgets.format import shorten
from sestui.tui.widgets.selection_list import SelectionItem, SelectionList

_STATUSES = (
    SelectionItem(ContactStatus.ACTIVE.value, "gets mail"),
    SelectionItem(ContactStatus.UNSUBSCRIBED.value, "gets transactional mail only"),
    SelectionItem(ContactStatus.INVALID.value, "gets none: the address does not work"),
)


class EditContactScreen(EditScreen):
    """Status, tags and attributes of one contact, saved all at once."""

    PLACE = "Contacts"
    TITLE = "edit"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s,f2",
            "save",
            "Save",
            id="edit_contact.save",
            tooltip="Save the contact and go back",
        ),
    ]

    def __init__(self, services: ScreenServices, email: str) -> None:
        super().__init__(services)
        self._contacts = ContactsService(services.runtime)
        self._email = email
        self._contact: Contact | None = None
        self._status = SelectionList("Status", one=True, noted=True, id="status")
        self._reason = Input(placeholder="the reason of that status", id="reason")
        self._tags = Input(placeholder="separated by commas", id="tags")
        self._attributes = TextArea(compact=True, id="attributes")
        self._edited = Form(
            Static("Attributes, a line each: name = value", id="about", markup=False),
            self._attributes,
            Labelled("tags", self._tags),
            self._status,
            Labelled("why", self._reason),
            yes="Save",
        )

    def body(self) -> ComposeResult:
        """Whose form it is, and the form."""
        yield Static(shorten(self._email, 200), id="question", markup=False)
        yield self._edited

    async def read(self) -> None:
        """Read the contact once: what is typed must stay."""
        if self._contact is not None:
            return
        records = self.services.runtime.contact_records
        record = await self.fetch(lambda: records.of(self._email))
        self.refresh_seconds = 1.0 if record is None else None
        if record is None or record.contact is None:
            return
        self._contact = record.contact
        form = form_of(record.contact)
        self._reason.value = form.status_reason
        self._tags.value = form.tags
        self._attributes.text = form.attributes
        self._status.offer(_STATUSES, [form.status.value])
        self._attributes.focus()
        self.refresh_bindings()

    @property
    def _form(self) -> ContactForm:
        """What stands in the fields now."""
        return ContactForm(
            attributes=self._attributes.text,
            tags=self._tags.value,
            status=ContactStatus(next(iter(self._status.ticked))),
            status_reason=self._reason.value,
        )

    @property
    def touched(self) -> bool:
        """Whether the fields differ from the contact that was read."""
        return self._contact is not None and self._form != form_of(self._contact)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what has been read can be saved."""
        if action == "save":
            return self._contact is not None
        return super().check_action(action, parameters)

    # saving

    @work(group="action", exclusive=True)
    async def action_save(self) -> None:
        """Save, unless a line is invalid or someone else changed the contact meanwhile."""
        contact, form = self._contact, self._form
        if contact is None:
            return
        try:
            fields_of(form, contact)
        except SestuiError as error:
            self._edited.say(str(error))
            return
        self._edited.say("")
        if not await self._sure(contact, form):
            return

        def action() -> bool:
            self._contacts.save(contact, form)
            return True

        if await self.attempt(action):
            self.toast(f"Saved {contact.email}.")
            self.app.pop_screen()

    async def _sure(self, contact: Contact, form: ContactForm) -> bool:
        """Confirm that someone who unsubscribed is to be mailed again."""
        gone = contact.status == ContactStatus.UNSUBSCRIBED
        if not gone or form.status is not ContactStatus.ACTIVE:
            return True
        question = ConfirmScreen(
            f"Mail {shorten(contact.email, 120)} again?",
            "They have unsubscribed. Mailing 1 recipient who doesn't want it brings complaints; "
            "continue only if they have asked for it.",
            recipients=1,
            yes="They asked for it",
        )
        return await self.app.push_screen_wait(question)
