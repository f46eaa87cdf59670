"""The file of rejected rows: written so that it can be corrected and imported as it is."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Self

from sestui.atomic_write import text_output
from sestui.audience.imports.columns import EMAIL
from sestui.audience.imports.rows import SHOWN, Reject
from sestui.audience.sources.file_cells import shown_bytes
from sestui.audience.sources.opening import STANDARD_INPUT
from sestui.core.spreadsheet import guarded, unguarded
from sestui.core.text import printable
from sestui.errors import UsageError

COLUMNS = ("rejected_line", "rejected_because")
"""The columns before the imported file's own, by which an import recognises such a file."""

_GENERATED = re.compile(r"column \d+")


def is_rejects_header(row: Sequence[str]) -> bool:
    """Whether a file whose first row this is has been written by :class:`RejectsFile`."""
    return tuple(cell.strip() for cell in row[: len(COLUMNS)]) == COLUMNS


def labels_of(columns: Iterable[tuple[str, str]]) -> list[str]:
    """The columns' names to write, of names and uses; in a file without a header, of the address.

    Others keep ``column 3``, which is the attribute ``column_3`` then as well.
    """
    return [
        EMAIL if use == EMAIL and _GENERATED.fullmatch(label) else label for label, use in columns
    ]


def without_reasons(row: Sequence[str]) -> list[str]:
    """A row of such a file as it stood in the imported one."""
    return [unguarded(cell) for cell in row[len(COLUMNS) :]]


class RejectsFile:
    """Writes rejects as CSV: line and reason, then the row as it stands in the imported file.

    A row with several rejects is written once, with all reasons. As in other exports, cells that a
    spreadsheet would run as formulas get an apostrophe, which the import takes off.
    """

    def __init__(self, file: IO[str], labels: Sequence[str]) -> None:
        """``labels`` are the imported file's columns."""
        self._writer = csv.writer(file)
        self._writer.writerow((*COLUMNS, *map(_written, labels)))
        self._waiting: list[Reject] = []
        """Rejects of one row that are not written yet."""

    @classmethod
    @contextmanager
    def at(cls, path: Path, labels: Sequence[str]) -> Iterator[Self]:
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
            rejects = cls(file, labels)
            yield rejects
            rejects._write_row()

    def add(self, reject: Reject) -> None:
        """Take one; those of a row follow one another."""
        if self._waiting:
            before = self._waiting[0]
            if (before.line, before.cells) != (reject.line, reject.cells):
                self._write_row()
        self._waiting.append(reject)

    def _write_row(self) -> None:
        if not self._waiting:
            return
        first = self._waiting[0]
        reasons = " ".join(dict.fromkeys(map(_reason, self._waiting)))
        self._writer.writerow((first.line, _written(reasons), *map(_written, first.cells)))
        self._waiting.clear()


def _reason(reject: Reject) -> str:
    """``Email: There is no @ in it.``; names the value if it is only a part of its cell."""
    whole = {shown_bytes(cell)[:SHOWN].strip() for cell in reject.cells}
    in_part = reject.value and reject.value.strip() not in whole
    value = f", {reject.value}" if in_part else ""
    return f"{reject.column}{value}: {reject.reason}" if reject.column else reject.reason


def _written(cell: str) -> str:
    return guarded(shown_bytes(cell))


def check_rejects_path(path: Path, rejects_path: Path | None) -> None:
    """Check that the rejects of the file or folder ``path`` don't overwrite what is read.

    Raises:
        UsageError: they would.
    """
    if rejects_path is None or path == STANDARD_INPUT or not rejects_path.exists():
        return
    one_of = path.is_dir() and rejects_path.resolve().is_relative_to(path.resolve())
    if one_of or (path.exists() and rejects_path.samefile(path)):
        raise UsageError("The rejects' file is the imported file itself; name another.")
