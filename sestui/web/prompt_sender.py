"""Send mails that ask to confirm a subscription at once, as somebody is waiting for them."""

import threading
from collections.abc import Callable

from sestui.core import threads
from sestui.errors import SestuiError, StorageError
from sestui.runtime import Runtime
from sestui.store.web.subscriptions import SubscriptionRequests

_LOOK_SECONDS = 0.5
_AGAIN_SECONDS = 60.0
"""After a failure; `run-due` sends the mail too."""
_STOP_SECONDS = 30.0


class PromptSender:
    """Sends these mails whenever there are some, and nothing else.

    Without it they leave too, by whatever sends next on this database.
    """

    def __init__(self, runtime: Runtime, warn: Callable[[str], None]) -> None:
        """``warn`` is called with messages for the operator, in another thread."""
        self._runtime = runtime
        self._warn = warn
        self._requests = SubscriptionRequests(runtime.database)
        self._queued = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sestui-prompt", daemon=True)
        self._trouble = ""

    def start(self) -> None:
        """Start the thread, which first sends what an earlier process has left.

        Raises:
            SestuiError: it can't be started.
        """
        self._queued.set()
        threads.start(self._thread, self._runtime.clock)

    def send(self) -> None:
        """Send what is in the ledger by now; any thread may call it."""
        threads.ring(self._queued)

    def close(self) -> None:
        """Stop; calls in flight get their answers first."""
        self._stop.set()
        self._queued.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)

    def _work(self) -> None:
        clock = self._runtime.clock
        while not self._stop.is_set():
            clock.wait(self._queued, _AGAIN_SECONDS)
            self._queued.clear()
            while not self._stop.is_set() and self._sent_some():
                pass
            if self._trouble:
                clock.wait(self._stop, _AGAIN_SECONDS)
                self._queued.set()

    def _sent_some(self) -> bool:
        """Send what there is; False once there is nothing more, or it can't be sent."""
        trouble = ""
        try:
            run = self._requests.unsent_run()
            if run is not None:
                trouble = run.held or self._send(run.id)
        except StorageError as error:
            run, trouble = None, str(error)
        if trouble and trouble != self._trouble:
            self._warn(f"Mails that ask to confirm a subscription are waiting: {trouble}")
        self._trouble = trouble
        return run is not None and not trouble

    def _send(self, run_id: int) -> str:
        """Send the run's mails; returns why that failed, '' if it didn't."""
        sender = self._runtime.sender(only=run_id)
        try:
            sender.start()
        except SestuiError as error:  # no thread available at the moment
            return str(error)
        while not sender.join(_LOOK_SECONDS):
            if self._stop.is_set():
                sender.stop()
        return "" if sender.error is None else str(sender.error)
