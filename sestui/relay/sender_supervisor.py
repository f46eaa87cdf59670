"""Run a sender for the relay's queued mail, and purge old content."""

import logging
import threading
from collections.abc import Callable

from sestui.core import threads
from sestui.errors import SestuiError
from sestui.relay.waiting import failed
from sestui.runtime import Runtime
from sestui.store.relay.mails import RelayedMails

_SOONEST_AGAIN = 1.0
_LATEST_AGAIN = 60.0
_PURGE_SECONDS = 900.0
_LOOK_SECONDS = 0.5
_STOP_SECONDS = 30.0

_log = logging.getLogger(__name__)


class SenderSupervisor:
    """Keeps a sender running; one that ends with an error is restarted after a while."""

    def __init__(
        self,
        runtime: Runtime,
        mails: RelayedMails,
        *,
        retention: float,
        warn: Callable[[str], None],
    ) -> None:
        """``retention``: seconds to keep the content of settled mail."""
        self._runtime = runtime
        self._mails = mails
        self._retention = retention
        self._warn = warn
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sestui-supervisor", daemon=True)
        self._trouble = ""
        self._failure = ""

    @property
    def failure(self) -> str:
        """Why the supervisor has ended, as a sentence; '' while its thread is running."""
        ended = self._thread.ident is not None and not self._thread.is_alive()
        if not self._failure and ended and not self._stop.is_set():
            return "The sender of what the relay took over has ended; start the relay again."
        return self._failure

    @property
    def trouble(self) -> str:
        """Why queued mail isn't sent at the moment; '' if it is."""
        return self.failure or self._trouble

    def start(self) -> None:
        """Start the thread.

        Raises:
            SestuiError: it can't be started.
        """
        threads.start(self._thread, self._runtime.clock)

    def close(self) -> None:
        """Stop the sender; calls in flight get their answers first."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _work(self) -> None:
        try:
            self._keep()
        except BaseException as error:  # noqa: BLE001 - reported by the process
            _log.exception("The relay's sender supervisor has failed.")
            self._failure = failed("The sender of what the relay took over", error)

    def _keep(self) -> None:
        pause = _SOONEST_AGAIN
        while not self._stop.is_set():
            began = self._runtime.clock.monotonic()
            error = self._send()
            if self._stop.is_set():
                return
            self._trouble = str(error) if error else "The sender ended."
            self._warn(self._trouble)
            lasted = self._runtime.clock.monotonic() - began
            pause = _SOONEST_AGAIN if lasted > _LATEST_AGAIN else min(_LATEST_AGAIN, 2 * pause)
            self._runtime.clock.wait(self._stop, pause)

    def _send(self) -> SestuiError | None:
        clock = self._runtime.clock
        sender = self._runtime.sender(until_idle=False)
        try:
            sender.start()
        except SestuiError as error:  # no thread available at the moment
            return error
        purge_at = clock.monotonic()
        try:
            while sender.alive and not self._stop.is_set():
                clock.wait(self._stop, _LOOK_SECONDS)
                if clock.monotonic() >= purge_at:
                    purge_at = clock.monotonic() + _PURGE_SECONDS
                    self._purge()
                self._trouble = ""
        finally:
            sender.stop()
            sender.join()
        return sender.error

    def _purge(self) -> None:
        try:
            self._mails.purge(retention=self._retention)
        except SestuiError as error:
            self._warn(f"Old content was not removed: {error}")
