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
    """What became of every row: each is in exactly one of the first five counts, and each further
    address in it too."""

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
    kind: str
    """What the file is: ``CSV``, ``JSON``, ``vCard``, ``xlsx`` or ``addresses``."""
    encoding: str
    """'' where the format says it."""
    delimiter: str
    """'' where there is none."""
    email_column: str
    columns: tuple[tuple[str, str], ...]
    """Each column as the file calls it, and what it became: ``email``, ``tags``, ``status``, ``-``
    (left out) or an attribute's name."""
    dry_run: bool
    tidied: int = 0
    """Addresses that are not written as the file has them: out of ``Ada <ada@example.org>``, a
    ``mailto:`` link, quotes, invisible characters."""
    split: int = 0
    """Addresses beyond the first in their row."""
    found: tuple[str, ...] = ()
    """What else was found about the file, each a few words."""
    shown: tuple[str, ...] = ()
    """Some cells, by which one sees whether the encoding is right."""
    says: FileSays = field(default_factory=FileSays)
    """What the file says about who may be mailed."""
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
    """Import a file into lists, which are created if need be.

    What the file itself says of who has left is heeded: such people come in as unsubscribed or
    suppressed, and nobody who is so already becomes active. Without a single contact in the file
    nothing is written, and the result says so.

    Args:
        database: with its schema in place.
        path: the file, ``-`` for standard input; see :mod:`sestui.audience.sources` for what is
            recognised.
        list_name: the list all its contacts join.
        more_lists: others that they join too.
        mapping: column to ``email``, ``tags``, ``status``, ``-`` (left out) or an attribute's name.
        types: column (or attribute) to what its cells are, a ``ColumnType``; others are what the
            file has: text, and in JSON numbers, true and false too.
        reading: what the user says of the file's encoding and delimiter.
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


def _says(statuses: Statuses, spool: Spool, file_name: str, *, all_active: bool) -> FileSays:
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
    """Cells of the first rows by which people tell whether a file is read right: names, if any."""
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
        raise UsageError("The rejects' file is the imported file itself; name another.")


def _silent(_progress: Progress) -> None:
    return None
