"""The standard streams of commands, with consistent handling of write errors."""

import errno
import io
import os
import sys
from typing import IO, NoReturn

from sestui.errors import OutputError

EXIT_READER_GONE = 141
"""The exit code of programs ended by SIGPIPE."""


class ReaderGoneError(OutputError):
    """The reader of stdout (head, less) has closed it, which is no failure."""

    exit_code = EXIT_READER_GONE


class Output(io.TextIOWrapper):
    """Stdout that raises an :class:`OutputError` if it can't be written.

    Not an OSError, which libraries may convert.
    """

    def write(self, text: str, /) -> int:
        """See :meth:`io.TextIOBase.write`."""
        if text == "":
            return 0  # libraries check the stream's type by this
        try:
            return super().write(text)
        except OSError as error:
            self._fail(error)

    def flush(self) -> None:
        """See :meth:`io.IOBase.flush`."""
        try:
            super().flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> NoReturn:
        lead_to_nowhere(self)  # buffered text would fail again at exit
        raise output_error(error) from error


class Narration(io.TextIOWrapper):
    """Stderr that ignores write errors."""

    def write(self, text: str, /) -> int:
        """See :meth:`io.TextIOBase.write`."""
        try:
            return super().write(text)
        except OSError:
            lead_to_nowhere(self)
            return len(text)

    def flush(self) -> None:
        """See :meth:`io.IOBase.flush`."""
        try:
            super().flush()
        except OSError:
            lead_to_nowhere(self)


def output_error(error: OSError) -> OutputError:
    """The error for the user if stdout can't be written."""
    if error.errno == errno.EPIPE:
        return ReaderGoneError("The reader of the output has gone.")
    return OutputError(
        f"The command has done its work, but its output can't be written: {error.strerror}."
    )


def lead_to_nowhere(stream: IO[str]) -> None:
    """Redirect the stream's descriptor to the null device."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def set_up() -> None:
    """Set up the process's own streams; replaced ones are kept."""
    _open_closed()
    # Characters that the terminal's encoding lacks are escaped.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _in_place_of(sys.stdout, Output)
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _in_place_of(sys.stderr, Narration)


def _in_place_of(stream: io.TextIOWrapper, kind: type[io.TextIOWrapper]) -> io.TextIOWrapper:
    return kind(
        stream.buffer,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _open_closed() -> None:
    """Open the null device for streams that the caller has closed (``>&-``, a daemon).

    Otherwise the next opened file would get the descriptor, and the output.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, the stream's
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w", closefd=False))
