"""Reading a file of rows, however big and however broken, in bounded memory."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from sestui.audience.files import KEEP_BYTES, MAX_RECORD, examine, open_regular
from sestui.core.text import printable
from sestui.errors import BadFileError

_LINE_ENDS = ("\n", "\r")


class RowFile:
    """An open CSV file; close it or use it as a context manager.

    Raises:
        BadFileError: it can't be opened, or is not text.
    """

    def __init__(self, path: Path) -> None:
        self.name = printable(str(path))
        self._bytes = open_regular(path)
        try:
            self.format = examine(self._bytes, path)
            self._text = io.TextIOWrapper(
                self._bytes, encoding=self.format.encoding, errors=KEEP_BYTES, newline=""
            )
        except BaseException:
            self._bytes.close()
            raise
        self._record_size = 0
        self._torn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._text.close()

    @property
    def bytes_read(self) -> int:
        """How far the reading is, out of ``format.size``."""
        return self._bytes.tell()

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """Every row but blank lines: the line it starts on (from 1), its characters, its cells.

        Raises:
            BadFileError: a record never ends: a line without end, or a quotation mark that is
                opened and not closed.
        """
        # The csv module knows only one limit, for the process; records are bounded below anyway.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD + 1))
        skipped = self.format.skipped_lines
        reader = csv.reader(self._lines(), delimiter=self.format.delimiter)
        line = 0
        while True:
            self._record_size = 0
            start = line + 1 + skipped
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise BadFileError(f"{self.name}, line {start} can't be read: {error}.") from error
            except RecordTooLongError as error:
                raise BadFileError(
                    f"{self.name}, line {start}: a row starts here that is longer than "
                    f"{MAX_RECORD:,} characters; {error}."
                ) from error
            if cells is None:
                return
            if self._torn:
                raise BadFileError(
                    f"{self.name}, line {start}: a quotation mark is opened in this row and never "
                    "closed."
                )
            line = reader.line_num
            if cells:
                yield start, self._record_size, cells

    def _lines(self) -> Iterator[str]:
        """Lines for the csv module, which asks for more only inside a quoted line break."""
        readline = self._text.readline
        for _ in range(self.format.skipped_lines):
            readline(MAX_RECORD)
        while line := readline(MAX_RECORD):
            in_record = self._record_size > 0
            self._record_size += len(line)
            if self._record_size >= MAX_RECORD:
                raise RecordTooLongError(
                    "is a quotation mark missing"
                    if in_record and line.endswith(_LINE_ENDS)
                    else "this is no file of rows"
                )
            yield line
        self._torn = self._record_size > 0


class RecordTooLongError(Exception):
    """A row outgrows :data:`MAX_RECORD`; the text says what that hints at."""
