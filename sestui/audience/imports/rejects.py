"""The file of rejected rows."""

import csv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Self

from sestui.atomic_write import text_output
from sestui.audience.imports.rows import Reject
from sestui.core.text import printable
from sestui.errors import UsageError


class RejectsFile:
    """Writes rejects as CSV with the columns ``line,column,value,reason``.

    Rows are written as in the imported file, so that they can be corrected and imported again.
    """

    def __init__(self, file: IO[str]) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(("line", "column", "value", "reason"))

    @classmethod
    @contextmanager
    def at(cls, path: Path) -> Iterator[Self]:
        """The file ``path``, which appears after the import; or a device.

        A failed import keeps an existing file.

        Raises:
            UsageError: it can't be written.
        """
        with ExitStack() as stack:
            try:
                file = stack.enter_context(text_output(path))
            except OSError as error:
                raise UsageError(
                    f"Rejects can't be written to {printable(str(path))}: {error.strerror}."
                ) from error
            yield cls(file)

    def add(self, reject: Reject) -> None:
        """Write one row."""
        self._writer.writerow((reject.line, reject.column, reject.value, reject.reason))


def check_rejects_path(path: Path, rejects_path: Path | None) -> None:
    """Check that the rejects of the file ``path`` don't overwrite it.

    Raises:
        UsageError: they would.
    """
    if rejects_path is not None and rejects_path.exists() and rejects_path.samefile(path):
        raise UsageError("The rejects' file is the imported file itself; name another.")
