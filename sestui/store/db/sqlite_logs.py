"""Check that the logs next to a SQLite database belong to it, before SQLite reads them.

SQLite replays any ``NAME-wal`` and rolls back any ``NAME-journal``, even into another file that was
copied there: a backup put next to the log of a crash would be corrupted. This module imports only
the standard library, as every ``run-due`` uses it.

Detected are: a database in rollback mode with a WAL (sestui's are in WAL mode then); a missing,
empty or invalid database with a non-empty log; a log with another page size, or with a damaged
header; a first page that doesn't match the log's copies of it; missing pages. A copy that differs
in other pages only is not detected here but by its epoch (:mod:`sestui.store.db.lineage`).
"""

import glob
import os
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from sestui.errors import StorageError

LOGS = ("-wal", "-shm", "-journal")
"""Suffixes of SQLite's files next to a database."""

ASIDE = ".before-"
"""In the name of a database that a restore has kept, before the time."""

_LOOK_AGAIN_SECONDS = 0.05

_MAGIC = b"SQLite format 3\0"
_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_WAL_MAGICS = (0x377F0682, 0x377F0683)
_WAL_HEADER, _FRAME_HEADER = 32, 24
_COUNTER, _PAGES, _FREE, _SCHEMA = slice(24, 28), slice(28, 32), slice(36, 40), slice(40, 44)
"""Offsets in the first page: change counter, pages, free pages, and schema cookie."""

_WAY_OUT = (
    "`sestui restore FILE` puts a backup in its place and keeps what is there aside; if that file "
    "is the backup, move it to another folder and restore it from there."
)


def check_logs(database: Path) -> None:
    """Refuse a database whose logs can't be its own.

    This process must not have the database open, as reading it would drop its locks.

    Raises:
        StorageError: SQLite would mix two databases, or discard a log.
    """
    real = Path(os.path.realpath(database))
    fault = _fault(real)
    if fault and _finished(real):
        fault = _fault(real)
    if fault:
        # Check again, as another process may just be creating or changing it.
        time.sleep(_LOOK_AGAIN_SECONDS)
        if _fault(real) == fault:
            raise StorageError(f"{fault} {_WAY_OUT}")


def is_sqlite(database: Path) -> bool:
    """Whether the file has SQLite's header."""
    with database.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def log_beside(database: Path, ending: str) -> Path:
    """The path of one of the database's :data:`LOGS`."""
    return database.with_name(database.name + ending)


def _finished(real: Path) -> bool:
    """Finish a restore that was killed before it deleted the old database's logs.

    They are linked next to the old database by then. Returns whether any were deleted.
    """
    asides = [
        each
        for each in real.parent.glob(f"{glob.escape(real.name)}{ASIDE}*")
        if not each.name.endswith(LOGS)
    ]
    if not real.is_file() or any(each.samefile(real) for each in asides):
        return False
    ended = False
    for ending in LOGS:
        log = log_beside(real, ending)
        kept = [each for aside in asides if (each := log_beside(aside, ending)).exists()]
        if log.exists() and any(each.samefile(log) for each in kept):
            log.unlink(missing_ok=True)
            ended = True
    return ended


def _fault(real: Path) -> str:
    """What is wrong with the logs of ``real``, as a sentence; '' if nothing is known."""
    before = _facts(real)
    (file, wal, _, journal) = before
    if not (_size(wal) or _size(journal)):
        return ""
    try:
        fault = _wal_fault(real, _size(file), _size(wal)) if _size(wal) else ""
        fault = fault or (_journal_fault(real, _size(file)) if _size(journal) else "")
    except OSError as error:
        return f"The database {real} can't be read: {error.strerror}."
    # If the files change, somebody has it open, and the logs are its own.
    return fault if _facts(real) == before else ""


_Facts = tuple[int, int, int] | None


def _facts(real: Path) -> tuple[_Facts, ...]:
    found: list[_Facts] = []
    for ending in ("", *LOGS):
        try:
            said = os.stat(f"{real}{ending}")
        except OSError:
            found.append(None)
        else:
            found.append((said.st_ino, said.st_size, said.st_mtime_ns))
    return tuple(found)


def _size(facts: _Facts) -> int:
    return facts[1] if facts else 0


def _wal_fault(real: Path, size: int, wal_size: int) -> str:
    wal = log_beside(real, "-wal")
    if not size:
        state = "is empty" if real.exists() else "is gone"
        return f"The database {real} {state}, and {wal.name} beside it has what was written last."
    head = _start(real)
    if head[:16] != _MAGIC:
        return f"{real} is not a database, and {wal.name} beside it is the log of one."
    another = f"{wal.name} beside the database {real} is the log of another one."
    if head[18] == 1 or head[19] == 1:
        return another
    if wal_size < _WAL_HEADER + _FRAME_HEADER:
        return ""
    handle = os.open(wal, os.O_RDONLY)
    try:
        return _log_fault(handle, real, size, another)
    finally:
        os.close(handle)


def _log_fault(handle: int, real: Path, size: int, another: str) -> str:
    start = os.pread(handle, _WAL_HEADER, 0)
    magic, _, page_size = struct.unpack(">3I", start[:12])
    if magic not in _WAL_MAGICS or _sum(start[:24], magic & 1, (0, 0)) != _words(start[24:]):
        return (
            f"{real.name}-wal beside the database {real} is damaged at its head: SQLite would "
            "throw away what was written last."
        )
    first = _start(real, page_size)
    if page_size != _page_size(first):
        return another
    if _read_log(handle, start, first, size // page_size, sure=False).fits:
        return ""
    # What looks wrong may be the torn end of the log, so check again with checksums.
    fits = _read_log(handle, start, first, size // page_size, sure=True).fits
    return "" if fits else another


@dataclass(slots=True)
class _Log:
    """Facts about a log's committed part, to compare with the database."""

    found: bytes
    """The database's first page."""
    pages: int
    """Number of pages in the database."""
    carried_over: bool = False
    """Whether the database's first page is one of the log's copies."""
    first: bytes = b""
    """The log's first copy of the first page; empty if there is none."""
    last: bytes = b""
    size: int = 0
    """Number of pages of the database with the log."""
    beyond: set[int] = field(default_factory=set)
    """Pages that only the log has."""

    def add(self, page: int, content: bytes) -> None:
        """Add a committed page; ``content`` only of the first page."""
        if page > self.pages:
            self.beyond.add(page)
        if page == 1:
            self.first = self.first or content
            self.last = content
            self.carried_over = self.carried_over or content == self.found

    @property
    def fits(self) -> bool:
        """Whether the log can belong to the database; False only if it certainly doesn't."""
        # Pages that neither has must be free pages (or the lock-byte page).
        free = int.from_bytes((self.last or self.found)[_FREE])
        if self.size - self.pages - len(self.beyond) > free + 1:
            return False
        if not self.first or self.carried_over:
            return True
        # Then it must be the page before the log's first copy. The counter rises by at most one,
        # and only VACUUM, which changes the schema cookie, shrinks a database.
        before, after = (int.from_bytes(each[_COUNTER]) for each in (self.found, self.first))
        if after - before not in {0, 1}:
            return False
        larger = int.from_bytes(self.found[_PAGES]) > int.from_bytes(self.first[_PAGES])
        return not larger or self.found[_SCHEMA] != self.first[_SCHEMA]


def _read_log(handle: int, start: bytes, first: bytes, pages: int, *, sure: bool) -> _Log:
    """Read the log's committed part, by its checksums (``sure``) or else its salts.

    ``first`` is the database's first page, ``pages`` their number.
    """
    magic, _, page_size = struct.unpack(">3I", start[:12])
    salts, running = start[16:24], _words(start[24:32])
    log, pending = _Log(first, pages), list[tuple[int, bytes]]()
    at = _WAL_HEADER
    while len(frame := os.pread(handle, _FRAME_HEADER, at)) == _FRAME_HEADER:
        page, commits = struct.unpack(">2I", frame[:8])
        if frame[8:16] != salts:
            break
        content = b""
        if sure or page == 1:
            content = os.pread(handle, page_size, at + _FRAME_HEADER)
            if len(content) < page_size:
                break
        if sure:
            running = _sum(content, magic & 1, _sum(frame[:8], magic & 1, running))
            if running != _words(frame[16:24]):
                break
        pending.append((page, content if page == 1 else b""))
        if commits:
            for each in pending:
                log.add(*each)
            pending.clear()
            log.size = commits
        at += _FRAME_HEADER + page_size
    return log


def _sum(content: bytes, big_endian: int, start: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum of a log, continued from ``start``."""
    first, second = start
    order = ">" if big_endian else "<"
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second


def _words(content: bytes) -> tuple[int, int]:
    first, second = struct.unpack(">2I", content[:8])
    return first, second


def _journal_fault(real: Path, size: int) -> str:
    """What is wrong with a hot rollback journal, as a sentence; or ''.

    Its copy of the first page has the database's change counter, or one less.
    """
    journal = log_beside(real, "-journal")
    handle = os.open(journal, os.O_RDONLY)
    try:
        start = os.pread(handle, 28, 0)
        if len(start) < 28 or start[:8] != _JOURNAL_MAGIC:
            return ""
        records, nonce, pages, sector, page_size = struct.unpack(">5I", start[8:])
        another = f"{journal.name} beside the database {real} is the journal of another one."
        if not size:
            return another if pages else ""  # a database that was being created
        head = _start(real)
        if head[:16] != _MAGIC or page_size != _page_size(head):
            return another
        old = _first_page(handle, records, nonce, sector, page_size)
    finally:
        os.close(handle)
    counter = int.from_bytes(head[_COUNTER])
    if old is None or counter - int.from_bytes(old[_COUNTER]) in {0, 1}:
        return ""
    return another


def _first_page(handle: int, records: int, nonce: int, sector: int, page_size: int) -> bytes | None:
    """The journal's copy of the first page; None if it has none with a valid checksum."""
    for number in range(records):
        record = os.pread(handle, page_size + 8, sector + number * (page_size + 8))
        if len(record) < page_size + 8:
            return None
        if int.from_bytes(record[:4]) == 1:
            page = record[4:-4]
            total = nonce + sum(page[page_size - 200 : 0 : -200])
            return page if total & 0xFFFFFFFF == int.from_bytes(record[-4:]) else None
    return None


def _start(real: Path, size: int = 100) -> bytes:
    with real.open("rb") as file:
        return file.read(size).ljust(size, b"\0")


def _page_size(head: bytes) -> int:
    size = int.from_bytes(head[16:18])
    return 65_536 if size == 1 else size
