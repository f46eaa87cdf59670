"""The sender behind the screens, and how its reports reach them."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sestui.errors import EXIT_TRY_AGAIN, SestuiError

if TYPE_CHECKING:
    from sestui.runtime import Runtime
    from sestui.sending.engine.report import AnswerLine, SenderReport
    from sestui.sending.sender import Sender

_MOST_LINES = 500
"""What a tail can show at all: older lines of a slow screen are in the ledger anyway."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything reported since the last read."""

    lines: "tuple[AnswerLine, ...]"
    trouble: str


class ReportInbox:
    """Collects reports from the sender's thread until the screens take them.

    ``ring`` is called in the sender's thread, once however many reports wait: a slow screen is
    not flooded, and no line is lost to it.
    """

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._lock = threading.Lock()
        self._lines: deque[AnswerLine] = deque(maxlen=_MOST_LINES)
        self._trouble = ""
        self._rung = False

    def put(self, report: "SenderReport") -> None:
        """Keep a report."""
        with self._lock:
            self._lines.extend(report.lines)
            self._trouble = report.trouble
            if self._rung:
                return
            self._rung = True
        self._ring()

    def take(self) -> Batch:
        """Empty the box."""
        with self._lock:
            batch = Batch(tuple(self._lines), self._trouble)
            self._lines.clear()
            self._rung = False
        return batch


class Background:
    """One sender at a time; restarted on request after a failure."""

    def __init__(self, report: "Callable[[SenderReport], None]") -> None:
        self._report = report
        self._sender: Sender | None = None
        self._resting = False
        self._stopped = False

    def start(self, runtime: "Runtime") -> None:
        """Start a sender; without effect while one is running or after :meth:`stop`."""
        if self.alive or self._stopped:
            return
        self._resting = False
        self._sender = runtime.sender(until_idle=False, report=self._report)
        self._sender.start()

    def rest(self, within: float | None = None) -> None:
        """Ask the sender to end until the next :meth:`start`; returns at once.

        What is unanswered after ``within`` seconds (None: its own patience) is in doubt.
        """
        self._resting = True
        if self._sender is None:
            return
        if within is None:
            self._sender.stop()
        else:
            self._sender.stop(within)

    def stop(self, within: float | None = None) -> None:
        """Ask the sender to end for good, as :meth:`rest` does; returns at once."""
        self._stopped = True
        self.rest(within)

    def join(self, seconds: float | None = None) -> bool:
        """Wait for its end; False if ``seconds`` were not enough."""
        return self._sender is None or self._sender.join(seconds)

    @property
    def alive(self) -> bool:
        """Whether a sender is running."""
        return self._sender is not None and self._sender.alive

    @property
    def failure(self) -> str:
        """Why nothing is being sent, as a sentence; '' while a sender is running."""
        if self._sender is None or self._resting or self._sender.alive:
            return ""
        return str(self._sender.error or "The sender has stopped for an unknown reason.")

    @property
    def worth_trying_again(self) -> bool:
        """Whether the failure may go away by itself."""
        error: SestuiError | None = self._sender.error if self._sender else None
        return error is not None and error.exit_code == EXIT_TRY_AGAIN
