"""The runs that hold a key's mail: one for each day."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update
from sqlmodel import Session

from sestui.core.clock import Instant
from sestui.core.delivery.states import OPEN_STATES, DeliveryState, RunKind, RunState
from sestui.store.db.tables import Campaign, Run
from sestui.store.ledger import statements as ledger_sql
from sestui.store.ledger.transitions import finish_if_done

_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_DAY = 86_400


@dataclass(slots=True)
class Current:
    """The fields of the current run that admission needs."""

    id: int
    number: int
    state: str
    reason: str
    created_at: Instant
    tat: Instant
    max_rate: float | None


_LAST = (
    select(
        _RUN.c.id,
        _RUN.c.number,
        _RUN.c.state,
        _RUN.c.reason,
        _RUN.c.created_at,
        _RUN.c.tat,
        _RUN.c.max_rate,
    )
    .where(_RUN.c.campaign_id == bindparam("campaign_id"))
    .order_by(_RUN.c.number.desc())
    .limit(1)
)

_SET_PACE = (
    update(_RUN)
    .where(_RUN.c.id == bindparam("b_run_id"))
    .values(tat=bindparam("b_tat"), max_rate=bindparam("b_max_rate"))
)


def current_run(connection: Connection, campaign_id: int, now: Instant) -> Current:
    """The run for the campaign's next relayed mail; a new one if the last has ended.

    A run that finished today is continued. A paused or waiting run takes mail however old it is, as
    its reason applies to new mail too.
    """
    row = connection.execute(_LAST, {"campaign_id": campaign_id}).first()
    last = None if row is None else Current(*row)
    if last is not None and not _has_ended(last, now):
        return last
    with Session(connection, expire_on_commit=False) as session:
        campaign = session.get(Campaign, campaign_id)
        assert campaign is not None  # noqa: S101 - a key refers to it
        run = Run(
            campaign_id=campaign_id,
            number=1 if last is None else last.number + 1,
            kind=RunKind.RELAY.value,
            message_id=campaign.message_id,
            from_address=campaign.from_address,
            transactional=True,
            priority=campaign.priority,
            state=RunState.SENDING.value,
            created_at=now,
            started_at=now,
        )
        session.add(run)
        session.flush()
        return Current(run.id, run.number, run.state, "", now, 0.0, None)


def _has_ended(run: Current, now: Instant) -> bool:
    if run.state == RunState.FINISHED:
        return run.created_at // _DAY != now // _DAY
    return run.state == RunState.CANCELLED


def count_in(
    connection: Connection,
    run: Current,
    states: Counter[DeliveryState],
    *,
    now: Instant,
    limited: bool,
) -> None:
    """Add new deliveries in these ``states`` to the run's counters, and let it send.

    ``limited``: it has its own rate, whose state is stored.
    """
    if not states:
        return
    deltas = {f"b_{state}": states[state] for state in DeliveryState}
    connection.execute(ledger_sql.MOVE_COUNTS, {"b_run_id": run.id} | deltas)
    if limited:
        connection.execute(
            _SET_PACE, {"b_run_id": run.id, "b_tat": run.tat, "b_max_rate": run.max_rate}
        )
    if run.state == RunState.FINISHED:
        connection.execute(ledger_sql.REOPEN, {"b_run_id": run.id})
    if not states.keys() & OPEN_STATES:
        finish_if_done(connection, run.id, now)
