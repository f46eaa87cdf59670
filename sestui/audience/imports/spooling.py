"""The first half of an import: read rows into the spool, and report rejects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from sestui.audience.imports.column_types import TypedColumns
from sestui.audience.imports.columns import Columns
from sestui.audience.imports.own_export import OwnLineParser, OwnRecords, OwnRowParser
from sestui.audience.imports.reader import RowFile
from sestui.audience.imports.rows import Mixed, Reject, RowParser
from sestui.audience.imports.spool import Spool
from sestui.audience.imports.status_words import Meaning
from sestui.audience.imports.statuses import StatusCount, StatusReader, UnknownStatus
from sestui.store.contacts.upsert import ContactRow

_READ_BATCH = 2_000
_SHOWN_REJECTS = 5


class Parser(Protocol):
    """Parses rows."""

    def parse(self, line: int, size: int, cells: list[str], /) -> ContactRow | Reject | Mixed:
        """The contact in a row of ``size`` characters; consumes ``cells``."""


class Statuses(Protocol):
    """The statuses of a file that was read."""

    @property
    def tells(self) -> bool:
        """Whether the file has statuses."""

    def counts(self) -> tuple[StatusCount, ...]:
        """Word by word."""

    def unknown(self) -> list[UnknownStatus]:
        """The unknown ones."""


def parser_of(
    rows: RowFile,
    columns: Columns,
    source: str,
    words: Mapping[str, Meaning],
    types: TypedColumns | None,
    *,
    all_active: bool,
    lines: bool,
) -> tuple[Statuses, Parser]:
    """The statuses and the parser of ``rows``; ``lines``: our own export as JSON lines."""
    if not columns.roles:
        statuses = StatusReader(
            columns.statuses, file_name=source, members=rows.members, words=words
        )
        return statuses, RowParser(
            columns,
            damaged=rows.format.damaged,
            typed=rows.format.typed,
            types=types,
            statuses=statuses,
            source=source,
            all_active=all_active,
        )
    records = OwnRecords(all_active=all_active)
    if lines:
        return records, OwnLineParser(records, types)
    return records, OwnRowParser(columns, records, damaged=rows.format.damaged, types=types)


class Spooling:
    """Reads a file into the spool and passes rejects on."""

    def __init__(
        self,
        rows: RowFile,
        columns: Columns,
        spool: Spool,
        on_reject: Sequence[Callable[[Reject], None]],
    ) -> None:
        self._file = rows
        self._columns = columns
        self._spool = spool
        self._on_reject = on_reject
        self.rows = 0
        self.rejects = 0
        self.tidied = 0
        self.split = 0
        self.first_rejects: list[Reject] = []

    def run(self, parser: Parser, report: Callable[[], None]) -> None:
        """Read the file to its end; ``report`` is called every few thousand rows."""
        parse = parser.parse
        records = self._file.records()
        if self._columns.has_header:
            next(records)
        batch: list[ContactRow] = []
        due = _READ_BATCH
        for line, size, cells in records:
            self.rows += 1
            as_it_stands = cells.copy()
            row = parse(line, size, cells)
            if type(row) is ContactRow:
                batch.append(row)
            elif isinstance(row, Reject):
                self._reject(row, as_it_stands)
            elif isinstance(row, Mixed):
                self._take_apart(row, as_it_stands, batch)
            if self.rows >= due:
                due = self.rows + _READ_BATCH
                self._spool.add(batch)
                batch.clear()
                report()
        self._spool.add(batch)

    def _take_apart(self, row: Mixed, cells: Sequence[str], batch: list[ContactRow]) -> None:
        self.rows += len(row.contacts) + len(row.rejects) - 1  # none for a row of nothing
        self.split += max(0, len(row.contacts) + len(row.rejects) - 1)
        self.tidied += row.tidied
        batch += row.contacts
        for reject in row.rejects:
            self._reject(reject, cells)

    def _reject(self, reject: Reject, cells: Sequence[str]) -> None:
        reject = replace(reject, cells=tuple(cells))
        self.rejects += 1
        if len(self.first_rejects) < _SHOWN_REJECTS:
            self.first_rejects.append(reject)
        for listener in self._on_reject:
            listener(reject)
