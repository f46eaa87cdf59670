"""Typed columns: numbers, booleans, dates."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum

from sestui.audience.imports.columns import Columns, column_position, tidy
from sestui.core.text import printable
from sestui.errors import UsageError


class ColumnType(StrEnum):
    """The type of a column's cells."""

    TEXT = "text"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    DATE = "date"
    """An unambiguous date; stored as 2026-03-04, which sorts as text."""
    DATE_DMY = "date-dmy"
    """As :attr:`DATE`; ambiguous dates have the day first."""
    DATE_MDY = "date-mdy"


_TRUE = frozenset(
    ["true", "t", "yes", "y", "on", "1", "x", "ja", "j", "oui", "si", "sí", "sì", "sim", "да"]
)
_FALSE = frozenset(["false", "f", "no", "n", "off", "0", "-", "nein", "non", "não", "нет"])
_INT = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_ISO = re.compile(r"([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})([T ][0-9:.]+(Z|[+-][0-9:]+)?)?")
_PARTS = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})( [0-9:.]+)?")


def _int(cell: str) -> str:
    if not _INT.fullmatch(cell):
        raise ValueError("a whole number, as in 42")
    return str(int(cell))


def _float(cell: str) -> str:
    if not _FLOAT.fullmatch(cell):
        raise ValueError("a number, as in 1234.5")
    return json.dumps(float(cell))


def _bool(cell: str) -> str:
    word = cell.lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("true or false, as in yes")
    return "true" if word in _TRUE else "false"


def _date(cell: str, order: str) -> str:
    if whole := _ISO.fullmatch(cell):
        year, month, day = (int(whole[n]) for n in (1, 2, 3))
    elif parts := _PARTS.fullmatch(cell):
        first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
        if not order and parts[2] != "." and first != second and max(first, second) <= 12:
            raise ValueError("an unambiguous date; choose date-dmy or date-mdy")
        month_first = second > 12 or (order == "mdy" and first <= 12 and parts[2] != ".")
        month, day = (first, second) if month_first else (second, first)
    else:
        raise ValueError("a date, as in 2026-03-04")
    try:
        return f'"{date(year, month, day).isoformat()}"'
    except ValueError as error:
        raise ValueError("a date that exists") from error


_Reader = Callable[[str], str]
"""Converts a cell to JSON; a ValueError says what it should be."""

_READERS: dict[ColumnType, _Reader] = {
    ColumnType.TEXT: lambda cell: json.dumps(cell, ensure_ascii=False),
    ColumnType.INT: _int,
    ColumnType.FLOAT: _float,
    ColumnType.BOOL: _bool,
    ColumnType.DATE: lambda cell: _date(cell, ""),
    ColumnType.DATE_DMY: lambda cell: _date(cell, "dmy"),
    ColumnType.DATE_MDY: lambda cell: _date(cell, "mdy"),
}


class CellFault(Exception):  # noqa: N818 - becomes a reject
    """A cell that doesn't have its column's type."""

    def __init__(self, column: str, cell: str, wanted: str) -> None:
        super().__init__(f"The value is not {wanted}.")
        self.column = column
        """The name in the file."""
        self.cell = cell


class TypedColumns:
    """The typed columns, and the typed members of objects in cells.

    Raises:
        UsageError: ``types`` names a column that is no attribute, or an unknown type.
    """

    def __init__(self, columns: Columns, types: Mapping[str, str]) -> None:
        self._labels = columns.labels
        self._columns: dict[int, tuple[str, _Reader]] = {}
        self._members: dict[str, _Reader] = {}
        self._unmet: dict[str, str] = {}
        for name, kind in types.items():
            if kind not in list(ColumnType):
                known = ", ".join(ColumnType)
                raise UsageError(
                    f"{printable(name)}={printable(kind)}: the types are {known}.",
                    option="--type",
                )
            read = _READERS[ColumnType(kind)]
            position = column_position(columns, name)
            if position is not None and columns.fields[position]:
                prefix = f"{json.dumps(columns.fields[position], ensure_ascii=False)}:"
                self._columns[position] = prefix, read
            elif position is None and columns.unpacked:
                self._members |= {name: read, tidy(name): read}
                self._unmet |= {name: name, tidy(name): name}
            else:
                raise _unknown(name)

    def take(self, cells: list[str]) -> list[str]:
        """Take the typed cells out of a row; returns them as members of a JSON object.

        Raises:
            CellFault: one doesn't have its column's type.
        """
        found = []
        for position, (prefix, read) in self._columns.items():
            cell = cells[position].strip() if position < len(cells) else ""
            if cell:
                found.append(prefix + _value(self._labels[position], cell, read))
                cells[position] = ""
        return found

    def member(self, name: str, cell: str) -> str | None:
        """The JSON of an object's member with the text ``cell``; None if it has no type.

        Raises:
            CellFault: it doesn't have that type.
        """
        read = self._members.get(name)
        if read is None:
            return None
        self._unmet.pop(name, None)
        return _value(name, cell, read)

    def check_met(self) -> None:
        """Check, after all rows, that every typed attribute was in one.

        Raises:
            UsageError: one was not, as its name may be misspelt.
        """
        for name in dict.fromkeys(self._unmet.values()):
            if {name, tidy(name)} <= self._unmet.keys():
                raise _unknown(name)


def _value(column: str, cell: str, read: _Reader) -> str:
    try:
        return read(cell)
    except ValueError as error:
        raise CellFault(column, cell, str(error)) from error


def _unknown(name: str) -> UsageError:
    return UsageError(f"{printable(name)}: the file has no such attribute.", option="--type")
