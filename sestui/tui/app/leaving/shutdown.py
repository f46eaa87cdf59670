"""An orderly exit on a signal or when the terminal is gone."""

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from textual.app import App

from sestui.core.signals import heeded
from sestui.tui._compat import write_nowhere

HUNG_UP_SECONDS = 2.0
"""However it hangs: so long after its terminal is gone the process has ended. The ledger is safe at
any instant, and the next process finds what this one has left in flight."""

_EXIT_CODE = 128 + signal.SIGHUP


class OutsideOrders:
    """SIGTERM, SIGHUP and a terminal that is gone, told to the event loop they come in."""

    def __init__(
        self, app: App[Any], leave: Callable[[], object], hung_up: Callable[[], object]
    ) -> None:
        """``leave`` is called on SIGTERM, ``hung_up`` once nobody is at the terminal any more."""
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._leave = leave
        self._hung_up = hung_up
        self._once = threading.Lock()
        self._signals = heeded((signal.SIGTERM, signal.SIGHUP))
        self._waker: int | None = None

    def follow(self) -> None:
        """Obey signals from now on, until :meth:`ignore`."""
        for number in self._signals:
            self._loop.add_signal_handler(number, self._signalled, number)
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            awake, self._waker = os.pipe()
            terminal = os.dup(sys.__stdin__.fileno())
            watch = threading.Thread(target=self._watch, args=(terminal, awake), daemon=True)
            watch.name = "sestui-terminal"
            watch.start()

    def ignore(self) -> None:
        """Undo :meth:`follow`."""
        for number in self._signals:
            self._loop.remove_signal_handler(number)
        if self._waker is not None:
            os.close(self._waker)
            self._waker = None

    def _signalled(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._terminal_gone()
        else:
            self._leave()

    def _watch(self, terminal: int, awake: int) -> None:
        """Wait, in a thread, until the terminal is gone: no signal tells a process whose session it
        isn't, and one of nohup's; nor does a loop that waits for a write to it.
        """
        wait = select.poll()
        wait.register(terminal, 0)  # nothing but its end
        wait.register(awake, 0)
        found = dict(wait.poll())
        os.close(awake)
        os.close(terminal)
        if found.get(terminal, 0) & (select.POLLHUP | select.POLLERR):
            self._terminal_gone()

    def _terminal_gone(self) -> None:
        if not self._once.acquire(blocking=False):
            return  # told of it before
        _let_go_of_the_terminal()
        write_nowhere(self._app)
        try:
            self._loop.call_soon_threadsafe(self._hung_up)
        except RuntimeError:
            return  # it has left already


def _let_go_of_the_terminal() -> None:
    """Write nowhere from here on, and read what is empty: a write to a terminal that is gone fails,
    and so may a read, which Textual takes for a fault of the app.

    Not a pipe that says nothing: a read that was about to begin would wait there for ever, and the
    app for it.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    os.close(nowhere)
    last_resort = threading.Timer(HUNG_UP_SECONDS, os._exit, [_EXIT_CODE])
    last_resort.daemon = True
    last_resort.start()
