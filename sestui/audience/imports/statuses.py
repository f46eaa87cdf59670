"""Read a file's statuses, of contacts that may or must not be mailed, from its columns and name."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePath
from typing import NamedTuple

from sestui.audience.imports.file_name_status import meaning_of_file_name
from sestui.audience.imports.status_words import (
    NO,
    NOTHING,
    YES,
    Kind,
    Meaning,
    is_telling,
    kind_of,
    meaning_of_number,
    meaning_of_word,
)
from sestui.core.text import folded, printable
from sestui.errors import UsageError

EMPTY = "(empty)"
"""Shown for an empty cell that means no."""
DATE = "(a date)"
"""Shown for every date."""

_SHOWN = 60
_KEPT_UNKNOWN = 12
"""The most unknown values of a column that are listed."""
_CACHED = 10_000
"""The most values of a column whose meaning is cached."""

_is_no_date = re.compile(r"0000-00-00.*").fullmatch
_is_date = re.compile(
    r"\d{4}[-/.年]\s?\d{1,2}[-/.月].*"
    r"|\d{1,2}[-/. ]\s?\d{1,2}[-/. ]\s?(\d{4}|\d{2})\b.*"
    r"|\d{8}([T ]?\d{4,6}.*)?"
    r"|(\w+,? )?\w+\.? \d{1,2}(st|nd|rd|th)?,? \d{4}.*"
    r"|(\w+,? )?\d{1,2}\.? (de )?\w+\.? (de )?\d{4}.*"
    r"|\d{9,13}(\.\d+)?"  # seconds or milliseconds since 1970
    r"|[34]\d{4}(\.\d+)?",  # Excel's days since 1900, of the years from 1982 on
    re.DOTALL | re.IGNORECASE,
).fullmatch

# phpList says twice whether they confirmed.
_CONFIRMED = frozenset({"confirmed", "istheemailofthisuserconfirmed"})
_CONFIRMED_BY_HAND = frozenset({"optedin", "didthisusermanuallyconfirm"})


class RowStatus(NamedTuple):
    """The status of a row."""

    meaning: Meaning
    column: str
    """The column's name in the file; ``file name`` for the file's name."""
    value: str
    """As in the file."""


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """A column of statuses."""

    position: int
    label: str
    kind: Kind
    blank_means_no: bool = False
    """In a column of marks that are only ever set, such as ``Opt-in: x``."""


@dataclass(frozen=True, slots=True)
class StatusCount:
    """The number of rows with the same status."""

    column: str
    value: str
    becomes: str
    """``active``, ``unsubscribed``, ``suppressed (bounced)``."""
    rows: int

    @property
    def sentence(self) -> str:
        """``Status: cleaned → suppressed (bounced): 3 rows``."""
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        shown = f"{printable(self.column)[:_SHOWN]}: {printable(self.value)[:_SHOWN]}"
        return f"{shown} → {self.becomes}: {rows}"


@dataclass(frozen=True, slots=True)
class UnknownStatus:
    """Unknown values of a column of statuses."""

    label: str
    values: tuple[str, ...]
    """The first of them, as in the file."""
    more: int
    """Rows beyond those with the named values."""

    @property
    def sentence(self) -> str:
        """``the column Status looks like it says who may be mailed, but gold (3 rows) …``."""
        named = ", ".join(printable(value)[:_SHOWN] for value in self.values)
        beyond = f" and {self.more:,} more rows" if self.more else ""
        return (
            f"the column {printable(self.label)[:_SHOWN]} looks like it says who may be mailed, "
            f"but {named}{beyond} can't be understood"
        )


@dataclass(frozen=True, slots=True)
class FileSays:
    """The statuses of a whole file."""

    counts: tuple[StatusCount, ...] = ()
    """Word by word."""
    unsubscribed: int = 0
    """Contacts that the file says are unsubscribed."""
    suppressed: int = 0
    """Addresses that the file says are suppressed."""
    all_active: bool = False
    """Whether the user chose to ignore them."""

    @property
    def gone(self) -> int:
        """How many must not be mailed."""
        return self.unsubscribed + self.suppressed

    @property
    def lines(self) -> list[str]:
        """A line for each status; empty for a file without statuses."""
        if not self.counts:
            return []
        told = [count.sentence for count in self.counts]
        if not self.gone:
            return told
        if self.all_active:
            who = "1 contact" if self.gone == 1 else f"{self.gone:,} contacts"
            return [
                *told,
                f"As you asked, imported as active: {who} that the file says not to mail.",
            ]
        return [*told, f"{self.unsubscribed:,} unsubscribed and {self.suppressed:,} suppressed."]


class UnknownStatusError(UsageError):
    """A file has unknown statuses, whose meaning the user has to give.

    ``columns`` are their columns, at least one.
    """

    def __init__(self, file_name: str, columns: Sequence[UnknownStatus]) -> None:
        self.columns = tuple(columns)
        first = self.columns[0]
        label, value = printable(first.label)[:_SHOWN], printable(first.values[0])[:_SHOWN]
        told = "; ".join(column.sentence for column in self.columns)
        super().__init__(
            f"{file_name}: {told}. Nothing has been imported. Keep the column as an attribute "
            "under "
            "another name, or leave it out.",
            by_option=f"Say what a value means with --status '{value}=unsubscribed' (or active, "
            f"bounced, complained, blocklisted), keep the column with --map '{label}=NAME', or "
            f"leave it out with --map '{label}=-'.",
        )


def find_status_columns(
    labels: Sequence[str],
    rows: Sequence[Sequence[str]],
    forced: Sequence[int],
    free: Sequence[int],
) -> tuple[StatusColumn, ...]:
    """Find the columns of statuses.

    All ``forced`` columns, and of the ``free`` ones those whose name is unambiguous, whose name is
    ambiguous but most values are known, or whose values are all unambiguous.
    """
    found = []
    confirmed = any(folded(label) in _CONFIRMED for label in labels)
    for position in sorted({*forced, *free}):
        known = kind_of(labels[position])
        kind, sure = known or (Kind.STATUS, position in forced)
        if known is None and position not in forced and not _tells_by_itself(rows, position):
            continue
        by_hand = folded(labels[position]) in _CONFIRMED_BY_HAND
        if by_hand and confirmed and position not in forced:
            continue  # that they did so by hand is not asked for
        filled = list(_filled(rows, position))
        column = StatusColumn(position, labels[position], kind)
        if position in forced or _is_one(column, filled, sure=sure):
            blank_means_no = _only_marks(column, filled)
            found.append(StatusColumn(position, labels[position], kind, blank_means_no))
    return tuple(found)


def _is_one(column: StatusColumn, filled: Sequence[str], *, sure: bool) -> bool:
    dates = sum(_is_date(cell) is not None for cell in filled)
    if column.kind is Kind.WILLING and filled and dates == len(filled):
        return False  # since when they are on the list: an attribute
    if sure:
        return True
    understood = sum(_meaning(column, cell) is not _Unknown.UNKNOWN for cell in filled)
    return bool(filled) and understood * 2 >= len(filled)


def _filled(rows: Sequence[Sequence[str]], position: int) -> Iterator[str]:
    """The filled cells of a column."""
    for row in rows:
        if position < len(row) and (cell := row[position].strip()).casefold() not in NOTHING:
            yield cell


def _tells_by_itself(rows: Sequence[Sequence[str]], position: int) -> bool:
    """Whether a column's words are unambiguous under any name, such as ``BOUNCE``."""
    # Most columns are decided at the first cell, as there may be thousands of them.
    if not all(map(meaning_of_word, _filled(rows, position))):
        return False
    return any(is_telling(cell) for cell in _filled(rows, position))


def _only_marks(column: StatusColumn, filled: Sequence[str]) -> bool:
    return (
        column.kind is Kind.WILLING
        and folded(column.label) != "doubleoptin"  # Brevo: blank for who came another way
        and bool(filled)
        and all(cell.casefold() in YES or folded(cell) in YES for cell in filled)
    )


class _Unknown(Enum):
    UNKNOWN = "unknown"


def _meaning(column: StatusColumn, cell: str) -> "Meaning | _Unknown | None":
    """The meaning of a filled cell; None if it has none."""
    value = cell.casefold()
    if value in NOTHING or (folded(cell) or "?") in NOTHING or _is_no_date(value):
        return None
    if column.kind is Kind.HARD_BOUNCE_REASON:
        return Meaning.BOUNCED
    if (meant := meaning_of_number(column.label, value)) is not None:
        return meant
    return _meaning_of_filled(column.kind, cell)


def _meaning_of_filled(kind: Kind, cell: str) -> "Meaning | _Unknown | None":
    """The meaning of yes and no, words, and dates in a column of that kind."""
    names = {cell.casefold(), folded(cell)}
    of_leaving = kind not in {Kind.STATUS, Kind.WILLING}
    if names & NO:
        return None if of_leaving else Meaning.UNSUBSCRIBED
    if names & YES or (kind is not Kind.STATUS and _is_date(cell.casefold())):
        return kind.meaning
    # ``bounced: 550 no such user``, as sestui and others put the reason behind the word.
    meant = meaning_of_word(cell) or meaning_of_word(cell.partition(":")[0])
    if of_leaving and meant is Meaning.ACTIVE:
        return None
    return meant or _Unknown.UNKNOWN


class StatusReader:
    """Reads and counts the statuses of one file."""

    def __init__(
        self,
        columns: Sequence[StatusColumn],
        *,
        file_name: str,
        words: Mapping[str, Meaning],
        members: Sequence[str] = (),
    ) -> None:
        """``words`` are the user's meanings of unknown values, by their folded form.

        ``members`` are the file's names within archives.
        """
        self._columns = [_ReadColumn(column, words) for column in columns]
        names = () if columns else (file_name, *members)
        said = ((name, meaning_of_file_name(name)) for name in names)
        self._of_file = next(
            (
                RowStatus(meaning, "file name", PurePath(name).name)
                for name, meaning in said
                if meaning is not None
            ),
            None,
        )
        self._counts: Counter[RowStatus] = Counter()
        self.tells = bool(columns) or self._of_file is not None
        """Whether the file has statuses."""

    def read(self, cells: list[str]) -> RowStatus | None:
        """Take the statuses out of a row; returns the one with most weight, or None."""
        heaviest = self._of_file
        if heaviest is not None:
            self._counts[heaviest] += 1
        for column in self._columns:
            said = column.read(cells)
            if said is not None and (
                heaviest is None or said.meaning.weight > heaviest.meaning.weight
            ):
                heaviest = said
        return heaviest

    def counts(self) -> tuple[StatusCount, ...]:
        """The statuses so far, by column and then by frequency."""
        found = [
            StatusCount(said.column, said.value, said.meaning.becomes, rows)
            for said, rows in self._counts.items()
        ]
        for column in self._columns:
            found += column.counts()
        return tuple(found)

    def unknown(self) -> list[UnknownStatus]:
        """The unknown values so far."""
        return [column.unknown() for column in self._columns if column.unknown_rows]


@dataclass(slots=True)
class _ReadColumn:
    column: StatusColumn
    words: Mapping[str, Meaning]
    unknown_values: Counter[str] = field(default_factory=Counter)
    unknown_rows: int = 0
    _known: dict[str, "Meaning | _Unknown | None"] = field(default_factory=dict)
    _counts: Counter[tuple[str, Meaning]] = field(default_factory=Counter)
    _untold: int = 0
    """Rows whose cell says nothing: where others say whether they may be mailed, that matters."""

    def read(self, cells: list[str]) -> RowStatus | None:
        position = self.column.position
        cell = ""
        if position < len(cells):
            cell = cells[position].strip()
            cells[position] = ""
        if cell in self._known:
            meaning = self._known[cell]
        else:
            meaning = self._meaning(cell)
            if len(self._known) < _CACHED:
                self._known[cell] = meaning
        if meaning is None:
            self._untold += 1
            return None
        if isinstance(meaning, _Unknown):
            self.unknown_rows += 1
            if cell in self.unknown_values or len(self.unknown_values) < _KEPT_UNKNOWN:
                self.unknown_values[cell] += 1
            return None
        shown = EMPTY if not cell else DATE if _is_date(cell) else cell
        self._counts[shown, meaning] += 1
        return RowStatus(meaning, self.column.label, cell or EMPTY)

    def _meaning(self, cell: str) -> "Meaning | _Unknown | None":
        if (said := self.words.get(folded(cell) or cell)) is not None:
            return said
        if not cell and self.column.blank_means_no:
            return Meaning.UNSUBSCRIBED
        return _meaning(self.column, cell)

    def counts(self) -> list[StatusCount]:
        found = [
            StatusCount(self.column.label, value, meaning.becomes, rows)
            for (value, meaning), rows in self._counts.most_common()
        ]
        if found and self._untold and self.column.kind in {Kind.STATUS, Kind.WILLING}:
            active = Meaning.ACTIVE.becomes
            found.append(StatusCount(self.column.label, EMPTY, active, self._untold))
        return found

    def unknown(self) -> UnknownStatus:
        named = tuple(value for value, _ in self.unknown_values.most_common())
        more = self.unknown_rows - self.unknown_values.total()
        return UnknownStatus(self.column.label, named, more)
