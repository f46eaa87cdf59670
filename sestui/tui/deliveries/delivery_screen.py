"""One delivery in full: recipient, run, all known times, and SES's answer."""

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sestui.core.clock import Instant
from sestui.core.delivery.bounces import outcome_reason
from sestui.core.delivery.states import DeliveryState, run_name, skip_words
from sestui.core.text import printable
from sestui.store.ledger.log_rows import LogRow
from sestui.tui.dialogs.dialog import Dialog
from sestui.tui.widgets.format import grouped, shorten

_LABEL = 12
_LONGEST = 2_000
"""Characters of what SES said that are shown."""

_STYLES = {
    DeliveryState.ACCEPTED: "$text-success",
    DeliveryState.REJECTED: "bold $text-error",
    DeliveryState.IN_DOUBT: "bold $text-warning",
}


class Leads(StrEnum):
    """Where the operator goes on from a delivery."""

    CONTACT = "contact"
    RUN = "run"


class DeliveryScreen(Dialog[Leads]):
    """Shows a delivery as it was read; returns where to go next, if anywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", tooltip="Back to the deliveries"),
        Binding("enter", "leave('run')", "Run", id="delivery.run", tooltip="Open the run it is of"),
        Binding(
            "c", "leave('contact')", "Contact", id="delivery.contact", tooltip="Open their page"
        ),
        Binding(
            "y", "copy", "Copy", id="delivery.copy", tooltip="Copy the message id, else the address"
        ),
    ]

    def __init__(self, row: LogRow, at: Callable[[Instant], str]) -> None:
        """``at`` says an instant in the operator's time."""
        super().__init__()
        self.row = row
        self._at = at

    def compose(self) -> ComposeResult:
        """All that is known."""
        with Vertical(id="dialog"):
            yield Static(shorten(self.row.delivery.email, 100), id="question", markup=False)
            with VerticalScroll(id="facts"):
                yield Static(self._facts(), markup=False)

    def _facts(self) -> Content:
        delivery = self.row.delivery
        state = DeliveryState(delivery.state)
        run = run_name(self.row.kind, self.row.run)
        attempts = grouped(delivery.attempts) if delivery.attempts != 1 else ""
        lines = [
            self._line("state", state.label, _STYLES.get(state, "")),
            self._line("run", f"{shorten(self.row.campaign, 60)} · {run}"),
            self._line("outcome", delivery.outcome),
            self._line("why", outcome_reason(delivery.outcome, delivery.outcome_code)),
            self._line("why", skip_words(delivery.code) if state is DeliveryState.SKIPPED else ""),
            self._line("server said", self.row.diagnostic),
            self._line("message id", delivery.message_id),
            self._line("code", delivery.code),
            self._line("reason", delivery.reason),
            self._line("attempts", attempts),
            *(self._line(label, self._at(at)) for label, at in self._instants() if at is not None),
        ]
        return Content("\n").join(line for line in lines if line is not None)

    def _instants(self) -> tuple[tuple[str, Instant | None], ...]:
        delivery = self.row.delivery
        return (
            ("queued", delivery.queued_at),
            ("handed over", delivery.claimed_at),
            ("accepted", delivery.sent_at),
            ("reported", delivery.outcome_at),
            ("opened", delivery.opened_at),
            ("clicked", delivery.clicked_at),
        )

    def _line(self, label: str, text: str, style: str = "") -> Content | None:
        if not text:
            return None
        shown = printable(text[:_LONGEST]) + ("…" if len(text) > _LONGEST else "")
        return Content.assemble((f"{label:<{_LABEL}}", "$text-muted"), (shown, style))

    def action_leave(self, where: str) -> None:
        """Go on from here."""
        self.dismiss(Leads(where))

    def action_copy(self) -> None:
        """Copy the message id, or else the address."""
        delivery = self.row.delivery
        self.app.copy_to_clipboard(delivery.message_id or delivery.email)
        self.notify("Copied.", markup=False)
