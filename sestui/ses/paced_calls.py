"""Calls of SES's API other than sends: one a second."""

import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from sestui.core.clock import Clock
from sestui.errors import SestuiError, StoppedError
from sestui.ses.client import plain_errors

CALL_SECONDS = 1.0
"""SES allows one call a second, other than sends."""


class PacedCalls:
    """Makes calls one after another, ``CALL_SECONDS`` apart; for one thread."""

    def __init__(self, clock: Clock, *, simulated: bool, stop: threading.Event) -> None:
        self._clock = clock
        self._pause = 0.0 if simulated else CALL_SECONDS
        self._stop = stop
        self._next_at = 0.0

    def ask(self, call: Callable[[], Any]) -> Any:
        """The call's answer, once its turn has come.

        Raises:
            AccountError: SES refuses, or doesn't answer.
            StoppedError: ``stop`` was set before its turn.
        """
        now = self._clock.monotonic()
        at = max(now, self._next_at)
        self._next_at = at + self._pause
        self.wait(at - now)
        with plain_errors():
            return call()

    def wait(self, seconds: float) -> None:
        """Wait for so long.

        Raises:
            StoppedError: ``stop`` was set meanwhile.
        """
        if self._clock.wait(self._stop, seconds):
            raise StoppedError("It was stopped before it was done; the next time it goes on.")


def code_of(error: SestuiError) -> str:
    """SES's code of the error, such as ``NotFoundException``; '' if it has none."""
    cause = error.__cause__
    return cause.response.get("Error", {}).get("Code", "") if isinstance(cause, ClientError) else ""
