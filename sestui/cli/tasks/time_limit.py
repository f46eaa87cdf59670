"""A time limit for a command that ends it even if it hangs."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sestui.cli.shared.common import say
from sestui.core import threads
from sestui.core.clock import SystemClock
from sestui.errors import EXIT_TRY_AGAIN

if TYPE_CHECKING:
    from sestui.sending.engine.report import SenderReport

GRACE_SECONDS = 1.5
"""How long after the limit a process may still write answers."""

LAST_WORDS_SECONDS = 20.0
"""The same for a process prolonged by a task, whose result would be lost otherwise.
"""


@dataclass(slots=True)
class TimeLimit:
    """The time limit of a command, and what prolongs it."""

    ends_at: float
    """Monotonic seconds."""
    trouble: str = ""
    """The sender's trouble, as a sentence; '' for none."""
    prolonged_to: Callable[[], float] = lambda: float("-inf")
    """Monotonic seconds until which there is, or was, a reason to go on."""

    @property
    def left(self) -> float:
        """Seconds until the limit; negative after it."""
        return self.ends_at - time.monotonic()

    @property
    def grace_left(self) -> float:
        """Seconds until the process is killed; negative after that."""
        # Counted from the end of the reason, as a task may just have ended and its result must be
        # written.
        over_at = max(self.ends_at + GRACE_SECONDS, self.prolonged_to() + LAST_WORDS_SECONDS)
        return over_at - time.monotonic()

    def on_report(self, report: "SenderReport") -> None:
        """Keep the sender's trouble; called in its thread."""
        self.trouble = report.trouble


@contextmanager
def time_limit(
    began: float, seconds: float, warn: Callable[[str], None] = say
) -> Iterator[TimeLimit]:
    """Limit the block to ``seconds`` from ``began`` (monotonic); the process ends soon after.

    The work should watch :attr:`TimeLimit.left`. If a call, a locked database or a disk hangs, the
    process is ended after :data:`GRACE_SECONDS`, or :data:`LAST_WORDS_SECONDS` after what prolonged
    it. That is as safe as a kill, and the next process goes on. ``warn`` is called with the reason.
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
        finally:  # stderr may be closed
            os._exit(EXIT_TRY_AGAIN)

    threads.start(
        threading.Thread(target=watch, name="sestui-time-limit", daemon=True), SystemClock()
    )
    try:
        yield limit
    finally:
        over.set()
