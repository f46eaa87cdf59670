"""Starting threads on a system that may have none to give for a moment."""

import threading

from sestui.core.clock import Clock
from sestui.errors import SestuiError

PATIENCE_SECONDS = 30.0
"""A system that is out of threads or memory may have some again within this."""

_AGAIN_SECONDS = 0.2


def start(thread: threading.Thread, clock: Clock, *, patience: float = PATIENCE_SECONDS) -> None:
    """Start ``thread``; where the system has none, try again for ``patience`` seconds.

    Raises:
        SestuiError: it had none in all that time.
    """
    give_up_at = clock.monotonic() + patience
    while True:
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            if thread.ident is not None:
                raise  # it was started before: a mistake of ours
            if clock.monotonic() >= give_up_at:
                raise none_left(error) from error
            clock.wait(threading.Event(), _AGAIN_SECONDS)
        else:
            return


def ring(event: threading.Event) -> None:
    """Set ``event``, unless it is set: whoever waits for it has been woken then.

    To set it once more would take its lock, for each of many at once. Whoever is woken clears the
    event before looking at what there is to do, so that nothing that was there before is missed.
    """
    if not event.is_set():
        event.set()


def none_left(error: BaseException) -> SestuiError:
    """What to say when no thread could be started for long."""
    return SestuiError(
        f"The system can't start more threads ({error}); nothing is lost: free some memory or "
        "raise "
        "its limits, and start sestui again."
    )
