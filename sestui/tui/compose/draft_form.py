"""The fields of a campaign that is being written, on three pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantBlur
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Input, Label, TextArea

from sestui.core.campaign.draft import DRAFT_FIELDS, Draft
from sestui.core.campaign.kinds import FLAG, text
from sestui.core.content.lint.findings import Finding
from sestui.core.content.message import BodyFormat
from sestui.core.delivery.mail import MailAttachment
from sestui.core.field_table import TableField
from sestui.tui.compose.attachments import Attachments
from sestui.tui.compose.body_area import BodyArea
from sestui.tui.compose.completion import TakesKeys, TemplateInput
from sestui.tui.compose.segment_count import SegmentCount
from sestui.tui.compose.tick_box import TickBox
from sestui.tui.widgets.form import Fields, Labelled
from sestui.tui.widgets.name_input import NameHint, NameInput
from sestui.tui.widgets.schedule_preview import SchedulePreview
from sestui.tui.widgets.text_input import NamesInput, TextInput

if TYPE_CHECKING:
    from sestui.tasks.task_service import TaskForecast

PAGES = ("message", "text", "details")
"""The message with its main fields; the text alternative; everything that is rarely touched."""

_HEAD = ("name", "lists", "from_address", "subject", "preheader")
"""What stands over the message; the others are details."""
_FIELDS = DRAFT_FIELDS | {
    "subject": TableField(
        text(str), "Subject", "{{ first_name or 'Hello' }}, your news", "subject"
    ),
    "preheader": TableField(
        text(str), "Preheader", "what mail programs show beside the subject", "preheader"
    ),
}
_TIMES = ("start_at", "schedule", "timezone")
"""The fields that say when the campaign starts by itself."""
_AUDIENCE = ("lists", "segment", "timezone")
"""The fields that say whom it is for."""
_TEXT_HINT = "Empty: it is made from the body. Write one here to improve on that."
_BODY_HINT = """\
Press i to write from Name on, Tab for the next field, Esc for command mode.
The keys are listed at the bottom.

Markdown, with {{ first_name or 'you' }} for whatever differs per contact,
and {{ unsubscribe_url }}."""


class DraftForm(Fields):
    """Fields in, draft out."""

    page: reactive[str] = reactive(PAGES[0])

    @dataclass
    class Changed(Message):
        """Somebody typed, or the form shows another draft."""

    @dataclass
    class Turned(Message):
        """Another page is up."""

    def __init__(
        self,
        lists: Callable[[], Sequence[str]],
        forecast: "Callable[[Draft], TaskForecast]",
        count: Callable[[Draft], str],
        pinned_start: Callable[[Draft], str],
        *,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        """``lists`` gives the names that may be completed, ``forecast`` a draft's dates.

        ``count`` says who is in its segment, ``pinned_start`` its start so that it means the same
        tomorrow.
        """
        super().__init__(id=id)
        self._count = count
        self._counted = SegmentCount(id="segment-count")
        self._forecast = forecast
        self._pinned_start = pinned_start
        self._preview = SchedulePreview(id="schedule-preview")
        ticked = {n: each for n, each in _FIELDS.items() if each.kind is FLAG}
        self._ticks = {
            name: TickBox(each.label, id=f"field-{each.name}") for name, each in ticked.items()
        }
        self._lines = {
            name: TextInput(placeholder=each.hint, id=f"field-{each.name}")
            for name, each in _FIELDS.items()
            if name not in ticked
        }
        self._templates = {
            name: TemplateInput(placeholder=_FIELDS[name].hint, id=f"field-{name}")
            for name in ("subject", "preheader")
        }
        self._lines |= self._templates
        self._lines["name"] = name = NameInput(placeholder=_FIELDS["name"].hint, id="field-name")
        self._name_hint = NameHint(name)
        hint = _FIELDS["lists"].hint
        self._lines["lists"] = NamesInput(lists, placeholder=hint, id="field-lists")
        self._body = BodyArea(placeholder=_BODY_HINT, id="field-body")
        self._text = BodyArea(placeholder=_TEXT_HINT, id="field-text")
        self._html = TickBox("The body is HTML, not Markdown", id="field-format")
        self._html_is: BodyFormat = "html"
        """What a body is that isn't Markdown: MJML stays MJML."""
        self._shown = Draft()
        """Fields not shown here stay as they are."""
        self._attachments = Attachments(id="field-attachments")
        self._last: Widget | None = None

    def compose(self) -> ComposeResult:
        """The pages, one of them in sight."""
        with ContentSwitcher(initial=f"page-{PAGES[0]}"):
            with Vertical(id="page-message"):
                with Horizontal(classes="labelled"):
                    yield from self._labelled(*_HEAD[:2])
                yield self._name_hint
                yield from self._labelled(*_HEAD[2:])
                yield self._body
            with Vertical(id="page-text"):
                yield self._text
            with VerticalScroll(id="page-details", can_focus=False):
                yield from self._labelled("segment")
                yield self._counted
                shown = (*_HEAD, "segment")
                yield from self._labelled(*(name for name in self._lines if name not in shown))
                yield self._preview
                yield self._html
                yield from self._ticks.values()
                yield Label("Attachments")
                yield self._attachments

    def _labelled(self, *names: str) -> ComposeResult:
        for name in names:
            yield Labelled(_FIELDS[name].label, self._lines[name])

    # the draft

    @property
    def draft(self) -> Draft:
        """The content of the fields."""
        fields: dict[str, Any] = {
            name: each.value for name, each in (self._lines | self._ticks).items()
        }
        return replace(
            self._shown,
            **fields,
            body=self._body.text,
            text=self._text.text,
            body_format=self._body_format,
            attachments=self._attachments.files,
        )

    @property
    def _body_format(self) -> BodyFormat:
        return self._html_is if self._html.value else "markdown"

    def show(self, draft: Draft) -> None:
        """Put a draft into the fields."""
        for name, line in self._lines.items():
            line.value = getattr(draft, name)
            line.cursor_position = 0
        self._shown = draft
        self._html_is = "mjml" if draft.body_format == "mjml" else "html"
        self._html.value = draft.body_format != "markdown"
        for name, tick in self._ticks.items():
            tick.value = getattr(draft, name)
        self._attachments.show(draft.attachments)
        self._body.show(draft.body, "html" if self._html.value else "markdown")
        self._text.show(draft.text, None)
        self._name_body()
        self._preview_schedule()
        self._count_segment()

    def _count_segment(self) -> None:
        """Show who is in the segment."""
        draft = self.draft
        self._counted.show(lambda: self._count(draft))

    def _preview_schedule(self) -> None:
        """Show when the campaign would start by itself."""
        draft = self.draft
        self._preview.show(lambda: self._forecast(draft))

    def pin_start(self) -> None:
        """Write the start as a date and time where it was typed as ``tomorrow 9:00``."""
        line, pinned = self._lines["start_at"], self._pinned_start(self.draft)
        if line.value != pinned:
            line.value = pinned

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """What was typed as a start is shown as it was understood, once one leaves it."""
        if event.widget is self._lines["start_at"]:
            self.pin_start()

    def attach(self, files: tuple[MailAttachment, ...]) -> None:
        """Other attachments."""
        self._attachments.show(files)
        self.page = "details"

    def insert(self, text: str) -> None:
        """Write ``text`` at the cursor of the text of this page, and go on writing behind it."""
        if self.page == "details":
            self.page = "message"
        area = self.area
        area.focus()
        area.replace(text, *area.selection)
        area.scroll_cursor_visible()

    @property
    def area(self) -> BodyArea:
        """The text that is edited at length on this page: the alternative or the body."""
        return self._text if self.page == "text" else self._body

    @property
    def ending(self) -> str:
        """What the name of a file with the body ends with."""
        return "html" if self._html.value else "md"

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(TickBox.Changed)
    @on(Attachments.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        if isinstance(event, TextArea.Changed) and isinstance(event.text_area, BodyArea):
            event.text_area.choose_language()
        if event.control in {self._lines[name] for name in _TIMES}:
            self._preview_schedule()
        if event.control in {self._lines[name] for name in _AUDIENCE}:
            self._count_segment()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if isinstance(event.input, NamesInput):
            event.input.finish()
        self.action_next_field(1)

    @on(TickBox.Changed, "#field-format")
    def _format_changed(self) -> None:
        self._body.be("html" if self._html.value else "markdown")
        self._name_body()

    def _name_body(self) -> None:
        self._body.border_title = "Body · HTML" if self._html.value else "Body · Markdown"
        self._text.border_title = "Plain text"

    def complete_with(self, completion: TakesKeys) -> None:
        """Complete what is typed within ``{{ }}``."""
        fields: list[BodyArea | TemplateInput] = [self._body, self._text, *self._templates.values()]
        for field in fields:
            field.completion = completion

    def mark(self, findings: Sequence[Finding]) -> None:
        """Mark the lines that findings are about."""
        self._body.mark([each for each in findings if each.where == "body"])
        self._text.mark([each for each in findings if each.where == "text"])

    # going about

    def watch_page(self, page: str) -> None:
        """Turn to it."""
        if self.is_mounted:
            self.query_one(ContentSwitcher).current = f"page-{page}"
            self.post_message(self.Turned())

    def begin(self) -> None:
        """Put the cursor into the first field of all: the name."""
        self._last = None
        self.write()

    def write(self) -> None:
        """Put the cursor where it was last on this page, or into its first field."""
        wanted = self._last if self._last is not None and self._last.is_attached else None
        page = self.query_one(f"#page-{self.page}")
        if wanted is None or page not in wanted.ancestors:
            wanted = next(iter(page.query("TextInput, TextArea").results(Widget)), None)
        if wanted is not None:
            wanted.focus()

    def on_descendant_focus(self) -> None:
        """Remember it for :meth:`write`; let typing replace what a new campaign was offered."""
        focused = self.screen.focused
        if isinstance(focused, Input | TextArea):
            self._last = focused
        if isinstance(focused, Input) and focused in self._as_offered():
            focused.select_all()

    def _as_offered(self) -> list[TextInput]:
        """Fields of a campaign without a name in which nobody has written yet."""
        if self._shown.name:
            return []
        return [
            line for name, line in self._lines.items() if line.value == getattr(self._shown, name)
        ]

    def go_to(self, where: str, line: int | None) -> None:
        """Put the cursor into a field, by its name in a campaign file; '' is the body.

        What has no field here has no place to go to.
        """
        found = self.query(f"#field-{where or 'body'}")
        if not found:
            return  # it is in the campaign's file only, as a layout is
        field = found.first()
        for page in PAGES:
            if self.query_one(f"#page-{page}") in field.ancestors:
                self.page = page
        field.focus()
        if isinstance(field, BodyArea) and line is not None:
            field.go_to_line(line)
