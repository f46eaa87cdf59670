"""Deliveries for which no mail can be made: noted with the reason, or left out with it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, update

from sestui.core.clock import Instant
from sestui.core.delivery.states import UNMADE, DeliveryState, SkipReason
from sestui.store.ledger.ledger import finish_if_done, move_counts
from sestui.store.ledger.statements import DELIVERY

_AT_ONCE = 5_000
"""So many ids go into one statement."""

Reasons = Mapping[str, Collection[int]]
"""Why no mail can be made, as a sentence, to the ids of the contacts whom that concerns."""


def skip_unrenderable(connection: Connection, run_id: int, reasons: Reasons) -> int:
    """Leave these recipients out of the run; how many are left out. Counters are the caller's."""
    return _mark(
        connection,
        run_id,
        reasons,
        state=DeliveryState.SKIPPED.value,
        code=SkipReason.UNRENDERABLE.value,
    )


def note_unrenderable(connection: Connection, run_id: int, reasons: Reasons) -> int:
    """Write the reason to each, who stays pending; how many."""
    return _mark(connection, run_id, reasons, code=UNMADE)


def skip_unmade(connection: Connection, run_id: int, now: Instant) -> int:
    """Leave out who is pending because no mail could be made, and finish the run if that is all."""
    count = connection.execute(
        update(DELIVERY)
        .where(*_pending(run_id), DELIVERY.c.code == UNMADE)
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
                .where(*_pending(run_id), DELIVERY.c.contact_id.in_(some))
                .values(reason=reason, **values)
            ).rowcount
    return count


def _pending(run_id: int) -> tuple[Any, ...]:
    return (DELIVERY.c.run_id == run_id, DELIVERY.c.state == DeliveryState.PENDING.value)


def _chunks(ids: Collection[int]) -> Iterator[list[int]]:
    listed = list(ids)
    for begin in range(0, len(listed), _AT_ONCE):
        yield listed[begin : begin + _AT_ONCE]
