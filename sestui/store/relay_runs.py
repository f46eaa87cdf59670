"""The runs that hold what a key relays: one a day, sending whenever something is open in it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, update
from sqlmodel import Session, col, select

from sestui.core.clock import Instant
from sestui.core.states import OPEN_STATES, RunKind, RunState
from sestui.store import ledger_sql
from sestui.store.ledger import finish_if_done
from sestui.store.tables import Campaign, Run

_RUN = Run.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_DAY = 86_400


def current_run(connection: Connection, campaign_id: int, now: Instant) -> Run:
    """The run that takes the campaign's next relayed mail; a new one if the last has ended.

    A run that was finished today is gone on with. One that is paused or waits keeps taking mail
    however old it is: what holds it back holds for what comes too.
    """
    with Session(connection, expire_on_commit=False) as session:
        last = session.exec(
            select(Run)
            .where(Run.campaign_id == campaign_id)
            .order_by(col(Run.number).desc())
            .limit(1)
        ).first()
        if last is not None and not _has_ended(last, now):
            session.expunge(last)
            return last
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
        session.expunge(run)
        return run


def _has_ended(run: Run, now: Instant) -> bool:
    if run.state == RunState.FINISHED:
        return run.created_at // _DAY != now // _DAY
    return run.state == RunState.CANCELLED


def count_in(
    connection: Connection, run: Run, rows: Sequence[dict[str, Any]], *, limited: bool
) -> None:
    """Count new deliveries ``rows`` into the run, and let it send.

    ``limited``: it has a rate of its own, and what became of that is to be kept.
    """
    states = Counter(row["state"] for row in rows if row["run_id"] == run.id)
    if not states:
        return
    deltas = {f"b_{state}": states[state] for state in ledger_sql.STATES}
    connection.execute(ledger_sql.MOVE_COUNTS, {"b_run_id": run.id} | deltas)
    values: dict[str, Any] = {}
    if limited:
        values |= {"tat": run.tat, "max_rate": run.max_rate}
    if run.state == RunState.FINISHED:
        values |= {"state": RunState.SENDING.value, "finished_at": None}
    if values:
        connection.execute(update(_RUN).where(_RUN.c.id == run.id).values(values))
    if not states.keys() & OPEN_STATES:
        finish_if_done(connection, run.id, rows[0]["queued_at"])
