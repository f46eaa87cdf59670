"""Start the background sender: a process in a session of its own, which the terminal's end spares.

Light: what it needs is imported by the child only.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO

from sestui.core.clock import Clock
from sestui.errors import SestuiError
from sestui.sending.background import BackgroundSender, background_sender
from sestui.settings import Settings, load_settings
from sestui.store.db.database import Database

_START_SECONDS = 60.0
"""A machine that is busy sending takes its time to start a process, and SES to answer it."""

_LOOK_SECONDS = 0.1
_NOT_FOR_SENDING = frozenset({"theme", "keymap"})


class NotInBackgroundError(SestuiError):
    """The background sender could not be started; nothing has changed."""


def start_in_background(
    settings: Settings, database: Database, clock: Clock
) -> BackgroundSender | None:
    """Have what is pending sent by a process of its own; returns when it is at work.

    One that is at work already is enough. It has the settings of this process. None: nothing was
    left to send.

    Raises:
        NotInBackgroundError: it doesn't start, or can't send.
        SestuiError: the database can't be read.
    """
    if (found := background_sender(database, clock)) is not None:
        return found
    with tempfile.TemporaryFile() as complaints:
        process = _start(settings, complaints)
        give_up_at = time.monotonic() + _START_SECONDS
        while True:
            # In this order: one that registers and is done is not taken for one that has failed.
            code = process.poll()
            found = background_sender(database, clock)
            if found is not None and found.pid == process.pid:
                _forget(process)
                return found
            if code == 0:
                return found
            if code is not None:
                raise _not_started(_last_line(complaints))
            if time.monotonic() >= give_up_at:
                process.terminate()
                raise _not_started("it gave no sign of life")
            time.sleep(_LOOK_SECONDS)


def _start(settings: Settings, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    # -P: a file in the current folder must not stand in for one of the child's modules.
    command = [sys.executable, "-P", "-m", "sestui", "send-pending"]
    try:
        return subprocess.Popen(  # noqa: S603 - our own module
            command,
            env={**os.environ, **_as_environment(settings)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
        )
    except OSError as error:
        raise _not_started(f"{sys.executable}: {error.strerror}") from error


def _forget(process: subprocess.Popen[bytes]) -> None:
    """Let it outlive us; should it end before, it doesn't stay behind as a zombie."""
    threading.Thread(target=process.wait, name="sestui-background", daemon=True).start()


def _as_environment(settings: Settings) -> dict[str, str]:
    """What of these settings a new process would not have by itself.

    Above all the account: the file may name another by now than the one that the screens show.
    """
    usual = load_settings()
    given = {
        name: getattr(settings, name)
        for name in Settings.model_fields
        if name not in _NOT_FOR_SENDING and getattr(settings, name) != getattr(usual, name)
    }
    given["account"] = settings.account
    if not settings.data_dir.is_absolute():
        given["data_dir"] = settings.data_dir.absolute()
    return {f"SESTUI_{name.upper()}": "" if v is None else str(v) for name, v in given.items()}


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("sestui: ") if lines else "it ended without a word"


def _not_started(why: str) -> NotInBackgroundError:
    return NotInBackgroundError(
        f"The background sender did not start: {why.rstrip('.')}. Nothing has changed; stay, or "
        "leave and pause."
    )
