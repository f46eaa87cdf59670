"""Start threads on a system that may be out of them for a moment."""

import threading

from sestui.core.clock import Clock
from sestui.errors import SestuiError

PATIENCE_SECONDS = 30.0
"""How long to wait for a system that is out of threads or memory."""

_AGAIN_SECONDS = 0.2


def start(thread: threading.Thread, clock: Clock, *, patience: float = PATIENCE_SECONDS) -> None:
    """Start ``thread``; if the system has none, try again for ``patience`` seconds.

    Raises:
        SestuiError: the thread could not be started in that time.
    """
    give_up_at = clock.monotonic() + patience
    while True:
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            if thread.ident is not None:
                raise  # it was started before: our own mistake
            if clock.monotonic() >= give_up_at:
                raise none_left(error) from error
            clock.wait(threading.Event(), _AGAIN_SECONDS)
        else:
            return


def ring(event: threading.Event) -> None:
    """Set ``event`` unless it is set already, which saves taking its lock.

    The woken thread must clear the event before it looks for work, or it may miss some.
    """
    if not event.is_set():
        event.set()


def none_left(error: BaseException) -> SestuiError:
    """The error for a system that has had no thread to give for too long."""
    return SestuiError(
        f"The system can't start more threads ({error}); nothing is lost: free some memory or "
        "raise its limits, and start sestui again."
    )
