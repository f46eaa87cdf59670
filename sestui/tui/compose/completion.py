"""Completion of what is written within ``{{ }}``: variables with how many contacts have them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from textual import events, on
from textual.content import Content
from textual.geometry import Offset
from textual.widget import Widget
from textual.widgets import Input, OptionList, TextArea
from textual.widgets.option_list import Option

from sestui.core.content.template.completion import (
    Place,
    Proposal,
    inserted,
    place_at,
    proposals,
)
from sestui.store.contacts.members import AttributeUse
from sestui.tui.widgets.format import grouped, shorten
from sestui.tui.widgets.text_input import TextInput

_WIDTH = 58
_MOST_ROWS = 8
_MOST_OFFERED = 100
_NAME_CELLS = 22
_NOBODY = AttributeUse({}, 0, complete=True)


class TakesKeys(Protocol):
    """Something in front of a field, which gets its keys first."""

    def take(self, key: str) -> bool:
        """Whether the key was for it."""

    def close(self) -> None:
        """The field has been left."""


def offer_key(completion: TakesKeys | None, event: events.Key) -> None:
    """Let a field's completion have a key first, while there is one."""
    if completion is not None and completion.take(event.key):
        event.stop()
        event.prevent_default()


class TemplateInput(TextInput):
    """A line that is a template."""

    completion: TakesKeys | None = None

    def on_key(self, event: events.Key) -> None:
        """Offer it to the completion first."""
        offer_key(self.completion, event)

    def on_blur(self) -> None:
        """Close the completion."""
        if self.completion is not None:
            self.completion.close()


@dataclass(frozen=True, slots=True)
class _Writing:
    """A word that is being typed, and its place."""

    field: Input | TextArea
    row: int
    column: int
    """Where the word begins."""
    place: Place

    @property
    def spot(self) -> tuple[Widget, int, int]:
        """The same as long as that word is written."""
        return self.field, self.row, self.column

    def put(self, text: str, back: int) -> None:
        """Write ``text`` instead of it, and the cursor ``back`` signs before its end."""
        begin, end = self.column, self.column + len(self.place.begun)
        at = begin + len(text) - back
        if isinstance(self.field, TextArea):
            self.field.replace(text, (self.row, begin), (self.row, end))
            self.field.move_cursor((self.row, at))
        else:
            value = self.field.value
            self.field.value = f"{value[:begin]}{text}{value[end:]}"
            self.field.cursor_position = at


def _writing(field: Widget | None) -> _Writing | None:
    """What is being written at the cursor of a field, if it is a word of a template."""
    if isinstance(field, TextArea):
        row, at = field.cursor_location
        line = field.document.get_line(row)
    elif isinstance(field, Input):
        row, at, line = 0, field.cursor_position, field.value
    else:
        return None
    place = place_at(line[:at], line[at:])
    return _Writing(field, row, at - len(place.begun), place) if place is not None else None


class CompletionList(OptionList):
    """Stands at the cursor as long as there is something to complete; the field keeps the focus."""

    can_focus = False
    BORDER_SUBTITLE: ClassVar[str] = "enter takes it, esc closes"

    def __init__(
        self,
        use: Callable[[], Awaitable[AttributeUse | None]],
        keywords: Callable[[], Sequence[str]],
        *,
        id: str | None = None,  # noqa: A002 - textual's own name for it
    ) -> None:
        """``use`` reads which attributes the audience has; ``keywords`` tells the campaign's."""
        super().__init__(id=id, markup=False, compact=True)
        self._read_use = use
        self._keywords = keywords
        self._use: AttributeUse | None = None
        """None: it is being read."""
        self._writing: _Writing | None = None
        self._offered: list[Proposal] = []
        self._left: tuple[Any, ...] | None = None
        """The word that was completed, or not to be."""
        self.display = False

    def follow(self, field: Widget | None) -> None:
        """Offer what fits what is written in the field now."""
        writing = _writing(field)
        if writing is None:
            self._left = None
            self.close()
            return
        if writing.spot == self._left:
            return
        begins = self._writing is None
        self._writing = writing
        if begins:
            self._use = None
            self.run_worker(self._count(), group="complete", exclusive=True)
        self._offer()

    async def _count(self) -> None:
        self._use = await self._read_use() or _NOBODY
        if self._writing is not None:
            self._offer()

    def _offer(self) -> None:
        writing, use = self._writing, self._use or _NOBODY
        assert writing is not None  # noqa: S101 - asked for only while something is written
        self._offered = proposals(writing.place, use.counts, self._keywords())[:_MOST_OFFERED]
        self.clear_options()
        self.add_options(_line(each, use) for each in self._offered)
        self.display = bool(self._offered)
        if not self._offered:
            return
        self.highlighted = 0
        what = "Filters" if writing.place.filters else "Variables"
        self.border_title = f"{what} · counting…" if self._use is None else what
        self._stand_at(writing.field.cursor_screen_offset)

    def _stand_at(self, cursor: Offset) -> None:
        """Below the cursor, or above it where there is no room; never over its line."""
        assert self._writing is not None  # noqa: S101 - as above
        screen = self.screen.size
        width, height = min(_WIDTH, screen.width), min(_MOST_ROWS, len(self._offered)) + 2
        below = screen.height - 2 - cursor.y  # the last line is the key bar's
        height = min(height, max(below, cursor.y))
        top = cursor.y + 1 if height <= below else cursor.y - height
        left = cursor.x - len(self._writing.place.begun) - 1
        self.styles.width, self.styles.height = width, height
        self.absolute_offset = Offset(max(0, min(left, screen.width - width)), top)
        self.refresh(layout=True)

    def close(self) -> None:
        """Hide the list."""
        self._writing = None
        self.display = False

    def take(self, key: str) -> bool:
        """Whether the key was for the list, while it is there."""
        if not self.display or self._writing is None:
            return False
        if key in {"up", "down"}:
            self.action_cursor_up() if key == "up" else self.action_cursor_down()
        elif key in {"enter", "tab"}:
            self._accept(self.highlighted or 0)
        elif key == "escape":
            self._left = self._writing.spot
            self.close()
        else:
            return False
        return True

    def _accept(self, index: int) -> None:
        writing, of = self._writing, (self._use or _NOBODY).of
        if writing is None or index >= len(self._offered):
            return
        self._left = writing.spot
        self.close()
        writing.put(*inserted(writing.place, self._offered[index], of))

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._accept(event.option_index)


def _line(proposal: Proposal, use: AttributeUse) -> Option:
    note, style = proposal.note, "$text-muted"
    if proposal.had_by is not None:
        all_have = proposal.had_by == use.of
        note = (
            f"{grouped(proposal.had_by)} of {grouped(use.of)}{'' if use.complete else ' looked at'}"
        )
        style = "$text-success" if all_have else "$text-warning"
    name = Content(shorten(proposal.name, _NAME_CELLS)).pad_right(1)
    room = max(1, _NAME_CELLS + 1 - name.cell_length)
    rest = Content.styled(shorten(note, _WIDTH - _NAME_CELLS - 5), style)
    return Option(name.pad_right(room) + rest)
