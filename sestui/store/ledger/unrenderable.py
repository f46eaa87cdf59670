"""Mark or skip deliveries whose mail can't be rendered."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import Connection, update

from sestui.core.clock import Instant
from sestui.core.delivery.states import UNMADE, DeliveryState, SkipReason
from sestui.store.db.tables import Run
from sestui.store.ledger.statements import DELIVERY
from sestui.store.ledger.transitions import finish_if_done, move_counts, pending_of

_AT_ONCE = 5_000
"""Ids in one statement."""

Reasons = Mapping[str, Collection[int]]
"""Reasons (sentences) with the ids of the contacts concerned."""


def leave_out(connection: Connection, run: Run, reasons: Reasons) -> None:
    """Skip these recipients and count them, or else record why they hold the run."""
    if not run.skip_unrenderable:
        _mark(connection, run.id, reasons, code=UNMADE)
        return
    count = _mark(
        connection,
        run.id,
        reasons,
        state=DeliveryState.SKIPPED.value,
        code=SkipReason.UNRENDERABLE.value,
    )
    run.pending -= count
    run.skipped += count


def skip_unmade(connection: Connection, run_id: int, now: Instant) -> int:
    """Skip pending recipients whose mail can't be rendered; finishes the run if none are left."""
    count = connection.execute(
        update(DELIVERY)
        .where(*pending_of(run_id), DELIVERY.c.code == UNMADE)
        .values(state=DeliveryState.SKIPPED.value, code=SkipReason.UNRENDERABLE.value)
    ).rowcount
    move = (run_id, DeliveryState.PENDING.value, DeliveryState.SKIPPED.value)
    move_counts(connection, {move: count})
    finish_if_done(connection, run_id, now)
    return count


def _mark(connection: Connection, run_id: int, reasons: Reasons, **values: str) -> int:
    count = 0
    for reason, ids in reasons.items():
        for some in _chunks(ids):
            count += connection.execute(
                update(DELIVERY)
                .where(*pending_of(run_id), DELIVERY.c.contact_id.in_(some))
                .values(reason=reason, **values)
            ).rowcount
    return count


def _chunks(ids: Collection[int]) -> Iterator[list[int]]:
    listed = list(ids)
    for begin in range(0, len(listed), _AT_ONCE):
        yield listed[begin : begin + _AT_ONCE]
