"""Start the simulator in a child process that ends with this one.

Quick to import: only the child loads the server's libraries.
"""

import json
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sestui import errors, log
from sestui.errors import AccountUnreachableError, SestuiError
from sestui.simulator.api.access import access_key_of

QUEUE_PATH = "/000000000000/sestui-events"
"""Of the URL of the account's event queue."""
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_AT_ONCE_SECONDS = 0.2


class SimulatorProcess:
    """A running simulator; a context manager that stops it.

    It also stops when this process ends in any way, as that ends its standard input.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, access_key_id: str, stop_seconds: float
    ) -> None:
        """``stop_seconds`` is how long open answers may take at the end."""
        self.access_key_id = access_key_id
        """The only one it accepts; the secret may be any."""
        self.port = port
        self.endpoint_url = f"http://127.0.0.1:{port}"
        """For boto3's ``endpoint_url``."""
        self._process = process
        self._stop_seconds = stop_seconds
        self._lock = threading.Lock()

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def stop(self, *, at_once: bool = False) -> None:
        """Finish open answers, end the process and wait for it; idempotent.

        ``at_once``: without the answers.
        """
        with self._lock:
            _end(self._process, _AT_ONCE_SECONDS if at_once else self._stop_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start_simulator(
    workspace: Path,
    *,
    rate: float | None = None,
    quota: int | None = None,
    latency: float = 0.08,
    jitter: float = 0.0,
    port: int = 0,
    sandbox: bool | None = None,
    recipients: str | None = None,
) -> SimulatorProcess:
    """Start a server on 127.0.0.1 for the account of ``workspace``; returns when it accepts calls.

    ``rate`` (recipients a second) and ``quota`` (recipients in 24 hours, -1: unlimited) are
    written into the account, and so are ``sandbox`` (see ``account.sandbox_settings``) and
    ``recipients`` (see ``core.recipient_behaviour``); None leaves them as they are. ``latency`` and
    ``jitter`` are seconds; port 0 is a free one.

    Raises:
        StorageError: the workspace can't be written or holds a damaged state.
        AccountUnreachableError: the port is taken, or the child doesn't start.
        UsageError: rate or quota is impossible.
    """
    options: dict[str, Any] = {
        "--workspace": workspace.absolute(),
        "--port": port,
        "--rate": rate,
        "--quota": quota,
        "--latency": latency,
        "--jitter": jitter,
        "--sandbox": sandbox,
        "--recipients": recipients,
        **_where_to_log(),
    }
    # -P: a file in the current folder must not stand in for one of the child's modules.
    command = [sys.executable, "-P", "-m", "sestui.simulator"]
    command += [f"{name}={value}" for name, value in options.items() if value is not None]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - our own module, arguments as a list
            command,
            bufsize=0,  # reads return what is there
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,  # Ctrl-C must not end it while answers are awaited
        )
        try:
            port = _announced_port(process, complaints)
            key = access_key_of(workspace)
        except BaseException:
            _end(process, 0)
            raise
    return SimulatorProcess(process, port, key, _STOP_SECONDS + latency + jitter)


def _where_to_log() -> dict[str, Any]:
    """The child's options to write to this process's log, if there is one."""
    where = log.whereabouts()
    return {} if where is None else {"--log-folder": where[0].absolute(), "--log-level": where[1]}


def _announced_port(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> int:
    line = _first_line(process)
    try:
        said = json.loads(line)
    except ValueError:
        said = {}
    if "port" in said:
        return int(said["port"])
    if "error" in said:
        kind = getattr(errors, said["kind"], SestuiError)
        raise kind(said["error"])
    complaints.seek(0)
    last_words = complaints.read().decode("utf-8", "replace").strip().splitlines()
    why = f": {last_words[-1]}" if last_words else ""
    raise AccountUnreachableError(f"The simulator did not start{why}; try again.")


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """The child's first line; b'' if it ends or is too late."""
    stdout = process.stdout
    if stdout is None:
        return b""
    line = b""
    deadline = time.monotonic() + _START_SECONDS
    with stdout, selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return b""
            chunk = stdout.read(4096)
            if not chunk:
                return b""
            line += chunk
    return line


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """End the child by closing its standard input, then by SIGTERM, then by SIGKILL."""
    if process.stdin is not None:
        process.stdin.close()
    for insist in (process.terminate, process.kill):
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            insist()
            seconds = min(seconds, 1.0)
    process.wait()
