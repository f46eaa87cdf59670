"""The unsubscribe page in this process, asked over real HTTP."""

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.server import Server

from tests.support.workspaces import until


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


class Asker:
    """Asks over one connection, as a browser or a mail program would."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(
        self,
        method: str,
        path: str,
        body: str | bytes = "",
        content_type: str = "application/x-www-form-urlencoded",
        **headers: str,
    ) -> Answer:
        """One request; ``accept_language=`` and the like are headers."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            given["content-type"] = content_type
        self._connection.request(method, path, body or None, given)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)

    def get(self, token: str, **headers: str) -> Answer:
        return self.ask("GET", f"/u/{token}", **headers)

    def choose(self, token: str, choice: str) -> Answer:
        """Send the form, and follow to the page that shows what came of it."""
        answer = self.ask("POST", f"/u/{token}", f"choice={choice}")
        assert (answer.status, answer.headers["location"]) == (303, token)
        return self.get(token)

    def one_click(self, token: str) -> Answer:
        return self.ask("POST", f"/u/{token}", "List-Unsubscribe=One-Click")

    def close(self) -> None:
        self._connection.close()


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """Serve any ASGI app on a free port of loopback, in a thread."""
    # Named, as otherwise asyncio leaves Nagle's algorithm on: 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = Server(
        Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
        )
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        until(lambda: server.started)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
