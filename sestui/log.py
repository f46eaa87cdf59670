"""The log: a file in the state folder for tracebacks and details that users aren't shown.

Records above DEBUG have no addresses, and none has secrets.

Several processes may write at once, without waiting. A record is a single write at the end of the
file, so that records don't mix. Before each write a process checks whether another has rotated the
file, and then opens the new one; the process that rotates it locks it and checks again. Records
written meanwhile go to the end of the rotated file. A forked child may go on writing.
"""

import fcntl
import logging
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import platformdirs

from sestui.core.redact import without_addresses, without_secrets
from sestui.core.text import both_ends, printable

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from threading import ExceptHookArgs

FILE_NAME = "sestui.log"
LEVELS = ("debug", "info", "warning", "error")

_ROOT = "sestui"
_MOST_BYTES = 2_000_000
_KEPT = 3
_LONGEST_RECORD = 32_000
"""The most characters of a record, as an exception may quote a whole mail."""

_BURST = 5
_PER_SECONDS = 60.0
_MOST_KINDS = 256

_logger = logging.getLogger(_ROOT)


def set_up(folder: Path, level: str = "info") -> None:
    """Write the log of this process to ``folder``, from ``level`` (of :data:`LEVELS`) on.

    The file is created with its first line. If the folder can't be written, there is no log. Other
    libraries' warnings are logged too.
    """
    file, path = _current(), folder / FILE_NAME
    if file is None:
        file = LogFile(path)
        logging.getLogger().addHandler(file)
    file.move_to(path)
    set_level(level)


def set_level(level: str) -> None:
    """Log from ``level`` on (one of :data:`LEVELS`); from other libraries, only warnings."""
    number = logging.getLevelNamesMapping()[level.upper()]
    _logger.setLevel(number)
    if (file := _current()) is not None:
        file.setLevel(number)


def whereabouts() -> tuple[Path, str] | None:
    """Folder and level of this process's log, for its children; None without a log."""
    file = _current()
    if file is None:
        return None
    level = logging.getLevelName(_logger.level).lower()
    return file.path.parent, level if level in LEVELS else "info"


def exception(message: str) -> None:
    """Log the current exception, setting up the log if necessary."""
    _set_up_by_environment()
    _logger.exception(message)


def expected(message: str) -> None:
    """Log the current exception at DEBUG, as the user sees a sentence for it."""
    _logger.debug(message, exc_info=True)


def begin(say: Callable[[str], None]) -> None:
    """Log uncaught exceptions of all threads; for sestui's own processes.

    ``say`` is called with a sentence for the user. Python's warnings go to the log instead of the
    terminal.
    """
    _set_up_by_environment()
    logging.captureWarnings(capture=True)
    _Uncaught.say = say
    sys.excepthook = _Uncaught.in_main_thread
    threading.excepthook = _Uncaught.in_thread
    sys.unraisablehook = _Uncaught.nowhere


@contextmanager
def uncaught_to(say: Callable[[str], None]) -> Iterator[None]:
    """Call ``say`` for uncaught exceptions during the block, when a screen has the terminal."""
    before, _Uncaught.say = _Uncaught.say, say
    try:
        yield
    finally:
        _Uncaught.say = before


def rotate(path: Path) -> None:
    """Rotate a file of more than 2 MB; three older ones are kept.

    Does nothing if another process is doing it.

    Raises:
        OSError: it doesn't exist, or its folder can't be written.
    """
    if path.stat().st_size < _MOST_BYTES:
        return
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        with _locked(number) as ours:
            # Another process may have rotated it by now.
            if ours and os.path.samestat(os.fstat(number), path.stat()):
                _shift(path)
    finally:
        os.close(number)


@contextmanager
def _locked(number: int) -> Iterator[bool]:
    """Try to lock the file for the block; True also where there are no locks (some NFS)."""
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
        return
    except OSError:
        yield True
        return
    try:
        yield True
    finally:
        fcntl.flock(number, fcntl.LOCK_UN)  # a forked child may have the descriptor too


def _shift(path: Path) -> None:
    for number in range(_KEPT, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        newer = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
        with suppress(FileNotFoundError):
            newer.replace(older)


def last_lines(path: Path, count: int) -> list[str]:
    """The last ``count`` lines of the log, including rotated files; oldest first.

    Raises:
        OSError: a file exists and can't be read.
    """
    found: list[str] = []
    older = (path.with_name(f"{path.name}.{number}") for number in range(1, _KEPT + 1))
    for file in (path, *older):
        if len(found) >= count:
            break
        with suppress(FileNotFoundError):
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            found = [*lines[-(count - len(found)) :], *found]
    return found


class LogFile(logging.Handler):
    """Writes to the file (mode 0600); what can't be written is lost."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._descriptor: int | None = None
        self._in_line = False
        """Whether the last record was cut as the disk was full."""
        self.setFormatter(_Records())
        self.addFilter(_Repeats().lets_through)

    def move_to(self, path: Path) -> None:
        """Write to ``path`` from now on."""
        self.acquire()
        try:
            if path != self.path:
                self._close()
                self.path = path
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            self._write(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))
        except Exception:  # noqa: BLE001 - a failing log must not cause further errors
            self._close()

    def close(self) -> None:
        """See :meth:`logging.Handler.close`."""
        self._close()
        super().close()

    def _write(self, data: bytes) -> None:
        number = self._opened()
        found = os.fstat(number)
        if stat.S_ISREG(found.st_mode) and found.st_size >= _MOST_BYTES:
            with suppress(OSError):  # the folder may not be writable, but the file is
                rotate(self.path)
            number = self._opened()
        written = os.write(number, b"\n" + data if self._in_line else data)
        self._in_line = written < len(data)

    def _opened(self) -> int:
        """The descriptor of the file that currently has the name."""
        if self._descriptor is not None:
            with suppress(OSError):
                if os.path.samestat(os.fstat(self._descriptor), self.path.stat()):
                    return self._descriptor
            self._close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
        number = self._descriptor = os.open(self.path, flags, 0o600)
        found = os.fstat(number)
        if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
            with suppress(OSError):  # another user's file; the line is written all the same
                os.fchmod(number, 0o600)
        return number

    def _close(self) -> None:
        number, self._descriptor = self._descriptor, None
        if number is not None:
            with suppress(OSError):
                os.close(number)


class _Records(logging.Formatter):
    """Formats a record as one line, with the traceback below, indented unlike records."""

    def format(self, record: logging.LogRecord) -> str:
        """See :meth:`logging.Formatter.format`."""
        thread = printable(record.threadName or "")
        more = getattr(record, "more", 0)
        text = f"{_message(record)} (and {more:,} more like it)" if more else _message(record)
        lines = [printable(text)]
        if record.exc_info and record.exc_info[0] is not None:
            lines += self.formatException(record.exc_info).split("\n")
        if record.stack_info:
            lines += record.stack_info.split("\n")
        whole = both_ends("\n".join(lines), _LONGEST_RECORD)
        whole = without_secrets(whole)
        if record.levelno > logging.DEBUG:
            whole = without_addresses(whole)
        first, *below = whole.split("\n")
        head = f"{self.formatTime(record)} {record.levelname} {record.name}"
        head = f"{head} [{record.process} {thread}] {first}"
        return "\n".join([head, *(f"    {printable(line)}" for line in below)])


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong logging call must not lose the traceback
        return f"{record.msg} {record.args!r}"


class _Repeats:
    """Limits records of one kind to a few in a minute, and counts the dropped ones.

    An error for each of a million recipients must not displace everything else in the log.
    """

    def __init__(self) -> None:
        self._kinds: dict[object, tuple[float, int]] = {}
        """By kind: when its minute began (by the records' times), and the number of records in
        it."""

    def lets_through(self, record: logging.LogRecord) -> bool:
        """Whether to write the record; sets ``record.more`` to the number of dropped ones."""
        kind = _kind(record)
        began, count = self._kinds.get(kind, (record.created, 0))
        if not 0 <= record.created - began < _PER_SECONDS:
            record.more = max(0, count - _BURST)
            began, count = record.created, 0
        if kind not in self._kinds and len(self._kinds) >= _MOST_KINDS:
            self._kinds.clear()
        self._kinds[kind] = (began, count + 1)
        return count < _BURST


def _kind(record: logging.LogRecord) -> object:
    where = (record.name, record.pathname, record.lineno)
    if not record.exc_info or record.exc_info[0] is None:
        return where, _message(record)
    kind, _, trace = record.exc_info
    return where, kind, _raised_at(trace)


def _raised_at(trace: TracebackType | None) -> object:
    """The line of code that raised; None if there is no traceback."""
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code, trace.tb_lineno


def _to_nobody(text: str) -> None:
    """Ignore the text, before :func:`begin`."""


class _Uncaught:
    """Handlers of uncaught exceptions."""

    say: Callable[[str], None] = _to_nobody

    @classmethod
    def in_main_thread(
        cls, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """See :func:`sys.excepthook`."""
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        _logger.critical("Nothing caught this.", exc_info=(kind, error, trace))
        cls.say(f"an unexpected error occurred ({kind.__name__}, see the log: `sestui log`).")

    @classmethod
    def in_thread(cls, met: "ExceptHookArgs") -> None:
        """See :func:`threading.excepthook`."""
        if met.exc_type is SystemExit or met.exc_value is None:
            return
        name = met.thread.name if met.thread else "one that has ended"
        _logger.critical(
            "Nothing caught this in the thread %s.",
            name,
            exc_info=(met.exc_type, met.exc_value, met.exc_traceback),
        )
        cls.say(
            f"an unexpected error occurred in the thread {name} ({met.exc_type.__name__}, see "
            "the log: `sestui log`)."
        )

    @staticmethod
    def nowhere(met: "UnraisableHookArgs") -> None:
        """See :func:`sys.unraisablehook`; only logged, as nothing depends on it."""
        if met.exc_value is not None:
            _logger.error(
                "%s",
                met.err_msg or "An object's end has failed.",
                exc_info=(met.exc_type, met.exc_value, met.exc_traceback),
            )


def _current() -> LogFile | None:
    return next((each for each in logging.getLogger().handlers if isinstance(each, LogFile)), None)


def _set_up_by_environment() -> None:
    """Set up the log by the environment, before settings have been read."""
    if _current() is None:
        folder = os.environ.get("SESTUI_STATE_DIR") or platformdirs.user_state_dir(
            "sestui", appauthor=False
        )
        level = os.environ.get("SESTUI_LOG_LEVEL", "")
        set_up(Path(folder).expanduser(), level if level in LEVELS else "info")
