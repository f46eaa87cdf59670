"""Import contacts from a file: read all of it, then save all of it.

An import is all or nothing: whatever stops it (a row that never ends, a full disk, a kill) leaves
the database as it was. Holding one write transaction from the first row to the last would give
that, but a running sender shares SQLite's only write lock and would starve while we parse. So the
file is read, checked and freed of repeated addresses into a temporary database first, and then
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
from typing import Self

from sestui.audience.imports.address_notices import AddressNotices, Noticed
from sestui.audience.imports.column_types import TypedColumns
from sestui.audience.imports.columns import ColumnMap, Columns, recognise, telling_cells
from sestui.audience.imports.own_export import OwnLineSource, is_own_lines, own_line_columns
from sestui.audience.imports.reader import RowFile
from sestui.audience.imports.rejects import RejectsFile, check_rejects_path, labels_of
from sestui.audience.imports.rows import Reject
from sestui.audience.imports.spool import Spool
from sestui.audience.imports.spooling import Spooling, Statuses, parser_of
from sestui.audience.imports.status_words import Meaning
from sestui.audience.imports.statuses import FileSays, UnknownStatusError
from sestui.audience.sources.file_cells import Reading
from sestui.audience.sources.opening import open_contacts
from sestui.core.clock import Instant
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.text import printable
from sestui.errors import BadFileError, StorageError, UsageError
from sestui.store.contacts.contacts import Contacts, Upserted
from sestui.store.contacts.imports import Imports
from sestui.store.contacts.upsert import ContactRow
from sestui.store.db.database import Database

_MAX_LIST_NAME = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an import, which reads the whole file and then saves it."""

    bytes_done: int
    bytes_total: int
    rows: int
    """Rows read."""
    saved: int = 0
    to_save: int = 0
    """Contacts to be saved; 0 while reading."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of an import.

    Each row, and each further address in it, is in exactly one of the first five counts.
    """

    imported: int
    """New contacts."""
    updated: int
    """Known contacts that changed."""
    unchanged: int
    """Known contacts that did not change; they joined the list nevertheless."""
    duplicates: int
    """Rows whose address was in an earlier row."""
    rejects: int
    """Rows that aren't contacts."""
    joined: int
    """Contacts that were not on the list before; for several lists, new memberships."""
    first_rejects: tuple[Reject, ...]
    kind: str
    """What the file is: ``CSV``, ``JSON``, ``vCard``, ``xlsx`` or ``addresses``."""
    encoding: str
    """'' where the format says it."""
    delimiter: str
    """'' where there is none."""
    email_column: str
    columns: tuple[tuple[str, str], ...]
    """Each column's name in the file and its use: ``email``, ``tags``, ``status``, ``-`` (ignored)
    or an attribute's name."""
    dry_run: bool
    tidied: int = 0
    """Addresses that were tidied: from ``Ada <ada@example.org>``, a ``mailto:`` link, quotes,
    invisible characters."""
    split: int = 0
    """Addresses beyond the first in their row."""
    found: tuple[str, ...] = ()
    """Notes about the file, a few words each."""
    shown: tuple[str, ...] = ()
    """Sample cells that show whether the encoding is right."""
    says: FileSays = field(default_factory=FileSays)
    """The file's statuses."""
    noticed: Noticed = field(default_factory=Noticed)
    """What its addresses are that a sender should know."""
    addresses_only: int = 0
    """Rows that suppress an address without a contact."""
    erased: int = 0
    """Addresses that were left out, as they were erased on request."""
    note: int | None = None
    """The id of its record, which is kept until its rejects are handled."""
    change: int | None = None
    """Its id in the journal of changes; None: nothing has changed."""

    @property
    def figures(self) -> dict[str, int]:
        """Every count by its name."""
        return {
            "rows": self.rows,
            "imported": self.imported,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "duplicates": self.duplicates,
            "rejects": self.rejects,
            "tidied": self.tidied,
            "split": self.split,
            "erased": self.erased,
            "contacts": self.contacts,
            "joined": self.joined,
            "unsubscribed": self.says.unsubscribed,
            "suppressed": self.says.suppressed,
            **self.noticed.figures,
        }

    @property
    def contacts(self) -> int:
        """Distinct valid addresses in the file that are contacts now."""
        return self.imported + self.updated + self.unchanged

    @property
    def rows(self) -> int:
        """Rows in the file, without the header and empty ones."""
        addresses = self.contacts + self.addresses_only + self.erased
        return addresses + self.duplicates + self.rejects - self.split


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is imported."""

    list_names: Sequence[str] = ()
    """The lists that all contacts join; they are created if necessary."""
    mapping: ColumnMap = field(default_factory=dict)
    """Column to ``email``, ``tags``, ``status``, ``-`` (left out) or an attribute's name."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Column (or attribute) to ``ColumnType``; others keep the file's types."""
    reading: Reading = field(default_factory=Reading)
    """The file's encoding and delimiter, if the user gave them."""
    words: Mapping[str, Meaning] = field(default_factory=dict)
    """Meanings of otherwise unknown statuses, by their folded form."""
    all_active: bool = False
    """Ignore the file's statuses; known contacts keep theirs."""
    on_conflict: OnConflict = OnConflict.UPDATE
    """How known contacts change."""
    dry_run: bool = False
    """Count everything and leave the database as it is."""
    rejects_path: Path | None = None
    """The CSV file for rejected rows; also written in a dry run."""


def import_contacts(
    database: Database,
    path: Path,
    options: ImportOptions = ImportOptions(),
    *,
    now: Instant,
    rejected: Callable[[Reject], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
    on_statuses: Callable[[FileSays], None] | None = None,
) -> ImportResult:
    """Import a file into lists.

    The file's statuses are used: contacts may come in as unsubscribed or suppressed, and an import
    never makes such a contact active again. A file without any contact changes nothing.

    Args:
        database: with its schema.
        path: the file, ``-`` for standard input; :mod:`sestui.audience.sources` lists its kinds.
        options: how it is imported.
        now: when it is imported.
        rejected: called with every rejected row, in this thread.
        progress: called every few thousand rows, in this thread; an error it raises stops the
            import without any change.
        on_statuses: called with the file's statuses before anything is written; an error it
            raises stops the import.

    Raises:
        UnknownStatusError: the file has unknown statuses.
        BadFileError: the file can't be imported as a whole; nothing was written.
        UsageError: list name, mapping or rejects file are impossible.
        StorageError: the database or the disk for temporary files refused.
    """
    list_names = list(dict.fromkeys(options.list_names))
    for name in list_names:
        check_list_name(name)
    report = progress or _silent
    with ExitStack() as stack:
        source = _Source.opened(path, options, stack)
        on_reject = [rejected] if rejected is not None else []
        if options.rejects_path is not None:
            file = RejectsFile.at(options.rejects_path, labels_of(source.columns.named))
            on_reject.append(stack.enter_context(file).add)
        spool = stack.enter_context(Spool())
        table, says = source.spool_rows(spool, on_reject, report)
        if on_statuses is not None:
            on_statuses(says)
        contacts = spool.count()
        dry_run = options.dry_run or not contacts
        saving = AddressNotices(_saving(spool, source, table.rows, contacts, report))
        written = Contacts(database).apply(
            saving,
            list_names=list_names,
            now=now,
            on_conflict=options.on_conflict,
            replace_tags=bool(source.columns.tags or source.columns.roles),
            dry_run=dry_run,
            said=f"Imported {Path(source.rows.name).name}",
        )
    result = source.result(table, written, says, saving.noticed, dry_run=dry_run)
    return result if dry_run else _recorded(result, database, source.rows.name, list_names, now)


@dataclass(frozen=True, slots=True)
class _Source:
    """The opened file, with what its columns are used for."""

    rows: RowFile
    columns: Columns
    own_lines: bool
    """Whether it is our own export as JSON lines."""
    options: ImportOptions
    path: Path

    @classmethod
    def opened(cls, path: Path, options: ImportOptions, stack: ExitStack) -> Self:
        """Open the file until the end of ``stack``.

        Raises:
            BadFileError: it can't be read, or no column has addresses.
            UsageError: no list is named, or the rejects would overwrite the file.
        """
        opened = open_contacts(path)
        stack.callback(opened.file.close)
        own_lines = not options.mapping and is_own_lines(opened)
        own = OwnLineSource(opened) if own_lines else None
        rows = stack.enter_context(RowFile(opened, options.reading, own))
        columns = (
            own_line_columns()
            if own_lines
            else recognise(rows.format.sample, options.mapping, rows.name)
        )
        if not options.list_names and not columns.roles:
            raise UsageError("Name a list for them to join.", by_option="--list NAME does.")
        check_rejects_path(path, options.rejects_path)
        return cls(rows, columns, own_lines, options, path)

    def spool_rows(
        self,
        spool: Spool,
        on_reject: Sequence[Callable[[Reject], None]],
        report: Callable[[Progress], None],
    ) -> tuple[Spooling, FileSays]:
        """Read all rows into the spool.

        Raises:
            BadFileError: there are none, or one can't be read.
            UnknownStatusError: some statuses are unknown.
            UsageError: a type was given for something that the file doesn't have.
        """
        rows, options = self.rows, self.options
        typed = TypedColumns(self.columns, options.types) if options.types else None
        statuses, parser = parser_of(
            rows,
            self.columns,
            self.path.name,
            options.words,
            typed,
            all_active=options.all_active,
            lines=self.own_lines,
        )
        table = Spooling(rows, self.columns, spool, on_reject)
        table.run(parser, lambda: report(Progress(rows.bytes_read, rows.format.size, table.rows)))
        if not table.rows:
            raise BadFileError(f"{rows.name} has a header but no contacts below it.")
        if typed is not None:
            typed.check_met()
        return table, _says(statuses, spool, rows.name, all_active=options.all_active)

    def result(
        self, table: Spooling, written: Upserted, says: FileSays, noticed: Noticed, *, dry_run: bool
    ) -> ImportResult:
        """The counts, and what the file was taken for."""
        rows, columns = self.rows, self.columns
        contacts = written.imported + written.updated + written.unchanged
        others = written.no_contacts + written.erased
        return ImportResult(
            imported=written.imported,
            updated=written.updated,
            unchanged=written.unchanged,
            duplicates=table.rows - table.rejects - contacts - others,
            rejects=table.rejects,
            joined=written.joined,
            first_rejects=tuple(table.first_rejects),
            kind=rows.format.kind,
            encoding=rows.format.encoding,
            delimiter=rows.format.delimiter,
            email_column=columns.email_label,
            columns=columns.named,
            dry_run=dry_run,
            tidied=table.tidied,
            split=table.split,
            found=rows.format.notes,
            shown=rows.format.accented or telling_cells(rows.format.sample, columns),
            says=says,
            noticed=noticed,
            addresses_only=written.no_contacts,
            erased=written.erased,
            change=written.change,
        )


def _says(statuses: Statuses, spool: Spool, file_name: str, *, all_active: bool) -> FileSays:
    """The statuses of the whole file.

    Raises:
        UnknownStatusError: some are unknown.
    """
    unknown = statuses.unknown()
    if unknown and not all_active:
        raise UnknownStatusError(file_name, unknown)
    by_weight = spool.count_by_weight() if statuses.tells else {}
    return FileSays(
        statuses.counts(), by_weight.get(1, 0), by_weight.get(2, 0), all_active=all_active
    )


def _saving(
    spool: Spool,
    source: _Source,
    rows: int,
    contacts: int,
    report: Callable[[Progress], None],
) -> Iterator[list[ContactRow]]:
    """The spool's batches; reports before each one and after the last."""
    size = source.rows.format.size
    done = Progress(size, size, rows, to_save=contacts)
    saved = 0
    for batch in spool.batches():
        report(replace(done, saved=saved))
        yield batch
        saved += len(batch)
    report(replace(done, saved=saved))


def _recorded(
    result: ImportResult,
    database: Database,
    file_name: str,
    list_names: Sequence[str],
    now: Instant,
) -> ImportResult:
    """The result with the id of its record."""
    with suppress(StorageError):  # the contacts are saved, so a missing record is no failure
        note = Imports(database).add(
            file_name=file_name,
            list_name=", ".join(list_names),
            contacts=result.contacts,
            rejects=result.rejects,
            now=now,
        )
        return replace(result, note=note)
    return result


def check_list_name(name: str) -> None:
    """Check a list's name.

    Raises:
        UsageError: it is empty, too long, or has characters that can't be shown.
    """
    if not name.strip() or name != name.strip() or len(name) > _MAX_LIST_NAME:
        raise UsageError(
            f"A list's name has 1 to {_MAX_LIST_NAME} characters and no space around it."
        )
    if printable(name) != name:
        raise UsageError(f"The list's name {printable(name)} has characters that can't be shown.")


def _silent(_progress: Progress) -> None:
    return None
