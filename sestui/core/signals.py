"""Signals that a long-running process obeys."""

import signal
from collections.abc import Iterable


def heeded(numbers: Iterable[signal.Signals]) -> tuple[signal.Signals, ...]:
    """The given signals, without those that this process ignores.

    A signal that was ignored when the process started stays ignored: nohup relies on that, and so
    do scripts, whose background jobs must survive a Ctrl-C meant for the foreground.
    """
    return tuple(each for each in numbers if signal.getsignal(each) is not signal.SIG_IGN)
