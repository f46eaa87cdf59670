"""A pool of non-blocking connections to SES, driven by one thread and opened in advance.

One thread drives all of them, as a thread for each call would cost more than the call. A ready
connection has finished its handshakes and is watched, so one that the peer closes is dropped before
it carries a mail. Without a connection, or before the first byte is written, nothing has been sent;
every later failure is unknown (docs/decisions/0001-ledger-states.md).
"""

import heapq
import itertools
import selectors
import socket
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from sestui.core.clock import Clock
from sestui.core.delivery.handover import Reply
from sestui.core.delivery.pacing import line_seconds
from sestui.ses.connector import ConnectError
from sestui.ses.http_answer import AnswerReader, UnreadableError
from sestui.ses.opening import Opener, OpeningAttempt
from sestui.ses.outcome import Outcome, closed, lost, premature, too_late

CALL_SECONDS = 20.0
"""A call without a complete answer after this is in doubt; SES takes a second or two."""

_MOST_UNSENT_BYTES = 1_000_000
"""No request is started while this much is unsent, or none would finish in its time."""

_STALLED_SECONDS = 15.0
"""A call without progress for this long waits for the peer, not for bandwidth."""

_CROWDED_SECONDS = 5.0
"""A call's time when all connections are in use."""

_IDLE_SECONDS = 20.0
"""Shorter than the idle timeouts of servers and middleboxes."""

_STILLBORN_SECONDS = 0.5
"""A connection that is closed unused within this counts as refused."""

_IDLE_SHARE, _WARY_FROM_SECONDS, _WARY_SECONDS = 0.5, 2.0, 600.0
"""If the peer closes idle connections, ours are closed after this share of that time, so that no
mail meets the closing; for ten minutes, as it may have been a restart."""

_READ_BYTES = 65_536

_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Call:
    """A request that has been sent, at least in part."""

    __slots__ = ("connection", "done", "moved_at", "over", "reader", "seconds", "unsent")

    def __init__(
        self,
        connection: "_Connection",
        done: Callable[[Outcome], None],
        seconds: float,
        now: float,
    ) -> None:
        self.connection = connection
        self.done = done
        self.seconds = seconds
        """Time until its answer must be complete."""
        self.moved_at = now
        """When bytes of it were last written."""
        self.over = False
        self.reader = AnswerReader()
        self.unsent: memoryview | None = None


class _Connection:
    """A socket, and the call that it carries, if any."""

    __slots__ = ("call", "idle_since", "proven", "sock")

    def __init__(self, sock: socket.socket, now: float) -> None:
        self.sock = sock
        self.idle_since = now
        self.proven = False
        """Whether it has carried an answer."""
        self.call: _Call | None = None


class Connections:
    """Up to ``most`` connections, each carrying one call at a time.

    All methods but :meth:`wake` are for one thread. ``attempt`` makes an attempt to connect, which
    runs in a short-lived thread.
    """

    def __init__(self, attempt: Callable[[], OpeningAttempt], clock: Clock, *, most: int) -> None:
        self._clock = clock
        self._most = most
        self._wanted = 0
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._ready: deque[_Connection] = deque()
        self._calls: list[tuple[float, int, _Call]] = []
        """A heap by deadline; finished calls are skipped."""
        self._numbers = itertools.count()
        self._writing: set[_Call] = set()
        """Calls that have been sent only in part."""
        self._open = 0
        self._opener = Opener(attempt, clock, self.wake)
        self._idle_seconds, self._wary_until = _IDLE_SECONDS, float("-inf")

    @property
    def trouble(self) -> ConnectError | None:
        """Why connecting fails; None if the last attempt succeeded."""
        return self._opener.trouble

    @property
    def ready(self) -> int:
        """Number of connections that could carry a call now."""
        return len(self._ready)

    def want(self, count: int) -> None:
        """Keep about ``count`` connections open from now on."""
        self._wanted = min(self._most, count)

    def send(self, request: bytes, done: Callable[[Outcome], None]) -> bool:
        """Send ``request`` over a ready connection; False if there is none, or too much is unsent.

        In that case no byte has been sent. Otherwise a later :meth:`poll` calls ``done`` once.
        """
        while self._ready and not self._line_is_full():
            connection = self._ready.popleft()
            if not _silent(connection.sock):
                self._unasked(connection)
                continue
            try:
                sent = connection.sock.send(request)
            except _NOT_NOW:
                sent = 0
            except OSError:  # just closed: nothing of the request was sent
                self._drop(connection)
                continue
            now, seconds = self._clock.monotonic(), CALL_SECONDS + line_seconds(len(request))
            call = connection.call = _Call(connection, done, seconds, now)
            heapq.heappush(self._calls, (now + seconds, next(self._numbers), call))
            if sent < len(request):
                call.unsent = memoryview(request)[sent:]
                self._writing.add(call)
                self._watch(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
            return True
        return False

    def _line_is_full(self) -> bool:
        if not self._writing:
            return False
        moving = self._clock.monotonic() - _STALLED_SECONDS
        waiting = [call.unsent for call in self._writing if call.moved_at > moving]
        return sum(len(unsent) for unsent in waiting if unsent) > _MOST_UNSENT_BYTES

    def poll(self, seconds: float) -> None:
        """Wait up to ``seconds`` for events, and handle them."""
        self._opener.open(self._wanted - self._open)
        for key, events in self._selector.select(max(0.0, seconds)):
            connection = key.data
            if connection is None:
                self._be_woken()
                continue
            if events & selectors.EVENT_WRITE and connection.sock.fileno() >= 0:
                self._write(connection)
            if events & selectors.EVENT_READ and connection.sock.fileno() >= 0:
                self._read(connection)
        self._take_over()
        self._expire()

    def wake(self) -> None:
        """Wake a waiting :meth:`poll`; thread-safe."""
        with suppress(OSError):  # full, so it wakes anyway; or closed
            self._waker.send(b"x")

    def close(self) -> None:
        """Close all connections; unanswered calls never get an answer."""
        self._wanted = 0
        self._opener.close()
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                self._drop(key.data)
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _take_over(self) -> None:
        now = self._clock.monotonic()
        for found in self._opener.opened():
            if isinstance(found, socket.socket):
                found.setblocking(False)
            connection = _Connection(found, now)
            self._open += 1
            self._selector.register(found, selectors.EVENT_READ, connection)
            self._ready.append(connection)

    def _unasked(self, connection: _Connection) -> None:
        """The peer has closed ``connection``, or sent unexpected data."""
        self._drop(connection)
        now = self._clock.monotonic()
        idle = now - connection.idle_since
        if connection.proven and idle >= _WARY_FROM_SECONDS:
            self._idle_seconds = min(self._idle_seconds, _IDLE_SHARE * idle)
            self._wary_until = now + _WARY_SECONDS
        elif not connection.proven and idle < _STILLBORN_SECONDS:
            self._opener.failed(
                ConnectError(
                    "ConnectionClosedError", "Connections to SES are closed as soon as they open."
                )
            )

        # calls

    def _watch(self, connection: _Connection, events: int) -> None:
        self._selector.modify(connection.sock, events, connection)

    def _be_woken(self) -> None:
        with suppress(OSError):
            self._woken.recv(_READ_BYTES)

    def _write(self, connection: _Connection) -> None:
        """Write until the socket would block."""
        call = connection.call
        if call is None:
            return
        while call.unsent is not None:
            try:
                sent = connection.sock.send(call.unsent)
            except _NOT_NOW:
                return
            except OSError as error:
                self._lose(connection, closed(error))
                return
            call.unsent = call.unsent[sent:] if sent < len(call.unsent) else None
            call.moved_at = self._clock.monotonic()
        self._writing.discard(call)
        self._watch(connection, selectors.EVENT_READ)

    def _read(self, connection: _Connection) -> None:
        while True:
            try:
                data = connection.sock.recv(_READ_BYTES)
            except _NOT_NOW:
                return
            except OSError as error:
                self._lose(connection, closed(error))
                return
            if not self._heard(connection, data):
                return
            if not (isinstance(connection.sock, ssl.SSLSocket) and connection.sock.pending()):
                return

    def _heard(self, connection: _Connection, data: bytes) -> bool:
        """Handle ``data`` (b'' if the peer has closed); False if the connection is gone."""
        call = connection.call
        if call is None:
            self._unasked(connection)
            return False
        try:
            answer = call.reader.feed(data) if data else call.reader.end()
        except UnreadableError as error:
            self._lose(connection, lost("Unreadable", f"The answer received is {error}."))
            return False
        if answer is None:
            if not data:
                self._lose(connection, closed(None))
            return bool(data)
        if call.unsent is not None and answer.status < 300:
            self._lose(connection, premature())
            return False
        connection.call = None
        self._writing.discard(call)
        connection.proven = call.over = True
        self._opener.answered()
        kept = bool(data) and call.reader.keeps_alive and call.unsent is None
        if kept:
            connection.idle_since = self._clock.monotonic()
            self._ready.append(connection)
        else:
            self._drop(connection)
        call.done(answer)
        return kept

    def _lose(self, connection: _Connection, reply: Reply) -> None:
        """Close the connection; a call on it gets ``reply``."""
        call, connection.call = connection.call, None
        if call is None:
            self._unasked(connection)
            return
        self._drop(connection)
        self._writing.discard(call)
        call.over = True
        call.done(reply)

    def _drop(self, connection: _Connection) -> None:
        self._open -= 1
        self._selector.unregister(connection.sock)
        connection.sock.close()
        with suppress(ValueError):  # not ready while it carries a call
            self._ready.remove(connection)

    def _expire(self) -> None:
        """Give up calls and idle connections after their time."""
        now = self._clock.monotonic()
        crowded = self._open >= self._most and not self._ready
        while self._calls:
            deadline, _, call = self._calls[0]
            early = CALL_SECONDS - _CROWDED_SECONDS if crowded else 0.0
            if not call.over and deadline - early > now:
                break
            heapq.heappop(self._calls)
            if not call.over:
                self._lose(call.connection, too_late(call.seconds - early))
                crowded = False
        if now > self._wary_until:
            self._idle_seconds = _IDLE_SECONDS
        while self._ready and now - self._ready[0].idle_since > self._idle_seconds:
            self._drop(self._ready[0])


def _silent(sock: socket.socket) -> bool:
    """Whether the connection is open and has no unread data, and so may carry a mail."""
    try:
        sock.recv(1)
    except _NOT_NOW:
        return True
    except OSError:
        return False
    return False
