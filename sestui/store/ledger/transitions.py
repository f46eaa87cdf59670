"""State changes of deliveries and runs that keep the runs' counters true."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from sestui.core.clock import Instant
from sestui.core.delivery.states import DeliveryState, RunState, SkipReason
from sestui.store.ledger import statements as sql
from sestui.store.ledger.unchecked import enter

_DELIVERY, _RUN = sql.DELIVERY, sql.RUN


def move_counts(
    connection: Connection, moves: Mapping[tuple[int, str, str], int]
) -> dict[int, Row[Any]]:
    """Update the runs' counters; ``moves`` maps (run id, state before, state after) to a number.

    Returns each run's new state, pending and sending by id.
    """
    changes: dict[int, Counter[str]] = {}
    for (run_id, before, after), count in moves.items():
        if count:
            change = changes.setdefault(run_id, Counter())
            change[before] -= count
            change[after] += count
    runs = {}
    for run_id in sorted(changes):  # the same order in all processes avoids deadlocks
        deltas = {f"b_{state}": changes[run_id][state] for state in sql.STATES}
        runs[run_id] = connection.execute(sql.MOVE_COUNTS, {"b_run_id": run_id} | deltas).one()
    return runs


def finish_if_done(connection: Connection, run_id: int, now: Instant, run: Any = None) -> RunState:
    """Finish the run if nothing is pending or in flight; returns its state.

    A cancelled run skips mail that came back unsent. ``run`` is its row of :func:`move_counts`, if
    it is at hand.
    """
    if run is None:
        run = connection.execute(sql.RUN_NOW, {"run_id": run_id}).one()
    if run.state == RunState.SENDING and not run.pending and not run.sending:
        connection.execute(sql.FINISH, {"b_run_id": run_id, "b_finished_at": now})
        return RunState.FINISHED
    if run.state == RunState.CANCELLED and run.pending:
        skip_pending(connection, run_id)
    if run.state == RunState.FINISHED and run.pending:
        # A worker that was presumed dead reports that mail in doubt was not sent.
        connection.execute(sql.REOPEN, {"b_run_id": run_id})
        return RunState.SENDING
    return RunState(run.state)


def skip_pending(connection: Connection, run_id: int) -> int:
    """Skip what is pending in a cancelled run; returns the number of its deliveries.

    Rows locked by another worker are left to it (waiting could be a deadlock): it is claiming them,
    or returning them and will skip them itself.
    """
    enter(connection, run_id, state=DeliveryState.SKIPPED)
    which = and_(*pending_of(run_id))
    if connection.dialect.name != "sqlite":  # which locks the whole database
        free = select(_DELIVERY.c.id).where(which).with_for_update(skip_locked=True)
        which = _DELIVERY.c.id.in_(free)
    count = connection.execute(
        update(_DELIVERY)
        .where(which)
        .values(state=DeliveryState.SKIPPED.value, code=SkipReason.CANCELLED.value)
    ).rowcount
    move_counts(
        connection,
        {(run_id, DeliveryState.PENDING.value, DeliveryState.SKIPPED.value): count},
    )
    return count


def put_in_doubt(connection: Connection, gone: ColumnElement[bool], reason: str) -> int:
    """Put rows in flight whose worker is ``gone`` in doubt; returns the number."""
    # By run, as there is an index on (run, state) but not on worker.
    runs = connection.execute(select(_RUN.c.id).where(_RUN.c.sending > 0)).scalars().all()
    total = 0
    for run_id in sorted(runs):
        count = connection.execute(
            update(_DELIVERY)
            .where(
                _DELIVERY.c.run_id == run_id,
                _DELIVERY.c.state == DeliveryState.SENDING.value,
                gone,
            )
            .values(state=DeliveryState.IN_DOUBT.value, code="WorkerDied", reason=reason)
        ).rowcount
        move_counts(
            connection,
            {(run_id, DeliveryState.SENDING.value, DeliveryState.IN_DOUBT.value): count},
        )
        total += count
    return total


def pending_of(run_id: int) -> tuple[Any, ...]:
    """The conditions for a run's pending deliveries."""
    return (_DELIVERY.c.run_id == run_id, _DELIVERY.c.state == DeliveryState.PENDING.value)
