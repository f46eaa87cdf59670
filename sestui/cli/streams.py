"""The standard streams as commands write to them: what they can't take is said once, in one way."""

import errno
import io
import os
import sys
from typing import IO, NoReturn

from sestui.errors import OutputError

EXIT_READER_GONE = 141
"""What a shell shows for a program that SIGPIPE has ended: git, grep and the like."""


class ReaderGoneError(OutputError):
    """The reader of stdout (head, less) has had enough: nothing to say, and no failure."""

    exit_code = EXIT_READER_GONE


class Output(io.TextIOWrapper):
    """Stdout: what can't be written is an :class:`OutputError`, whoever writes.

    Not an OSError, of which libraries on the way make something of their own.
    """

    def write(self, text: str, /) -> int:
        """See :meth:`io.TextIOBase.write`."""
        if text == "":
            return 0  # libraries ask so what kind of stream it is, and miss the answer
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
        lead_to_nowhere(self)  # what is buffered would fail once more at the end
        raise output_error(error) from error


class Narration(io.TextIOWrapper):
    """Stderr: where nobody can hear what is said, the work goes on."""

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
    """What an error of writing to stdout is to the user."""
    if error.errno == errno.EPIPE:
        return ReaderGoneError("The reader of the output has gone.")
    return OutputError(
        f"The command has done its work, but its output can't be written: {error.strerror}."
    )


def lead_to_nowhere(stream: IO[str]) -> None:
    """Let the stream's descriptor be the null device from here on."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def set_up() -> None:
    """Make the process's own streams as commands want them; a caller's are left as they are."""
    _open_closed()
    # A name that the terminal's encoding lacks is shown as an escape, not as a crash.
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
    """Lead to nowhere what the caller has closed (``>&-``, a daemon): it is no reason to fail.

    Otherwise the next file that is opened would get the number, and be written to as if it were
    the terminal.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest that is free: the stream's own
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w", closefd=False))
