"""Register this process as a worker, from before its first claim until after its last answer."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sestui.core.clock import Clock
from sestui.core.delivery.states import WorkerRole
from sestui.errors import StorageError
from sestui.sending.process_identity import is_alive, this_host, this_process
from sestui.store.db.database import Database
from sestui.store.db.lineage import Lineage
from sestui.store.ledger.workers import Workers


@dataclass(frozen=True, slots=True)
class WorkerRegistration:
    """This process's registration; its heartbeat keeps its claims from being put in doubt."""

    id: str
    workers: Workers

    def beat(self) -> None:
        """Record that this worker is alive, and reap dead ones."""
        self.workers.beat(self.id)
        self.workers.reap(host=this_host(), is_alive=is_alive)


@contextmanager
def registered_worker(
    database: Database,
    clock: Clock,
    role: WorkerRole = WorkerRole.SENDER,
    *,
    lineage: Lineage | None = None,
    account: str = "",
) -> Iterator[WorkerRegistration]:
    """Register this process for the duration of the block.

    Senders give ``lineage``, after checking that the database is not an older copy, and the key of
    their ``account``.
    """
    workers = Workers(database, clock, lineage)
    workers.reap(host=this_host(), is_alive=is_alive)
    pid, started_at = this_process()
    worker_id = workers.register(
        host=this_host(), pid=pid, process_started_at=started_at, role=role, account=account
    )
    try:
        yield WorkerRegistration(worker_id, workers)
    finally:
        # If this fails, the next process will find the dead worker.
        with suppress(StorageError):
            workers.leave(worker_id)


def reap_dead_workers(database: Database, clock: Clock) -> int:
    """Put in doubt what dead workers had in flight; returns the number of deliveries."""
    return Workers(database, clock).reap(host=this_host(), is_alive=is_alive)
