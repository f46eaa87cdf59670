"""Large requests on a line that is slower than the account: few at once, or none is through."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sestui.core.clock import SystemClock
from sestui.ses.connections import Connections
from sestui.ses.http_answer import HttpAnswer
from tests.support.workspaces import until

LARGE = b"POST / HTTP/1.1\r\nContent-Length: 24000000\r\n\r\n" + bytes(24_000_000)
SMALL = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class SlowLine:
    """Reads nothing of a connection until it is told to, then all, and answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.accepted: list[socket.socket] = []

    def connect(self) -> socket.socket:
        mine = socket.create_connection(("127.0.0.1", self.port))
        try:
            self.accepted.append(self._listener.accept()[0])
        except OSError:  # the test is over
            mine.close()
            raise
        return mine

    def abort(self) -> None:
        """Connecting takes no time here."""

    def read(self, size: int) -> None:
        """Read so much from whichever connection brings it, and answer there."""

        def work(sock: socket.socket) -> None:
            left = size
            with suppress(OSError):  # the test is over
                while left and (data := sock.recv(min(left, 1 << 20))):
                    left -= len(data)
                if not left:
                    sock.sendall(ANSWER)

        for sock in self.accepted:
            threading.Thread(target=work, args=(sock,), daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for sock in self.accepted:
            sock.close()


@pytest.fixture
def line() -> Iterator[SlowLine]:
    made = SlowLine()
    yield made
    made.close()


class ShiftedClock(SystemClock):
    """The machine's, and as much later as a test says."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def connections(line: SlowLine, clock: ShiftedClock) -> Iterator[Connections]:
    made = Connections(lambda: line, clock, most=4)
    made.want(2)
    until(lambda: made.poll(0.01) or made.ready == 2)
    yield made
    made.close()


def test_no_other_call_leaves_while_a_large_one_waits_for_the_line(line, connections):
    outcomes: list[object] = []
    assert connections.send(LARGE, outcomes.append)
    assert connections.ready == 1
    assert not connections.send(SMALL, outcomes.append)
    line.read(len(LARGE))
    until(lambda: connections.poll(0.01) or bool(outcomes))
    assert isinstance(outcomes[0], HttpAnswer)
    assert connections.send(SMALL, outcomes.append)


def test_one_that_does_not_move_holds_up_nobody(connections, clock):
    assert connections.send(LARGE, lambda _: None)
    assert not connections.send(SMALL, lambda _: None)
    clock.ahead = 16.0
    assert connections.send(SMALL, lambda _: None)


def test_a_large_call_has_the_time_that_a_slow_line_takes(connections, clock):
    outcomes: list[object] = []
    assert connections.send(LARGE, outcomes.append)
    clock.ahead = 20.0 + 23_000_000 / 100_000
    connections.poll(0)
    assert not outcomes
    clock.ahead = 21.0 + len(LARGE) / 100_000
    connections.poll(0)
    assert len(outcomes) == 1
