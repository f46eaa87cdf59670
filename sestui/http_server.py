"""uvicorn as sestui's servers run it: a signal ends it, after the answers on their way."""

import socket
from collections.abc import Generator
from contextlib import contextmanager

from uvicorn.server import Server

from sestui.core.serving import stopped_by_signal


class QuietServer(Server):
    """uvicorn's server without its signal handling, which raises the signal again at the end."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Handle none; whoever serves does (:func:`sestui.core.serving.stopped_by_signal`)."""
        yield


async def serve_until_stopped(server: QuietServer, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, or until ``server.should_exit``."""

    def stop() -> None:
        server.should_exit = True

    async with stopped_by_signal(stop):
        await server.serve(sockets=[listener])
