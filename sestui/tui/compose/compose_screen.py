"""Compose: a campaign's fields, checks while typing, and a preview for each contact."""

from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import Input, TextArea

from sestui.compose.browser_picture import SHARP, NoPictureError
from sestui.core.campaign.audience import Audience
from sestui.core.content.lint.findings import Finding, Severity
from sestui.store.contacts.members import AttributeUse
from sestui.tui.app.services import ScreenServices
from sestui.tui.compose.completion import CompletionList
from sestui.tui.compose.compose_head import ComposeHead, HeadSnapshot
from sestui.tui.compose.draft_actions import DraftActions
from sestui.tui.compose.draft_form import DraftForm
from sestui.tui.compose.draft_screen import DraftScreen
from sestui.tui.compose.findings_list import FindingsList
from sestui.tui.compose.mail_preview import Drawn, MailPreview, drawn
from sestui.tui.compose.picture_maker import PictureMaker
from sestui.tui.compose.picture_view import PictureView
from sestui.tui.compose.preview_contact import PreviewContact

_LOOK_SECONDS = 0.3
"""So long nobody may have typed before a look begins."""
_AGAIN_SECONDS = 1.0
_WIDE = 120
"""From so many cells on, the mail is shown beside the fields."""
_ROOMY = 160
"""From so many cells on, the text part is shown beside a picture of the mail."""


def _second(key: str, action: str, description: str, name: str, tooltip: str) -> Binding:
    """An action that the footer has no room for."""
    return Binding(key, action, description, show=False, id=f"compose.{name}", tooltip=tooltip)


class ComposeScreen(DraftScreen):
    """The editor. Letters are commands except while a field is being edited.

    New, Edit and Open begin to write, in the first field; a page turned to, a preview and the place
    itself are looked at first. Tab goes through the fields of the page, from wherever one is.

    Other screens bring a campaign here by ``navigation.compose_campaign``.
    """

    PLACE = "Compose"
    PARTS = (DraftActions, PreviewContact)
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *DraftScreen.BINDINGS,  # esc does one thing or another, as below
        Binding("i,enter", "write", "Write", id="compose.write", tooltip="Back to the fields"),
        Binding("tab,shift+tab", "write", "Write", show=False),
        Binding(
            "escape",
            "command",
            "Command",
            id="compose.command",
            tooltip="Leave the field: letters are commands again",
        ),
        Binding("ctrl+s,f2", "save", "Save", id="compose.save", tooltip="Save it; nothing is sent"),
        Binding(
            "v,ctrl+l",
            "view",
            "View",
            id="compose.view",
            tooltip="Preview the mail for one contact; again: pictures, text, source, changes",
        ),
        *PreviewContact.BINDINGS,
        Binding(
            "exclamation_mark,ctrl+f,alt+c",
            "finding",
            "Next problem",
            id="compose.finding",
            tooltip="Go to the next problem",
        ),
        Binding(
            "e,ctrl+g,f4",
            "edit_outside",
            "Editor",
            id="compose.editor",
            tooltip="Write the text in your own $EDITOR",
        ),
        Binding("t,ctrl+t", "test", "Test", id="compose.test", tooltip="Mail it to an address"),
        _second("m,alt+m", "page('message')", "Message", "message", "Main fields and body"),
        _second("a,alt+a", "page('text')", "Plain text", "text", "The text alternative"),
        _second("d,alt+d", "page('details')", "Details", "details", "The other fields"),
        _second("I,alt+i", "snippet", "Snippet", "snippet", "Insert a snippet at the cursor"),
        _second("plus,f9", "attach", "Attach", "attach", "Attach a file to the mail"),
        _second(
            "w,alt+o",
            "browse",
            "Browser",
            "browser",
            "Show the mail in your browser, or its address",
        ),
        _second("O,alt+l", "open", "Open", "open", "Open another campaign, or a file"),
        _second("n,N,alt+n", "new", "New", "new", "Write a new campaign"),
        _second(
            "E,alt+w", "save_file", "Save as file", "file", "Save it as a file for `sestui apply`"
        ),
        _second("y,alt+y", "copy", "Copy", "copy", "Copy the recipient's address"),
    ]

    def __init__(self, services: ScreenServices) -> None:
        super().__init__(services)
        self.drawn: Drawn | None = None
        """The newest look at the draft; None: there was none yet."""
        self.take(DraftActions(self, lambda: self.drawn))
        self._head = ComposeHead()
        self._preview = MailPreview(
            sharp=services.runtime.settings.pictures == "auto", id="preview"
        )
        self._findings = FindingsList(id="findings")
        self._completion = CompletionList(self._attribute_use, self._keywords, id="completion")
        self.form.complete_with(self._completion)
        self._pictures = PictureMaker()
        self._contact = self.take(PreviewContact(self, lambda: self.drawn, self.check_draft))
        self._timer: Timer | None = None

    def body(self) -> ComposeResult:
        """Head; fields and mail, side by side where there is room; findings."""
        yield self._head
        with Horizontal(id="writing"):
            yield self.form
            yield self._preview
        yield self._findings
        yield self._completion

    def on_resize(self, event: events.Resize) -> None:
        """Side by side, or one at a time."""
        self.set_class(event.size.width >= _WIDE, "wide")
        self._preview.roomy = event.size.width >= _ROOMY

    # reading

    def draft_changed(self) -> None:
        """Check the draft once typing has paused."""
        self._show_head()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_LOOK_SECONDS, self.check_draft)

    def saved_state_changed(self) -> None:
        """Show it in the head line."""
        self._show_head()

    @work(exclusive=True, group="check")
    async def check_draft(self, step: int = 0) -> None:
        """Check the draft and render the mail; a newer check ends an older one."""
        read, seen, number = self.read_draft(), self.opened_draft.seen, self.drafts.begin_check()
        whom = self._contact.target(step)
        compares = self._preview.view == "changes"

        def snapshot() -> Drawn | None:
            found = self.drafts.check(read, seen, whom, number)
            if found is None:
                return None
            return drawn(found, self.drafts.changes(read, seen) if compares else None)

        made = await self.fetch(snapshot)
        if made is not None:
            self._show(made)
        elif self.drafts.is_newest(number):  # the database didn't answer
            self._timer = self.set_timer(_AGAIN_SECONDS, self.check_draft)

    def _show(self, made: Drawn) -> None:
        before, self.drawn = self.drawn, made
        self._contact.shown(made)
        self._preview.show(made)
        self._findings.show(made.checked.findings)
        self.form.mark(made.checked.findings)
        self._picture()
        self._show_head()
        if before is None or _offers(before) != _offers(made):
            self.refresh_bindings()

    def _show_head(self) -> None:
        opened, found = self.opened_draft.opened, self.drawn.checked.findings if self.drawn else ()
        state = "new" if opened is None else ""
        if opened is not None and opened.next_due_at is not None:
            at = self.services.at(opened.next_due_at)
            state = f"starts {at}"
        self._head.snapshot = HeadSnapshot(
            name=self.called,
            state=state,
            unsaved=self.unsaved,
            kept=self.kept,
            kept_fails=self.keep_fails,
            page=self.form.page,
            errors=sum(each.severity is Severity.ERROR for each in found),
            warnings=sum(each.severity is Severity.WARNING for each in found),
            looked=self.drawn is not None,
        )

    @on(DraftForm.Turned)
    def _turned(self) -> None:
        self._show_head()

    # completing

    async def _attribute_use(self) -> AttributeUse | None:
        audience = Audience.of(self.read_draft().campaign)
        return await self.fetch(lambda: self.drafts.attribute_use(audience))

    def _keywords(self) -> list[str]:
        return list(self.read_draft().campaign.keywords)

    @on(DraftForm.Changed)
    @on(TextArea.SelectionChanged)
    def _written(self) -> None:
        self._completion.follow(self.focused)

    # going about

    @property
    def typing(self) -> bool:
        """Whether keys go into a field."""
        return isinstance(self.focused, Input | TextArea)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done now is offered."""
        made = self.drawn
        if action == "write":
            return not self.typing
        if action in {"command", "go_back"}:
            return self.typing == (action == "command")
        if action == "finding":
            return made is not None and bool(made.checked.findings)
        if action == "browse":
            return made is not None and made.checked.mail is not None
        return super().check_action(action, parameters)

    def step_back(self) -> bool:
        """Close the mail where it hides the fields, then leave what has the focus."""
        if self._previewing:
            self.remove_class("previewing")
            self.set_focus(None)
            return True
        left = self.focused is not None
        self.set_focus(None)
        return left

    @property
    def _previewing(self) -> bool:
        """Whether the mail hides the fields."""
        return self.has_class("previewing") and not self.has_class("wide")

    def action_write(self) -> None:
        """Into the fields."""
        self.remove_class("previewing")
        self.form.write()

    def action_command(self) -> None:
        """Leave the field."""
        self.set_focus(None)

    def action_page(self, name: str) -> None:
        """Turn to a page; whoever writes goes on writing there."""
        typing = self.typing
        self.remove_class("previewing")
        self.form.page = name
        if typing:
            self.form.write()
        else:
            self.set_focus(None)

    def action_view(self) -> None:
        """Open the mail; once it is open, another view of it."""
        if self.has_class("wide") or self._previewing:
            self._preview.next_view()
        else:
            self.add_class("previewing")
        if not self.typing or self._previewing:
            self._preview.focus_view()

    def action_show_view(self, name: str) -> None:
        """A view of the mail by its name."""
        self._preview.view = name
        self._preview.focus_view()

    @on(MailPreview.Viewed)
    def _viewed(self) -> None:
        """Compute the changes once their view is opened."""
        if self._preview.view == "changes":
            self.check_draft()
        self._picture()

    @on(PictureView.Resized)
    def _resized(self) -> None:
        self._picture()

    @work(exclusive=True, group="picture")
    async def _picture(self) -> None:
        """Take the mail's picture if that view is open; a newer request ends an older one."""
        mail, view = self._preview.picture_mail, self._preview.view
        if mail is None:
            return
        try:
            if self._preview.picture.sharp:
                self._preview.show_sharp(await self._pictures.picture(mail, view, SHARP))
                return
            rows = await self._pictures.rows(mail, view, self._preview.picture_width)
        except NoPictureError as error:
            self._preview.show_no_picture(str(error))
        else:
            if rows is not None:
                self._preview.show_picture(rows)

    def action_finding(self) -> None:
        """Go to the next problem."""
        finding = self._findings.next()
        if finding is not None:
            self._go_to(finding)

    @on(FindingsList.Chosen)
    def _chosen(self, event: FindingsList.Chosen) -> None:
        self._go_to(event.finding)

    def _go_to(self, finding: Finding) -> None:
        self.remove_class("previewing")
        self.form.go_to(finding.where, finding.line)


def _offers(made: Drawn) -> tuple[bool, bool, bool]:
    """The state that decides which actions are available."""
    look = made.checked
    return bool(look.findings), look.contact is not None, look.mail is not None
