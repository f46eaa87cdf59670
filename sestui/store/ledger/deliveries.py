"""Read deliveries: of a run, newest first, and the sent log as a stream."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import and_, func, or_, union_all
from sqlmodel import col, select

from sestui.core.delivery.states import SETTLED_STATES, UNMADE, DeliveryState, SkipReason
from sestui.store.db.database import Database
from sestui.store.db.tables import Delivery
from sestui.store.ledger.chunks import chunks_of
from sestui.store.ledger.log_rows import LogBatch, LogFilter, columns_of
from sestui.store.ledger.run_slices import slices_of

_BATCH = 5_000
_Made = TypeVar("_Made")


class Deliveries:
    """The deliveries, read only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_run(
        self, run_id: int, *, state: DeliveryState | None = None, limit: int = 100
    ) -> Sequence[Delivery]:
        """The run's deliveries by id, optionally in one state, up to ``limit``."""
        query = select(Delivery).where(Delivery.run_id == run_id)
        if state is not None:
            query = query.where(Delivery.state == state.value)
        with self._database.read() as session:
            return session.exec(query.order_by(col(Delivery.id)).limit(limit)).all()

    def skipped_for(self, run_id: int) -> dict[str, int]:
        """Numbers of the run's skipped recipients by ``SkipReason``."""
        counted = (
            select(Delivery.code, func.count())
            .where(Delivery.run_id == run_id, Delivery.state == DeliveryState.SKIPPED.value)
            .group_by(Delivery.code)
        )
        with self._database.read() as session:
            return dict(session.exec(counted).all())

    def unmade(self, run_id: int, *, limit: int = 10_000) -> Sequence[Delivery]:
        """The run's recipients whose mail can't be rendered: skipped, or still pending."""
        query = select(Delivery).where(
            Delivery.run_id == run_id,
            or_(
                and_(
                    col(Delivery.state) == DeliveryState.SKIPPED.value,
                    col(Delivery.code) == SkipReason.UNRENDERABLE.value,
                ),
                and_(
                    col(Delivery.state) == DeliveryState.PENDING.value,
                    col(Delivery.code) == UNMADE,
                ),
            ),
        )
        with self._database.read() as session:
            return session.exec(query.order_by(col(Delivery.id)).limit(limit)).all()

    def newest(self, run_id: int, *, limit: int = 50) -> Sequence[Delivery]:
        """The last settled deliveries, newest first (claims are made in order of ids)."""
        arms = (  # one index step for each state
            select(Delivery.id)
            .where(Delivery.run_id == run_id, Delivery.state == state.value)
            .order_by(col(Delivery.id).desc())
            .limit(limit)
            .subquery()
            for state in SETTLED_STATES
        )
        settled = union_all(*(select(arm.c.id) for arm in arms))
        newest = select(Delivery).where(col(Delivery.id).in_(settled))
        with self._database.read() as session:
            return session.exec(newest.order_by(col(Delivery.id).desc()).limit(limit)).all()

    def log(self, wanted: LogFilter, made: Callable[[LogBatch], _Made]) -> Iterator[_Made]:
        """What ``made`` makes of matching deliveries, a batch of them at a time, oldest first.

        Each read makes several batches, one after the other: holding all their rows until it ends
        would take twice as long. A slow consumer keeps no transaction open.
        """
        connect, sqlite = self._database.read_connection, self._database.is_sqlite
        with connect() as connection:
            parts = slices_of(connection, wanted)[::-1]
        by_run = {part.run_id: part for part in parts}
        for chunk in chunks_of(connect, parts, wanted.states, size=_BATCH, newest_first=False):
            with connect() as connection:
                conditions = chunk.conditions(wanted, sqlite=sqlite)
                batches = columns_of(connection, conditions, chunk.order)
                found = [made(LogBatch(columns, by_run)) for columns in batches]
            yield from found
