"""The mail that a draft makes for one contact, in several views."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from sestui.compose.draft_checker import Look
from sestui.core.content.changes import ChangedLine
from sestui.core.delivery.mail import Mail
from sestui.tui.compose.changes_view import ChangesView
from sestui.tui.widgets.format import file_size, shorten
from sestui.tui.widgets.html_content import html_content
from sestui.tui.widgets.pager import Pager
from sestui.tui.widgets.rendered_mail import RenderedMail

VIEWS = ("mail", "text", "source", "headers", "changes")
_MOST_SHOWN = 300_000
"""Characters of a text that a screen holds; the browser shows the rest."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A look, drawn; made off the UI thread."""

    look: Look
    mail: Content
    texts: dict[str, str]
    """Text by the name of its view."""
    changes: tuple[ChangedLine, ...] | None = None
    """What has changed since the last run; None: nobody asked."""


def drawn(look: Look, changes: tuple[ChangedLine, ...] | None = None) -> Drawn:
    """Draw every view of a look."""
    mail = look.mail
    if mail is None:
        return Drawn(look, Content(""), {}, changes)
    texts = {"text": mail.text, "source": mail.html, "headers": _headers(mail)}
    return Drawn(
        look,
        html_content(mail.html),
        {name: text[:_MOST_SHOWN] for name, text in texts.items()},
        changes,
    )


def _headers(mail: Mail) -> str:
    given = [
        ("From", mail.from_address),
        ("Reply-To", ", ".join(mail.reply_to)),
        ("To", mail.to),
        ("Subject", mail.subject),
        *mail.headers,
        ("configuration set", mail.configuration_set),
    ]
    files = [
        f"attached: {each.name} ({each.content_type}, {file_size(len(each.content))})"
        for each in mail.attachments
    ]
    return "\n".join([*(f"{name}: {value}" for name, value in given if value), *files])


class PreviewHead(Widget):
    """The views there are, and whom the mail is for."""

    drawn: reactive[Drawn | None] = reactive(None)
    view: reactive[str] = reactive("mail")

    def render(self) -> Content:
        """Two lines."""
        tabs = Content("  ").join(
            Content.styled(
                name.capitalize(), "bold underline" if name == self.view else "$text-muted"
            ).stylize(Style.from_meta({"@click": f"screen.show_view({name!r})"}))
            for name in VIEWS
        )
        if self.drawn is None:
            return tabs
        look, width = self.drawn.look, max(10, self.size.width)
        whom = f"to {shorten(look.email, max(8, width - 26))}"
        if look.contact is None:
            whom += " (made up: no contacts yet)"
        elif look.contact.status != "active":
            whom += f" ({look.contact.status}: gets no mail)"
        subject = look.mail.subject if look.mail is not None else ""
        return Content("\n").join(
            [
                tabs,
                Content.styled(whom, "$text-muted"),
                Content.styled(shorten(subject, width), "bold"),
            ]
        )


class MailPreview(Vertical):
    """Shows what :func:`drawn` gives."""

    view: reactive[str] = reactive("mail")

    BORDER_TITLE: ClassVar[str] = "Preview"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's own name for it
        super().__init__(id=id)
        self._head = PreviewHead()
        self._mail = RenderedMail(id="preview-mail")
        self._pager = Pager(id="preview-pager")
        self._changes = ChangesView(id="preview-changes")
        self._switch = ContentSwitcher(
            self._mail, self._pager, self._changes, initial="preview-mail"
        )
        self._drawn: Drawn | None = None

    def compose(self) -> ComposeResult:
        """Head, and the view."""
        yield self._head
        yield self._switch

    def on_mount(self) -> None:
        """What came before there was anything to draw it on."""
        self._draw()

    @dataclass
    class Viewed(Message):
        """Another view is up."""

    def show(self, snapshot: Drawn) -> None:
        """Show another look; who has scrolled stays about where they are."""
        self._drawn = self._head.drawn = snapshot
        self._draw()

    def watch_view(self, view: str) -> None:
        """Another view, from its beginning."""
        self._head.view = view
        if self.is_mounted:
            self._draw()
            self.post_message(self.Viewed())
            for each in (self._mail, self._pager, self._changes):
                each.scroll_home(animate=False)

    def next_view(self) -> None:
        """Go round the views."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]

    def focus_view(self) -> None:
        """Let keys scroll it."""
        shown = {"mail": self._mail, "changes": self._changes}
        shown.get(self.view, self._pager).focus()

    def _draw(self) -> None:
        snapshot = self._drawn
        if snapshot is None or not self._switch.is_attached:
            return  # not there yet, or not any more: a look takes its time
        if self.view == "changes":
            self._switch.current = "preview-changes"
            self._changes.show_changes(snapshot.changes or ())
            return
        is_mail = self.view == "mail" or snapshot.look.mail is None
        self._switch.current = "preview-mail" if is_mail else "preview-pager"
        if snapshot.look.mail is None:
            self._mail.show(
                Content.styled("No preview yet: fix the problems listed below.", "$text-muted")
            )
        elif is_mail:
            self._mail.show(snapshot.mail)
        elif snapshot.texts[self.view] != self._pager.text:
            at = self._pager.scroll_y
            self._pager.show(snapshot.texts[self.view])
            self._pager.scroll_to(y=at, animate=False, immediate=True, force=True)
