"""The keys of unsubscribe links: secrets in a file of the workspace, their ids in the database.

The secrets aren't in the database, as it is copied into backups. The ids are, so that a host
without the file, or with another one, doesn't seal links that the page's host can't open.
"""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlmodel import Session

from sestui.atomic_write import write_atomically
from sestui.core.delivery.unsubscribe_token import LinkKey
from sestui.errors import SettingsError, StorageError
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import SharedSetting

FILE_NAME = "unsubscribe-keys"
_BYTES = 32
_KNOWN = "unsubscribe_keys"


class LinkKeys:
    """The keys of the workspace ``folder``, for links to the page of ``database``."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._path = folder / FILE_NAME

    def current(self) -> LinkKey:
        """The key that seals new links; made now if there is none at all.

        Raises:
            SettingsError: the database knows keys, and this host has none of them.
            StorageError: the file can't be written.
        """
        known, held = self.known(), self.held()
        usable = [key for key_id, key in held.items() if key_id in known]
        if usable:
            return usable[-1]
        if known:
            raise SettingsError(
                f"{self._path} is missing, or has none of the keys of this database's unsubscribe "
                "links: copy it from the host that serves the page (`sestui web`)."
            )
        return self._first()

    def held(self) -> Mapping[str, LinkKey]:
        """The keys in the file by id, oldest first; none if there is no file.

        Raises:
            SettingsError: it can't be read, or others may read it.
        """
        try:
            if self._path.stat().st_mode & 0o077:
                raise SettingsError(
                    f"{self._path} may be read by others; make it private (chmod 600)."
                )
            lines = self._path.read_text(encoding="ascii").split()
            found = [LinkKey(bytes.fromhex(line)) for line in lines]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"{self._path} can't be read as the keys of unsubscribe links; copy it from "
                "another host or from your backup."
            ) from error
        if not found or any(len(key.secret) != _BYTES for key in found):
            raise SettingsError(
                f"{self._path} does not hold keys of unsubscribe links: each line must have 64 "
                "hexadecimal digits."
            )
        return {key.id: key for key in found}

    def known(self) -> Sequence[str]:
        """The ids of all keys that have sealed links of this database, oldest first."""
        with self._database.read() as session:
            return _known(session)

    def missing(self) -> Sequence[str]:
        """The ids of known keys that this host lacks, so that it can't open their links."""
        held = self.held()
        return [key_id for key_id in self.known() if key_id not in held]

    def rotate(self) -> LinkKey:
        """Make a new key for new links; old ones go on working.

        Raises:
            SettingsError: as :meth:`current`.
            StorageError: the file can't be written.
        """
        self.current()
        key = LinkKey(secrets.token_bytes(_BYTES))
        self._write([*self.held().values(), key], overwrite=True)
        self._note([key.id])
        return key

    def _first(self) -> LinkKey:
        held = list(self.held().values())
        if not held:
            held = [LinkKey(secrets.token_bytes(_BYTES))]
            try:
                self._write(held, overwrite=False)
            except FileExistsError:  # another process was quicker
                held = list(self.held().values())
        self._note([key.id for key in held], only_if_first=True)
        return self.current() if held[-1].id not in self.known() else held[-1]

    def _write(self, keys: Sequence[LinkKey], *, overwrite: bool) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            text = "".join(f"{key.secret.hex()}\n" for key in keys)
            write_atomically(self._path, text.encode(), overwrite=overwrite)
        except FileExistsError:
            raise
        except OSError as error:
            raise StorageError(f"{self._path} can't be written: {error.strerror}.") from error

    def _note(self, ids: Sequence[str], *, only_if_first: bool = False) -> None:
        with self._database.write() as session:
            row = session.get(SharedSetting, _KNOWN, with_for_update=True)
            known = list(row.value) if row else []
            if known and only_if_first:
                return
            session.merge(SharedSetting(name=_KNOWN, value=[*known, *ids]))


def _known(session: Session) -> list[str]:
    row = session.get(SharedSetting, _KNOWN)
    return list(row.value) if row else []
