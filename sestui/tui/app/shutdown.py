"""Leaving in order when one is told to from outside: the terminal closed, or somebody said end."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

_PATIENCE_SECONDS = 30.0
"""Longer than the sender takes to end: what is still there then hangs on a dead terminal."""

_EXIT_CODE = 128 + signal.SIGHUP


def leave_on_signals(leave: Callable[[], object]) -> None:
    """Call ``leave`` in the running event loop on SIGTERM and SIGHUP."""
    loop = asyncio.get_running_loop()

    def hung_up() -> None:
        _let_go_of_the_terminal()
        leave()

    loop.add_signal_handler(signal.SIGTERM, leave)
    loop.add_signal_handler(signal.SIGHUP, hung_up)


def ignore_signals() -> None:
    """Undo :func:`leave_on_signals`."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.remove_signal_handler(number)


def _let_go_of_the_terminal() -> None:
    """A write to a terminal that is gone fails and ends Textual's writer, which it then waits for
    for ever: from here on it writes nowhere. Should that come too late, the process still ends;
    the ledger is safe at any instant.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    os.close(nowhere)
    last_resort = threading.Timer(_PATIENCE_SECONDS, os._exit, [_EXIT_CODE])
    last_resort.daemon = True
    last_resort.start()
