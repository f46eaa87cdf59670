"""What the crontab line does: due tasks, due campaigns, unfinished runs, until the time is up.

Tasks run in their own threads beside the sending. Any number of these may work at the same time:
each occurrence is somebody's once, and the runs' deliveries are claimed by whoever comes first.
One whose task takes longer than its time stays, and goes on with everything else meanwhile: where
nothing else is started as long as it lives (a systemd timer), nothing has to wait for it.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sestui.core.clock import Clock
from sestui.core.delivery.states import RunKind, RunState
from sestui.core.task.states import BAD_TASK_STATES
from sestui.errors import SestuiError, StorageError
from sestui.reports.notices import Notices
from sestui.reports.overview import Overview, RunView
from sestui.reports.reminders import ReminderService
from sestui.sending.engine.loop import End
from sestui.sending.engine.report import SenderReport
from sestui.sending.runs.campaign_scheduler import CampaignScheduler, NotStarted
from sestui.sending.sender import Sender
from sestui.store.db.tables import Run
from sestui.tasks.execution import Ended
from sestui.tasks.worker_pool import WorkerPool

_LOOK_SECONDS = 0.25
_ROUND_SECONDS = 1.0
"""How often it is looked whether something has come due since."""

_PATIENCE_SECONDS = 20.0
"""Runs that wait (for quota, for a window) are tried again this often within one process."""

_REMIND_SECONDS = 60.0
"""How often one that goes on for long looks whether something has come to need a person."""

_SLICE_SECONDS = 20.0
"""After its time a process that a task keeps alive sends in turns of this length."""


class RunDueServices(Protocol):
    """What it needs of the runtime."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def campaign_scheduler(self) -> CampaignScheduler: ...  # noqa: D102
    @property
    def notices(self) -> Notices: ...  # noqa: D102
    @property
    def overview(self) -> Overview: ...  # noqa: D102
    @property
    def reminders(self) -> ReminderService: ...  # noqa: D102

    def worker_pool(self, *, on_ended: Callable[[Ended], None] | None = None) -> WorkerPool:
        """The threads that run tasks, not yet started; ``on_ended`` is told of each end."""

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
        """Let runs that wait for quota go on if there is room again."""


@dataclass(slots=True)
class Report:
    """What it came to."""

    runs: Sequence[RunView] = ()
    tasks: Sequence[Ended] = ()
    notes: list[str] = field(default_factory=list)
    """What an operator has to decide about."""
    told: list[str] = field(default_factory=list)
    """What is worth a line."""
    reminders: list[str] = field(default_factory=list)
    """What needs a person, whoever left it so, and was told this time."""
    lost: list[str] = field(default_factory=list)
    """Tasks whose process died, and that are not run again."""
    doubtful: bool = False
    """Somebody came in doubt, or a run is paused."""

    @property
    def failures(self) -> list[str]:
        """Sentences about tasks that didn't end well."""
        ended = [each.sentence() for each in self.tasks if each.state in BAD_TASK_STATES]
        return [*ended, *self.lost]


class RunDue:
    """One run-due; :meth:`stop` may be called from a signal handler."""

    def __init__(
        self,
        services: RunDueServices,
        *,
        seconds: float,
        hear: Callable[[SenderReport], None] | None = None,
        remind: Callable[[str], None] | None = None,
        hear_end: Callable[[Ended], None] | None = None,
    ) -> None:
        """``hear`` is called with what the sender reports, in its thread.

        ``remind`` is called with each of :attr:`Report.reminders`, ``hear_end`` with what a task
        came to, in another thread: both as soon as that is known.
        """
        self._services = services
        self._clock = services.clock
        self._hear = hear
        self._ends_at = self._clock.monotonic() + seconds
        self._slice_ends_at = float("-inf")
        self._sent_until_the_end = False
        """The sender ended early enough to hear every answer: another would only be late."""
        self._worker_pool = services.worker_pool(on_ended=hear_end)
        self._on_remind = remind
        self._not_started: Sequence[NotStarted] = ()
        self._sender: Sender | None = None
        self._stop = threading.Event()
        self._report = Report()
        self._doubts: dict[int, int] = {}
        """In doubt before, by the id of each run that this one has to do with."""
        self._sent_at = self._looked_at = self._reminded_at = float("-inf")

    def stop(self) -> None:
        """Ask it to end: what is in flight is awaited, tasks are asked to stop."""
        self._stop.set()
        self._worker_pool.stop()
        if self._sender is not None:
            self._sender.stop()

    def prolonged_to(self) -> float:
        """Monotonic seconds until which a task kept it beyond its time, or the sending that goes on
        meanwhile; -inf if nothing did.
        """
        until = max(self._worker_pool.worked_until, self._slice_ends_at)
        return until if until > self._ends_at else float("-inf")

    def run(self) -> Report:
        """Work until the time is up or nothing is left.

        Raises:
            SestuiError: what the sender or the crew met.
        """
        report = self._report
        self._unfinished()  # before the dead are buried: what they leave in doubt is news
        report.notes += self._services.campaign_scheduler.hold_restored()
        self._services.reap_dead_workers()
        self._worker_pool.start()
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
        if error is not None:
            raise error
        self._remind()
        self._tell()
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
        for sentence in self._services.reminders.tell(self._not_started):
            self._report.reminders.append(sentence)
            if self._on_remind is not None:
                self._on_remind(sentence)

    def _sendable(self) -> bool:
        """Whether a sender would find something, as far as that can be told without asking SES."""
        now = self._clock.monotonic()
        if self._sent_until_the_end and now < self._ends_at:
            return False
        waited = now - self._sent_at >= _PATIENCE_SECONDS
        return any(run.state == RunState.SENDING or waited for run in self._unfinished())

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
                return  # nothing keeps it beyond its time: the next one sends
            seconds = _SLICE_SECONDS
            self._slice_ends_at = now + seconds
        self._sender = self._services.sender(seconds=seconds, report=self._hear)
        if self._stop.is_set():
            return
        self._sender.start()
        try:
            while not self._sender.join(_LOOK_SECONDS):
                # A database that is locked for a while is no reason to end: the sender keeps what
                # SES answers until it can be written. It sees a run that starts now.
                with suppress(StorageError):
                    self._start_due()
        finally:
            self._sender.stop()
            self._sender.join()
        self._sent_at = self._clock.monotonic()
        self._sent_until_the_end = self._sender.end is End.DEADLINE
        if self._sender.error is not None:
            raise self._sender.error

    def _tell(self) -> None:
        report = self._report
        views = [self._services.overview.run(run_id) for run_id in sorted(self._doubts)]
        report.runs = [view for view in views if view.kind != RunKind.NOTICE]
        report.told += [view.sentence() for view in views if view.kind == RunKind.NOTICE]
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
