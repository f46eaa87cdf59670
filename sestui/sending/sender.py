"""The sender: an engine in a background thread."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from sestui.core import threads
from sestui.core.clock import Clock
from sestui.errors import SestuiError, sender_failed
from sestui.sending.engine.loop import DRAIN_SECONDS, End, Engine

_log = logging.getLogger(__name__)


class Sender:
    """Runs one engine in a thread; can be started once.

    ``engine`` is entered in the thread: it registers the worker, and puts in doubt what dead
    workers had in flight.
    """

    def __init__(self, engine: Callable[[], AbstractContextManager[Engine]], clock: Clock) -> None:
        self._open = engine
        self._clock = clock
        self._engine: Engine | None = None
        self._stopping = False
        self._within = DRAIN_SECONDS
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="sestui-sender")
        self.end: End | None = None
        """Why it ended; None while it works, or if it ended with :attr:`error`."""
        self.error: SestuiError | None = None

    def start(self) -> None:
        """Start sending.

        Raises:
            SestuiError: the thread can't be started.
        """
        threads.start(self._thread, self._clock)

    def stop(self, within: float = DRAIN_SECONDS) -> None:
        """Ask it to end; see :meth:`Engine.stop`."""
        with self._lock:
            self._stopping = True
            self._within = min(self._within, within)
            if self._engine is not None:
                self._engine.stop(within)

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the end; False if ``seconds`` were not enough."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    def _work(self) -> None:
        try:
            with self._open() as engine:
                with self._lock:
                    self._engine = engine
                    if self._stopping:
                        engine.stop(self._within)
                self.end = engine.run()
        except SestuiError as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 - reported by whoever waits for the thread
            _log.exception("The sender has failed.")
            self.error = sender_failed(error)
