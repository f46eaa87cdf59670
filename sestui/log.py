"""The one log: a file in the state folder, for what no user is shown (tracebacks) and what one asks
about later. Nothing above DEBUG holds an address, and nothing at all a secret.
"""

import logging
import os
from contextlib import suppress
from logging.handlers import WatchedFileHandler
from pathlib import Path

import platformdirs

FILE_NAME = "sestui.log"
_ROOT = "sestui"
_MOST_BYTES = 2_000_000
_KEPT = 3


def exception(message: str) -> None:
    """Log the exception that is being handled, though nobody has set up the log yet."""
    if not any(isinstance(each, _PrivateFile) for each in logging.getLogger(_ROOT).handlers):
        folder = os.environ.get("SESTUI_STATE_DIR") or platformdirs.user_state_dir(
            "sestui", appauthor=False
        )
        set_up(Path(folder).expanduser())
    logging.getLogger(_ROOT).exception(message)


def set_up(folder: Path) -> None:
    """Write the log of this process to ``folder``; the file appears with its first line.

    A folder that can't be written stops nobody: then there is no log.
    """
    logger = logging.getLogger(_ROOT)
    path = folder / FILE_NAME
    for handler in logger.handlers[:]:
        if isinstance(handler, _PrivateFile):
            if Path(handler.baseFilename) == path:
                return
            logger.removeHandler(handler)
            handler.close()
    with suppress(OSError):
        rotate(path)
    handler = _PrivateFile(path)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s [%(process)d %(threadName)s] %(message)s")
    )
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


class _PrivateFile(WatchedFileHandler):
    """A file for its owner only. When another process rotates it, this one follows."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):  # no folder, no room: what is being logged is trouble enough
            Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing on the terminal, which is the user's."""

    def _open(self):  # type: ignore[no-untyped-def] # what the base class opens is its own
        return open(
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            errors=self.errors,
            opener=lambda path, flags: os.open(path, flags, 0o600),
        )


def rotate(path: Path) -> None:
    """Put a log that has grown large aside (2 MB, three older ones are kept); the oldest goes.

    Raises:
        OSError: it isn't there, or its folder can't be written.
    """
    if path.stat().st_size < _MOST_BYTES:
        return
    for number in range(_KEPT, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        newer = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
        with suppress(FileNotFoundError):
            newer.replace(older)
