"""The mail that a draft makes for one contact, in several views."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from sestui.compose.browser_picture import DEVICES
from sestui.compose.draft_checker import CheckedDraft
from sestui.compose.png import Picture, Pixel
from sestui.core.content.changes import ChangedLine
from sestui.core.delivery.mail import Mail
from sestui.core.delivery.variants import VARIANTS
from sestui.tui.compose.changes_view import ChangesView
from sestui.tui.compose.picture_view import PictureView
from sestui.tui.widgets.format import file_size, shorten
from sestui.tui.widgets.html_content import html_content
from sestui.tui.widgets.pager import Pager
from sestui.tui.widgets.rendered_mail import RenderedMail

PICTURES = tuple(DEVICES)
"""Views that are pictures of the mail."""
VIEWS = ("mail", *PICTURES, "text", "source", "headers", "changes")
_MARGINS = 4
"""Cells beside a picture."""
_BEING_TAKEN = "The picture is being taken…"
_MOST_SHOWN = 300_000
"""Characters of a text that a screen holds; the browser shows the rest."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A checked draft, drawn; made off the UI thread."""

    checked: CheckedDraft
    mail: Content
    texts: dict[str, str]
    """Text by the name of its view."""
    changes: tuple[ChangedLine, ...] | None = None
    """What has changed since the last run; None: nobody asked."""


def drawn(look: CheckedDraft, changes: tuple[ChangedLine, ...] | None = None) -> Drawn:
    """Draw every view of a checked draft."""
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
    """The available views, and the mail's recipient."""

    drawn: reactive[Drawn | None] = reactive(None, layout=True)
    view: reactive[str] = reactive("mail")

    def render(self) -> Content:
        """Three lines; four where the views take two; one more for each variant of a split."""
        tabs = Content("  ").join(
            Content.styled(
                name.capitalize(), "bold underline" if name == self.view else "$text-muted"
            ).stylize(Style.from_meta({"@click": f"screen.show_view({name!r})"}))
            for name in VIEWS
        )
        if self.drawn is None:
            return tabs
        look, width = self.drawn.checked, max(10, self.size.width)
        whom = f"to {shorten(look.email, max(8, width - 26))}"
        if look.contact is None:
            whom += " (made up: no contacts yet)"
        elif look.contact.status != "active":
            whom += f" ({look.contact.status}: gets no mail)"
        subjects = look.subjects or ("",)
        if len(subjects) > 1:
            named = zip(VARIANTS, subjects, strict=False)
            subjects = tuple(f"{letter} {subject}" for letter, subject in named)
        return Content("\n").join(
            [
                tabs,
                Content.styled(whom, "$text-muted"),
                *(Content.styled(shorten(each, width), "bold") for each in subjects),
            ]
        )


class MailPreview(Vertical):
    """Shows what :func:`drawn` gives."""

    view: reactive[str] = reactive("mail")
    roomy: reactive[bool] = reactive(False)
    """Whether there is room for the text part beside a picture."""

    BORDER_TITLE: ClassVar[str] = "Preview"

    def __init__(
        self,
        *,
        sharp: bool = True,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        """``sharp``: pictures in the terminal's own pixels, if it has any."""
        super().__init__(id=id)
        self._head = PreviewHead()
        self._mail = RenderedMail(id="preview-mail")
        self._pager = Pager(id="preview-pager")
        self._changes = ChangesView(id="preview-changes")
        self._picture = PictureView(sharp=sharp, id="preview-picture")
        self._switch = ContentSwitcher(
            self._mail, self._picture, self._pager, self._changes, initial="preview-mail"
        )
        self._beside = Pager(id="preview-beside")
        self._no_picture = ""
        """Why there is no picture; '' if there is one."""
        self._drawn: Drawn | None = None

    def compose(self) -> ComposeResult:
        """Head, and the view."""
        yield self._head
        with Horizontal():
            yield self._switch
            yield self._beside

    def on_mount(self) -> None:
        """What came before there was anything to draw it on."""
        self._draw()

    @dataclass
    class Viewed(Message):
        """Another view is up."""

    def show(self, snapshot: Drawn) -> None:
        """Show another check; the scroll position is kept roughly."""
        self._drawn = self._head.drawn = snapshot
        self._draw()

    def watch_view(self, view: str) -> None:
        """Another view, from its beginning."""
        self._head.view = view
        self._no_picture = _BEING_TAKEN
        self.set_class(view in PICTURES, "picture")
        if self.is_mounted:
            self._draw()
            self.post_message(self.Viewed())
            for each in (self._mail, self._picture, self._pager, self._changes):
                each.scroll_home(animate=False)

    def watch_roomy(self) -> None:
        """Show the text part beside the picture, or don't."""
        if self.is_mounted:
            self._draw()

    def next_view(self) -> None:
        """Go round the views."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]

    def focus_view(self) -> None:
        """Let keys scroll it."""
        self.query_one(f"#{self._switch.current}").focus()

    @property
    def picture_mail(self) -> Mail | None:
        """The mail whose picture is shown; None if none is."""
        wanted = self.view in PICTURES and self._drawn is not None
        return self._drawn.checked.mail if wanted and self._drawn is not None else None

    def picture_width(self) -> int:
        """Pixels that a picture may be wide."""
        # Before it is shown it has no size; once it is, it asks for the width that it has.
        return self._picture.room or max(0, self._switch.size.width - _MARGINS)

    def show_picture(self, rows: list[list[Pixel]]) -> None:
        """Show the picture of the mail."""
        self._no_picture = ""
        self._picture.show(rows)
        self._draw()

    @property
    def picture(self) -> PictureView:
        """Where pictures are shown."""
        return self._picture

    def show_sharp(self, picture: Picture) -> None:
        """Show the picture of the mail in the terminal's own pixels."""
        self._no_picture = ""
        self._picture.show_sharp(picture)
        self._draw()

    def show_no_picture(self, why: str) -> None:
        """Show the mail as text, and why."""
        self._no_picture = why
        self._picture.show([])
        self._draw()

    def _draw(self) -> None:
        snapshot = self._drawn
        if snapshot is None or not self._switch.is_attached:
            return  # not there yet, or not any more: a look takes its time
        if self.view == "changes":
            self._switch.current = "preview-changes"
            self._changes.show_changes(snapshot.changes or ())
            return
        picture = self.picture_mail is not None
        self._beside.display = picture and self.roomy
        if picture and not self._no_picture:
            self._switch.current = "preview-picture"
            self._show_text(self._beside, snapshot.texts["text"])
            return
        is_mail = self.view in {"mail", *PICTURES} or snapshot.checked.mail is None
        self._switch.current = "preview-mail" if is_mail else "preview-pager"
        if snapshot.checked.mail is None:
            self._mail.show(
                Content.styled("No preview yet: fix the problems listed below.", "$text-muted")
            )
        elif picture:
            why = Content.styled(self._no_picture, "$text-warning")
            self._mail.show(Content("\n\n").join([why, snapshot.mail]))
        elif is_mail:
            self._mail.show(snapshot.mail)
        else:
            self._show_text(self._pager, snapshot.texts[self.view])

    @staticmethod
    def _show_text(pager: Pager, text: str) -> None:
        """Show it; the scroll position is kept roughly."""
        if text != pager.text:
            at = pager.scroll_y
            pager.show(text)
            pager.scroll_to(y=at, animate=False, immediate=True, force=True)
