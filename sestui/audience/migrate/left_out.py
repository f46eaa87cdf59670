"""Rows that a migration could not take, as a file."""

import csv
from collections.abc import Iterable
from typing import IO

from sestui.audience.migrate.records import LeftOut
from sestui.core.spreadsheet import guarded


def write_left_out(rows: Iterable[LeftOut], file: IO[str]) -> None:
    """Write them as CSV, safe for spreadsheets."""
    writer = csv.writer(file)
    writer.writerow(("file", "line", "kind", "value", "reason"))
    for each in rows:
        cells = (each.file, str(each.line), each.kind, each.value, each.reason)
        writer.writerow([guarded(cell) for cell in cells])
