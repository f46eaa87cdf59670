"""A small HTTP proxy that only knows CONNECT, wants a password if told to, and may die."""

import base64
import socket
import threading
from contextlib import suppress


class Tunnel:
    """Connects whoever asks, and keeps what it was asked."""

    def __init__(self, password: str = "", *, only_to: int | None = None) -> None:
        """``password``: ``user:password``, without which nobody is connected.

        ``only_to``: a port of loopback to which all are connected, whatever host they ask for.
        """
        self._only_to = only_to
        self._wanted = f"Basic {base64.b64encode(password.encode()).decode()}" if password else ""
        self.asked: list[bytes] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """Hang up on everybody, and answer nobody any more."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._open.append(client)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = client.recv(1)
            if not more:
                return
            head += more
        self.asked.append(head)
        if self._wanted and f"Proxy-Authorization: {self._wanted}".encode() not in head:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            client.close()
            return
        host, _, port = head.split(b" ")[1].decode().rpartition(":")
        try:
            where = (host.strip("[]"), int(port))
            server = socket.create_connection(
                where if self._only_to is None else ("127.0.0.1", self._only_to)
            )
        except OSError:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            client.close()
            return
        self._open.append(server)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
