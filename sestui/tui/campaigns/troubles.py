"""The failures of a run, one reason per row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from sestui.core.delivery.bounces import outcome_reason, what_follows
from sestui.core.delivery.handover import RunCounts
from sestui.core.delivery.states import DeliveryState, skip_words
from sestui.store.ledger.troubles import MOST_ROWS, OUTCOMES, Trouble
from sestui.tui.widgets.format import grouped
from sestui.tui.widgets.lazy_table import Column, LazyTable
from sestui.tui.widgets.row_strip import Cell

_KINDS = {
    DeliveryState.REJECTED: "bad",
    DeliveryState.IN_DOUBT: "warning",
    DeliveryState.SKIPPED: "quiet",
}
_ORDER = tuple(_KINDS)


@dataclass(frozen=True, slots=True)
class TroubleRow:
    """A line: so many recipients of a run, and what happened to them."""

    label: str
    kind: str
    count: str
    why: str
    state: DeliveryState = DeliveryState.ACCEPTED
    """The state of those who are to be shown."""
    code: str = ""
    outcome: str = ""


def rows_of(counts: RunCounts, troubles: Sequence[Trouble]) -> list[TroubleRow]:
    """The lines of a run: what came back, then by state and reason, the most first."""
    rows = []
    for outcome in OUTCOMES:
        for each in troubles:
            if each.state == outcome:
                said = outcome_reason(outcome, each.code) or "SES said no more"
                why = f"{what_follows(outcome, each.code)}: {said}"
                count = grouped(each.count)
                rows.append(
                    TroubleRow(outcome.label, "bad", count, why, code=each.code, outcome=outcome)
                )
    for state in _ORDER:
        whole = counts.as_dict()[state]
        cut = whole > MOST_ROWS
        for each in troubles:
            if each.state != state:
                continue
            known = skip_words(each.code) if state is DeliveryState.SKIPPED else ""
            said = ": ".join(part for part in (known or each.code, each.reason) if part)
            count = grouped(each.count)
            if cut:
                said = f"{said} (among the newest {grouped(MOST_ROWS)} of {grouped(whole)})"
            rows.append(TroubleRow(state.label, _KINDS[state], count, said, state, each.code))
    return rows


class TroubleTable(LazyTable[TroubleRow]):
    """A reason a row; enter shows whom it happened to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "screen.seek(-1)", "Back in the replay", show=False),
        Binding("right", "screen.seek(1)", "On in the replay", show=False),
    ]

    def __init__(self) -> None:
        columns = (
            Column("count", "Count", width=9, right=True),
            Column("what", "State", width=10),
            Column("why", "Reason", share=1),
        )
        super().__init__(columns, _cells)


def _cells(row: TroubleRow) -> dict[str, Cell]:
    return {
        "count": (row.count, row.kind),
        "what": (row.label, row.kind),
        "why": (row.why, "quiet"),
    }
