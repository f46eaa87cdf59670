"""What stands between sestui and SES and may fail: a proxy in front of the real simulator.

It passes requests on, or loses, spoils, delays and refuses them as a test says, from one moment to
the next. It runs in a thread of its own.
"""

import asyncio
import random
import socket
import ssl
import struct
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

PORTAL = b"<!DOCTYPE html><html><body><h1>Welcome to Hotel Wi-Fi</h1>Please log in.</body></html>"
GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

AT_THE_DOOR = (
    *("refused", "unanswered", "reset_at_accept", "closed_at_accept"),
    *("plain_text_on_tls", "reset_in_handshake", "handshake_hangs", "handshake_trickles"),
)
"""What goes wrong before a request could be made, and hangs up on whoever is connected."""

NOT_PASSED_ON = (
    *("reset_before", "black_hole", "html_502", "html_503", "coded_504", "portal"),
    *("login_redirect", "empty_204", "not_http", "half_an_answer"),
)
PASSED_ON = ("reset_after", "swallowed", "html_502_after", "coded_504_after", "truncated", "drip")
"""SES has taken the mail, and nobody is told so."""

DRIP_SECONDS = 3.0


def answer(status: str, body: bytes, kind: str = "text/html", *more: str) -> bytes:
    """An HTTP answer with these headers."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


_CODED = b'{"message": "The service is unavailable; the mail was not accepted."}'

ANSWERS = {
    "html_502": answer("502 Bad Gateway", GATEWAY),
    "html_503": answer("503 Service Unavailable", GATEWAY),
    "coded_504": answer(
        "504 Gateway Timeout", _CODED, "application/json", "x-amzn-ErrorType: ServiceUnavailable"
    ),
    "portal": answer("200 OK", PORTAL),
    "login_redirect": answer("302 Found", b"", "text/html", "Location: http://login.invalid/"),
    "empty_204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not_http": b"220 mail.example.com ESMTP\r\n",
    "half_an_answer": answer("200 OK", b'{"MessageId": "0102').replace(b"19", b"90"),
}
"""What is said in SES's place."""


class Middle:
    """Passes on what comes to :attr:`url`, until a test says otherwise.

    ``latency`` seconds, give or take ``spread``, are added to each answer; with ``context`` it
    speaks TLS, as ``localhost``.
    """

    def __init__(
        self,
        upstream: str,
        *,
        latency: float = 0.08,
        spread: float = 0.04,
        context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self._upstream = urlsplit(upstream)
        self._latency, self._spread = latency, spread
        self._context = context
        self._chance = random.Random(10)
        self._kind = ""
        self._share = 1.0
        self._sending_only = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._fillers: list[socket.socket] = []
        self.met: Counter[str] = Counter()
        """How many requests, or connections, met each kind of fault."""
        self.passed = 0
        """How many sending calls were answered as SES answered them."""
        self.heads: deque[bytes] = deque(maxlen=1_000)
        """The heads of the last requests, as they came."""
        self._host = host
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._listen)
        name = f"[{host}]" if ":" in host else host
        self.url = (
            f"http://{name}:{self._port}" if context is None else f"https://localhost:{self._port}"
        )

    def behave(self, kind: str = "", *, share: float = 1.0, sending_only: bool = False) -> None:
        """From now on, ``kind`` happens to this ``share`` of requests; '': all goes well.

        ``sending_only``: SES still answers when it is asked about the account.
        """

        async def change() -> None:
            self._kind, self._share, self._sending_only = kind, share, sending_only
            if kind in AT_THE_DOOR:
                for writer in list(self._writers):
                    _reset(writer)
            await self._stop_listening(kind) if kind in {"refused", "unanswered"} else None
            if kind not in {"refused", "unanswered"} and self._accepting is None:
                await self._listen()

        self._do(change)

    def close(self) -> None:
        """Hang up and end the thread."""

        async def end() -> None:
            await self._stop_listening("refused")
            for writer in list(self._writers):
                writer.transport.abort()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        self._do(end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, what: Callable[[], Awaitable[None]]) -> None:
        async def done() -> None:
            await what()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(30)

    # the door

    async def _listen(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers = []
        if self._listener is None:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            self._listener = socket.socket(family)
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.setblocking(False)
            self._listener.bind((self._host, self._port))
            self._port = self._listener.getsockname()[1]
        self._listener.listen(128)
        self._accepting = self._loop.create_task(self._accept(self._listener))

    async def _stop_listening(self, kind: str) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            with suppress(asyncio.CancelledError):
                await self._accepting
            self._accepting = None
        if self._listener is None:
            return
        if kind == "refused":
            self._listener.close()
            self._listener = None
            return
        # A full queue of connections that nobody accepts: the system drops whoever asks next.
        self._listener.listen(0)
        for _ in range(4):
            filler = socket.socket(self._listener.family)
            filler.setblocking(False)
            filler.connect_ex(self._listener.getsockname())
            self._fillers.append(filler)

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            sock, _ = await self._loop.sock_accept(listener)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = self._loop.create_task(self._serve(sock))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, sock: socket.socket) -> None:
        if self._kind in AT_THE_DOOR:
            await self._turn_away(sock, self._kind)
            return
        reader = asyncio.StreamReader(limit=1 << 24)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: protocol, sock, ssl=self._context
            )
        except OSError:
            sock.close()
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        self._writers.add(writer)
        try:
            await self._requests(reader, writer)
        except (OSError, EOFError, asyncio.IncompleteReadError):
            return
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _turn_away(self, sock: socket.socket, kind: str) -> None:
        self.met[kind] += 1
        with suppress(OSError):
            if kind == "closed_at_accept":
                sock.close()
                return
            if kind != "reset_at_accept":
                await self._loop.sock_recv(sock, 65_536)
            if kind == "plain_text_on_tls":
                await self._loop.sock_sendall(sock, answer("400 Bad Request", b"Speak HTTP."))
                sock.close()
                return
            if kind == "handshake_hangs":
                await self._loop.sock_recv(sock, 65_536)
            if kind == "handshake_trickles":
                for byte in b"\x16\x03\x03\x40\x00\x02" + bytes(1_000):
                    await self._loop.sock_sendall(sock, bytes([byte]))
                    await asyncio.sleep(0.5)
        _reset_socket(sock)

    # requests

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while True:
                request = await _message(reader)
                self.heads.append(request.partition(b"\r\n\r\n")[0])
                kind = self._met(request)
                if kind in NOT_PASSED_ON:
                    await self._spoil(reader, writer, kind, b"")
                    continue
                if upstream is None:
                    address = (self._upstream.hostname, self._upstream.port)
                    upstream = await asyncio.open_connection(*address, limit=1 << 24)
                upstream[1].write(request)
                said, _ = await asyncio.gather(_message(upstream[0]), self._take_time())
                # What was under way when the outage began is lost in it as well, but what sends
                # people elsewhere does so before it passes anything on.
                kind = kind or (self._met(request) if self._share == 1 else "")
                if kind and kind != "login_redirect":
                    await self._spoil(reader, writer, kind, said)
                    continue
                self.passed += _is_sending(request)
                writer.write(said)
        finally:
            if upstream is not None:
                upstream[1].transport.abort()

    async def _take_time(self) -> None:
        await asyncio.sleep(self._latency + self._chance.uniform(-self._spread, self._spread))

    def _met(self, request: bytes) -> str:
        """What is to happen to the request; '': nothing."""
        if not self._kind or (self._sending_only and not _is_sending(request)):
            return ""
        if self._share < 1 and self._chance.random() >= self._share:
            return ""
        self.met[self._kind] += 1
        return self._kind

    async def _spoil(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: str, said: bytes
    ) -> None:
        if kind in {"black_hole", "swallowed"}:
            await reader.read()  # until the other side gives up
            raise EOFError
        if kind in {"reset_before", "reset_after"} or kind in AT_THE_DOOR:
            _reset(writer)
            raise EOFError
        if kind == "drip":
            for byte in said:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(DRIP_SECONDS)
            return
        if kind in {"truncated", "half_an_answer", "not_http"}:
            writer.write(ANSWERS.get(kind, said[: len(said) * 2 // 3]))
            await writer.drain()
            writer.close()
            raise EOFError
        await self._take_time()
        writer.write(ANSWERS[kind.removesuffix("_after")])


def _is_sending(request: bytes) -> bool:
    return b"/outbound-" in request[: request.index(b"\r\n")]


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer, whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + (await reader.readexactly(length) if length else b"")


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: Any = writer.get_extra_info("socket")
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _reset_socket(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
