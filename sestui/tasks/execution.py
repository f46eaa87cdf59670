"""Execute a run of a task and write its end."""

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sestui.core.clock import Clock
from sestui.core.task.states import TaskRunState
from sestui.core.text import printable
from sestui.errors import SestuiError, StoppedError, StorageError
from sestui.store.tasks.runs import Program, Runner, RunResult, TakenTaskRun, TaskRuns
from sestui.tasks.context import RunLog, Services, TaskContext
from sestui.tasks.orphans import program
from sestui.tasks.registry import load_type, parameters_of
from sestui.tasks.task_type import Outcome

GRACE_SECONDS = 5.0
"""How long a run may take to end by itself after its time is up."""

_STORAGE_PATIENCE_SECONDS = 60.0
_LONGEST_DETAIL = 500

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """The result of a run, for reports."""

    run_id: int
    task: str
    state: TaskRunState
    detail: str
    seconds: float

    def sentence(self) -> str:
        """As a line for logs."""
        return f"{self.task}: {self.state.label} in {self.seconds:.1f} s, {self.detail}"

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "task": self.task,
            "run": self.run_id,
            "state": self.state.value,
            "detail": self.detail,
            "seconds": round(self.seconds, 3),
        }


@dataclass(slots=True)
class Execution:
    """A run in a thread; its end is written exactly once, by the thread or by the pool."""

    taken: TakenTaskRun
    runs: TaskRuns
    runner: Runner
    services: Services
    clock: Clock
    again: bool = False
    """As in :class:`TaskContext`."""
    stop: threading.Event = field(default_factory=threading.Event)
    ended: Ended | None = None
    """Set when the end is in the database."""
    _ending: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _began: float = 0.0
    _log: RunLog = field(init=False)
    _logged: str = ""
    _program: Program | None = None
    """A program that it has started and that is not recorded in the database yet."""

    def __post_init__(self) -> None:
        zone = self.services.settings.zone
        self._log = RunLog(self.taken.log, lambda: datetime.fromtimestamp(self.clock.now(), zone))
        self._logged = self.taken.log
        self._began = self.clock.monotonic()

    @property
    def ends_at(self) -> float:
        """On the monotonic clock: when its time is up."""
        return self._began + self.taken.task.timeout

    def work(self) -> None:
        """Run it to its end; never raises."""
        try:
            outcome = self._outcome()
        except StoppedError as error:
            timed_out = self.clock.monotonic() >= self.ends_at
            state = TaskRunState.TIMED_OUT if timed_out else TaskRunState.KILLED
            self.end(state, self.out_of_time() if timed_out else str(error))
        except SestuiError as error:
            self.end(TaskRunState.FAILED, str(error))
        except BaseException as error:
            _logger.warning("A task has failed as its type did not foresee.", exc_info=True)
            said = printable(str(error))
            self.end(
                TaskRunState.FAILED, f"{type(error).__name__}: {said}" if said else repr(error)
            )
        else:
            self.end(TaskRunState.SUCCEEDED, outcome.sentence, outcome.figures)

    def _outcome(self) -> Outcome:
        task = self.taken.task
        kind = load_type(task.type)
        context: TaskContext[Any] = TaskContext(
            task=task.name,
            parameters=parameters_of(kind, task.name, task.parameters),
            occurrence=self.taken.occurrence,
            by_hand=self.taken.by_hand,
            services=self.services,
            clock=self.clock,
            ends_at=self.ends_at,
            stop=self.stop,
            run_log=self._log,
            occurrence_name=self.taken.occurrence_name,
            timezone=task.timezone,
            again=self.again,
            mark=self.taken.mark,
            on_program=self._note_program,
        )
        return kind.run(context)

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return self.clock.monotonic() - self._began

    def out_of_time(self) -> str:
        """The sentence for a run that took too long."""
        return f"It took longer than its limit of {self.taken.task.timeout:,.0f} s."

    def end(self, state: TaskRunState, detail: str, figures: dict[str, Any] | None = None) -> None:
        """Write the end, unless that has begun; a locked database is retried for a minute.

        A killed run is handled by its misfire rule.
        """
        with self._lock:
            if self._ending:
                return
            self._ending = True
        detail = detail[:_LONGEST_DETAIL]
        seconds = self.seconds
        try:
            self._log.add(detail)
            self._write(RunResult(state, detail, figures or {}, self._log.text()))
        except Exception:  # or others would wait forever
            _logger.exception("The end of a task's run can't be written.")
        finally:
            self.ended = Ended(self.taken.run_id, self.taken.task.name, state, detail, seconds)

    def _write(self, result: RunResult) -> None:
        give_up_at = self.clock.monotonic() + _STORAGE_PATIENCE_SECONDS
        while self.clock.monotonic() < give_up_at:
            try:
                self.runs.end(self.taken, self.runner.worker, result, self.clock.now())
                break
            except StorageError:  # in the database it stays at work until another process finds it
                self.clock.wait(threading.Event(), 0.5)

    def _note_program(self, pid: int) -> None:
        """Called in the task's thread."""
        self._program = program(pid)
        with suppress(StorageError):  # retried with the log
            self._keep_program()

    def _keep_program(self) -> None:
        if (started := self._program) is not None:
            self.runs.note_program(self.taken, started)
            self._program = None

    def keep_log(self) -> None:
        """Write the log so far, if it has grown."""
        self._keep_program()
        log = self._log.text()
        if log != self._logged and self.ended is None:
            self.runs.write_log(self.taken, self.runner.worker, log)
            self._logged = log
