"""A worker's place in the database, from before its first claim to after its last answer."""

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
    """This process as a worker; its heartbeat keeps its claims its own."""

    id: str
    workers: Workers

    def beat(self) -> None:
        """Say that this worker lives, and bury those that don't any more."""
        self.workers.beat(self.id)
        self.workers.reap(host=this_host(), is_alive=is_alive)


@contextmanager
def registered_worker(
    database: Database,
    clock: Clock,
    role: WorkerRole = WorkerRole.SENDER,
    *,
    lineage: Lineage | None = None,
) -> Iterator[WorkerRegistration]:
    """Register this process for as long as the block lasts.

    Whoever sends gives ``lineage``, and has looked before whether the database is an older copy.
    """
    workers = Workers(database, clock, lineage)
    workers.reap(host=this_host(), is_alive=is_alive)
    pid, started_at = this_process()
    worker_id = workers.register(
        host=this_host(), pid=pid, process_started_at=started_at, role=role
    )
    try:
        yield WorkerRegistration(worker_id, workers)
    finally:
        # One that can't say that it leaves is found by the next process; what kept it from writing
        # has been told where it cost something.
        with suppress(StorageError):
            workers.leave(worker_id)


def reap_dead_workers(database: Database, clock: Clock) -> int:
    """Put in doubt what dead workers had in the air; how many deliveries."""
    return Workers(database, clock).reap(host=this_host(), is_alive=is_alive)
