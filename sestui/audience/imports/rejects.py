"""The file of rejected rows."""

import csv
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from sestui.audience.imports.rows import Reject
from sestui.core.text import printable
from sestui.errors import UsageError


class RejectsFile:
    """Writes rejects as they come, as CSV with the columns ``line,column,value,reason``.

    The file is readable by this user only. It appears under its name when the import is done; an
    import that fails leaves whatever was there before. Cells are as in the imported file, so that
    they can be corrected and imported again.

    Raises:
        UsageError: nothing can be written there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # A device such as /dev/stderr is written to, never replaced.
        self._staged = not path.exists() or stat.S_ISREG(path.stat().st_mode)
        self._written_to = (
            path.with_name(f".{path.name}.{os.getpid()}.partial") if self._staged else path
        )
        try:
            flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if self._staged else 0)
            descriptor = os.open(self._written_to, flags, 0o600)
        except OSError as error:
            raise UsageError(
                f"Rejects can't be written to {printable(str(path))}: {error.strerror}."
            ) from error
        self._file = open(descriptor, "w", encoding="utf-8", newline="")  # noqa: SIM115 # closed by __exit__
        self._writer = csv.writer(self._file)
        self._writer.writerow(("line", "column", "value", "reason"))

    def add(self, reject: Reject) -> None:
        """Write one row."""
        self._writer.writerow((reject.line, reject.column, reject.value, reject.reason))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if not self._staged:
            return
        if error is None:
            self._written_to.replace(self._path)
        else:
            self._written_to.unlink(missing_ok=True)
