"""What a user names to write to: a file, which appears whole or not at all, or a device."""

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sestui.core.text import printable
from sestui.errors import SestuiError, UsageError

_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,9})")
_NAMED = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


@contextmanager
def output_file(out: Path) -> Iterator[IO[str]]:
    """Text to what ``out`` names; links are followed.

    A file appears whole or not at all, for this user's eyes only; what was there by that name is
    replaced when the block ends well. Anything else that is there (a device, a pipe, an open
    descriptor such as ``/dev/fd/3``) is written to as it stands, and never replaced.

    Raises:
        UsageError: ``out`` is a folder.
        BrokenPipeError: the reader of a pipe has gone.
        SestuiError: it can't be written.
    """
    shown = printable(str(out))
    try:
        if out.is_dir():
            raise UsageError(f"{shown} is a folder; name a file in it.")
        if _is_to_be_replaced(out):
            with _whole(Path(os.path.realpath(out))) as file:
                yield file
        else:
            with open(_as_it_stands(out), "w", encoding="utf-8", newline="") as file:
                yield file
    except BrokenPipeError:
        raise  # nobody is left to be told
    except OSError as error:
        raise SestuiError(f"{shown} can't be written: {error.strerror}.") from error


def _is_to_be_replaced(out: Path) -> bool:
    """Whether it is a file or nothing yet, and not a descriptor of this process."""
    if _descriptor(out) is not None:
        return False
    try:
        return stat.S_ISREG(out.stat().st_mode)
    except FileNotFoundError:
        return True


def _descriptor(out: Path) -> int | None:
    """The number of this process's descriptor that ``out`` names; None for another file."""
    found = _DESCRIPTOR.fullmatch(str(out))
    return int(found[1]) if found else _NAMED.get(str(out))


def _as_it_stands(out: Path) -> int:
    """A descriptor of our own that writes to what is there."""
    number = _descriptor(out)
    # Opening a descriptor's name anew would begin at a file's start, and fails for a socket.
    return os.open(out, os.O_WRONLY) if number is None else os.dup(number)


@contextmanager
def _whole(out: Path) -> Iterator[IO[str]]:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=out.parent, prefix=f".{out.name}.", delete=False
    ) as file:
        partial = Path(file.name)
        try:
            yield file
            file.flush()
            partial.replace(out)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
