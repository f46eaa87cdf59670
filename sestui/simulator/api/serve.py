"""Run the simulator's HTTP server in this process until a signal stops it."""

import asyncio
import math
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from uvicorn.config import Config

from sestui.core import threads
from sestui.core.clock import SystemClock
from sestui.core.serving import listening
from sestui.errors import AccountUnreachableError
from sestui.http_server import QuietServer, quiet_config, serve_until_stopped
from sestui.simulator.account.account import sandbox_settings
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.api.access import access_key_of
from sestui.simulator.api.connection import BreakableProtocol
from sestui.simulator.api.server import create_app

HOST = "127.0.0.1"
_KEEP_ALIVE_SECONDS = 3600
"""Long, because a call that arrives as an idle connection is closed can be lost."""


def serve(
    workspace: Path,
    *,
    port: int = 0,
    rate: float | None = None,
    quota: int | None = None,
    latency: float = 0.0,
    jitter: float = 0.0,
    sandbox: bool | None = None,
    recipients: str | None = None,
    announce: Callable[[int], None],
    until_stdin_ends: bool = False,
) -> None:
    """Serve the account of ``workspace`` until SIGINT or SIGTERM, then finish open answers.

    ``announce`` is called with the port once connections are taken; port 0 is a free one. None
    leaves the account's rate, quota, sandbox or recipients as they are. ``until_stdin_ends`` ties
    the server's life to whoever holds the other end of its standard input.

    Raises:
        StorageError: the workspace can't be used.
        AccountUnreachableError: the port can't be used.
        UsageError: rate or quota is impossible.
    """
    state = SimulatorState(workspace / FILE_NAME, SystemClock())
    try:
        key = access_key_of(workspace)
        state.configure(rate=rate, quota=quota, behaviour=recipients, **sandbox_settings(sandbox))
        with listening(HOST, port, partial(_refused, port)) as listener:
            server = QuietServer(_config(state, key, latency, jitter))
            if until_stdin_ends:
                watching = threading.Thread(
                    target=_stop_at_end_of_stdin, args=(server,), name="sestui-stdin", daemon=True
                )
                threads.start(watching, SystemClock())
            announce(listener.getsockname()[1])
            asyncio.run(serve_until_stopped(server, listener))
    finally:
        state.close()


def _config(state: SimulatorState, key: str, latency: float, jitter: float) -> Config:
    return quiet_config(
        create_app(state, key, latency=latency, jitter=jitter),
        http=BreakableProtocol,
        keep_alive=_KEEP_ALIVE_SECONDS,
        drain=math.ceil(latency + jitter) + 1,
    )


def _stop_at_end_of_stdin(server: QuietServer) -> None:
    # os.read, because a thread inside sys.stdin would break the interpreter's shutdown.
    try:
        while os.read(0, 4096):
            pass
    finally:  # on any error: nothing else would end the server
        server.should_exit = True


def _refused(port: int, why: str) -> Exception:
    return AccountUnreachableError(
        f"The simulator can't listen on port {port}: {why}; choose another with --port, "
        "or 0 for a free one."
    )
