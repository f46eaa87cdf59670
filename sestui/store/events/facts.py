"""Outcomes of deliveries, recomputed from all of their events, and the counters that follow."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from sestui.core.clock import Instant
from sestui.core.delivery.events import EventKind, MailEvent, MailFacts, facts_of
from sestui.core.delivery.outcomes import DeliveryOutcome
from sestui.store.events.event_tables import EventRow
from sestui.store.events.outcome_hours import add_to_hours, hourly
from sestui.store.events.outcome_slices import (
    NO_COUNTS,
    SliceCounts,
    add_to_slices,
    slice_counts,
    slice_of,
)
from sestui.store.ledger.bulk_statements import ids_of, values_text
from sestui.store.ledger.statements import DELIVERY, RUN

_EVENT = EventRow.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

_SET_FACTS = (
    update(DELIVERY)
    .where(DELIVERY.c.id == bindparam("b_id"))
    .values(
        outcome=bindparam("b_outcome"),
        outcome_at=bindparam("b_outcome_at"),
        outcome_code=bindparam("b_outcome_code"),
        opened_at=bindparam("b_opened_at"),
        clicked_at=bindparam("b_clicked_at"),
    )
)

_COUNTERS = ("delivered", "bounced", "complained", "failed", "opened", "clicked")

_ADD_COUNTS = (
    update(RUN)
    .where(RUN.c.id == bindparam("b_run_id"))
    .values({RUN.c[name]: RUN.c[name] + bindparam(f"b_{name}") for name in _COUNTERS})
)


@dataclass(slots=True)
class WrittenFacts:
    """The changes that events have made."""

    worse: set[int] = field(default_factory=set)
    """Runs with more bounces or complaints, as SES counts them."""


def write_facts(connection: Connection, touched: Mapping[int, Row[Any]]) -> WrittenFacts:
    """Update deliveries from all of their events; ``touched`` are their rows by id."""
    if not touched:
        return WrittenFacts()
    events: dict[int, list[MailEvent]] = {delivery_id: [] for delivery_id in touched}
    mailed: dict[int, Instant] = {}
    columns = _EVENT.c
    rows = connection.execute(
        select(
            columns.delivery_id,
            columns.kind,
            columns.occurred_at,
            columns.mailed_at,
            columns.type,
            columns.sub_type,
            columns.detail,
            columns.by_machine,
        ).where(columns.delivery_id.in_(ids_of(connection))),
        {"b_ids": values_text(sorted(touched))},
    )
    for row in rows:
        events[row.delivery_id].append(
            MailEvent(
                EventKind(row.kind),
                row.occurred_at,
                row.type,
                row.sub_type,
                row.detail,
                row.by_machine,
            )
        )
        mailed[row.delivery_id] = min(row.mailed_at, mailed.get(row.delivery_id, row.mailed_at))
    changes: dict[int, Counter[str]] = {}
    slices: dict[tuple[int, int], SliceCounts] = {}
    hours: Counter[tuple[int, int, str]] = Counter()
    written = []
    for delivery_id, delivery in touched.items():
        values = _values_of(facts_of(events[delivery_id], mailed[delivery_id]))
        before = {name: getattr(delivery, name) for name in values}
        if values == before:
            continue
        written.append({"b_id": delivery_id} | {f"b_{name}": it for name, it in values.items()})
        change = changes.setdefault(delivery.run_id, Counter())
        change.update(_counted(values))
        change.subtract(_counted(before))
        moved = slice_counts(delivery.email, values) - slice_counts(delivery.email, before)
        at = slice_of(delivery.sent_at or mailed[delivery_id])
        slices[delivery.run_id, at] = slices.get((delivery.run_id, at), NO_COUNTS) + moved
        hours.update((delivery.run_id, *each) for each in hourly(values))
        hours.subtract((delivery.run_id, *each) for each in hourly(before))
    if written:
        connection.execute(_SET_FACTS, written)
    for run_id in sorted(changes):  # one order for every process: no deadlocks on PostgreSQL
        deltas = {f"b_{name}": changes[run_id][name] for name in _COUNTERS}
        if any(deltas.values()):
            connection.execute(_ADD_COUNTS, {"b_run_id": run_id} | deltas)
    add_to_slices(connection, slices)
    add_to_hours(connection, hours)
    worse = {run_id for (run_id, _), it in slices.items() if it.bounced > 0 or it.complained > 0}
    return WrittenFacts(worse)


def _values_of(facts: MailFacts) -> dict[str, Any]:
    """The columns of a delivery that hold the outcome."""
    reported = facts.reported
    return {
        "outcome": reported.outcome.value if reported else "",
        "outcome_at": reported.at if reported else None,
        "outcome_code": reported.code if reported else "",
        "opened_at": facts.opened_at,
        "clicked_at": facts.clicked_at,
    }


_COUNTED = {
    DeliveryOutcome.DELIVERED: ("delivered",),
    DeliveryOutcome.COMPLAINED: ("delivered", "complained"),
    DeliveryOutcome.BOUNCED: ("bounced",),
    DeliveryOutcome.REJECTED: ("failed",),
    DeliveryOutcome.NOT_RENDERED: ("failed",),
}


def _counted(values: Mapping[str, Any]) -> Iterable[str]:
    """The run's counters that include a delivery with these columns."""
    outcome = values["outcome"]
    found = list(_COUNTED.get(DeliveryOutcome(outcome), ())) if outcome else []
    found += ["opened"] * (values["opened_at"] is not None)
    return found + ["clicked"] * (values["clicked_at"] is not None)
