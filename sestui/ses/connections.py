"""Connections to SES that are kept, opened ahead and driven by one thread without ever blocking.

One thread for all of them, because a thread a call costs more than the call. A connection that is
ready has been opened, has shaken hands and is watched: when its other end closes it, it is dropped
before a mail is put on it. So what has no connection has not left, and what was refused before its
first byte was written has not either; everything else that fails is unknown
(docs/decisions/0001-ledger-states.md).
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
from sestui.ses.outcome import Outcome, closed, lost, said_too_soon, too_late

CALL_SECONDS = 20.0
"""SES answers within a second or two. What has no whole answer after this is in doubt, however
many bytes of one have come."""

_MOST_UNSENT_BYTES = 1_000_000
"""More requests while so much waits for the line would only make each of them slower, until none is
through in its time."""

_STALLED_SECONDS = 15.0
"""What has not moved for so long waits for its other end and not for the line."""

_CROWDED_SECONDS = 5.0
"""A call's time where no connection is left for other mails because so many calls hang."""

_IDLE_SECONDS = 20.0
"""Shorter than any middlebox forgets a connection, or a server closes it, in silence."""

_STILLBORN_SECONDS = 0.5
"""What is closed so soon after it was opened, and was of no use, is as good as refused."""

_IDLE_SHARE, _WARY_FROM_SECONDS, _WARY_SECONDS = 0.5, 2.0, 600.0
"""Where the other end closes what has been idle for a while, others are given up after this share
of that while, or a mail could meet the closing on its way; for ten minutes, as it may have been a
restart."""

_READ_BYTES = 65_536

_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Call:
    """A request that has left, in part at least."""

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
        """What it has for a whole answer."""
        self.moved_at = now
        """When the system last took bytes of it."""
        self.over = False
        self.reader = AnswerReader()
        self.unsent: memoryview | None = None


class _Connection:
    """One socket, and the call that it carries, if it does."""

    __slots__ = ("call", "idle_since", "proven", "sock")

    def __init__(self, sock: socket.socket, now: float) -> None:
        self.sock = sock
        self.idle_since = now
        self.proven = False
        """Whether an answer has come over it."""
        self.call: _Call | None = None


class Connections:
    """Up to ``most`` connections, each carrying one call at a time.

    Everything but :meth:`wake` is for one thread; ``attempt`` makes what opens a connection, in
    short-lived threads of its own.
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
        """A heap by their deadlines; those that are over are passed over."""
        self._numbers = itertools.count()
        self._writing: set[_Call] = set()
        """Those that have left in part only."""
        self._open = 0
        self._opener = Opener(attempt, clock, self.wake)
        self._idle_seconds, self._wary_until = _IDLE_SECONDS, float("-inf")

    @property
    def trouble(self) -> ConnectError | None:
        """Why no connection can be had; None when the last attempt went well."""
        return self._opener.trouble

    @property
    def ready(self) -> int:
        """How many connections could carry a call now."""
        return len(self._ready)

    def want(self, count: int) -> None:
        """Keep about so many connections open, or being opened, from now on."""
        self._wanted = min(self._most, count)

    def send(self, request: bytes, done: Callable[[Outcome], None]) -> bool:
        """Put ``request`` on a connection; False: there was none, and no byte of it has left.

        So it is too while others wait for the line. ``done`` is called once, from a later
        :meth:`poll`, with what came of it.
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
            except OSError:  # it has just been closed: nothing of the request was taken
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
        """Wait up to ``seconds`` for something to happen, and deal with it."""
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
        """Make a :meth:`poll` that waits return; any thread may call it."""
        with suppress(OSError):  # full, so it wakes anyway; or closed, so nobody sleeps
            self._waker.send(b"x")

    def close(self) -> None:
        """Close every connection; calls that have no answer yet never get one."""
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
        """The other end has closed ``connection``, or says what nobody asked."""
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

    # carrying

    def _watch(self, connection: _Connection, events: int) -> None:
        self._selector.modify(connection.sock, events, connection)

    def _be_woken(self) -> None:
        with suppress(OSError):
            self._woken.recv(_READ_BYTES)

    def _write(self, connection: _Connection) -> None:
        """Go on writing until the system takes no more for now."""
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
        """Take ``data`` in (b'': the other end has closed); False: the connection is gone."""
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
            self._lose(connection, said_too_soon())
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
        """Close the connection; what it carried, if anything, is lost."""
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
        with suppress(ValueError):  # one that carries a call is not among the ready
            self._ready.remove(connection)

    def _expire(self) -> None:
        """Give up calls that take too long, and connections that have been idle for too long."""
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
    """Whether the connection is open and nothing has come in: only then may a mail leave by it."""
    try:
        sock.recv(1)
    except _NOT_NOW:
        return True
    except OSError:
        return False
    return False
