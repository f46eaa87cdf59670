"""The last line: the newest result of a delivery."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.core.clock import Instant
from sestui.core.delivery.handover import AnswerKind
from sestui.core.delivery.states import DeliveryState
from sestui.sending.engine.report import AnswerLine
from sestui.store.db.tables import Delivery
from sestui.tui.widgets.format import clock_time, grouped, shorten

_STYLES = {
    "accepted": "$text-success",
    "rejected": "$text-error",
    "in doubt": "$text-warning",
    "not sent": "$text-warning",
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


class Tail(Widget):
    """``10:37:19  12,180 accepted · last dora@example.org``: what went well is one figure."""

    line: reactive[TailLine | None] = reactive(None)
    accepted: reactive[int] = reactive(0)

    def __init__(self, zone: ZoneInfo | None) -> None:
        super().__init__()
        self._zone = zone

    def render(self) -> Content:
        """One line."""
        if self.line is None:
            return Content.styled("Nothing has been sent yet.", "$text-muted")
        at = clock_time(self.line.at, self._zone) if self.line.at is not None else ""
        state = "" if self.line.state == "accepted" else f"{self.line.state} "
        head = Content.assemble(
            (f"{at:<10}", "$text-muted"),
            (f"{grouped(self.accepted)} accepted", "$text-success"),
            (" · last ", "$text-muted"),
            (state, _STYLES.get(self.line.state, "$text-muted")),
        )
        room = max(1, self.size.width - head.cell_length)
        email = shorten(self.line.email, room)
        line = Content.assemble(head, email)
        rest = self.size.width - line.cell_length - 2
        if rest < 8:
            return line
        return line + Content.styled(f"  {shorten(self.line.detail, rest)}", "$text-muted")
