"""A short list in a panel: each item some lines of content, one of them under the cursor."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from sestui.tui.widgets.drawn import DrawnWidget

Entry = TypeVar("Entry")

_CURSOR = "bold on $primary-muted"


@dataclass
class ItemMessage(Message):
    """Something happened in a list."""

    items: "ItemList[Any]"

    @property
    def control(self) -> "ItemList[Any]":
        """The list, for ``@on``'s selectors."""
        return self.items


class ItemList(DrawnWidget, Generic[Entry], can_focus=True):
    """Draws what is in sight of its items, ``height`` lines each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="home.open", tooltip="Open what is under the cursor"),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("home,g", "move_to(0)", "First", show=False),
        Binding("end,G", "move_to(-1)", "Last", show=False),
    ]

    cursor: reactive[int] = reactive(0)

    class Moved(ItemMessage):
        """Another item is under the cursor."""

    class Opened(ItemMessage):
        """The item under the cursor was chosen."""

    def __init__(
        self,
        draw: Callable[[Entry, int], Sequence[Content]],
        key: Callable[[Entry], Hashable],
        *,
        height: int = 1,
        id: str,  # noqa: A002 - textual's own name for it
    ) -> None:
        """``draw`` gives an item's lines in so many cells, ``key`` what it is known by."""
        super().__init__(id=id)
        self._draw_entry = draw
        self._key = key
        self.lines_each = height
        self._entries: Sequence[Entry] = ()
        self._top = 0

    @property
    def count(self) -> int:
        """How many items there are."""
        return len(self._entries)

    @property
    def entries(self) -> Sequence[Entry]:
        """All items."""
        return self._entries

    @property
    def selected(self) -> Entry | None:
        """The item under the cursor; None: there is none."""
        return self._entries[self.cursor] if self.cursor < len(self._entries) else None

    def show(self, entries: Sequence[Entry]) -> None:
        """Show other items; the cursor stays on the item that it is on, if that is still there."""
        before = self.selected
        self._entries = entries
        keys = [self._key(entry) for entry in entries]
        if before is not None and (key := self._key(before)) in keys:
            self.cursor = keys.index(key)
        else:
            self.cursor = min(self.cursor, max(0, len(entries) - 1))
        self.redraw()
        if before != self.selected:
            self.post_message(self.Moved(self))

    def validate_cursor(self, number: int) -> int:
        """Within the items there are."""
        return max(0, min(number, len(self._entries) - 1))

    def watch_cursor(self) -> None:
        """Tell where it is."""
        self.post_message(self.Moved(self))

    def on_focus(self) -> None:
        """Another list's item can be acted on."""
        self.post_message(self.Moved(self))

    def action_move(self, by: int) -> None:
        """Move the cursor by so many items; from the ends on to the next list, as there is one."""
        to = self.cursor + by
        if 0 <= to < len(self._entries):
            self.cursor = to
        elif by > 0:
            self.screen.focus_next(ItemList)
        else:
            self.screen.focus_previous(ItemList)

    def action_move_to(self, number: int) -> None:
        """Move the cursor to an item; -1 is the last."""
        self.cursor = number if number >= 0 else len(self._entries) - 1

    def action_select(self) -> None:
        """Open the item under the cursor."""
        if self.selected is not None:
            self.post_message(self.Opened(self))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one on the same item opens it."""
        number = self._top + event.y // self.lines_each
        if number < len(self._entries):
            again = number == self.cursor and event.chain == 2
            self.cursor = number
            if again:
                self.action_select()

    def draw(self) -> Content:
        """As many items as there is room for, the one under the cursor among them."""
        width, fit = self.size.width, max(1, self.size.height // self.lines_each)
        self._top = min(self._top, self.cursor, max(0, len(self._entries) - fit))
        self._top = max(self._top, self.cursor - fit + 1)
        lines: list[Content] = []
        for number in range(self._top, min(len(self._entries), self._top + fit)):
            drawn = self._draw_entry(self._entries[number], width)
            missing = [Content("")] * (self.lines_each - len(drawn))
            for line in [*drawn[: self.lines_each], *missing]:
                fitted = line.truncate(width, ellipsis=True, pad=True)
                chosen = number == self.cursor and self.has_focus
                lines.append(fitted.stylize_before(_CURSOR) if chosen else fitted)
        return Content("\n").join(lines)
