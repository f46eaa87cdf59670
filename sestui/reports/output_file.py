"""Write to a file or device that the user names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sestui.atomic_write import text_output
from sestui.core.text import printable
from sestui.errors import SestuiError, UsageError


@contextmanager
def output_file(out: Path) -> Iterator[IO[str]]:
    """A text stream to ``out`` (:func:`sestui.atomic_write.text_output`).

    Raises:
        UsageError: ``out`` is a folder.
        BrokenPipeError: the reader of a pipe has gone.
        SestuiError: it can't be written.
    """
    shown = printable(str(out))
    try:
        if out.is_dir():
            raise UsageError(f"{shown} is a folder; name a file in it.")
        with text_output(out) as file:
            yield file
    except BrokenPipeError:
        raise  # nobody is there to be told
    except OSError as error:
        raise SestuiError(f"{shown} can't be written: {error.strerror}.") from error
