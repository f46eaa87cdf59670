"""Reading the ledger: tails, lists, and the sent log as a stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from sestui.core.clock import Instant
from sestui.core.states import DeliveryState
from sestui.store.database import Database
from sestui.store.tables import Campaign, Delivery, Run


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which deliveries; None is any."""

    campaign: str | None = None
    state: DeliveryState | None = None
    since: Instant | None = None
    """Queued at or after this instant."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One delivery as the sent log shows it."""

    campaign: str
    run: int
    delivery: Delivery


_PAGE = 2000


class Deliveries:
    """Every delivery in the database, read only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_run(
        self, run_id: int, *, state: DeliveryState | None = None, limit: int = 100
    ) -> Sequence[Delivery]:
        """The run's deliveries by id, in one state if given, at most ``limit``."""
        query = select(Delivery).where(Delivery.run_id == run_id)
        if state is not None:
            query = query.where(Delivery.state == state.value)
        with self._database.read() as session:
            return session.exec(query.order_by(col(Delivery.id)).limit(limit)).all()

    def newest(self, run_id: int, *, limit: int = 50) -> list[Delivery]:
        """The deliveries that were settled last, newest first (claims go in the order of ids)."""
        found: list[Delivery] = []
        settled = set(DeliveryState) - {DeliveryState.PENDING, DeliveryState.SENDING}
        with self._database.read() as session:
            for state in settled:  # one index step a state, whatever the run's size
                found += session.exec(
                    select(Delivery)
                    .where(Delivery.run_id == run_id, Delivery.state == state.value)
                    .order_by(col(Delivery.id).desc())
                    .limit(limit)
                ).all()
        return sorted(found, key=lambda delivery: delivery.id, reverse=True)[:limit]

    def log(self, wanted: LogFilter) -> Iterator[list[LogRow]]:
        """Matching deliveries in order of id, in batches; memory stays flat."""
        last = 0
        while True:
            query = (
                select(Campaign.name, Run.number, Delivery)
                .join(Run, col(Run.id) == col(Delivery.run_id))
                .join(Campaign, col(Campaign.id) == col(Run.campaign_id))
                .where(col(Delivery.id) > last)
                .order_by(col(Delivery.id))
                .limit(_PAGE)
            )
            if wanted.campaign is not None:
                query = query.where(Campaign.name == wanted.campaign)
            if wanted.state is not None:
                query = query.where(Delivery.state == wanted.state.value)
            if wanted.since is not None:
                query = query.where(col(Delivery.queued_at) >= wanted.since)
            with self._database.read() as session:
                rows = [LogRow(*row) for row in session.exec(query)]
            if not rows:
                return
            yield rows
            last = rows[-1].delivery.id
