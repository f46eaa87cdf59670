"""Pull events while mail is sent, so that live screens show outcomes."""

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
"""How long a pull waits at an empty queue, and so at most delays the end of the sending."""
_PAUSE_SECONDS = 0.2
"""Between two pulls, so that the sender gets at the database."""
_TROUBLE_SECONDS = 30.0
"""After a failure, which is logged; the queue keeps its messages for days."""
_JOIN_SECONDS = 5.0


@contextmanager
def pulling(open_puller: Callable[[], EventPuller | None], clock: Clock) -> Iterator[None]:
    """Pull events in a thread while the block lasts.

    ``open_puller`` is called in that thread; it returns None if there is no queue.
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
