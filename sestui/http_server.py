"""uvicorn as sestui's servers run it: a signal ends it, after the answers on their way."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from uvicorn.config import Config
from uvicorn.server import Server

from sestui.core.serving import stopped_by_signal


class QuietServer(Server):
    """uvicorn's server without its signal handling, which raises the signal again at the end."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Handle none; whoever serves does (:func:`sestui.core.serving.stopped_by_signal`)."""
        yield


def quiet_config(app: Any, *, http: Any, keep_alive: int, drain: int, **more: Any) -> Config:
    """uvicorn's settings for an app of ours: HTTP alone, no log of its own, no Server header.

    ``keep_alive`` is how long an idle connection stays open, ``drain`` how long answers on their
    way have at the end, both in seconds; ``more`` are further settings of uvicorn's.
    """
    return Config(
        app,
        http=http,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=keep_alive,
        timeout_graceful_shutdown=drain,
        **more,
    )


async def serve_until_stopped(server: QuietServer, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, or until ``server.should_exit``."""

    def stop() -> None:
        server.should_exit = True

    async with stopped_by_signal(stop):
        await server.serve(sockets=[listener])
