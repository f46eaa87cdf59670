"""Write a campaign's files and drafts."""

from pathlib import Path

from sestui.atomic_write import write_atomically
from sestui.core.text import printable
from sestui.errors import StorageError


def shown(path: Path) -> str:
    """The path, printable."""
    return printable(str(path))


def write_file(path: Path, content: bytes, *, overwrite: bool, private: bool = False) -> None:
    """Write a file atomically (:func:`sestui.atomic_write.write_atomically`).

    Raises:
        FileExistsError: there is a file of that name, and ``overwrite`` is false.
        StorageError: it can't be written.
    """
    try:
        write_atomically(path, content, overwrite=overwrite, private=private)
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise StorageError(f"{shown(path)} can't be written: {reason}.") from error
