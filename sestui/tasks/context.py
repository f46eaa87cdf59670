"""The context of a task's run: its parameters, sestui's services, a log, and its time limit."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from pydantic import BaseModel

from sestui.core.clock import Clock, Instant
from sestui.core.text import printable
from sestui.errors import StoppedError
from sestui.settings import Settings
from sestui.store.db.database import Database

if TYPE_CHECKING:
    from sestui.feedback.services import FeedbackServices
    from sestui.reports.notices import Notices
    from sestui.sending.runs.campaign_scheduler import CampaignScheduler
    from sestui.sending.ses_access import SesAccess

P = TypeVar("P", bound=BaseModel)

MOST_LOGGED = 64_000
"""The most characters of a run's log; the middle is dropped."""
_LONGEST_LINE = 2_000
_MOST_LINES = MOST_LOGGED // 16
"""The most lines of one call; the others are left out."""


class Services(Protocol):
    """The services for tasks; the runtime provides them."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def database(self) -> Database: ...  # noqa: D102
    @property
    def campaign_scheduler(self) -> "CampaignScheduler":
        """Starts campaigns."""

    @property
    def notices(self) -> "Notices":
        """Mail by sestui itself."""

    @property
    def feedback(self) -> "FeedbackServices":
        """What reads from SES how it went."""

    @property
    def ses(self) -> "SesAccess":
        """The account that mail goes to."""


class RunLog:
    """Lines with times, thread-safe; if there are too many, the middle is dropped."""

    def __init__(self, earlier: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._head = ""
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._left_out = 0
        for line in earlier.splitlines(keepends=True):
            self._add(line)

    def add(self, line: str) -> None:
        """Add a line, or several with the same time."""
        at, lines = f"{self._now():%H:%M:%S}", line.splitlines() or [""]
        with self._lock:
            if self._tail and len(lines) > _MOST_LINES:
                self._left_out += len(lines) - _MOST_LINES
                lines = lines[-_MOST_LINES:]
            for each in lines:
                self._add(f"{at} {printable(each)[:_LONGEST_LINE]}\n")

    def _add(self, line: str) -> None:
        if not self._tail and len(self._head) + len(line) <= MOST_LOGGED // 2:
            self._head += line
            return
        self._tail.append(line)
        self._tail_size += len(line)
        while self._tail_size > MOST_LOGGED // 2:
            self._tail_size -= len(self._tail.popleft())
            self._left_out += 1

    def text(self) -> str:
        """The log so far."""
        with self._lock:
            gap = f"({self._left_out:,} lines are left out)\n" if self._left_out else ""
            return self._head + gap + "".join(self._tail)


@dataclass(slots=True)
class TaskContext(Generic[P]):
    """One run of a task."""

    task: str
    """The task's name."""
    parameters: P
    occurrence: Instant
    """Its scheduled time, or when it was requested."""
    by_hand: bool
    """Whether somebody requested it."""
    services: Services
    clock: Clock
    ends_at: float
    """Monotonic seconds at which its time is up."""
    stop: threading.Event
    """Set when its time is up, or the process must end."""
    run_log: RunLog
    mark: str
    """A globally unique name of this run, in its programs' environment (``PROGRAM_MARK``)."""
    on_program: Callable[[int], None]
    """See :meth:`started`."""
    occurrence_name: str = ""
    """The occurrence's name (its local time); '' if requested."""
    timezone: str = ""
    """The task's zone; '' is the machine's."""
    again: bool = False
    """Whether the user allows it to repeat what is done only once, such as sending a campaign."""

    def started(self, pid: int) -> None:
        """Record a program that this run has started as the leader of a process group.

        If this process is killed, the next one ends the group before the task runs again.
        """
        self.on_program(pid)

    def log(self, line: str) -> None:
        """Add to the log, which can be read during the run."""
        self.run_log.add(line)

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit; 0 after it."""
        if self.stop.is_set():
            return 0.0
        return max(0.0, self.ends_at - self.clock.monotonic())

    def go_on(self) -> None:
        """Raise StoppedError if the time is up."""
        if self.seconds_left <= 0:
            raise StoppedError("It was stopped before it was done.")

    def wait(self, seconds: float) -> None:
        """Sleep for ``seconds``.

        Raises:
            StoppedError: the time is up before.
        """
        self.clock.wait(self.stop, min(seconds, self.seconds_left))
        self.go_on()
