"""Import a file of addresses and domains to suppress."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sestui.audience.imports.columns import ColumnMap, head_of, recognise
from sestui.audience.imports.importer import Progress
from sestui.audience.imports.reader import RowFile
from sestui.audience.imports.rejects import RejectsFile, check_rejects_path
from sestui.audience.imports.rows import Reject
from sestui.audience.imports.spool import Spool
from sestui.audience.imports.status_words import meaning_of_word
from sestui.audience.sources.file_cells import Reading, looks_like_address
from sestui.core.contact.address_check import Refusal, check_address, domain_key
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.delivery.states import MANUAL
from sestui.core.text import folded, printable
from sestui.errors import BadFileError
from sestui.store.contacts.contacts import Contacts
from sestui.store.contacts.upsert import ContactRow, More
from sestui.store.db.database import Database

_BATCH = 5_000
_SHOWN_REJECTS = 5
_SHOWN = 200
_DOMAIN_NAMES = frozenset({"domain", "domains", "domaene", "domainname", "dominio", "domaine"})
_WHY_NAMES = frozenset(
    {"reason", "suppressionreason", "why", "cause", "grund", "raison", "motivo", "type", "status"}
)
_looks_like_domain = re.compile(r"\s*\*?@?[^@\s,;|\"<>]+\.[^@\s,;|\"<>.\d]{2,}\s*").fullmatch


@dataclass(frozen=True, slots=True)
class SuppressResult:
    """The result; each row is in exactly one of suppressed, known, rejects."""

    suppressed: int
    """Rows with a newly suppressed address or domain."""
    known: int
    """Rows with one that was suppressed before, or in an earlier row."""
    domains: int
    """Rows with a whole domain."""
    rejects: int
    """Rows with neither an address nor a domain."""
    first_rejects: tuple[Reject, ...]
    encoding: str
    column: str
    """The address column's name in the file."""
    dry_run: bool

    @property
    def figures(self) -> dict[str, int]:
        """Every count by its name."""
        return {
            "rows": self.suppressed + self.known + self.rejects,
            "suppressed": self.suppressed,
            "known": self.known,
            "domains": self.domains,
            "rejects": self.rejects,
        }


def suppress_file(
    database: Database,
    path: Path,
    *,
    mapping: ColumnMap | None = None,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    dry_run: bool = False,
    rejects_path: Path | None = None,
    now: float,
    progress: Callable[[Progress], None] | None = None,
) -> SuppressResult:
    """Suppress all addresses and domains of a file; on an error, none.

    A domain is written ``example.org``, ``@example.org`` or ``*@example.org``. A column of reasons
    is kept as the suppression's detail; the words for bounces and complaints are its reason.

    Raises:
        BadFileError: the file can't be read, or has neither addresses nor domains.
        UsageError: mapping or rejects file are impossible.
        StorageError: the database refused.
    """
    with ExitStack() as stack:
        file = stack.enter_context(RowFile(path, reading))
        columns = _columns(file, mapping or {})
        check_rejects_path(path, rejects_path)
        rejects = None
        if rejects_path is not None:
            rejects = stack.enter_context(RejectsFile.at(rejects_path, columns.labels))
        spool = stack.enter_context(Spool())
        table = _Reading(file, columns, rejects, progress)
        for batch in table.batches(path.name):
            spool.add(batch)
        written = Contacts(database).apply(
            spool.batches(),
            list_names=[],
            now=now,
            on_conflict=OnConflict.SKIP,
            replace_tags=False,
            dry_run=dry_run,
        )
    return SuppressResult(
        suppressed=written.suppressed,
        known=table.rows - table.rejects - written.suppressed,
        domains=table.domains,
        rejects=table.rejects,
        first_rejects=tuple(table.first_rejects),
        encoding=file.format.encoding,
        column=columns.labels[columns.target],
        dry_run=dry_run,
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    labels: tuple[str, ...]
    target: int
    """Position of the addresses and domains."""
    why: int | None
    """Position of the reasons."""
    has_header: bool


def _columns(file: RowFile, mapping: ColumnMap) -> _Columns:
    sample = file.format.sample
    if not sample:
        raise BadFileError(f"{file.name} is empty.")
    has_header = not any(map(_looks_like_target, sample[0]))
    head = head_of(sample, file.name)
    labels = (
        head.labels
        if head.given and has_header
        else tuple(f"column {number}" for number in range(1, len(sample[0]) + 1))
    )
    why = next((p for p, label in enumerate(labels) if folded(label) in _WHY_NAMES), None)
    try:
        target = recognise(sample, mapping, file.name).email
    except BadFileError:
        target = _target_column(labels, sample[has_header:], file.name)
    return _Columns(labels, target, why if why != target else None, has_header)


def _looks_like_target(cell: str) -> bool:
    return looks_like_address(cell) or _looks_like_domain(cell) is not None


def _target_column(labels: Sequence[str], rows: Sequence[Sequence[str]], file_name: str) -> int:
    """The column with most domains and addresses, if no column has addresses only."""

    def targets(position: int) -> int:
        return sum(position < len(row) and _looks_like_target(row[position]) for row in rows)

    named = [p for p, label in enumerate(labels) if folded(label) in _DOMAIN_NAMES]
    best = max(named or range(len(labels)), key=lambda position: (targets(position), -position))
    if not named and not targets(best):
        raise BadFileError(
            f"{file_name} has no column of email addresses or domains; say which one holds them.",
            by_option="--map COL=email does.",
        )
    return best


class _Reading:
    def __init__(
        self,
        file: RowFile,
        columns: _Columns,
        rejects: RejectsFile | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._file = file
        self._columns = columns
        self._rejects = rejects
        self._progress = progress
        self.rows = self.domains = self.rejects = 0
        self.first_rejects: list[Reject] = []

    def batches(self, source: str) -> Iterator[list[ContactRow]]:
        """The addresses and domains to suppress, in the file's order."""
        records = self._file.records()
        if self._columns.has_header:
            next(records)
        batch: list[ContactRow] = []
        for line, _size, cells in records:
            self.rows += 1
            found = self._read(line, cells, source)
            if found is not None:
                batch.append(found)
            if len(batch) == _BATCH:
                yield batch
                batch = []
                self._report()
        yield batch

    def _read(self, line: int, cells: list[str], source: str) -> ContactRow | None:
        target = self._columns.target
        typed = cells[target] if target < len(cells) else ""
        key = domain_key(typed)
        if key is not None:
            self.domains += 1
        else:
            verdict = check_address(typed)
            if isinstance(verdict, Refusal):
                self._reject(line, typed, verdict.reason, cells)
                return None
            key = verdict.key
        why = self._columns.why
        word = cells[why].strip() if why is not None and why < len(cells) else ""
        meaning = meaning_of_word(word) if word else None
        reason = meaning.value if meaning is not None and meaning.suppresses else MANUAL
        detail = f"{word} ({source})" if word else source
        more = More(no_contact=True, suppressed=reason, detail=printable(detail)[:_SHOWN])
        return ContactRow(key, key, "{}", "[]", 2, json.dumps(more, ensure_ascii=False))

    def _reject(self, line: int, typed: str, reason: str, cells: Sequence[str]) -> None:
        self.rejects += 1
        told = reason if typed.strip() else "There is no address in this row."
        column = self._columns.labels[self._columns.target]
        row = ", ".join(filter(None, cells))[:_SHOWN]
        reject = Reject(line, column, typed[:_SHOWN], told, row, tuple(cells))
        if len(self.first_rejects) < _SHOWN_REJECTS:
            self.first_rejects.append(reject)
        if self._rejects is not None:
            self._rejects.add(reject)

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(Progress(self._file.bytes_read, self._file.format.size, self.rows))
