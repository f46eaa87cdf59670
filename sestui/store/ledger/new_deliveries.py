"""Make deliveries of a run's recipients, many in one statement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, insert, literal, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import DeliveryState, SkipReason
from sestui.store.ledger.statements import CONTACT, DELIVERY


def add_recipients(
    connection: Connection,
    run_id: int,
    queued_at: Instant,
    which: Sequence[ColumnElement[bool]],
    state: DeliveryState = DeliveryState.PENDING,
    *,
    given: dict[str, Any] | None = None,
    variant: ColumnElement[Any] | None = None,
    due: tuple[ColumnElement[float], FromClause] | None = None,
) -> int:
    """Insert a delivery for each contact who fulfils ``which``, in contact order; their number.

    ``given`` are the parameters of ``which``, ``variant`` is each one's. ``due`` is when each is
    due, and what that is selected from: by that they are ordered first. Whom it skips, it skips as
    cancelled.
    """
    skipped = state is DeliveryState.SKIPPED
    values = _values(run_id, queued_at, state, SkipReason.CANCELLED.value if skipped else "")
    names = ["contact_id", "email", *values]
    columns: list[ColumnElement[Any]] = [CONTACT.c.id, CONTACT.c.email]
    columns += map(literal, values.values())
    if variant is not None:
        names, columns = [*names, "variant"], [*columns, variant]
    source: FromClause = CONTACT
    order = [CONTACT.c.id]
    if due is not None:
        # Together in the table, as they are claimed together.
        due_at, source = due
        names, columns, order = [*names, "due_at"], [*columns, due_at], [due_at, *order]
    rows = select(*columns).select_from(source).where(*which).order_by(*order)
    return connection.execute(
        insert(DELIVERY).from_select(names, rows),
        given or {},
        # PostgreSQL returns -1 otherwise.
        execution_options={"preserve_rowcount": True},
    ).rowcount


def add_erased(connection: Connection, run_id: int, queued_at: Instant, count: int) -> None:
    """Insert skipped deliveries for so many recipients who are contacts no more."""
    values = _values(run_id, queued_at, DeliveryState.SKIPPED, SkipReason.ERASED.value)
    connection.execute(insert(DELIVERY), [values | {"contact_id": None, "email": ""}] * count)


def _values(run_id: int, queued_at: Instant, state: DeliveryState, code: str) -> dict[str, Any]:
    # Such statements don't apply the model's defaults.
    return {
        "run_id": run_id,
        "state": state.value,
        "message_id": "",
        "attempts": 0,
        "faults": 0,
        "code": code,
        "reason": "",
        "not_before": 0.0,
        "worker": "",
        "queued_at": queued_at,
        "outcome": "",
        "outcome_code": "",
    }
