"""Which signals end a process that serves or sends."""

import signal
from collections.abc import Iterable


def heeded(numbers: Iterable[signal.Signals]) -> tuple[signal.Signals, ...]:
    """Those of the signals that this process doesn't ignore.

    What was ignored when it started stays so: nohup does that, and a shell that runs a script for
    the jobs it puts in the background, which the Ctrl-C for another program must not end.
    """
    return tuple(each for each in numbers if signal.getsignal(each) is not signal.SIG_IGN)
