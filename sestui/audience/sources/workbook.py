"""Read the sheet with addresses of an xlsx, with values as Excel shows them."""

import os
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from sestui.audience.sources.file_cells import RowFormat, TypedCell, looks_like_address
from sestui.core.text import printable
from sestui.errors import BadFileError

Value = int | float | str | bool | time | date | datetime | timedelta

_SAMPLE_ROWS = 200
_MAX_CELLS = 20_000_000
"""The most cells between a sheet's first and last; bounds memory."""
_PIECE = 1024 * 1024
_cells = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"').finditer
_SHEET = re.compile(r"/?xl/worksheets/[^/]+\.xml", re.IGNORECASE).fullmatch


class WorkbookSource:
    """Rows of one sheet, including any title rows."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        _check_extent(file, name)
        try:
            self._book = CalamineWorkbook.from_filelike(file)
            sheet, others = _chosen(self._book)
        except PasswordError as error:
            raise BadFileError(f"{name} has a password; save it without one, or as CSV.") from error
        except CalamineError as error:
            raise BadFileError(
                f"{name} can't be read as a workbook ({printable(str(error))}); save it as CSV."
            ) from error
        if sheet is None:
            raise BadFileError(f"{name} is empty.")
        self._sheet = sheet
        notes: tuple[str, ...] = ()
        if others:
            names = ", ".join(map(printable, others))
            notes = (f"sheet {printable(sheet.name)}, not {names[:200]}",)
        sample = [tuple(cells) for _, _, cells in islice(self.records(), _SAMPLE_ROWS)]
        self._done = 0
        self.format = RowFormat(
            kind="xlsx",
            encoding="",
            delimiter="",
            damaged=True,
            size=os.fstat(file.fileno()).st_size,
            lines=self._sheet.height,
            sample=tuple(sample),
            notes=notes,
            typed=True,
        )

    @property
    def bytes_read(self) -> int:
        """The position, out of ``format.size``, estimated by rows."""
        return self.format.size * min(self._done, self._sheet.height) // max(self._sheet.height, 1)

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()
        self._file.close()

    def records(self) -> Iterator[tuple[int, int, list[str]]]:
        """Every row except empty ones, with its number in the sheet."""
        row = self._sheet.start[0] if self._sheet.start else 0
        self._done = 0
        for number, values in enumerate(self._sheet.iter_rows(), row + 1):
            self._done += 1
            cells = [value if type(value) is str else as_seen(value) for value in values]
            size = sum(map(len, cells))
            if size:
                yield number, size, cells


def as_seen(value: Value) -> str:
    """A value as text: no ``.0``, no midnight after a date, true and false as in JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return TypedCell("true" if value else "false", value)
    if isinstance(value, int | float):
        whole = float(value).is_integer() and abs(value) < 1e15
        # 0.30000000000000004 becomes 0.3, as Excel shows 15 digits.
        return str(int(value)) if whole else format(value, ".15g")
    return _moment(value)


def _moment(value: time | date | timedelta) -> str:
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return value.isoformat()


def _chosen(book: CalamineWorkbook) -> tuple[CalamineSheet | None, list[str]]:
    """The sheet with most addresses in its first rows, preferably visible; and other names."""
    best: CalamineSheet | None = None
    most = (False, -1)
    others = []
    for each in book.sheets_metadata:
        if each.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(each.name)
        if not sheet.height:
            continue
        count = _addresses(sheet)
        merit = (count > 0 and each.visible == SheetVisibleEnum.Visible, count)
        if merit > most:
            others += [best.name] if best is not None else []
            best, most = sheet, merit
        else:
            others.append(each.name)
    return best, others


def _addresses(sheet: CalamineSheet) -> int:
    rows = islice(sheet.iter_rows(), _SAMPLE_ROWS)
    return sum(
        any(isinstance(value, str) and looks_like_address(value) for value in row) for row in rows
    )


def _check_extent(file: BinaryIO, name: str) -> None:
    """Check the sheet's extent, as a single distant cell would make millions of empty ones."""
    with zipfile.ZipFile(file) as archive:
        for member in archive.namelist():
            if not _SHEET(member):
                continue
            rows = columns = 0
            try:
                with archive.open(member) as sheet:
                    kept = b""
                    while piece := sheet.read(_PIECE):
                        for found in _cells(kept + piece):
                            rows = max(rows, int(found[2]))
                            columns = max(columns, _column(found[1]))
                        kept = piece[-200:]
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
                raise BadFileError(
                    f"{name} can't be read as a workbook ({printable(str(error))}); save it as CSV."
                ) from error
            if rows * columns > _MAX_CELLS:
                raise BadFileError(
                    f"{name} has a sheet of {rows:,} rows by {columns:,} columns, which is too "
                    "large; delete stray cells in it, or save it as CSV."
                )
    file.seek(0)


def _column(letters: bytes) -> int:
    number = 0
    for each in letters:
        number = number * 26 + each - 64
    return number
