"""Import a file of addresses and domains to suppress."""

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
from sestui.audience.imports.suppression_spool import SuppressionSpool
from sestui.audience.sources.file_cells import Reading, looks_like_address
from sestui.audience.sources.mailbox_cells import is_blank, read_cell
from sestui.core.contact.address_check import Address, Refusal, check_address, domain_key
from sestui.core.text import folded
from sestui.errors import BadFileError
from sestui.store.contacts.file_suppressions import suppress_all
from sestui.store.db.database import Database

_BATCH = 5_000
_SHOWN_REJECTS = 5
_SHOWN = 200
_DOMAIN_NAMES = frozenset({"domain", "domains", "domaene", "domainname", "dominio", "domaine"})
_WHY_NAMES = frozenset(
    {"reason", "suppressionreason", "why", "cause", "grund", "raison", "motivo", "type", "status"}
)
_COMMENT = " #"
_is_subdomains = re.compile(r"\s*@?(?:\*\.|\.|@\*\.)[^@\s]+\s*").fullmatch
_is_whole_domain = re.compile(r"\*?@[^@\s]+").fullmatch
_looks_like_domain = re.compile(r"\s*\*?@?[^@\s,;|\"<>]+\.[^@\s,;|\"<>.\d]{2,}\s*").fullmatch


@dataclass(frozen=True, slots=True)
class SuppressResult:
    """The result.

    Each row, and each further address in it, is in exactly one of suppressed, known, rejects.
    """

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
    change: int | None
    """Its id in the journal of changes; None: nothing has changed."""

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

    A domain is written ``example.org``, ``@example.org`` or ``*@example.org``, and does not include
    its subdomains. A column of reasons is kept as the suppression's detail; the words for bounces
    and complaints are its reason. What begins with ``#`` is a comment, on its own line and behind
    an address or domain.

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
        spool = stack.enter_context(SuppressionSpool(path.name))
        table = _Reading(file, columns, rejects, progress)
        for batch in table.batches():
            spool.add(batch)
        written = suppress_all(
            database,
            spool.batches(now),
            now=now,
            said=f"Imported suppressions from {Path(file.name).name}",
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
        change=written.change,
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
    sample = [row for row in file.format.sample if not _is_comment(row)]
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


def _is_comment(cells: Sequence[str]) -> bool:
    """Whether it is ``# a comment``, and no address: those may begin with #, too."""
    first = cells[0].strip() if cells else ""
    return first.startswith("#") and isinstance(check_address(first), Refusal)


def _looks_like_target(cell: str) -> bool:
    cell = cell.partition(_COMMENT)[0]
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

    def batches(self) -> Iterator[list[tuple[str, str]]]:
        """The keys to suppress with the words of why, in the file's order."""
        batch: list[tuple[str, str]] = []
        add = batch.append
        target, why = self._columns.target, self._columns.why
        records = self._file.records()
        if self._columns.has_header:
            next(cells for _, _, cells in records if not _is_comment(cells))
        for line, _size, cells in records:
            typed = cells[target].strip() if target < len(cells) else ""
            word = cells[why] if why is not None and why < len(cells) else ""
            # Not *@example.org, which is a domain.
            verdict = check_address(typed) if "@" in typed[2:] else None
            if type(verdict) is Address:
                add((verdict.key, word))
                self.rows += 1
            else:
                for key in self._second_look(line, typed, cells):
                    add((key, word))
            if len(batch) >= _BATCH:
                yield batch
                batch.clear()
                self._report()
        yield batch

    def _second_look(self, line: int, typed: str, cells: list[str]) -> list[str]:
        """The keys in a row that has not just a plain address: a domain, several, none."""
        key = domain_key(typed)
        if key is None and (cells[0].lstrip().startswith("#") or all(map(is_blank, cells))):
            return []
        stated = typed.partition(_COMMENT)[0]
        key = key or domain_key(stated)
        if key is not None:
            self.rows += 1
            self.domains += 1
            return [key]
        verdict = check_address(stated)
        if isinstance(verdict, Address):
            self.rows += 1
            return [verdict.key]
        keys = []
        for each in read_cell(stated, verdict):
            self.rows += 1
            if isinstance(each.verdict, Address):
                keys.append(each.verdict.key)
            else:
                self._reject(line, typed, each.verdict.reason, cells)
        return keys

    def _reject(self, line: int, typed: str, reason: str, cells: Sequence[str]) -> None:
        self.rejects += 1
        told = reason
        if not typed.strip():
            told = "There is no address in this row."
        elif _is_subdomains(typed):
            told = "Subdomains are suppressed one by one: name each of them, and the domain itself."
        elif _is_whole_domain(typed):
            told = "There is no such domain."
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
