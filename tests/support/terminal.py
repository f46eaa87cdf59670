"""A real terminal around a program: a pty that it is in control of, until somebody closes it."""

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.support.workspaces import until

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|[PX^_\]].*?(?:\x1b\\|\x07)|.)", re.DOTALL)


class Terminal:
    """``command`` in a terminal of its own; a context manager that leaves nothing running."""

    def __init__(
        self,
        command: list[str],
        env: Mapping[str, str],
        cwd: Path,
        *,
        size: tuple[int, int] = (100, 30),
        in_control: bool = True,
    ) -> None:
        """``size`` is columns and lines.

        Unless ``in_control``, the terminal is nobody's: that it is gone, no signal tells.
        """
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        made_theirs = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        become = [sys.executable, "-c", f"{made_theirs}os.execv(sys.argv[1], sys.argv[1:])"]
        self.process = subprocess.Popen(
            [*(become if in_control else []), *command],
            env={**env, "TERM": "xterm-256color"},
            cwd=cwd,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                got = os.read(self._ours, 65536)
            except OSError:
                return
            if not got:
                return
            self._seen += got

    @property
    def seen(self) -> str:
        """All that was ever written, without its escapes and line ends."""
        text = _ESCAPES.sub(" ", self._seen.decode("utf-8", "replace"))
        return " ".join(text.split())

    def shows(self, *texts: str, seconds: float = 60) -> None:
        """Wait until all of the texts have been written, or fail."""
        until(
            lambda: all(text in self.seen for text in texts) or self.process.poll() is not None,
            seconds,
        )
        missing = [text for text in texts if text not in self.seen]
        assert not missing, (missing, self.seen[-2000:])

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def forget(self) -> None:
        """Let :attr:`seen` begin anew."""
        self._seen.clear()

    def close_window(self) -> None:
        """Let the terminal be gone, as a window that is closed or a line that drops."""
        master, self._ours = self._ours, -1
        # A pty stays as long as somebody reads it: the reader's descriptor is the same one.
        os.close(master)

    def exit_code(self, seconds: float = 60) -> int:
        """Wait for the program's end."""
        return self.process.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
            self.process.kill()
        self.process.wait(30)
        if self._ours >= 0:
            os.close(self._ours)
