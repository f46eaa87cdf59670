"""Something between sestui and SES that passes calls on, or answers in SES's place."""

import http.client
import socket
import struct
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HTML = b"<html><head><title>Welcome</title></head><body>Please sign in.</body></html>"

SILENCES = ("bad_gateway", "login_page", "reset")
"""What can be answered in SES's place; none of it says whether SES took the mail."""


class Between:
    """An HTTP server that stands before ``url``; :attr:`instead` says what it does to each call.

    '' passes it on; anything of :data:`SILENCES` answers it so, and SES never has it. While
    :attr:`answers` is not set, what SES says is kept back.
    """

    def __init__(self, url: str) -> None:
        self.instead = ""
        self.answers = threading.Event()
        self.answers.set()
        self.kept = 0
        """Calls that SES never had."""
        between = self
        target = urlsplit(url).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                pass

            def handle(self) -> None:
                with suppress(OSError):  # whoever asked has gone
                    super().handle()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if between.instead:
                    between.kept += 1
                    self._instead(between.instead)
                    return
                onwards = http.client.HTTPConnection(target)
                try:
                    onwards.request(self.command, self.path, body, dict(self.headers))
                    answer = onwards.getresponse()
                    body = answer.read()
                    between.answers.wait(60)
                    self._say(answer.status, body, str(answer.headers["content-type"]))
                finally:
                    onwards.close()

            do_GET = do_POST  # noqa: N815 - http.server's name

            def _instead(self, how: str) -> None:
                if how == "reset":
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.close_connection = True
                else:
                    self._say(502 if how == "bad_gateway" else 200, HTML, "text/html")

            def _say(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take no more calls."""
        self._server.shutdown()
        self._server.server_close()
