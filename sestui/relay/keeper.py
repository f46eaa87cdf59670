"""What goes on beside the door: the sender of what is queued, and the clearing of old content."""

import threading
from collections.abc import Callable

from sestui.errors import SestuiError
from sestui.runtime import Runtime
from sestui.store.relayed import RelayedMails

_SOONEST_AGAIN = 1.0
_LATEST_AGAIN = 60.0
_PURGE_SECONDS = 900.0
_LOOK_SECONDS = 0.5
_STOP_SECONDS = 30.0


class Keeper:
    """Keeps a sender at work as long as the relay serves: when one ends with an error (no
    database, no SES), another is started after a while."""

    def __init__(
        self,
        runtime: Runtime,
        mails: RelayedMails,
        *,
        retention: float,
        warn: Callable[[str], None],
    ) -> None:
        """``retention``: seconds for which the content of settled mail is kept."""
        self._runtime = runtime
        self._mails = mails
        self._retention = retention
        self._warn = warn
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sestui-keeper", daemon=True)
        self.trouble = ""
        """Why nothing queued is sent just now; '' when all is well."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End the sender: what is in the air gets its answer first."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _work(self) -> None:
        pause = _SOONEST_AGAIN
        while not self._stop.is_set():
            began = self._runtime.clock.monotonic()
            error = self._send()
            if self._stop.is_set():
                return
            self.trouble = str(error) if error else "The sender ended."
            self._warn(self.trouble)
            lasted = self._runtime.clock.monotonic() - began
            pause = _SOONEST_AGAIN if lasted > _LATEST_AGAIN else min(_LATEST_AGAIN, 2 * pause)
            self._runtime.clock.wait(self._stop, pause)

    def _send(self) -> SestuiError | None:
        clock = self._runtime.clock
        sender = self._runtime.sender(until_idle=False)
        sender.start()
        purge_at = clock.monotonic()
        while sender.alive and not self._stop.is_set():
            clock.wait(self._stop, _LOOK_SECONDS)
            if clock.monotonic() >= purge_at:
                purge_at = clock.monotonic() + _PURGE_SECONDS
                self._purge()
            self.trouble = ""
        sender.stop()
        sender.join()
        return sender.error

    def _purge(self) -> None:
        try:
            self._mails.purge(retention=self._retention)
        except SestuiError as error:
            self._warn(f"Old content was not removed: {error}")
