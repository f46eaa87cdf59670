"""A command that ends in time, whatever holds it up."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sestui.cli.common import say
from sestui.core import threads
from sestui.core.clock import SystemClock
from sestui.errors import EXIT_TRY_AGAIN

if TYPE_CHECKING:
    from sestui.sending.engine.report import SenderReport

GRACE_SECONDS = 1.5
"""How long after its time a process may still write down what came back."""

LAST_WORDS_SECONDS = 20.0
"""The same for one that went on beyond its time: nothing waits for it at a certain second, and what
its task came to is lost if it is not given the time to say so.
"""


@dataclass(slots=True)
class TimeLimit:
    """The time that a command has, and what held it up if it was not enough."""

    ends_at: float
    """Monotonic seconds."""
    trouble: str = ""
    """What the sender says that holds it up, as a sentence; '' if nothing."""
    prolonged_to: Callable[[], float] = lambda: float("-inf")
    """Monotonic seconds until which there is, or was, a reason to go on all the same."""

    @property
    def left(self) -> float:
        """Seconds until the end; negative when it is past."""
        return self.ends_at - time.monotonic()

    @property
    def grace_left(self) -> float:
        """Seconds until the process is ended, whatever it is at; negative when that is past."""
        # The moment counts at which the reason ended, not the moment at which somebody looks: a
        # task may end just before the look, and its process is saying what came of it then.
        over_at = max(self.ends_at + GRACE_SECONDS, self.prolonged_to() + LAST_WORDS_SECONDS)
        return over_at - time.monotonic()

    def hear(self, report: "SenderReport") -> None:
        """Called in the sender's thread."""
        self.trouble = report.trouble


@contextmanager
def time_limit(
    began: float, seconds: float, warn: Callable[[str], None] = say
) -> Iterator[TimeLimit]:
    """Give the block ``seconds`` from ``began`` (monotonic) on; the process is over soon after.

    What minds :attr:`TimeLimit.left` ends by itself. A call that hangs, a database that somebody
    locks or a disk that does not answer is not waited for beyond :data:`GRACE_SECONDS`, or
    :data:`LAST_WORDS_SECONDS` after what prolonged it: ending at once is as safe as a kill, and the
    next process goes on. ``warn`` is told why.
    """
    limit = TimeLimit(began + seconds)
    over = threading.Event()

    def watch() -> None:
        while (left := limit.grace_left) > 0:
            if over.wait(left):
                return
        why = limit.trouble or "Something is not done in time."
        try:
            warn(f"sestui: {why} The {seconds:g} seconds are up; the next run-due continues.")
            sys.stdout.flush()
        finally:  # nobody may be there to read it
            os._exit(EXIT_TRY_AGAIN)

    threads.start(
        threading.Thread(target=watch, name="sestui-time-limit", daemon=True), SystemClock()
    )
    try:
        yield limit
    finally:
        over.set()
