"""HTTP connections that are safe from slow and ambiguous requests."""

from asyncio import TimerHandle, Transport
from collections.abc import Sequence
from socket import SO_ERROR, SOL_SOCKET
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from sestui.relay._compat import UvicornProtocol
from sestui.relay.answers import as_bytes, refusal
from sestui.relay.client import KEY, Client
from sestui.relay.gathering_transport import GatheringTransport
from sestui.ses_api.wire import ServiceError

HEAD_SECONDS = 10.0
"""Time limit for a request's head, from its first byte or the connection's start."""

MAX_HEAD = 32 * 1024
"""Bytes of request line and headers together."""

MOST_HEADERS = 100

_LEFT_SECONDS = 0.25
"""Interval of checks whether a half-closed client has disconnected."""


_TOO_LARGE = ServiceError(
    431,
    "RequestHeaderFieldsTooLarge",
    f"The request's headers are above {MAX_HEAD} bytes, or more than {MOST_HEADERS}.",
)
_TOO_SLOW = ServiceError(
    408,
    "RequestTimeout",
    f"The request's headers did not arrive within {HEAD_SECONDS:.0f} seconds.",
)


def _malformed(text: str) -> ServiceError:
    return ServiceError(400, "MalformedHttpRequestException", text)


_NO_HTTP = _malformed("The request is not well-formed HTTP/1.1.")
_ODD_TARGET = _malformed("The request's path contains characters that must be percent-encoded.")
_TUNNEL = _malformed("The relay opens no tunnels: the method CONNECT is not served.")
_OLD_CHUNKS = _malformed("A request by HTTP/1.0 can't have a Transfer-Encoding.")


class GuardedProtocol(UvicornProtocol):
    """uvicorn's HTTP protocol with limits on a request's head.

    llhttp refuses ambiguous requests: two lengths, blanks before a colon, bare line feeds in chunk
    sizes. HTTP/1.0 with a transfer encoding is refused here. A requested upgrade (``h2c``, by the
    JDK's client) is ignored, as RFC 9110 allows, and the request is served.
    """

    _head: TimerHandle | None = None
    _head_bytes = 0
    _client: Client | None = None
    """The client of the latest request."""
    _in_head = True
    _asked_upgrade: list[tuple[bytes, bytes]] | None = None
    """The headers of a request for an upgrade, while it is parsed again."""
    _left: TimerHandle | None = None
    """The next check whether a half-closed client has disconnected."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the time limit."""
        super().connection_made(GatheringTransport(transport, self.loop))
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._unwatch()
        if self._left is not None:
            self._left.cancel()
        super().connection_lost(exc)
        if self._client is not None:
            self._client.gone()

    def eof_received(self) -> bool:  # type: ignore[override] # uvicorn's never keeps it open
        """Keep a half-closed connection open until the request is answered."""
        busy: Any = self.cycle
        whole = busy is not None and not busy.more_body and self._in_head
        if not whole or busy.response_complete or self.scheme == "https":  # TLS can't half-close
            return False
        busy.keep_alive = False
        self._left = self.loop.call_later(_LEFT_SECONDS, self._probe_client)
        return True

    def data_received(self, data: bytes) -> None:
        """Parse data within the limits."""
        if self._in_head:
            self._head_bytes += len(data)
        self.not_idle()
        try:
            self._parse(data)
        except HttpParserError:
            self._refuse(_NO_HTTP)
            return
        except (UnicodeDecodeError, ValueError):
            self._refuse(_ODD_TARGET)
            return
        if not self._in_head:
            return
        if self._head_bytes > MAX_HEAD:
            self._refuse(_TOO_LARGE)
        elif self._head is None and self._head_bytes:
            self._watch()  # most heads come in one piece and need no timer

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header, within the limit."""
        super().on_header(name, value)
        if len(self.headers) > MOST_HEADERS:
            self._refuse(_TOO_LARGE)

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                if self._asked_upgrade is None or self.transport.is_closing():
                    return
                (end_of_head,) = upgrade.args
                data = data[end_of_head:]
                self._read_anew(self._asked_upgrade)
                self._asked_upgrade = None
            else:
                return

    def _read_anew(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Parse a head again without its upgrade.

        Otherwise the parser treats all that follows, including the body, as the other protocol's.
        """
        head = _plain_head(self.parser, self.url, headers)
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # like uvicorn
        self.parser.feed_data(head)

    def on_headers_complete(self) -> None:
        """Check a complete head."""
        if self._asked_upgrade is not None:
            self.headers[:] = self._asked_upgrade  # the signature may cover them
        elif self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                self._refuse(_TUNNEL)
            else:
                self._asked_upgrade = list(self.headers)
            return
        self._in_head = False
        self._unwatch()
        names = {name for name, _ in self.headers}
        if self.parser.get_http_version() != "1.1" and b"transfer-encoding" in names:
            self._refuse(_OLD_CHUNKS)
        if not self.transport.is_closing():
            super().on_headers_complete()
            self._client = self.cycle.scope["state"][KEY] = Client(self.cycle)

    def on_message_complete(self) -> None:
        """Prepare for the next head, whose time limit begins with its first byte."""
        if self._in_head:
            return  # an upgrade, which is parsed again
        self._in_head, self._head_bytes = True, 0
        if self.cycle is not None and not self.transport.is_closing():
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Pass the body on, unless the head was refused."""
        if self.cycle is not None and not self.transport.is_closing():
            super().on_body(body)

    def _watch(self) -> None:
        self._unwatch()
        self._head = self.loop.call_later(HEAD_SECONDS, self._refuse, _TOO_SLOW)

    def _unwatch(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _refuse(self, error: ServiceError) -> None:
        if self.transport.is_closing():
            return
        busy: Any = self.cycle
        # If an earlier request is running, this would be taken for its answer.
        own = not self._in_head and not self.pipeline and busy and not busy.response_started
        if busy is None or busy.response_complete or own:
            v1 = not getattr(self, "url", b"").startswith(b"/v2/")
            self.transport.write(as_bytes(refusal(error, v1=v1, close=True)))
        self.transport.close()

    def _probe_client(self) -> None:
        """Check whether a half-closed client still waits for its answer.

        The system of a disconnected one rejects an interim answer.
        """
        busy: Any = self.cycle
        quiet = not self.pipeline and not busy.response_started
        if quiet and busy.scope["http_version"] == "1.1":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._check_client()

    def _check_client(self) -> None:
        socket = self.transport.get_extra_info("socket")
        if self.transport.is_closing():
            return
        if socket.getsockopt(SOL_SOCKET, SO_ERROR):
            self.transport.abort()
        else:
            self._left = self.loop.call_later(_LEFT_SECONDS, self._check_client)


def _plain_head(
    parser: HttpRequestParser, target: bytes, headers: Sequence[tuple[bytes, bytes]]
) -> bytes:
    """The head of a request without its upgrade."""
    lines = [b"%b %b HTTP/%b" % (parser.get_method(), target, parser.get_http_version().encode())]
    for name, value in headers:
        if name == b"connection":
            tokens = (token.strip() for token in value.split(b","))
            kept = [token for token in tokens if token.lower() != b"upgrade"]
            lines.append(b"%b: %b" % (name, b", ".join(kept)))
        elif name != b"upgrade":
            lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join([*lines, b"", b""])
