"""Import contacts from a file: read all of it, then save all of it.

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

from sestui.audience.imports.column_types import TypedColumns
from sestui.audience.imports.columns import ColumnMap, Columns, recognise
from sestui.audience.imports.own_export import OwnLineSource, is_own_lines, own_line_columns
from sestui.audience.imports.reader import RowFile
from sestui.audience.imports.rejects import RejectsFile
from sestui.audience.imports.rows import Reject
from sestui.audience.imports.spool import Spool
from sestui.audience.imports.spooling import Spooling, Statuses, parser_of
from sestui.audience.imports.status_words import Meaning
from sestui.audience.imports.statuses import FileSays, UnknownStatusError
from sestui.audience.sources.file_cells import Reading
from sestui.audience.sources.opening import open_contacts
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.text import printable
from sestui.errors import BadFileError, StorageError, UsageError
from sestui.store.contacts.contacts import Contacts, Upserted
from sestui.store.contacts.imports import Imports
from sestui.store.contacts.upsert import ContactRow
from sestui.store.db.database import Database

_SHOWN = 3
_MAX_SHOWN = 40
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
    addresses_only: int = 0
    """Rows that suppress an address without a contact."""
    note: int | None = None
    """The id of its record, which is kept until its rejects are handled."""

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
        """Rows in the file, without the header and empty ones."""
        return self.contacts + self.addresses_only + self.duplicates + self.rejects - self.split


def import_contacts(
    database: Database,
    path: Path,
    *,
    list_name: str = "",
    more_lists: Sequence[str] = (),
    mapping: ColumnMap | None = None,
    types: Mapping[str, str] | None = None,
    reading: Reading = Reading(),  # noqa: B008 - frozen
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
    """Import a file into lists, which are created if necessary.

    The file's statuses are used: contacts may come in as unsubscribed or suppressed, and an import
    never makes such a contact active again. A file without any contact changes nothing.

    Args:
        database: with its schema.
        path: the file, ``-`` for standard input; see :mod:`sestui.audience.sources` for what is
            recognised.
        list_name: the list that all contacts join.
        more_lists: others that they join too.
        mapping: column to ``email``, ``tags``, ``status``, ``-`` (left out) or an attribute's name.
        types: column (or attribute) to ``ColumnType``; others keep the file's types.
        reading: the file's encoding and delimiter, if the user gave them.
        words: meanings of otherwise unknown statuses, by their folded form.
        all_active: ignore the file's statuses; known contacts keep theirs.
        on_conflict: how known contacts change.
        dry_run: count everything and leave the database as it is.
        rejects_path: the CSV file for rejected rows; also written in a dry run.
        rejected: called with every rejected row, in this thread.
        now: seconds since the epoch.
        progress: called every few thousand rows, in this thread; an error it raises stops the
            import without any change.
        heard: called with the file's statuses before anything is written; an error it raises
            stops the import.

    Raises:
        UnknownStatusError: the file has unknown statuses.
        BadFileError: the file can't be imported as a whole; nothing was written.
        UsageError: list name, mapping or rejects file are impossible.
        StorageError: the database or the disk for temporary files refused.
    """
    list_names = list(dict.fromkeys([list_name, *more_lists] if list_name else more_lists))
    for name in list_names:
        check_list_name(name)
    report = progress or _silent
    with ExitStack() as stack:
        opened = open_contacts(path)
        stack.callback(opened.file.close)
        lines = not mapping and is_own_lines(opened)
        own = OwnLineSource(opened) if lines else None
        rows = stack.enter_context(RowFile(opened, reading, own))
        columns = (
            own_line_columns() if lines else recognise(rows.format.sample, mapping or {}, rows.name)
        )
        if not list_names and not columns.roles:
            raise UsageError("Name a list for them to join.", by_option="--list NAME does.")
        _check_rejects_path(path, rejects_path)
        rejects_file = stack.enter_context(RejectsFile.at(rejects_path)) if rejects_path else None
        spool = stack.enter_context(Spool())
        told = [each for each in (rejected, rejects_file.add if rejects_file else None) if each]
        typed = TypedColumns(columns, types) if types else None
        statuses, parser = parser_of(
            rows,
            columns,
            path.name,
            words or {},
            typed,
            all_active=all_active,
            lines=lines,
        )
        table = Spooling(rows, columns, spool, told)
        table.run(parser, lambda: report(Progress(rows.bytes_read, rows.format.size, table.rows)))
        if not table.rows:
            raise BadFileError(f"{rows.name} has a header but no contacts below it.")
        if typed is not None:
            typed.check_met()
        says = _says(statuses, spool, rows.name, all_active=all_active)
        if heard is not None:
            heard(says)
        contacts = spool.count()
        dry_run = dry_run or not contacts
        done = Progress(rows.format.size, rows.format.size, table.rows, 0, contacts)
        written = Contacts(database).apply(
            _reported(spool, done, report),
            list_names=list_names,
            now=now,
            on_conflict=on_conflict,
            replace_tags=bool(columns.tags or columns.roles),
            dry_run=dry_run,
        )
    result = _result(rows, columns, table, written, says, dry_run=dry_run)
    if dry_run:
        return result
    with suppress(StorageError):  # the contacts are saved, so a missing record is no failure
        note = Imports(database).add(
            file_name=rows.name,
            list_name=", ".join(list_names),
            contacts=result.contacts,
            rejects=result.rejects,
            now=now,
        )
        return replace(result, note=note)
    return result


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
    rows: RowFile,
    columns: Columns,
    table: Spooling,
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
        duplicates=table.rows - table.rejects - contacts - written.no_contacts,
        rejects=table.rejects,
        joined=written.joined,
        first_rejects=tuple(table.first_rejects),
        kind=rows.format.kind,
        encoding=rows.format.encoding,
        delimiter=rows.format.delimiter,
        email_column=columns.email_label,
        columns=tuple(zip(columns.labels, columns.uses, strict=True)),
        dry_run=dry_run,
        tidied=table.tidied,
        split=table.split,
        found=rows.format.notes,
        shown=rows.format.accented or _shown(rows, columns),
        says=says,
        addresses_only=written.no_contacts,
    )


def _shown(rows: RowFile, columns: Columns) -> tuple[str, ...]:
    """Cells of the first rows, names if possible, that show whether the encoding is right."""
    below = rows.format.sample[1:] if columns.has_header else rows.format.sample
    texts = [
        cell.strip()[:_MAX_SHOWN]
        for row in below
        for position, cell in enumerate(row)
        if position != columns.email and cell.strip() and "@" not in cell
    ]
    telling = [text for text in texts if not text.isascii()] or texts
    return tuple(dict.fromkeys(telling))[:_SHOWN]


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


def _check_rejects_path(path: Path, rejects_path: Path | None) -> None:
    if rejects_path is not None and rejects_path.exists() and rejects_path.samefile(path):
        raise UsageError("The rejects' file is the imported file itself; name another.")


def _silent(_progress: Progress) -> None:
    return None
