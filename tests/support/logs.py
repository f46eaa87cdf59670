"""A log of a test's own, whatever pytest and other tests have attached."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sestui import log


@contextmanager
def no_handlers() -> Iterator[None]:
    """Nothing that is logged is handled, until something is set up; then all is as before."""
    ours, root = logging.getLogger("sestui"), logging.getLogger()
    before, level, least = root.handlers[:], ours.level, root.level
    # Half a character in what pytest captures breaks the workers' own wire.
    root.handlers = []
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = before
        root.setLevel(least)
        ours.setLevel(level)


@contextmanager
def logging_to(folder: Path, level: str = "info") -> Iterator[Path]:
    """The log's file, for the time of the block."""
    with no_handlers():
        log.set_up(folder, level)
        yield folder / log.FILE_NAME
