"""Deliveries as a table of any length, and the one under the cursor in full."""

from dataclasses import replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual.binding import BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.bounces import outcome_reason
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.core.delivery.states import DeliveryState, RunKind, run_name
from sestui.store.ledger.log_rows import DeliveryRow, LogRow
from sestui.tui.deliveries.state_bar import STATE_KEYS
from sestui.tui.widgets.column_widths import WHOLE_ADDRESS
from sestui.tui.widgets.format import clock_time, exact, moment, relative, shorten
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_KINDS = {
    DeliveryState.PENDING: "quiet",
    DeliveryState.SENDING: "busy",
    DeliveryState.ACCEPTED: "good",
    DeliveryState.REJECTED: "bad",
    DeliveryState.IN_DOUBT: "warning",
    DeliveryState.SKIPPED: "quiet",
}

_OUTCOME_KINDS = {
    DeliveryOutcome.DELAYED: "warning",
    DeliveryOutcome.DELIVERED: "good",
    DeliveryOutcome.BOUNCED: "bad",
    DeliveryOutcome.COMPLAINED: "bad",
    DeliveryOutcome.REJECTED: "bad",
    DeliveryOutcome.NOT_RENDERED: "bad",
}

_TIME = Column("at", "When", width=10, right=True)
_STATE = Column("state", "State", width=8)
_OUTCOME = Column("outcome", "Outcome", width=10, share=1, yields=4)
"""What SES reported, else the code with which it was not accepted."""
_EMAIL = Column("email", "Address", share=4, whole=WHOLE_ADDRESS)
_REASON = Column("reason", "Reason", width=10, share=8, from_width=100, yields=1)

_OF_ONE_RUN = (_TIME, _STATE, _OUTCOME, _EMAIL, _REASON)
_MIXED = (
    _TIME,
    _STATE,
    _OUTCOME,
    _EMAIL,
    Column("campaign", "Campaign", width=8, share=3, yields=3),
    Column("run", "Run", width=8, from_width=100, yields=2),
    replace(_REASON, from_width=130),
)
"""On a narrow screen what became of it and the address matter more: the campaign and the run stand
below the table, as does the message id on every screen."""


class DeliveryTable(LazyTable[LogRow]):
    """A delivery a row, coloured by its state; ``mixed`` where they are of many runs."""

    BINDINGS: ClassVar[list[BindingType]] = [*STATE_KEYS]

    def __init__(self, clock: Clock, zone: ZoneInfo | None, *, mixed: bool) -> None:
        super().__init__(_MIXED if mixed else _OF_ONE_RUN, self._delivery_cells)
        self._clock = clock
        self._zone = zone

    def _delivery_cells(self, row: LogRow) -> dict[str, Cell]:
        delivery = row.delivery
        state = DeliveryState(delivery.state)
        at = delivery.sent_at or delivery.claimed_at
        return {
            "at": (relative(at, self._clock.now()) if at else "", "quiet"),
            "state": (state.label, _KINDS[state]),
            "outcome": _outcome(delivery),
            "email": (delivery.email, ""),
            "campaign": (row.campaign, "quiet"),
            "run": (run_label(row), "quiet"),
            "reason": (reason_of(row), "quiet"),
        }


def seen_at(at: Instant, now: Instant, zone: ZoneInfo | None) -> str:
    """``10:37:19`` today, ``Sun 22 Nov 2026 10:37:19`` else."""
    today = " " not in moment(at, now, zone)
    return clock_time(at, zone) if today else exact(at, zone)


def run_label(row: LogRow) -> str:
    """``3``, or ``test 3``."""
    return f"test {row.run}" if row.kind == RunKind.TEST else str(row.run)


def _outcome(delivery: DeliveryRow) -> Cell:
    """SES's reported outcome, else why it was not accepted."""
    if not delivery.outcome:
        return delivery.code, _KINDS[DeliveryState(delivery.state)]
    outcome = DeliveryOutcome(delivery.outcome)
    return outcome.label, _OUTCOME_KINDS[outcome]


def reason_of(row: LogRow) -> str:
    """Why it was not accepted, or why it did not arrive: in words, and as the server said it."""
    delivery = row.delivery
    return delivery.reason or outcome_reason(
        delivery.outcome, delivery.outcome_code, row.diagnostic
    )


def _said(delivery: DeliveryRow) -> str:
    return ": ".join(part for part in (delivery.code, delivery.reason) if part)


class DeliveryDetail(Widget):
    """Two lines: the delivery under the cursor, or why there is none."""

    row: reactive[LogRow | None] = reactive(None)
    hint: reactive[str] = reactive("")
    """What to say where there is no delivery."""

    def __init__(self, clock: Clock, zone: ZoneInfo | None) -> None:
        super().__init__()
        self._clock = clock
        self._zone = zone

    def render(self) -> Content:
        """Recipient and run, then the result."""
        width = max(1, self.size.width)
        if self.row is None:
            return Content.styled(shorten(self.hint, 2 * width), "$text-muted")
        delivery = self.row.delivery
        run = run_name(self.row.kind, self.row.run)
        parts = [delivery.email, self.row.campaign, run]
        if delivery.attempts > 1:
            parts.append(f"{delivery.attempts} attempts")
        first = Content.styled(shorten(" · ".join(parts), width), "bold")
        return first + Content("\n") + Content(shorten(self._became(self.row), width))

    def _became(self, row: LogRow) -> str:
        delivery = row.delivery
        state = DeliveryState(delivery.state)
        said = _said(delivery)
        if state is DeliveryState.ACCEPTED:
            return self._accepted(row)
        if state is DeliveryState.PENDING and not said:
            return f"pending, queued {self._at(delivery.queued_at)}"
        at = f" {self._at(delivery.claimed_at)}" if delivery.claimed_at else ""
        return f"{state.label}{at}: {said}" if said else f"{state.label}{at}"

    def _accepted(self, row: LogRow) -> str:
        delivery = row.delivery
        at = f" {self._at(delivery.sent_at)}" if delivery.sent_at else ""
        if not delivery.message_id:
            return f"treated as sent{at}: no answer came from SES"
        said = f"accepted{at}, message id {delivery.message_id}"
        if not delivery.outcome:
            return said
        when = f" {self._at(delivery.outcome_at)}" if delivery.outcome_at else ""
        why = reason_of(row)
        return f"{delivery.outcome}{when}{f': {why}' if why else ''}; {said}"

    def _at(self, instant: Instant) -> str:
        return seen_at(instant, self._clock.now(), self._zone)
