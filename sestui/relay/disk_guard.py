"""Admit no mail while the disk of the database is nearly full."""

import shutil
from pathlib import Path

from sestui.core.clock import Clock

_LEAST_FREE = 64 * 1024 * 1024
"""Bytes of free disk space below which no mail is admitted."""


class DiskGuard:
    """Checks for free disk space, at most once a second."""

    def __init__(self, folder: Path | None, clock: Clock) -> None:
        """``folder`` is the database's; None if it is not on this machine."""
        self._folder = folder
        self._clock = clock
        self._checked_at = float("-inf")
        self._problem = ""

    def problem(self) -> str:
        """Why no mail can be admitted; '' if it can."""
        now = self._clock.monotonic()
        if self._folder is not None and now - self._checked_at >= 1:
            self._checked_at = now
            free = shutil.disk_usage(self._folder).free
            self._problem = "The relay's disk is full." if free < _LEAST_FREE else ""
        return self._problem
