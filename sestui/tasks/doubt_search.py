"""Ask SES's records, beside what else is due, about what has been in doubt for long enough."""

import threading
from collections.abc import Callable

from sestui.core import threads
from sestui.core.clock import Clock
from sestui.errors import SestuiError, StoppedError
from sestui.feedback.services import FeedbackServices

_LOOK_SECONDS = 0.05
_CALL_SECONDS = 10.0
"""How long a call to SES under way is waited for; the next search goes on there."""


class DoubtSearch:
    """One search in a thread of its own, which ends with its process's time."""

    def __init__(
        self, feedback: FeedbackServices, clock: Clock, report: Callable[[str], object]
    ) -> None:
        """``report`` is called with sentences for the log, once the search has ended."""
        self._feedback = feedback
        self._clock = clock
        self._report = report
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._sentence = ""

    def start(self) -> None:
        """Begin, if there is anything to ask about."""
        if not self._feedback.doubts_due():
            return
        self._thread = threading.Thread(target=self._ask, name="sestui-doubts", daemon=True)
        threads.start(self._thread, self._clock)

    def stop(self) -> None:
        """Ask it to end."""
        self._stop.set()

    def finish(self, ends_at: float) -> None:
        """Wait for its end, at most until then in monotonic seconds, and say what it has found."""
        if self._thread is None:
            return
        clock = self._clock
        while self._thread.is_alive() and not self._stop.is_set() and clock.monotonic() < ends_at:
            self._thread.join(_LOOK_SECONDS)
        self._stop.set()
        self._thread.join(_CALL_SECONDS)
        if self._sentence:
            self._report(self._sentence)

    def _ask(self) -> None:
        feedback = self._feedback
        feedback.note_doubts_asked(asked=True)
        try:
            if settled := feedback.ask_about_doubts(self._stop):
                self._sentence = f"{settled:,} no longer in doubt, as SES's records have them."
        except StoppedError:
            feedback.note_doubts_asked(asked=False)
        except SestuiError as error:
            self._sentence = f"SES can't be asked about what is in doubt: {error}"
