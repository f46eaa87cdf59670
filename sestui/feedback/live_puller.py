"""Pulls events beside the sending, so that a live screen shows what becomes of the mail."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sestui.core import threads
from sestui.core.clock import Clock
from sestui.errors import SestuiError
from sestui.feedback.puller import EventPuller

_log = logging.getLogger(__name__)

_WAIT_SECONDS = 2.0
"""For so long a pull waits at an empty queue: the end of the sending waits no longer for it."""
_PAUSE_SECONDS = 0.2
"""Between two pulls: the sender's turn at the database."""
_TROUBLE_SECONDS = 30.0
"""After a failure: what it was is in the log, and the queue keeps what is in it for days."""
_JOIN_SECONDS = 5.0


@contextmanager
def pulling(open_puller: Callable[[], EventPuller | None], clock: Clock) -> Iterator[None]:
    """Pull events in a thread for as long as the block lasts.

    ``open_puller`` is called in that thread; None: there is no queue, and nothing to do.
    """
    stop = threading.Event()
    thread = threading.Thread(
        target=_pull, args=(open_puller, clock, stop), name="sestui-events", daemon=True
    )
    threads.start(thread, clock)
    try:
        yield
    finally:
        stop.set()
        thread.join(_JOIN_SECONDS)


def _pull(
    open_puller: Callable[[], EventPuller | None], clock: Clock, stop: threading.Event
) -> None:
    puller = None
    while not stop.is_set():
        try:
            if puller is None:
                puller = open_puller()
                if puller is None:
                    return
            puller.pull(wait_seconds=_WAIT_SECONDS, keep_going=lambda: not stop.is_set())
        except SestuiError as error:
            _log.warning("Events can't be pulled: %s", error)
            clock.wait(stop, _TROUBLE_SECONDS)
        except Exception:  # noqa: BLE001 - the sending goes on without
            _log.exception("Events can't be pulled.")
            clock.wait(stop, _TROUBLE_SECONDS)
        clock.wait(stop, _PAUSE_SECONDS)
