"""The newest deliveries of a run, drawn a line at a time."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from rich.segment import Segment
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sestui.core.clock import Instant
from sestui.core.delivery.handover import AnswerKind
from sestui.core.delivery.states import DeliveryState
from sestui.sending.engine.report import AnswerLine
from sestui.store.db.tables import Delivery
from sestui.tui.widgets.format import clock_time, shorten
from sestui.tui.widgets.scroll_keys import scroll_keys

_KEPT = 500

_STYLES = {
    "accepted": "tail--accepted",
    "rejected": "tail--rejected",
    "in doubt": "tail--doubt",
    "not sent": "tail--doubt",
}


@dataclass(frozen=True, slots=True)
class TailLine:
    """One delivery as the tail shows it."""

    at: Instant | None
    """When it was settled; None where nobody noted it."""
    state: str
    email: str
    detail: str
    """The message id, or code and reason."""


_STATE_OF_ANSWER = {
    AnswerKind.ACCEPTED: DeliveryState.ACCEPTED.label,
    AnswerKind.REFUSED: DeliveryState.REJECTED.label,
    AnswerKind.UNKNOWN: DeliveryState.IN_DOUBT.label,
    AnswerKind.NOT_SENT: "not sent",
}


def line_of_answer(line: AnswerLine) -> TailLine:
    """What the sender reported, as the tail shows it."""
    return TailLine(line.at, _STATE_OF_ANSWER[line.kind], line.email, line.detail)


def line_of_delivery(delivery: Delivery) -> TailLine:
    """What the ledger says, as the tail shows it."""
    said = ": ".join(part for part in (delivery.code, delivery.reason) if part)
    return TailLine(
        delivery.sent_at or delivery.claimed_at,
        DeliveryState(delivery.state).label,
        delivery.email,
        delivery.message_id or said,
    )


class Tail(ScrollView, can_focus=True):
    """Follows while its end is in sight; scrolled back, it stays where one reads."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tail--accepted",
        "tail--rejected",
        "tail--doubt",
        "tail--quiet",
    }
    BINDINGS: ClassVar[list[BindingType]] = [*scroll_keys("Oldest", "Newest, and follow")]

    def __init__(self, zone: ZoneInfo | None) -> None:
        super().__init__()
        self._zone = zone
        self._lines: deque[TailLine] = deque()
        self._shown: set[tuple[str, str, str]] = set()
        self._following = True

    @property
    def lines(self) -> list[TailLine]:
        """What is shown, oldest first."""
        return list(self._lines)

    def add(self, lines: Iterable[TailLine]) -> None:
        """Append those that are not shown yet: reports and ledger tell of the same deliveries."""
        fresh = 0
        for line in lines:
            key = (line.email, line.state, line.detail)
            if key in self._shown:
                continue
            self._shown.add(key)
            self._lines.append(line)
            fresh += 1
        if not fresh:
            return
        dropped = max(0, len(self._lines) - _KEPT)
        for _ in range(dropped):
            old = self._lines.popleft()
            self._shown.discard((old.email, old.state, old.detail))
        self.virtual_size = Size(0, len(self._lines))
        if self._following:
            self.call_after_refresh(self._to_the_end)
        elif dropped:
            self.scroll_to(y=max(0, self.scroll_y - dropped), animate=False, immediate=True)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Only scrolling decides on following: lines that arrive don't move the view."""
        super().watch_scroll_y(old_value, new_value)
        self._following = new_value >= self.max_scroll_y

    def on_resize(self) -> None:
        """A lower screen still shows the newest line."""
        if self._following:
            self.call_after_refresh(self._to_the_end)

    def _to_the_end(self) -> None:
        if self._following:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)

    def render_line(self, y: int) -> Strip:
        """The line ``y`` cells below the top of what is in sight."""
        width = self.size.width
        index = y + self.scroll_offset.y
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[index]
        quiet = self.get_component_rich_style("tail--quiet")
        styled = _STYLES.get(line.state, "tail--quiet")
        at = clock_time(line.at, self._zone) if line.at is not None else ""
        room = max(2, width - 24)
        address = max(1, room * 11 // 20)
        segments = [
            Segment(f"{at:<8}  ", quiet),
            Segment(f"{line.state:<8}  ", self.get_component_rich_style(styled)),
            *_cell(line.email, address),
            Segment("  "),
            Segment(shorten(line.detail, max(1, room - address)), quiet),
        ]
        return Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)


def _cell(text: str, width: int) -> list[Segment]:
    return Segment.adjust_line_length([Segment(shorten(text, width))], width)
