"""The files of an export: a folder, or a zip archive of one."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from sestui.audience.sources.opening import OpenedFile, open_contacts, unpack
from sestui.core.text import printable
from sestui.errors import BadFileError

_MAX_TEXT = 8 * 1024 * 1024
"""Bytes of a mail's file; a mail itself has 40 MB at most, and its HTML far less."""


class ExportFiles:
    """The files below a folder or in a zip archive, by name; close it or use it as a context.

    Raises:
        BadFileError: it is neither, or can't be read.
    """

    def __init__(self, path: Path) -> None:
        self.name = printable(str(path))
        self._path = path
        self._archive: zipfile.ZipFile | None = None
        if path.is_dir():
            found = (each for each in path.rglob("*") if each.is_file())
            self._names = sorted(each.relative_to(path).as_posix() for each in found)
            return
        try:
            self._archive = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise BadFileError(f"There is no file {self.name}.") from error
        except (OSError, zipfile.BadZipFile) as error:
            raise BadFileError(
                f"{self.name} is neither a folder nor a zip archive that can be read."
            ) from error
        members = self._archive.infolist()
        self._members = {each.filename: each for each in members if not each.is_dir()}
        self._names = sorted(self._members)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._archive is not None:
            self._archive.close()

    @property
    def names(self) -> list[PurePosixPath]:
        """Names within the export, sorted, without those that macOS and Windows add."""
        names = map(PurePosixPath, self._names)
        return [
            name
            for name in names
            if "__MACOSX" not in name.parts and not name.name.startswith((".", "Thumbs.db"))
        ]

    @contextmanager
    def opened(self, name: PurePosixPath) -> Iterator[OpenedFile]:
        """One of the files.

        Raises:
            BadFileError: it can't be unpacked.
            StorageError: the disk for temporary files is full.
        """
        if self._archive is None:
            opened = open_contacts(self._path / name)
        else:
            shown = f"{self.name}: {printable(str(name))}"
            opened = OpenedFile(unpack(self._archive, self._members[str(name)], shown), shown)
        with opened.file:
            yield opened

    def text(self, name: PurePosixPath) -> str | None:
        """The text of a mail's file; None if it is too big for a mail.

        Raises:
            BadFileError: it can't be unpacked.
        """
        with self.opened(name) as opened:
            content = opened.file.read(_MAX_TEXT + 1)
        return _decoded(content) if len(content) <= _MAX_TEXT else None


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace").replace("\0", "")
