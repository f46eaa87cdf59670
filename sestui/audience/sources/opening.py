"""Open files, standard input, gzip and zip as plain seekable bytes."""

import gzip
import os
import shutil
import stat
import sys
import tempfile
import zipfile
import zlib
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from sestui.core.text import printable
from sestui.errors import BadFileError, StorageError

STANDARD_INPUT = Path("-")

_PIECE = 1024 * 1024
MAX_UNPACKED = 8 * 1024**3
"""The most bytes of an unpacked file."""
_TRUSTED = 64 * 1024 * 1024
_MAX_RATIO = 250
"""The most compression beyond 64 MB; contacts never reach it, but a zip bomb does."""
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file's bytes, at their start."""

    file: BinaryIO
    name: str
    """The name for messages, printable."""
    notes: tuple[str, ...] = ()
    """The archive it comes from."""
    is_workbook: bool = False
    """Whether it is an xlsx."""
    members: tuple[str, ...] = ()
    """Its names within archives, which may tell its contacts' status."""


def open_contacts(path: Path) -> OpenedFile:
    """Open a file, ``-`` for standard input; a packed one is unpacked to a temporary file.

    Raises:
        BadFileError: it is missing, a folder, a pipe, this user may not read it, or it can't be
            unpacked.
        StorageError: the disk for temporary files is full.
    """
    if path == STANDARD_INPUT:
        name, file = "standard input", _spooled(sys.stdin.buffer)
    else:
        name, file = printable(str(path)), _open_regular(path)
    try:
        return _unpacked(file, name)
    except BaseException:
        file.close()
        raise


def _open_regular(path: Path) -> BinaryIO:
    name = printable(str(path))
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise BadFileError(f"{name} is a folder; name a CSV file in it.")
        if not stat.S_ISREG(mode):
            raise BadFileError(
                f"{name} is not a regular file; save it to one first, or give it as standard "
                "input with -."
            )
        return path.open("rb")
    except FileNotFoundError as error:
        raise BadFileError(f"There is no file {name}.") from error
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "that is not a file name"
        raise BadFileError(f"{name} can't be read: {said}.") from error


def _unpacked(file: BinaryIO, name: str) -> OpenedFile:
    head = file.read(4)
    file.seek(0)
    if head.startswith(_GZIP):
        with closing(file), gzip.GzipFile(fileobj=file) as packed:
            inner = _spooled(packed, name=name, packed_size=_size(file))
        opened = _unpacked(inner, name)
        return replace(opened, notes=("unpacked from gzip", *opened.notes))
    if head != _ZIP:
        return OpenedFile(file, name)
    try:
        archive = zipfile.ZipFile(file)
        if _is_workbook(archive.namelist(), name):
            _check_size(sum(each.file_size for each in archive.infolist()), _size(file), name)
            file.seek(0)
            return OpenedFile(file, name, is_workbook=True)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _not_unpacked(name, error) from error
    with closing(file), archive:
        member = _only_member(archive, name)
        inner = unpack(archive, member, name)
    inside = printable(PurePosixPath(member.filename).name)
    head = inner.read(4)
    inner.seek(0)
    packed_again = head.startswith((_GZIP, _ZIP))
    opened = _unpacked(inner, name) if packed_again else OpenedFile(inner, name)
    return replace(
        opened,
        notes=(f"{inside} of the zip", *opened.notes),
        members=(inside, *opened.members),
    )


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> BinaryIO:
    """Unpack a file of an archive to an unnamed temporary one; ``name`` is for messages.

    Raises:
        BadFileError: it can't be unpacked, or becomes far too big.
        StorageError: the disk for temporary files is full.
    """
    if member.flag_bits & 1:
        raise BadFileError(f"{name} is a zip archive with a password; unpack it first.")
    try:
        with archive.open(member) as packed:
            return _spooled(packed, name=name, packed_size=max(member.compress_size, 1))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _not_unpacked(name, error) from error


def _not_unpacked(name: str, error: Exception) -> BadFileError:
    return BadFileError(f"{name} is a zip archive that can't be unpacked: {printable(str(error))}.")


def _is_workbook(members: list[str], name: str) -> bool:
    if "[Content_Types].xml" in members and any(each.startswith("xl/") for each in members):
        return True
    if "mimetype" in members or "[Content_Types].xml" in members:
        raise BadFileError(f"{name} is a document that sestui can't read; save it as CSV or xlsx.")
    return False


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """The only file in it, ignoring those that macOS and Windows add."""
    members = [
        each
        for each in archive.infolist()
        if not each.is_dir()
        and not each.filename.startswith("__MACOSX/")
        and PurePosixPath(each.filename).name not in {".DS_Store", "Thumbs.db", "desktop.ini"}
    ]
    if not members:
        raise BadFileError(f"{name} is a zip archive without a file in it.")
    if len(members) > 1:
        names = ", ".join(printable(each.filename) for each in members[:5])
        raise BadFileError(
            f"{name} is a zip archive of {len(members):,} files ({names}"
            f"{', …' if len(members) > 5 else ''}); unpack it and import the one you mean."
        )
    return members[0]


def _spooled(source: _Readable, *, name: str = "", packed_size: int | None = None) -> BinaryIO:
    """Copy ``source`` to an unnamed temporary file, with a size limit if it is being unpacked."""
    target = tempfile.TemporaryFile()  # noqa: SIM115 # the caller's
    done = 0
    try:
        while piece := source.read(_PIECE):
            done += len(piece)
            if packed_size is not None:
                _check_size(done, packed_size, name)
            target.write(piece)
        target.flush()
    except (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile) as error:
        target.close()
        raise BadFileError(
            f"{name} can't be unpacked: {printable(str(error)).rstrip('.')}; is it complete?"
        ) from error
    except OSError as error:
        target.close()
        free = shutil.disk_usage(tempfile.gettempdir()).free
        raise StorageError(
            f"The folder for temporary files ({free / 1e6:,.0f} MB free) can't hold the file: "
            f"{error.strerror}; point TMPDIR to a bigger one."
        ) from error
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def _check_size(unpacked: int, packed: int, name: str) -> None:
    if unpacked > MAX_UNPACKED or (unpacked > _TRUSTED and unpacked > packed * _MAX_RATIO):
        raise BadFileError(
            f"{name} unpacks to more than {min(unpacked, MAX_UNPACKED) / 1e6:,.0f} MB, far too "
            "much for a list of contacts; unpack it yourself if you trust it."
        )


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
