"""``python departures.py LOG ARGUMENTS`` is ``sestui ARGUMENTS`` that notes when each call leaves.

A line of LOG is the instant (seconds of the clock that all processes of a machine share), the
number of mails, and the process. It is written where the gateway hands the call to the network,
once the mail's slot has come; nothing of the product is changed.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence

import pytest

from sestui.cli.main import main
from sestui.core.delivery.handover import Reply
from sestui.ses.gateway import Gateway, SesCall


def note_departures(patch: pytest.MonkeyPatch, note: Callable[[float, int], None]) -> None:
    """Have ``note`` told of every call of this process: the instant, and its number of mails."""
    send = Gateway.send

    def noted(gateway: Gateway, call: SesCall, done: Callable[[Sequence[Reply]], None]) -> bool:
        left_at = time.monotonic()
        left = send(gateway, call, done)
        if left:
            note(left_at, call.mails)
        return left

    patch.setattr(Gateway, "send", noted)  # the last step before the network


def _log(path: str) -> Callable[[float, int], None]:
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    pid = os.getpid()

    def note(at: float, mails: int) -> None:
        os.write(log, b"%.6f %d %d\n" % (at, mails, pid))

    return note


if __name__ == "__main__":
    note_departures(pytest.MonkeyPatch(), _log(sys.argv[1]))
    sys.argv[:2] = ["sestui"]
    main()
