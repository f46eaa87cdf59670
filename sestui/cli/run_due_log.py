"""The log of what run-due did: a line a fact, each with its time."""

import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sestui import log
from sestui.core.text import printable


class RunDueLog:
    """Adds lines to a file for its owner only, which is rotated before it grows large.

    Any number of processes may write at the same time. What can't be written is no reason to end:
    :attr:`error` says why.
    """

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        """``now`` gives the time, with its zone."""
        self._path = path
        self._now = now
        self.error: OSError | None = None

    def add(self, text: str) -> None:
        """One line, with the time that it is now."""
        line = f"{self._now().isoformat(' ', 'seconds')} {printable(text)}\n"
        try:
            self._append(line.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self.error = error

    def _append(self, line: bytes) -> None:
        with suppress(FileNotFoundError):
            if stat.S_ISREG(self._path.stat().st_mode):
                log.rotate(self._path)
        number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            found = os.fstat(number)
            if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
                os.fchmod(number, 0o600)  # a shell's >> made it
            os.write(number, line)
        finally:
            os.close(number)


def is_stdout(path: Path) -> bool:
    """Whether standard output leads to that file, as a crontab line with ``>>`` has it."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), path.stat())
    except (OSError, ValueError):  # closed, or no file at all
        return False
