"""Folders of single processes, each locked until its process ends in any way."""

import fcntl
import os
import shutil
import uuid
from pathlib import Path
from typing import Self

from sestui.compose.write_file import shown
from sestui.errors import StorageError


class PrivateFolder:
    """A folder that only the user can read and only this process uses.

    Its lock file is beside it; an unlocked folder was left by a process that has ended.
    """

    def __init__(self, lock: Path, handle: int) -> None:
        self.path = lock.with_suffix("")
        self._lock = lock
        self._handle = handle

    @classmethod
    def new(cls, root: Path) -> Self:
        """A new folder in ``root``.

        Raises:
            StorageError: the disk doesn't take it.
        """
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            while (made := cls._held(root / f"{uuid.uuid4().hex}.lock")) is None:
                pass  # a sweeper was quicker
            made.path.mkdir(mode=0o700)
        except OSError as error:
            raise StorageError(f"{shown(root)} can't be written: {error.strerror}.") from error
        return made

    @classmethod
    def left(cls, root: Path) -> list[Self]:
        """Lock and return the folders in ``root`` whose processes have ended."""
        try:
            found = [cls._held(lock) for lock in sorted(root.glob("*.lock"))]
        except OSError as error:
            raise StorageError(f"{shown(root)} can't be read: {error.strerror}.") from error
        return [each for each in found if each is not None]

    @classmethod
    def _held(cls, lock: Path) -> Self | None:
        handle = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last holder may just have removed it; then the lock is void.
            if os.fstat(handle).st_ino == lock.stat().st_ino:
                return cls(lock, handle)
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(handle)
        return None

    def release(self) -> None:
        """Unlock the folder for other processes."""
        os.close(self._handle)

    def remove(self) -> None:
        """Delete it with its content."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.unlink(missing_ok=True)
        os.close(self._handle)
