"""HTTP connections on which nobody may dawdle or say two things at once."""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
"""A request's head must be there within this, counted from its first byte or the connection's."""

MAX_HEAD = 32 * 1024
"""Bytes of request line and headers together."""

MOST_HEADERS = 100


def _closing(status: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status


_TOO_LARGE = _closing(b"431 Request Header Fields Too Large")
_TOO_SLOW = _closing(b"408 Request Timeout")
_BAD = _closing(b"400 Bad Request")


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with bounds on a request's head.

    llhttp, which parses, refuses what lets two readers see two requests: both lengths at once, a
    length twice, blanks before a colon, bare line feeds in chunk sizes. What it allows and we have
    no use for (HTTP/1.0 with a transfer encoding, an upgrade) is refused here.
    """

    _head: TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to count the time."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, as long as there isn't too much of it."""
        if self._in_head:
            self._head_bytes += len(data)
        try:
            super().data_received(data)
        except (UnicodeDecodeError, ValueError):  # a target that isn't ASCII
            self._refuse(_BAD)
            return
        if not self._in_head:
            return
        if self._head_bytes > MAX_HEAD:
            self._refuse(_TOO_LARGE)
        elif self._head is None and self._head_bytes:
            self._watch()  # most heads come whole, and need no timer

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, if there aren't too many."""
        super().on_header(name, value)
        if len(self.headers) > MOST_HEADERS:
            self._refuse(_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        self._unwatch()
        names = {name for name, _ in self.headers}
        old = self.parser.get_http_version() != "1.1"
        if b"upgrade" in names or (old and b"transfer-encoding" in names):
            self._refuse(_BAD)
        if not self.transport.is_closing():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head may come; its time begins with its first byte."""
        self._in_head, self._head_bytes = True, 0
        if self.cycle is not None and not self.transport.is_closing():
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Hand the body on, unless the head was refused."""
        if self.cycle is not None and not self.transport.is_closing():
            super().on_body(body)

    def _watch(self) -> None:
        self._unwatch()
        self._head = self.loop.call_later(HEAD_SECONDS, self._refuse, _TOO_SLOW)

    def _unwatch(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _refuse(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        busy: Any = self.cycle
        if busy is None or busy.response_complete:
            self.transport.write(answer)
        self.transport.close()
