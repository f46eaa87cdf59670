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


@dataclass(slots=True)
class TimeLimit:
    """The time that a command has, and what held it up if it was not enough."""

    ends_at: float
    """Monotonic seconds."""
    trouble: str = ""
    """What the sender met last, as a sentence; '' if nothing."""
    prolonged_to: Callable[[], float] = lambda: float("-inf")
    """Monotonic seconds until which there is a reason to go on all the same."""

    @property
    def left(self) -> float:
        """Seconds until the end; negative when it is past."""
        return self.ends_at - time.monotonic()

    def hear(self, report: "SenderReport") -> None:
        """Called in the sender's thread."""
        self.trouble = report.trouble or self.trouble


@contextmanager
def time_limit(began: float, seconds: float) -> Iterator[TimeLimit]:
    """Give the block ``seconds`` from ``began`` (monotonic) on; the process is over soon after.

    What minds :attr:`TimeLimit.left` ends by itself. A call that hangs, a database that somebody
    locks or a disk that does not answer is not waited for beyond :data:`GRACE_SECONDS`: ending at
    once is as safe as a kill, and the next process goes on.
    """
    limit = TimeLimit(began + seconds)
    over = threading.Event()

    def watch() -> None:
        left = limit.left
        while left > -GRACE_SECONDS:
            if over.wait(left + GRACE_SECONDS):
                return
            left = max(limit.ends_at, limit.prolonged_to()) - time.monotonic()
        why = limit.trouble or "Something is not done in time."
        try:
            say(f"sestui: {why} The {seconds:g} seconds are over; the next run-due goes on.")
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
