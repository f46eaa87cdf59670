"""Import of contacts from a file: read all of it, then save all of it.

An import is all or nothing: whatever stops it (a row that never ends, a full disk, a kill) leaves
the database as it was. Holding one write transaction from the first row to the last would give
that, but a running sender shares SQLite's only write lock and would starve while we parse. So the
file is read, checked and freed of repeated addresses into a scratch database first, and then
applied in one transaction in which nothing is left to do but the writing itself: about a third of
the time, some 10 to 15 µs a contact, so that beyond a few hundred thousand contacts other writers
on SQLite wait longer than they care to and are told to try again. Committing each batch would free
the lock sooner, but a crash would leave half a list, which a campaign would take for the whole.
PostgreSQL keeps nobody waiting either way.

Rows whose address came before in the file are duplicates: they add what the earlier ones left
empty, and their tags, and the first row wins where both say something.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from sestui.audience.columns import ColumnMap, Columns, recognise
from sestui.audience.own_export import (
    LineFile,
    OwnLineParser,
    OwnRecords,
    OwnRowParser,
    is_own_lines,
    own_line_columns,
)
from sestui.audience.reader import RowFile
from sestui.audience.rejects import RejectsFile
from sestui.audience.rows import Reject, RowParser
from sestui.audience.spool import Spool
from sestui.audience.status_words import Meaning
from sestui.audience.statuses import (
    FileSays,
    StatusCount,
    StatusReader,
    UnknownStatus,
    UnknownStatusError,
)
from sestui.core.conflict import OnConflict
from sestui.core.text import printable
from sestui.errors import BadFileError, StorageError, UsageError
from sestui.store.contact_upsert import ContactRow
from sestui.store.contacts import Contacts, Upserted
from sestui.store.database import Database
from sestui.store.imports import Imports

_READ_BATCH = 2_000
_SHOWN_REJECTS = 5
_MAX_LIST_NAME = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: it reads the whole file, then saves the whole file."""

    bytes_done: int
    bytes_total: int
    rows: int
    """Rows read."""
    saved: int = 0
    to_save: int = 0
    """Contacts to be saved; 0 while reading."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of every row: each is in exactly one of the five counts."""

    imported: int
    """New contacts."""
    updated: int
    """Known contacts that changed."""
    unchanged: int
    """Known contacts that stayed as they are; they joined the list nevertheless."""
    duplicates: int
    """Rows whose address came before in the same file."""
    rejects: int
    """Rows that are no contact."""
    joined: int
    """Contacts that were not on the list before; on several lists, memberships that are new."""
    first_rejects: tuple[Reject, ...]
    encoding: str
    delimiter: str
    email_column: str
    columns: tuple[tuple[str, str], ...]
    """Each column as the file calls it, and what it became: ``email``, ``tags``, ``status``, ``-``
    (left out) or an attribute's name."""
    dry_run: bool
    says: FileSays = field(default_factory=FileSays)
    """What the file says of who may be mailed."""
    addresses_only: int = 0
    """Rows that suppress an address and are no contact."""
    note: int | None = None
    """What the import is remembered by while somebody has to see to its rejects."""

    @property
    def figures(self) -> dict[str, int]:
        """Every count by its name, for every door alike."""
        return {
            "rows": self.rows,
            "imported": self.imported,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "duplicates": self.duplicates,
            "rejects": self.rejects,
            "contacts": self.contacts,
            "joined": self.joined,
            "unsubscribed": self.says.unsubscribed,
            "suppressed": self.says.suppressed,
        }

    @property
    def contacts(self) -> int:
        """Distinct valid addresses in the file."""
        return self.imported + self.updated + self.unchanged

    @property
    def rows(self) -> int:
        """Rows in the file, without the header and blank lines."""
        return self.contacts + self.addresses_only + self.duplicates + self.rejects


def import_contacts(
    database: Database,
    path: Path,
    *,
    list_name: str = "",
    more_lists: Sequence[str] = (),
    mapping: ColumnMap | None = None,
    words: Mapping[str, Meaning] | None = None,
    all_active: bool = False,
    on_conflict: OnConflict = OnConflict.UPDATE,
    dry_run: bool = False,
    rejects_path: Path | None = None,
    rejected: Callable[[Reject], None] | None = None,
    now: float,
    progress: Callable[[Progress], None] | None = None,
    heard: Callable[[FileSays], None] | None = None,
) -> ImportResult:
    """Import a CSV or TSV file into lists, which are created if need be.

    What the file itself says of who has left is heeded: such people come in as unsubscribed or
    suppressed, and nobody who is so already becomes active.

    Args:
        database: with its schema in place.
        path: the file; see :mod:`sestui.audience.files` for what is recognised.
        list_name: the list all its contacts join.
        more_lists: others that they join too.
        mapping: column to ``email``, ``tags``, ``status``, ``-`` (left out) or an attribute's name.
        words: what values of statuses mean that are unknown otherwise, by their folded form.
        all_active: pay no attention to what the file says of who has left; who is unsubscribed or
            suppressed here stays so all the same.
        on_conflict: what happens to contacts that are known already.
        dry_run: count everything and leave the database as it is.
        rejects_path: where rejected rows go as CSV; also written in a dry run.
        rejected: told of every rejected row, in this thread.
        now: seconds since the epoch.
        progress: told every few thousand rows, in this thread; an error it raises stops the
            import, and nothing of it is kept.
        heard: told what the file says of who may be mailed, before anything is written; an error
            it raises stops the import.

    Raises:
        UnknownStatusError: the file says who may be mailed in words that are unknown.
        BadFileError: the file can't be imported as a whole; nothing was written.
        UsageError: list name, mapping or rejects file are impossible.
        StorageError: the database or the disk for temporary files refused.
    """
    list_names = list(dict.fromkeys([list_name, *more_lists] if list_name else more_lists))
    for name in list_names:
        check_list_name(name)
    report = progress or _silent
    with ExitStack() as stack:
        lines = not mapping and is_own_lines(path)
        rows: RowFile | LineFile = LineFile(path) if lines else RowFile(path)
        stack.push(rows)
        columns = (
            own_line_columns() if lines else recognise(rows.format.sample, mapping or {}, rows.name)
        )
        if not list_names and not columns.roles:
            raise UsageError("Name a list that they join: --list NAME.")
        _check_rejects_path(path, rejects_path)
        rejects_file = stack.enter_context(RejectsFile(rejects_path)) if rejects_path else None
        spool = stack.enter_context(Spool())
        told = [each for each in (rejected, rejects_file.add if rejects_file else None) if each]
        statuses, parser = _parser(
            rows, columns, path.name, words or {}, all_active=all_active, lines=lines
        )
        reading = _Reading(rows, columns, spool, told)
        reading.run(parser, report)
        if not reading.rows:
            raise BadFileError(f"{rows.name} has a header but no contacts below it.")
        says = _says(statuses, spool, rows.name, all_active=all_active)
        if heard is not None:
            heard(says)
        contacts = spool.count()
        done = Progress(rows.format.size, rows.format.size, reading.rows, 0, contacts)
        written = Contacts(database).apply(
            _reported(spool, done, report),
            list_names=list_names,
            now=now,
            on_conflict=on_conflict,
            replace_tags=bool(columns.tags or columns.roles),
            dry_run=dry_run,
        )
    result = _result(rows, columns, reading, written, says, dry_run=dry_run)
    if dry_run:
        return result
    with suppress(StorageError):  # the contacts are in: a note that can't be made is no failure
        note = Imports(database).add(
            file_name=rows.name,
            list_name=", ".join(list_names),
            contacts=result.contacts,
            rejects=result.rejects,
            now=now,
        )
        return replace(result, note=note)
    return result


class _Parser(Protocol):
    """Turns cells into contacts."""

    def parse(self, line: int, size: int, cells: list[str], /) -> ContactRow | Reject:
        """The contact in a row of ``size`` characters; consumes ``cells``."""


class _Statuses(Protocol):
    """Knows what a file says of who may be mailed, once it was read."""

    @property
    def tells(self) -> bool:
        """Whether it can say anything."""

    def counts(self) -> tuple[StatusCount, ...]:
        """Word by word."""

    def unknown(self) -> list[UnknownStatus]:
        """What of it is not understood."""


def _parser(
    rows: RowFile | LineFile,
    columns: Columns,
    source: str,
    words: Mapping[str, Meaning],
    *,
    all_active: bool,
    lines: bool,
) -> tuple[_Statuses, _Parser]:
    """What reads the rows: of sestui's own export, as JSON ``lines`` or CSV, or any others."""
    if not columns.roles:
        statuses = StatusReader(columns.statuses, file_name=source, words=words)
        return statuses, RowParser(
            columns,
            damaged=rows.format.damaged,
            statuses=statuses,
            source=source,
            all_active=all_active,
        )
    records = OwnRecords(all_active=all_active)
    if lines:
        return records, OwnLineParser(records)
    return records, OwnRowParser(columns, records, damaged=rows.format.damaged)


class _Reading:
    """The first half: from the file to the spool and to those who are told of rejects."""

    def __init__(
        self,
        rows: RowFile | LineFile,
        columns: Columns,
        spool: Spool,
        told: Sequence[Callable[[Reject], None]],
    ) -> None:
        self._file = rows
        self._columns = columns
        self._spool = spool
        self._told = told
        self.rows = 0
        self.rejects = 0
        self.first_rejects: list[Reject] = []

    def run(self, parser: _Parser, report: Callable[[Progress], None]) -> None:
        """Read the file to its end."""
        parse = parser.parse
        records = self._file.records()
        if self._columns.has_header:
            next(records)
        batch: list[ContactRow] = []
        for line, size, cells in records:
            self.rows += 1
            row = parse(line, size, cells)
            if isinstance(row, Reject):
                self._reject(row)
            else:
                batch.append(row)
            if self.rows % _READ_BATCH == 0:
                self._spool.add(batch)
                batch.clear()
                report(Progress(self._file.bytes_read, self._file.format.size, self.rows))
        self._spool.add(batch)

    def _reject(self, reject: Reject) -> None:
        self.rejects += 1
        if len(self.first_rejects) < _SHOWN_REJECTS:
            self.first_rejects.append(reject)
        for tell in self._told:
            tell(reject)


def _says(statuses: _Statuses, spool: Spool, file_name: str, *, all_active: bool) -> FileSays:
    """What all of the file says.

    Raises:
        UnknownStatusError: some of it is not understood.
    """
    unknown = statuses.unknown()
    if unknown and not all_active:
        raise UnknownStatusError(file_name, unknown)
    by_weight = spool.count_by_weight() if statuses.tells else {}
    return FileSays(
        statuses.counts(), by_weight.get(1, 0), by_weight.get(2, 0), all_active=all_active
    )


def _reported(
    spool: Spool, done: Progress, report: Callable[[Progress], None]
) -> Iterator[list[ContactRow]]:
    saved = 0
    for batch in spool.batches():
        report(Progress(done.bytes_done, done.bytes_total, done.rows, saved, done.to_save))
        yield batch
        saved += len(batch)
    report(Progress(done.bytes_done, done.bytes_total, done.rows, saved, done.to_save))


def _result(
    rows: RowFile | LineFile,
    columns: Columns,
    reading: _Reading,
    written: Upserted,
    says: FileSays,
    *,
    dry_run: bool,
) -> ImportResult:
    contacts = written.imported + written.updated + written.unchanged
    return ImportResult(
        imported=written.imported,
        updated=written.updated,
        unchanged=written.unchanged,
        duplicates=reading.rows - reading.rejects - contacts - written.no_contacts,
        rejects=reading.rejects,
        joined=written.joined,
        first_rejects=tuple(reading.first_rejects),
        encoding=rows.format.encoding,
        delimiter=rows.format.delimiter,
        email_column=columns.email_label,
        columns=tuple(zip(columns.labels, columns.uses, strict=True)),
        dry_run=dry_run,
        says=says,
        addresses_only=written.no_contacts,
    )


def check_list_name(name: str) -> None:
    """Refuse what can't be a list's name.

    Raises:
        UsageError: it is empty, too long, or has characters that can't be shown.
    """
    if not name.strip() or name != name.strip() or len(name) > _MAX_LIST_NAME:
        raise UsageError(
            f"A list's name has 1 to {_MAX_LIST_NAME} characters and no space around it."
        )
    if printable(name) != name:
        raise UsageError(f"The list's name {printable(name)} has characters that can't be shown.")


def _check_rejects_path(path: Path, rejects_path: Path | None) -> None:
    if rejects_path is not None and rejects_path.exists() and rejects_path.samefile(path):
        raise UsageError("--rejects names the imported file itself; name another.")


def _silent(_progress: Progress) -> None:
    return None
