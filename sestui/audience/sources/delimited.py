"""Read CSV and similar files of any size, also damaged ones, in bounded memory."""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from sestui.audience.sources.dialect import csv_options, escaped, find_dialect
from sestui.audience.sources.encoding import Encoding
from sestui.audience.sources.file_cells import MAX_RECORD, RowFormat
from sestui.audience.sources.text_source import TextSource
from sestui.errors import BadFileError

_LINE_ENDS = ("\n", "\r")
_NULL = r"\N"


class DelimitedSource(TextSource):
    """An open CSV file; ``text`` is its first chunk, decoded."""

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        text: str,
        encoding: Encoding,
        *,
        size: int,
        complete: bool,
        delimiter: str | None,
    ) -> None:
        super().__init__(file, name, encoding, newline="")
        self._nulls = encoding.nulls
        self._dialect, sample = find_dialect(
            text,
            complete=complete,
            escapes=encoding.escaped_quotes,
            spaced=encoding.spaced_quotes,
            delimiter=delimiter,
        )
        self.format = RowFormat(
            kind="CSV",
            encoding=encoding.codec,
            delimiter=self._dialect.delimiter,
            damaged=encoding.damaged,
            size=size,
            lines=encoding.lines,
            sample=tuple(map(self._tuple, sample)),
            accented=encoding.accented,
        )
        self._record_size = 0
        self._torn = False

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """Every row except blank lines: its line (from 1), its characters, its cells.

        Raises:
            BadFileError: a record has no end, as a line or a quotation has none.
        """
        # The csv module's limit is for the whole process; records are limited below.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD + 1))
        lines = self._lines()
        if self._dialect.escapes:
            lines = map(escaped, lines)
        reader = csv.reader(lines, **csv_options(self._dialect))  # type: ignore[arg-type] # one option is a bool
        line = int(self._dialect.marked)
        while True:
            self._record_size = 0
            start = line + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise BadFileError(f"{self._name}, line {start} can't be read: {error}.") from error
            except RecordTooLongError as error:
                raise BadFileError(
                    f"{self._name}, line {start}: a row starts here that is longer than "
                    f"{MAX_RECORD:,} characters; {error}."
                ) from error
            if cells is None:
                return
            if self._torn:
                raise BadFileError(
                    f"{self._name}, line {start}: a quotation mark is opened in this row and never "
                    "closed."
                )
            line = reader.line_num + self._dialect.marked
            if cells:
                if self._nulls:
                    cells = self._without_nulls(cells)
                yield start, self._record_size, cells

    def _tuple(self, cells: list[str]) -> tuple[str, ...]:
        return tuple(self._without_nulls(cells) if self._nulls else cells)

    @staticmethod
    def _without_nulls(cells: list[str]) -> list[str]:
        return ["" if cell == _NULL else cell for cell in cells]

    def _lines(self) -> Iterator[str]:
        """Lines for the csv module, which asks for more only inside a quoted line break."""
        readline = self._text.readline
        if self._dialect.marked:
            readline(MAX_RECORD)
        first = True
        while line := readline(MAX_RECORD):
            in_record = self._record_size > 0
            self._record_size += len(line)
            if self._record_size >= MAX_RECORD:
                raise RecordTooLongError(
                    "is a quotation mark missing"
                    if in_record and line.endswith(_LINE_ENDS)
                    else "this is not a file of rows"
                )
            if first:
                line, first = line.removeprefix("\ufeff"), False  # left by --encoding utf-16-le
            yield line
        self._torn = self._record_size > 0


class RecordTooLongError(Exception):
    """A row is longer than ``MAX_RECORD``; the text names the likely reason."""
