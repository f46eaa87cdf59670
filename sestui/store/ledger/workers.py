"""Registration of workers, so that the claims of dead ones are found."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import Session, col, delete, select

from sestui.core.clock import Clock, Instant
from sestui.core.delivery.states import WorkerRole
from sestui.store.db.database import Database
from sestui.store.db.lineage import Lineage, LineageMark
from sestui.store.db.shared_tables import Worker
from sestui.store.db.tables import Delivery, Run
from sestui.store.ledger.clocks import ledger_now
from sestui.store.ledger.transitions import put_in_doubt

_DELIVERY = Delivery.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass

LEASE_SECONDS = 30.0
"""A worker on another host is presumed dead after this time without a heartbeat."""

_ENDED = "The process that was sending this ended before SES's answer was written."


class Workers:
    """Registers workers, records heartbeats, and reaps dead workers."""

    def __init__(self, database: Database, clock: Clock, lineage: Lineage | None = None) -> None:
        """``lineage``, for senders, is advanced with every heartbeat."""
        self._database = database
        self._clock = clock
        self._lineage = lineage
        self._own: dict[str, dict[str, Any]] = {}

    def register(
        self,
        *,
        host: str,
        pid: int,
        process_started_at: Instant,
        role: WorkerRole = WorkerRole.SENDER,
        account: str = "",
    ) -> str:
        """Register this process; returns the id under which it claims.

        ``account`` is the key of the account that a sender uses.
        """
        worker_id = uuid.uuid4().hex
        self._own[worker_id] = {
            "id": worker_id,
            "role": role.value,
            "host": host,
            "pid": pid,
            "process_started_at": process_started_at,
            "account": account,
        }
        self.beat(worker_id)
        return worker_id

    def beat(self, worker_id: str) -> None:
        """Record a heartbeat; call it several times within a lease.

        A worker that was presumed dead is registered again.
        """
        with self._database.write() as session:
            now = ledger_now(session.connection(), self._clock)
            session.merge(Worker(**self._own[worker_id], heartbeat_at=now))
            mark = self._advance(session, now)
        self._remember(mark)

    def leave(self, worker_id: str) -> None:
        """Remove the worker; any remaining claims of it are put in doubt."""
        with self._database.write() as session:
            put_in_doubt(session.connection(), _DELIVERY.c.worker == worker_id, _ENDED)
            session.exec(delete(Worker).where(col(Worker.id) == worker_id))
            mark = self._advance(session, ledger_now(session.connection(), self._clock))
        self._remember(mark)

    def _advance(self, session: Session, now: Instant) -> LineageMark | None:
        return None if self._lineage is None else self._lineage.advance(session, now)

    def _remember(self, mark: LineageMark | None) -> None:
        if self._lineage is not None and mark is not None:
            self._lineage.remember(mark)

    def of_role(
        self, role: WorkerRole, *, host: str, is_alive: Callable[[int, Instant], bool]
    ) -> Sequence[Worker]:
        """The living ones of ``role``, by what :meth:`reap` takes for alive."""
        with self._database.read() as session:
            found = session.exec(select(Worker).where(Worker.role == role.value)).all()
            if not found:
                return ()
            now = ledger_now(session.connection(), self._clock)
            return [each for each in found if not _is_dead(each, host, is_alive, now)]

    def accounts(self) -> set[str]:
        """Keys of the accounts that registered senders use."""
        senders = select(col(Worker.account)).where(Worker.role == WorkerRole.SENDER.value)
        with self._database.read() as session:
            return set(session.exec(senders.distinct()).all())

    def reap(self, *, host: str, is_alive: Callable[[int, Instant], bool]) -> int:
        """Put in doubt what dead workers had in flight; returns the number of deliveries.

        Workers on this ``host`` are dead if ``is_alive(pid, process_started_at)`` is False; on
        other hosts if their heartbeat is older than :data:`LEASE_SECONDS`. Unregistered ones are
        dead.
        """
        with self._database.read() as session:
            in_flight = select(Run.id).where(Run.sending > 0)
            if not (session.exec(select(Worker.id)).first() or session.exec(in_flight).first()):
                return 0
        with self._database.write() as session:
            now = ledger_now(session.connection(), self._clock)
            dead = [
                worker
                for worker in session.exec(select(Worker)).all()
                if _is_dead(worker, host, is_alive, now)
            ]
            for worker in dead:
                session.delete(worker)
            session.flush()
            unregistered = _DELIVERY.c.worker.not_in(select(col(Worker.id)))
            return put_in_doubt(session.connection(), unregistered, _ENDED)


def _is_dead(
    worker: Worker, host: str, is_alive: Callable[[int, Instant], bool], now: Instant
) -> bool:
    if worker.host == host:
        return not is_alive(worker.pid, worker.process_started_at)
    return now - worker.heartbeat_at > LEASE_SECONDS
