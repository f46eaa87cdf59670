"""A campaign's files and drafts on the disk."""

from pathlib import Path

from sestui.atomic_write import write_whole
from sestui.core.text import printable
from sestui.errors import StorageError


def shown(path: Path) -> str:
    """The path as it may be printed."""
    return printable(str(path))


def write_file(path: Path, content: bytes, *, overwrite: bool, private: bool = False) -> None:
    """Write the whole file or nothing (:func:`sestui.atomic_write.write_whole`).

    Raises:
        FileExistsError: there is a file of that name, and ``overwrite`` isn't said.
        StorageError: it can't be written.
    """
    try:
        write_whole(path, content, overwrite=overwrite, private=private)
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise StorageError(f"{shown(path)} can't be written: {reason}.") from error
