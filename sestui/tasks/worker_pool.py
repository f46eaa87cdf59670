"""Run tasks in threads of this process, supervised by one more."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from sestui.core import threads
from sestui.core.clock import Clock
from sestui.core.delivery.states import WorkerRole
from sestui.core.task.states import TaskRunState
from sestui.errors import SestuiError, StorageError, unforeseen
from sestui.sending.process_identity import host_name
from sestui.sending.worker_registration import WorkerRegistration, registered_worker
from sestui.store.db.database import Database
from sestui.store.tasks.runs import Orphan, Runner, TakenTaskRun, TaskRuns
from sestui.store.tasks.tasks import Queued, Tasks
from sestui.tasks.context import Services
from sestui.tasks.execution import GRACE_SECONDS, Ended, Execution
from sestui.tasks.orphans import end_left_over

AT_ONCE = 4
"""The most tasks running in one process."""

LOOK_SECONDS = 1.0
"""Interval of reading the queue; also read at each run's end."""

_BEAT_SECONDS = 5.0
_LOG_SECONDS = 2.0
_ABANDON_SECONDS = 0.05

_log = logging.getLogger(__name__)


class WorkerPool:
    """Runs due tasks until :meth:`finish`; start it once.

    It registers as a worker before it takes its first run and leaves after its last, so that other
    processes notice if this one dies with runs of its own. With ``by_hand``, a task's id, it runs
    that one now and nothing else; ``again`` is as in :class:`TaskContext`.
    """

    def __init__(
        self,
        database: Database,
        services: Services,
        clock: Clock,
        *,
        by_hand: int | None = None,
        again: bool = False,
        on_ended: Callable[[Ended], None] | None = None,
    ) -> None:
        """``on_ended`` is called with each end, in the pool's thread; it must not raise."""
        self._database = database
        self._tasks = Tasks(database)
        self._runs = TaskRuns(database)
        self._services = services
        self._clock = clock
        self._by_hand = by_hand
        self._again = again
        self._on_ended = on_ended
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._at_work: list[Execution] = []
        self._threads: dict[int, threading.Thread] = {}
        """The threads of current runs, by run id; a missing one could not be started yet."""
        self._last: list[Execution] | None = None
        """The current runs at :meth:`finish`; None before."""
        self._stopped_at = float("inf")
        self._worked_until = float("-inf")
        self._thread = threading.Thread(target=self._work, name="sestui-tasks")
        self.ended: list[Ended] = []
        self.queued: list[Queued] = []
        self.orphans: list[Orphan] = []
        self.error: SestuiError | None = None
        """The error that ended it."""

    def start(self) -> None:
        """Start running due tasks.

        Raises:
            SestuiError: the system has no thread for half a minute.
        """
        threads.start(self._thread, self._clock)

    def finish(self) -> None:
        """End after the current runs.

        Until then new ones are started too, as there may be no other process.
        """
        self._closing.set()
        self._wake.set()

    def stop(self) -> None:
        """Ask the current runs to end now."""
        self._stopping.set()
        self.finish()

    @property
    def at_work(self) -> int:
        """The number of running tasks."""
        return len(self._at_work) if self._thread.is_alive() else 0

    @property
    def worked_until(self) -> float:
        """Monotonic seconds when a task was last running (now, if one is); -inf for never."""
        if self.at_work:
            return self._clock.monotonic()
        return self._worked_until

    @property
    def idle(self) -> bool:
        """Whether it has checked the queue and nothing is running."""
        ended = self._thread.ident is not None and not self._thread.is_alive()
        return self._idle.is_set() or ended

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the last run to end; False if ``seconds`` were not enough."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # in its own thread

    def _work(self) -> None:
        try:
            with registered_worker(self._database, self._clock, WorkerRole.TASKS) as place:
                try:
                    self._serve(place)
                except BaseException:
                    self._abandon()
                    raise
        except SestuiError as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 - reported to those who wait for the thread
            _log.exception("The task workers have failed.")
            self.error = unforeseen(
                "The tasks stopped", error, "the next run-due continues with them."
            )

    def _abandon(self) -> None:
        """End the current runs, as they are no longer supervised."""
        self._stopping.set()
        give_up_at = self._clock.monotonic() + GRACE_SECONDS
        for execution in self._at_work:
            execution.stop.set()
        while any(each.ended is None for each in self._at_work):
            if self._clock.monotonic() >= give_up_at:
                break
            self._clock.wait(threading.Event(), _ABANDON_SECONDS)
        for execution in self._at_work:
            execution.end(TaskRunState.KILLED, "What looks after tasks has failed.")
        self._note_ended()

    def _serve(self, place: WorkerRegistration) -> None:
        runner = Runner(place.id, host_name())
        self.orphans = self._runs.adopt_orphans(self._clock.now(), end_left_over)
        if self._by_hand is not None:
            self._begin(self._runs.by_hand(self._by_hand, runner, self._clock.now()), runner)
            self._closing.set()
        beaten = logged = self._clock.monotonic()
        while True:
            now = self._clock.monotonic()
            # Runs must be supervised even while the database is locked.
            with suppress(StorageError):
                if now - beaten >= _BEAT_SECONDS:
                    place.beat()
                    beaten = now
                if self._takes():
                    self._queue_due()
                    self._fill(runner)
                if now - logged >= _LOG_SECONDS:
                    for execution in self._at_work:
                        execution.keep_log()
                    logged = now
            self._supervise()
            if self._closing.is_set() and not self._at_work:
                return
            self._clock.wait(self._wake, LOOK_SECONDS)
            self._wake.clear()

    def _takes(self) -> bool:
        """Whether another run may be started; after :meth:`finish`, only beside earlier ones."""
        if self._stopping.is_set() or self._by_hand is not None:
            return False
        if not self._closing.is_set():
            return True
        if self._last is None:
            self._last = self._at_work
        return any(each.ended is None for each in self._last)

    def _queue_due(self) -> None:
        now = self._clock.now()
        for task_id in self._tasks.due(now):
            try:
                queued = self._tasks.queue(task_id, now)
            except StorageError:
                raise
            except SestuiError as error:
                # A task's zone may be missing, for example, which must not delay the others.
                broken = self._tasks.switch_off_broken(task_id, str(error), now)
                if broken is not None:
                    run_id, name = broken
                    self._add_ended(Ended(run_id, name, TaskRunState.FAILED, str(error), 0.0))
            else:
                if queued is not None:
                    self.queued.append(queued)

    def _add_ended(self, ended: Ended) -> None:
        self.ended.append(ended)
        if self._on_ended is not None:
            self._on_ended(ended)

    def _fill(self, runner: Runner) -> None:
        while len(self._at_work) < AT_ONCE:
            taken = self._runs.take(runner, self._clock.now())
            if taken is None:
                break
            self._begin(taken, runner)
        if self._at_work:
            self._idle.clear()
        else:
            self._idle.set()

    def _begin(self, taken: TakenTaskRun, runner: Runner) -> None:
        execution = Execution(
            taken, self._runs, runner, self._services, self._clock, again=self._again
        )
        self._at_work = [*self._at_work, execution]
        self._start_thread(execution)

    def _start_thread(self, execution: Execution) -> None:
        """Start its thread, if possible; :meth:`_supervise` retries."""
        run_id = execution.taken.run_id
        # A daemon, as a run that doesn't stop in time must not keep the process alive.
        thread = threading.Thread(
            target=self._run, args=(execution,), name=f"sestui-task-{run_id}", daemon=True
        )
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            _log.warning("The thread of a task can't be started: %s", error)
            if execution.seconds >= threads.PATIENCE_SECONDS:
                execution.end(TaskRunState.FAILED, str(threads.none_left(error)))
        else:
            self._threads[run_id] = thread

    def _run(self, execution: Execution) -> None:
        try:
            execution.work()
        finally:
            self._wake.set()

    def _supervise(self) -> None:
        """End runs that take too long or must stop; record ended ones."""
        now = self._clock.monotonic()
        if self._stopping.is_set():
            self._stopped_at = min(self._stopped_at, now)
        for execution in self._at_work:
            thread = self._threads.get(execution.taken.run_id)
            if thread is None:
                self._start_thread(execution)
            elif not thread.is_alive():  # if its end isn't written by now, it never will be
                execution.end(TaskRunState.FAILED, "Its thread has ended unexpectedly.")
            if now >= min(execution.ends_at, self._stopped_at):
                execution.stop.set()
            if now >= execution.ends_at + GRACE_SECONDS:
                execution.end(TaskRunState.TIMED_OUT, execution.out_of_time())
            elif now >= self._stopped_at + GRACE_SECONDS:
                execution.end(TaskRunState.KILLED, "It was stopped with its process.")
        self._note_ended()

    def _note_ended(self) -> None:
        if self._at_work:  # first: nobody must see nothing at work, and no time at which it was
            self._worked_until = self._clock.monotonic()
        over = [each for each in self._at_work if each.ended is not None]
        for execution in over:
            if execution.ended is not None:
                self._add_ended(execution.ended)
        self._at_work = [each for each in self._at_work if each not in over]
        at_work = {each.taken.run_id for each in self._at_work}
        self._threads = {run_id: self._threads[run_id] for run_id in self._threads.keys() & at_work}
