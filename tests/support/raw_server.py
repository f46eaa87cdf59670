"""A server that says exactly the bytes that a test gives it, and closes when it is told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

MESSAGE = b'{"MessageId": "0102-heard"}'


def http(body: bytes = MESSAGE, *headers: str, status: str = "200 OK", version: str = "1.1"):
    """An answer with a length."""
    lines = [f"HTTP/{version} {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class RawServer:
    """Answers each request with what ``script`` yields; b'' among it closes the connection.

    ``whole``: it reads each request to its end first, else its head only.
    """

    def __init__(
        self,
        script: Callable[[bytes], Iterable[bytes]] = lambda _: [http()],
        *,
        whole: bool = True,
        context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.opened = 0
        self._whole, self._context = whole, context
        self._connections: list[socket.socket] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def hang_up(self) -> None:
        """Close every connection; returns when that is done."""
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._connections = []

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(10)
        self.hang_up()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            self._connections.append(connection)
            self.opened += 1
            while request := self._request(connection):
                self.requests.append(request)
                for said in self.script(request):
                    if not said:
                        return
                    connection.sendall(said)
        except OSError:
            return
        finally:
            connection.close()

    def _request(self, connection: socket.socket) -> bytes:
        taken = b""
        while b"\r\n\r\n" not in taken:
            # One byte too many would be one of the body's: what is not read stays where it is.
            more = connection.recv(1 if not self._whole else 65_536)
            if not more:
                return b""
            taken += more
        head, _, body = taken.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-len")]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        parts, left = [head, b"\r\n\r\n", body], length - len(body)
        while self._whole and left > 0:
            parts.append(connection.recv(65_536))
            left -= len(parts[-1])
        return b"".join(parts)
