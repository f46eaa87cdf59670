"""Writing files so that nobody ever finds half of one."""

import os
import tempfile
from pathlib import Path

from sestui.core.text import printable
from sestui.errors import StorageError

_PRIVATE = 0o600


def shown(path: Path) -> str:
    """The path as it may be printed."""
    return printable(str(path))


def write_file(path: Path, content: bytes, *, overwrite: bool, private: bool = False) -> None:
    """Write the whole file or nothing; it is on the disk when this returns.

    A file that is replaced keeps its permissions; a new one is for its owner alone if ``private``,
    else as everybody else's new files.

    Raises:
        FileExistsError: there is a file of that name, and ``overwrite`` isn't said.
        StorageError: it can't be written.
    """
    try:
        _write(Path(os.path.realpath(path)), content, overwrite=overwrite, private=private)
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise StorageError(f"{shown(path)} can't be written: {reason}.") from error


def _write(path: Path, content: bytes, *, overwrite: bool, private: bool) -> None:
    handle, name = tempfile.mkstemp(prefix=".sestui-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), _PRIVATE if private else _mode(path))
            os.fsync(stream.fileno())
        if overwrite:
            os.replace(name, path)
        else:
            os.link(name, path)  # fails where there is one, even if it appeared just now
            os.unlink(name)
    except BaseException:
        os.unlink(name)
        raise


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
