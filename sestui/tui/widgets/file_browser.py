"""The file system as one picks a file from it: folders, files of wanted kinds, completion."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sestui.core.text import printable
from sestui.core.typed_path import from_root
from sestui.errors import BadFileError, NotFoundError


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A folder or a file that may be picked."""

    name: str
    path: Path
    is_folder: bool
    size: int
    """Bytes; 0 for a folder."""
    changed_at: float


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed so far, as a place in the file system."""

    folder: Path
    start: str
    """What the name begins with; '' after a slash."""

    @property
    def path(self) -> Path:
        """The whole path."""
        return self.folder / self.start


def working_folder() -> Path:
    """The folder that sestui was started in, or home if it was deleted since."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path.home()


def as_typed(text: str, folder: Path) -> Typed:
    """Read a path as shells do: ``~`` is home, and it is relative to ``folder``.

    An absolute path behind another replaces it, as the field may have held a folder before.
    """
    place, slash, start = from_root(text).rpartition("/")
    if start in {"~", ".."} or (start == "." and slash):  # a folder as it is, not a beginning
        place, slash, start = from_root(text), "/", ""
    return Typed(Path(os.path.abspath(folder / _home(place + slash, folder))), start)


def as_shown(path: Path) -> str:
    """A folder's or file's path with ``~`` for home; '' if typed so it would be another one."""
    shown = str(path)
    home = str(Path.home())
    if shown == home or shown.startswith(f"{home}/"):
        shown = f"~{shown[len(home) :]}"
    return shown if shown.isprintable() and from_root(shown) == shown else ""


def entries(typed: Typed, endings: Collection[str]) -> list[FileEntry]:
    """What is in the folder and begins as typed: folders first, then files of those ``endings``.

    Hidden ones only where a dot was typed.

    Raises:
        NotFoundError: there is no such folder.
        BadFileError: it can't be read.
    """
    found: list[FileEntry] = []
    try:
        with os.scandir(typed.folder) as scanned:
            for each in scanned:
                if not each.name.casefold().startswith(typed.start.casefold()):
                    continue
                if each.name.startswith(".") and not typed.start.startswith("."):
                    continue
                entry = _entry(each, endings)
                if entry is not None:
                    found.append(entry)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise NotFoundError(f"There is no folder {printable(str(typed.folder))}.") from error
    except OSError as error:
        raise BadFileError(
            f"The folder {printable(str(typed.folder))} can't be read: {error.strerror}."
        ) from error
    return sorted(found, key=lambda entry: (not entry.is_folder, entry.name.casefold()))


def completion(text: str, folder: Path, endings: Collection[str]) -> str | None:
    """``text`` completed to the first folder (with a slash) or file that begins so; None: none."""
    typed = as_typed(text, folder)
    try:
        found = entries(typed, endings)
    except (NotFoundError, BadFileError):
        return None
    for entry in found:
        rest = entry.name[len(typed.start) :]
        if entry.name.startswith(typed.start) and entry.name.isprintable():
            completed = f"{text}{rest}{'/' if entry.is_folder else ''}"
            return completed if completed != text else None
    return None


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; whatever stands in the way is a no."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _home(text: str, folder: Path) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~nobody/
        return folder / text


def _entry(found: "os.DirEntry[str]", endings: Collection[str]) -> FileEntry | None:
    try:
        is_folder = found.is_dir()
        if not is_folder and not found.name.casefold().endswith(tuple(endings)):
            return None
        told = found.stat()
    except OSError:  # gone meanwhile, or a link that leads nowhere
        return None
    size = 0 if is_folder else told.st_size
    return FileEntry(found.name, Path(found.path), is_folder, size, told.st_mtime)
