"""Open connections in background threads, with backoff after failures."""

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sestui.core.clock import Clock
from sestui.ses.connector import ConnectError

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 12.0
"""For all handshakes together."""

_MOST_AT_ONCE = 4
"""Connections that may be opened concurrently."""

_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.2, 5.0


class OpeningAttempt(Protocol):
    """An attempt to open one connection."""

    def connect(self) -> socket.socket:
        """Open it, blocking; raises ConnectError."""

    def abort(self) -> None:
        """Make a running :meth:`connect` in another thread fail."""


@dataclass(slots=True, eq=False)
class _Opening:
    attempt: OpeningAttempt
    began: float
    found: socket.socket | None = None
    error: ConnectError | None = None


class Opener:
    """Opens connections in short-lived threads; its methods are for one thread."""

    def __init__(
        self, attempt: Callable[[], OpeningAttempt], clock: Clock, wake: Callable[[], None]
    ) -> None:
        """``attempt`` makes an attempt; ``wake`` is called when one has ended."""
        self._attempt = attempt
        self._clock = clock
        self._wake = wake
        self._closed = False
        self._under_way: set[_Opening] = set()
        self._ended: deque[_Opening] = deque()
        self._failures = 0
        """Backoff steps since the last answer."""
        self._retry_at = float("-inf")
        self.trouble: ConnectError | None = None
        """Why connecting fails; None if the last attempt succeeded."""

    def open(self, wanted: int) -> None:
        """Start attempts until ``wanted`` are running, within the limit."""
        now = self._clock.monotonic()
        if now < self._retry_at:
            return
        most = 1 if self._failures else _MOST_AT_ONCE
        while len(self._under_way) < min(most, wanted):
            opening = _Opening(self._attempt(), now)
            thread = threading.Thread(
                target=self._connect, args=(opening,), name="sestui-connect", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:
                self.failed(ConnectError("NoThread", f"The system can't start a thread: {error}."))
                return
            self._under_way.add(opening)

    def _connect(self, opening: _Opening) -> None:
        try:
            opening.found = opening.attempt.connect()
        except ConnectError as error:
            opening.error = error
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop must know
            _log.exception("Opening a connection to SES failed unexpectedly.")
            opening.error = ConnectError(
                type(error).__name__, f"No connection to SES: {type(error).__name__}."
            )
        self._ended.append(opening)
        if self._closed:
            self._close_ended()
        self._wake()

    def opened(self) -> list[socket.socket]:
        """Connections opened since the last call; also aborts attempts that take too long."""
        now = self._clock.monotonic()
        for opening in self._under_way:
            if now - opening.began > _CONNECT_SECONDS:
                opening.attempt.abort()
        found = []
        while self._ended:
            opening = self._ended.popleft()
            self._under_way.discard(opening)
            if opening.found is not None:
                self.trouble = None
                found.append(opening.found)
            elif opening.error is not None:
                self.failed(opening.error)
        return found

    def failed(self, error: ConnectError) -> None:
        """Record a failure, and back off before the next attempt."""
        self.trouble = error
        now = self._clock.monotonic()
        if now < self._retry_at:
            return  # concurrent attempts fail together: one step for all
        wait = min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2 ** min(self._failures, 10))
        self._failures += 1
        self._retry_at = now + wait

    def answered(self) -> None:
        """Record an answer, which resets the backoff."""
        self._failures = 0

    def close(self) -> None:
        """Abort running attempts; connections that they still open are closed."""
        self._closed = True
        self._close_ended()
        for opening in self._under_way:
            opening.attempt.abort()

    def _close_ended(self) -> None:
        while self._ended:
            found = self._ended.popleft().found
            if found is not None:
                found.close()
