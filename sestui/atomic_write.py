"""Write files atomically.

A new file is written beside the one it will replace, and is renamed to it once it is complete and
synced. If writing fails, it is deleted; if the process is killed, the next write to the same name
on this machine deletes it.
"""

import os
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import IO, BinaryIO

from sestui.errors import StorageError

_PRIVATE = 0o600
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,9})")
_NAMED = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


@contextmanager
def staged(path: Path, *, private: bool = True, overwrite: bool = True) -> Iterator[Path]:
    """A temporary file, by its name, that becomes ``path`` when the block ends without an error.

    Links are followed. A ``private`` file has mode 0600; otherwise it keeps the permissions of the
    replaced one, or has the default ones.

    Raises:
        FileExistsError: there is a file of that name, and ``overwrite`` is false.
        OSError: it can't be written.
    """
    target = Path(os.path.realpath(path))
    start = _start(target)
    _sweep(target.parent, start)
    partial = target.with_name(f"{start}{os.getpid()}-{os.urandom(4).hex()}.partial")
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, _PRIVATE))
    try:
        yield partial
        if not private:
            partial.chmod(_mode(target))
        _sync(partial)
        if overwrite:
            partial.replace(target)
        else:
            os.link(partial, target)  # fails if there is one, even if it appeared just now
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if not overwrite:
        partial.unlink()


@contextmanager
def replacing(path: Path, *, private: bool = True, overwrite: bool = True) -> Iterator[BinaryIO]:
    """A byte stream whose content becomes ``path`` when the block ends (:func:`staged`).

    Raises:
        FileExistsError: there is a file of that name, and ``overwrite`` is false.
        OSError: it can't be written.
    """
    with (
        staged(path, private=private, overwrite=overwrite) as partial,
        partial.open("wb") as file,
    ):
        yield file


def write_atomically(
    path: Path, content: bytes, *, private: bool = True, overwrite: bool = True
) -> None:
    """Write a file atomically; it is synced when this returns (:func:`staged`).

    Raises:
        FileExistsError: there is a file of that name, and ``overwrite`` is false.
        OSError: it can't be written.
    """
    with replacing(path, private=private, overwrite=overwrite) as file:
        file.write(content)


@contextmanager
def text_output(out: Path) -> Iterator[IO[str]]:
    """A UTF-8 text stream to a file or device that the user names.

    A file is written atomically, with mode 0600, and replaces an existing one. Anything else (a
    device, a pipe, an open descriptor such as ``/dev/fd/3``) is written to directly.

    Raises:
        OSError: it can't be written.
    """
    if _is_to_be_replaced(out):
        with (
            replacing(out) as file,
            TextIOWrapper(file, encoding="utf-8", newline="") as text,
        ):
            yield text
    else:
        with open(_as_it_stands(out), "w", encoding="utf-8", newline="") as text:
            yield text


def _start(target: Path) -> str:
    """The prefix of this machine's temporary files for ``target``.

    It is a hash, as the target's name may have the maximal length.
    """
    of = zlib.crc32(f"{os.uname().nodename}/{target.name}".encode(errors="surrogateescape"))
    return f".sestui-{of:08x}-"


def _sweep(folder: Path, start: str) -> None:
    """Delete temporary files of killed processes."""
    with suppress(OSError):  # a folder that can't be listed may still be writable
        for name in os.listdir(folder):
            if name.startswith(start):
                process = name.removeprefix(start).partition("-")[0]
                if process.isdecimal() and not _is_alive(int(process)):
                    (folder / name).unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # another user's
    return True


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _is_to_be_replaced(out: Path) -> bool:
    """Whether it is a file or doesn't exist, and isn't a descriptor of this process."""
    if _descriptor(out) is not None:
        return False
    try:
        return stat.S_ISREG(out.stat().st_mode)
    except FileNotFoundError:
        return True


def _descriptor(out: Path) -> int | None:
    """The number of this process's descriptor that ``out`` names, or None."""
    found = _DESCRIPTOR.fullmatch(str(out))
    return int(found[1]) if found else _NAMED.get(str(out))


def _as_it_stands(out: Path) -> int:
    """Open a descriptor that writes to what is there."""
    number = _descriptor(out)
    # Reopening a descriptor by name would start at the file's beginning, and fails for a socket.
    return os.open(out, os.O_WRONLY) if number is None else os.dup(number)


def create_private(path: Path, what: str) -> None:
    """Create a database's folder (0700) and file (0600) before SQLite does it by the umask.

    An existing file is left alone: opening and closing it would drop the POSIX locks of this
    process's other connections. ``what`` is for errors, such as "The database".

    Raises:
        StorageError: it can't be created.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE))
    except FileExistsError:
        if path.parent.is_dir() and path.is_file():
            return
        raise StorageError(
            f"{what} {path} can't be opened: it is not a file in a folder; choose another place "
            "with SESTUI_DATA_DIR."
        ) from None
    except OSError as error:
        raise StorageError(
            f"{what} {path} can't be opened for writing: {error.strerror}; choose another folder "
            "with SESTUI_DATA_DIR."
        ) from error
