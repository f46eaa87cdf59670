"""What a sender is made of: the engine, its worker and its limits, from a runtime's parts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sestui.sending.engine.batching import Mode
from sestui.sending.engine.loop import Engine, Limits
from sestui.sending.engine.report import SenderReport
from sestui.sending.runs.check_ahead import AheadChecker, checking_ahead
from sestui.sending.runs.run_queue import RunQueue
from sestui.sending.runs.split_tests import SplitTests
from sestui.sending.worker_registration import registered_worker
from sestui.store.contacts.memberships import Memberships
from sestui.store.db.tables import Run
from sestui.store.ledger.ledger import Ledger
from sestui.store.ledger.local_times import LocalTimes
from sestui.store.runs.check_queue import CheckQueue

if TYPE_CHECKING:
    from sestui.compose.run_check import RunCheck
    from sestui.runtime import Runtime


def limits_of(runtime: "Runtime", seconds: float | None, *, until_idle: bool) -> Limits:
    """The limits that the settings give; it ends ``seconds`` from now, None: never by the clock."""
    settings = runtime.settings
    return Limits(
        senders=settings.senders,
        mode=Mode(settings.send_mode),
        ends_at=None if seconds is None else runtime.clock.monotonic() + seconds,
        until_idle=until_idle,
    )


@contextmanager
def open_engine(
    runtime: "Runtime",
    limits: Limits,
    *,
    report: Callable[[SenderReport], None] | None = None,
    only: int | None = None,
) -> Iterator[Engine]:
    """An engine whose worker is registered as long as the block lasts; ``only`` is a run's id.

    What dead workers left in flight is put in doubt first, and the account is read once: a wrong
    credential is an error here, not a paused run later.
    """
    runtime.account.poll()
    runtime.campaign_scheduler.hold_restored()
    database, clock, settings = runtime.database, runtime.clock, runtime.settings
    account = runtime.ses.key
    with registered_worker(database, clock, lineage=runtime.lineage, account=account) as worker:
        engine = Engine(
            ledger=Ledger(
                database,
                account=account,
                worker=worker.id,
                quota_rule=settings.quota_rule,
                clock=clock,
            ),
            runs=RunQueue(
                runtime.runs,
                compose=runtime.composers.of_run,
                quota=runtime.account.quota,
                local=runtime.local_time,
                announce=runtime.notices.announce,
                guard=runtime.account_guard,
                local_times=LocalTimes(database),
                split_tests=SplitTests(database, clock, runtime.local_time),
                clock=clock,
                timezone=settings.timezone,
                only=only,
            ),
            gateway=runtime.ses.gateway(),
            account=runtime.account,
            heartbeat=worker,
            clock=clock,
            limits=limits,
            report=report,
        )
        ahead = checking_ahead(lambda stop: _checker(runtime, worker.id, engine, only, stop), clock)
        with database.when_lost(engine.stop), runtime.feedback.pulling(), ahead:
            yield engine


def _checker(
    runtime: "Runtime", worker: str, engine: Engine, only: int | None, stop: threading.Event
) -> AheadChecker:
    """Checks the mails of large runs ahead of the engine."""
    memberships = Memberships(runtime.database)

    def check(run: Run) -> "RunCheck":
        from sestui.compose.renderable import Renderable  # noqa: PLC0415 - jinja2 is slow to import
        from sestui.compose.run_check import RunCheck  # noqa: PLC0415 - as above

        composer = runtime.composers.message_of(run)
        renderable = Renderable(memberships, composer, transactional=run.transactional)
        return RunCheck(composer, renderable)

    return AheadChecker(
        CheckQueue(runtime.database, worker, runtime.clock),
        runtime.audiences,
        runtime.runs,
        check=check,
        serves=lambda run: only in {None, run.id} and runtime.account_guard.may_send(run),
        engine=engine,
        clock=runtime.clock,
        stop=stop,
    )
