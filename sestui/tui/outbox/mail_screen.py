"""One mail of the outbox, as its recipient sees it, and what it is made of."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from sestui.tui.app.navigation.browser import open_in_browser
from sestui.tui.app.screens.base_screen import FAILED, BaseScreen
from sestui.tui.app.services import ScreenServices
from sestui.tui.outbox.service import MailSnapshot, OutboxService, OutboxSource
from sestui.tui.widgets.format import file_size, grouped, shorten
from sestui.tui.widgets.html_content import MOST_CHARACTERS, html_content
from sestui.tui.widgets.pager import Pager
from sestui.tui.widgets.rendered_mail import RenderedMail

STATE_KINDS = {
    "delivered": "good",
    "bounced": "bad",
    "complained": "warning",
    "not rendered": "bad",
}
"""What a mail's state means, for the cells of a table."""

_RETRY_SECONDS = 1.0
_CUT = "Only the beginning is shown: press w to see the rest in a browser."
_COLOURS = {"good": "$text-success", "bad": "bold $text-error", "warning": "bold $text-warning"}

_VIEWS = {"mail": "Mail", "text": "Text", "source": "Source", "headers": "Headers"}


async def browse(screen: BaseScreen, outbox: OutboxService, message_id: str) -> None:
    """Show the outbox or one mail of it in a browser, and say its address."""
    url = await screen.attempt(lambda: outbox.page_url(message_id))
    if url is FAILED:
        return
    if open_in_browser(screen.app, url):
        screen.toast(f"Opened in your browser: {url.partition('?')[0]}")
    else:
        screen.app.copy_to_clipboard(url)
        screen.toast(f"Open it in a browser: {url} (copied)")


class MailHead(Widget):
    """Subject, people, time, state, attachments; below, the views there are."""

    snapshot: reactive[MailSnapshot | None] = reactive(None, layout=True)
    view: reactive[str] = reactive("mail")
    place: reactive[str] = reactive("")
    when: reactive[str] = reactive("")

    def render(self) -> Content:
        """Five lines, six with attachments."""
        mail = self.snapshot
        if mail is None:
            return Content("")
        width = max(20, self.size.width)
        outcome = mail.listed.outcome
        state = Content.styled(
            outcome.state, _COLOURS[STATE_KINDS.get(outcome.state, "good")]
        ) + Content(shorten(f" {outcome.reason}", width - 24) if outcome.reason else "")
        room = width - len(self.place) - 2
        subject = Content.styled(shorten(mail.listed.subject or "(no subject)", room), "bold")
        lines = [
            subject.truncate(room, pad=True) + Content.styled(f"  {self.place}", "$text-muted"),
            _labelled("to", shorten(mail.listed.to, width - 10)),
            _labelled("from", shorten(mail.sender, width - 10)),
            _labelled("accepted", f"{self.when}   ") + state,
        ]
        if mail.files:
            files = ", ".join(f"{f.name or 'no name'} ({file_size(f.size)})" for f in mail.files)
            lines.append(_labelled("attached", shorten(files, width - 10)))
        return Content("\n").join([*lines, self._tabs()])

    def _tabs(self) -> Content:
        return Content("   ").join(
            Content.styled(label, "bold underline" if name == self.view else "$text-muted").stylize(
                Style.from_meta({"@click": f"screen.view({name!r})"})
            )
            for name, label in _VIEWS.items()
        )


def _labelled(label: str, text: str) -> Content:
    return Content.assemble((f"{label:<10}", "$text-muted"), text)


class MailScreen(BaseScreen):
    """A mail of ``source``; the mails beside it are a key away."""

    PLACE = "Outbox"
    TITLE = "mail"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right_square_bracket",
            "next(1)",
            "Next",
            id="mail.next",
            tooltip="The next mail in the list",
        ),
        Binding(
            "left_square_bracket",
            "next(-1)",
            "Previous",
            id="mail.previous",
            tooltip="The previous mail in the list",
        ),
        Binding(
            "v",
            "next_view",
            "View",
            id="mail.view",
            tooltip="Another view of the mail: its text, its source, its headers",
        ),
        Binding(
            "alt+m",
            "view('mail')",
            "Mail",
            show=False,
            id="mail.mail",
            tooltip="The mail's HTML as text",
        ),
        Binding(
            "alt+t",
            "view('text')",
            "Text",
            show=False,
            id="mail.text",
            tooltip="The text alternative",
        ),
        Binding(
            "alt+s",
            "view('source')",
            "Source",
            show=False,
            id="mail.source",
            tooltip="The whole message as sent",
        ),
        Binding(
            "alt+h",
            "view('headers')",
            "Headers",
            show=False,
            id="mail.headers",
            tooltip="Headers, tags and who got it",
        ),
        Binding(
            "w",
            "browse",
            "Browser",
            id="mail.browse",
            tooltip="Show the mail in your browser as it looks, or its address",
        ),
        Binding("y", "copy", "Copy", id="mail.copy", tooltip="Copy the recipient's address"),
        Binding(
            "Y",
            "copy_text",
            "Copy text",
            show=False,
            id="mail.copy_text",
            tooltip="Copy all the text of this view",
        ),
    ]

    def __init__(
        self, services: ScreenServices, outbox: OutboxService, source: OutboxSource, index: int
    ) -> None:
        super().__init__(services)
        self.index = index
        """Where the mail is in the source: 0 is the newest."""
        self._outbox = outbox
        self._source = source
        self._head = MailHead()
        self._mail = RenderedMail(id="view-mail")
        self._pager = Pager(id="view-text")
        self._views = ContentSwitcher(self._mail, self._pager, initial="view-mail")

    def body(self) -> ComposeResult:
        """What the mail is, and one view of it."""
        yield self._head
        yield self._views

    def on_mount(self) -> None:
        """The text has the focus."""
        self._mail.focus()

    @property
    def snapshot(self) -> MailSnapshot | None:
        """The mail that is shown; None: it has not been read yet."""
        return self._head.snapshot

    async def read(self) -> None:
        """Read the mail at the index, unless it is the one that is shown."""
        index = self.index
        mails = await self.fetch(lambda: self._source.page(index, 1))
        if mails is not None and not mails:
            gone = "The mail is gone: the simulator's account has been reset."
            self.app.notify(gone, severity="error", markup=False)  # it outlives this screen
            self.app.pop_screen()
            return
        found = await self.fetch(lambda: self._drawn(mails[0].message_id)) if mails else None
        self.refresh_seconds = None if found is not None else _RETRY_SECONDS
        if found is not None:
            self._show(*found)

    def _drawn(self, message_id: str) -> tuple[MailSnapshot, Content]:
        mail = self._outbox.mail(message_id)
        drawn = html_content(mail.html)
        if len(drawn) >= MOST_CHARACTERS:
            drawn = drawn + Content.styled(f"\n\n{_CUT}", "$text-muted")
        return mail, drawn

    def _show(self, mail: MailSnapshot, drawn: Content) -> None:
        self._head.snapshot = mail
        self._mail.show(drawn)
        self._head.place = f"{grouped(self.index + 1)} of {grouped(self._source.count())}"
        self._head.when = self.services.at(mail.listed.accepted_at)
        self._show_view()
        self.refresh_bindings()

    def _show_view(self) -> None:
        mail, view = self.snapshot, self._head.view
        if mail is None:
            return
        shown: Widget = self._mail
        if view == "mail" and mail.html:
            self._mail.scroll_home(animate=False)
        else:
            shown, part = self._pager, "text" if view == "mail" else view
            self._pager.show(mail.views[part], ending=_CUT if part in mail.cut else "")
            if not mail.views[part].strip():
                self._pager.show("", ending="This mail has no such part.")
        self._views.current = shown.id
        self.set_focus(shown)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be no mail beside this one."""
        if action == "next":
            (step,) = parameters
            return isinstance(step, int) and 0 <= self.index + step < self._source.count()
        return super().check_action(action, parameters)

    def action_next(self, step: int) -> None:
        """Show the mail ``step`` rows down the list."""
        self.index += step
        self.reload()

    def action_view(self, name: str) -> None:
        """Show another view of the mail, and of those one goes on to."""
        self._head.view = name
        self._show_view()

    def action_next_view(self) -> None:
        """Show the view behind this one, and the first behind the last."""
        names = list(_VIEWS)
        self.action_view(names[(names.index(self._head.view) + 1) % len(names)])

    def action_copy(self) -> None:
        """Copy the recipients."""
        if self.snapshot is not None:
            self.copy(self.snapshot.listed.to)

    def action_copy_text(self) -> None:
        """Copy what is shown, as text."""
        text = self._pager.text if self._pager.has_focus else self._mail.plain
        self.app.copy_to_clipboard(text)
        self.toast(f"Copied: the text, {grouped(len(text))} characters")

    @work(group="action")
    async def action_browse(self) -> None:
        """Show the mail in a browser."""
        if self.snapshot is not None:
            await browse(self, self._outbox, self.snapshot.listed.message_id)
