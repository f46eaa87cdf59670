"""The log of `run-due`: lines with times."""

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
    """Appends lines to a file (mode 0600), which is rotated.

    Several processes may write at once. A failure raises nothing: :attr:`error` has the reason.
    """

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        """``now`` returns the time with its zone."""
        self._path = path
        self._now = now
        self.error: OSError | None = None

    def add(self, text: str) -> None:
        """Append a line with the current time."""
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
    """Whether standard output is this file, as with ``>>`` in a crontab."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), path.stat())
    except (OSError, ValueError):  # closed, or no file
        return False
