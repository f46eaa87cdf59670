"""`run-due`: run due tasks, start due campaigns and send unfinished runs, within a time limit.

Tasks run in their own threads during sending. Several processes may work at the same time: each
occurrence is taken once, and deliveries are claimed. If a task takes longer than the limit, the
process goes on with all work meanwhile, as a systemd timer starts no other one while it runs.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sestui.core.clock import Clock
from sestui.core.delivery.states import OWN_MAIL, RunState, WaitReason
from sestui.core.delivery.waits import is_to_come
from sestui.core.task.states import BAD_TASK_STATES
from sestui.errors import SestuiError, StorageError
from sestui.feedback.services import FeedbackServices
from sestui.reports.notices import Notices
from sestui.reports.overview import Overview, RunView
from sestui.reports.reminders import ReminderService
from sestui.sending.engine.loop import End
from sestui.sending.engine.report import SenderReport
from sestui.sending.runs.campaign_scheduler import CampaignScheduler, NotStarted
from sestui.sending.sender import Sender
from sestui.store.db.tables import Run
from sestui.tasks.doubt_search import DoubtSearch
from sestui.tasks.execution import Ended
from sestui.tasks.worker_pool import WorkerPool

_LOOK_SECONDS = 0.25
_ROUND_SECONDS = 1.0
"""Interval of checks for due tasks and campaigns."""

_PATIENCE_SECONDS = 20.0
"""Interval of waking waiting runs (for quota, for a window)."""

_REMIND_SECONDS = 60.0
"""Interval of checks for reminders."""

_SLICE_SECONDS = 20.0
"""After the limit, sending goes on in turns of this length while a task is running."""


class RunDueServices(Protocol):
    """The services of the runtime that are needed."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def campaign_scheduler(self) -> CampaignScheduler: ...  # noqa: D102
    @property
    def feedback(self) -> FeedbackServices: ...  # noqa: D102
    @property
    def notices(self) -> Notices: ...  # noqa: D102
    @property
    def overview(self) -> Overview: ...  # noqa: D102
    @property
    def reminders(self) -> ReminderService: ...  # noqa: D102

    def worker_pool(self, *, on_ended: Callable[[Ended], None] | None = None) -> WorkerPool:
        """The pool for tasks, not yet started; ``on_ended`` is called with each end."""

    def sender(
        self,
        *,
        seconds: float | None = None,
        report: Callable[[SenderReport], None] | None = None,
    ) -> Sender:
        """A sender thread for every sending run, not yet started."""

    def note_run_due(self) -> None:
        """Note that a run-due is at work."""

    def reap_dead_workers(self) -> int:
        """Put in doubt what killed processes had in flight."""

    def wake_waiting(self) -> None:
        """Wake runs that wait for quota, if there is some."""


@dataclass(slots=True)
class Report:
    """The result."""

    runs: Sequence[RunView] = ()
    tasks: Sequence[Ended] = ()
    notes: list[str] = field(default_factory=list)
    """What the operator has to decide."""
    told: list[str] = field(default_factory=list)
    """Lines for the log."""
    reminders: list[str] = field(default_factory=list)
    """Reminders given this time."""
    lost: list[str] = field(default_factory=list)
    """Tasks whose process died, which are not run again."""
    doubtful: bool = False
    """Whether recipients came in doubt, or a run is paused."""

    @property
    def failures(self) -> list[str]:
        """Sentences about tasks that didn't end well."""
        ended = [each.sentence() for each in self.tasks if each.state in BAD_TASK_STATES]
        return [*ended, *self.lost]


class RunDue:
    """One run of `run-due`; :meth:`stop` may be called from a signal handler."""

    def __init__(
        self,
        services: RunDueServices,
        *,
        seconds: float,
        on_report: Callable[[SenderReport], None] | None = None,
        remind: Callable[[str], None] | None = None,
        on_ended: Callable[[Ended], None] | None = None,
    ) -> None:
        """``on_report`` is called with the sender's reports, in its thread.

        ``remind`` is called with each of :attr:`Report.reminders`, ``on_ended`` with each task's
        result, in another thread: both at once.
        """
        self._services = services
        self._clock = services.clock
        self._on_report = on_report
        self._ends_at = self._clock.monotonic() + seconds
        self._slice_ends_at = float("-inf")
        self._sent_until_the_end = False
        """The sender has ended in time for all answers; another would be too late."""
        self._worker_pool = services.worker_pool(on_ended=on_ended)
        self._on_remind = remind
        self._not_started: Sequence[NotStarted] = ()
        self._sender: Sender | None = None
        self._stop = threading.Event()
        self._report = Report()
        self._doubt_search = DoubtSearch(
            services.feedback, services.clock, self._report.told.append
        )
        self._doubts: dict[int, int] = {}
        """Earlier numbers in doubt by run id."""
        self._sent_at = self._looked_at = self._reminded_at = float("-inf")

    def stop(self) -> None:
        """Ask it to end: waits for calls in flight, and asks tasks to stop."""
        self._stop.set()
        self._worker_pool.stop()
        self._doubt_search.stop()
        if self._sender is not None:
            self._sender.stop()

    def prolonged_to(self) -> float:
        """Monotonic seconds to which a task, or sending meanwhile, prolonged it; else -inf."""
        until = max(self._worker_pool.worked_until, self._slice_ends_at)
        return until if until > self._ends_at else float("-inf")

    def run(self) -> Report:
        """Work until the time is up or nothing is left to do.

        Raises:
            SestuiError: of the sender or the pool.
        """
        report = self._report
        self._unfinished()  # before reaping dead workers, whose mails in doubt are news
        report.notes += self._services.campaign_scheduler.hold_restored()
        for held in self._services.campaign_scheduler.hold_foreign():
            report.notes.append(held.sentence)
            self._doubts.setdefault(held.run_id, 0)
        self._services.reap_dead_workers()
        self._worker_pool.start()
        self._doubt_search.start()
        error: SestuiError | None = None
        try:
            self._round()
            while not self._done():
                self._round()
        except SestuiError as met:
            error = met
        finally:
            self._worker_pool.finish()
            while not self._worker_pool.join(_LOOK_SECONDS):
                pass
        error = error or self._worker_pool.error
        self._doubt_search.finish(self._ends_at)
        if error is not None:
            raise error
        self._remind()
        self._announce()
        return report

    def _done(self) -> bool:
        if self._stop.is_set():
            return True
        if self._clock.monotonic() >= self._ends_at:
            self._worker_pool.finish()
            return not self._worker_pool.at_work
        return self._worker_pool.idle and not self._sendable()

    def _round(self) -> None:
        self._start_due()
        if self._sendable():
            self._send()
        else:
            self._clock.wait(self._stop, _LOOK_SECONDS)

    def _start_due(self) -> None:
        now = self._clock.monotonic()
        if now - self._looked_at < _ROUND_SECONDS:
            return
        self._looked_at = now
        started = self._services.campaign_scheduler.start_campaigns()
        self._doubts |= dict.fromkeys(started.run_ids, 0)
        self._report.notes += [n for n in started.notes if n not in self._report.notes]
        self._report.told += [n for n in started.told if n not in self._report.told]
        self._not_started = started.not_started
        self._services.notices.announce()
        if now - self._reminded_at >= _REMIND_SECONDS:
            self._remind()

    def _remind(self) -> None:
        self._reminded_at = self._clock.monotonic()
        self._services.note_run_due()
        for sentence in self._services.reminders.due(self._not_started):
            self._report.reminders.append(sentence)
            if self._on_remind is not None:
                self._on_remind(sentence)

    def _sendable(self) -> bool:
        """Whether there is something to send, as far as known without asking SES."""
        now = self._clock.monotonic()
        if self._sent_until_the_end and now < self._ends_at:
            return False
        waited = now - self._sent_at >= _PATIENCE_SECONDS
        return any(
            run.state == RunState.SENDING or (waited and not self._too_early(run))
            for run in self._unfinished()
        )

    def _too_early(self, run: Run) -> bool:
        """Whether no sender is needed for the run yet, as the next local time is to come."""
        return run.reason == WaitReason.LOCAL_TIME and is_to_come(run.resume_at, self._clock.now())

    def _unfinished(self) -> Sequence[Run]:
        runs = self._services.campaign_scheduler.unfinished()
        for run in runs:
            self._doubts.setdefault(run.id, run.in_doubt)
        return runs

    def _send(self) -> None:
        if self._sent_at == float("-inf"):
            self._services.wake_waiting()
        now = self._clock.monotonic()
        seconds = self._ends_at - now
        if seconds <= 0:
            if not self._worker_pool.at_work:
                return  # nothing prolongs it, so the next one sends
            seconds = _SLICE_SECONDS
            self._slice_ends_at = now + seconds
        self._sender = self._services.sender(seconds=seconds, report=self._on_report)
        if self._stop.is_set():
            return
        self._sender.start()
        try:
            while not self._sender.join(_LOOK_SECONDS):
                # A locked database is no reason to end: the sender keeps SES's answers until it can
                # write them, and sees new runs.
                with suppress(StorageError):
                    self._start_due()
        finally:
            self._sender.stop()
            self._sender.join()
        self._sent_at = self._clock.monotonic()
        self._sent_until_the_end = self._sender.end is End.DEADLINE
        if self._sender.error is not None:
            raise self._sender.error

    def _announce(self) -> None:
        report = self._report
        views = [self._services.overview.run(run_id) for run_id in sorted(self._doubts)]
        report.runs = [view for view in views if view.kind not in OWN_MAIL]
        report.told += [view.sentence() for view in views if view.kind in OWN_MAIL]
        report.tasks = self._worker_pool.ended
        report.told += [orphan.sentence() for orphan in self._worker_pool.orphans]
        report.lost = [
            orphan.sentence() for orphan in self._worker_pool.orphans if not orphan.again
        ]
        report.told += [said for each in self._worker_pool.queued if (said := each.sentence())]
        report.doubtful = any(
            view.counts.in_doubt > self._doubts[view.id] or view.state == RunState.PAUSED
            for view in report.runs
        )
