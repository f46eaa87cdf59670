"""The relay's keys with their secrets: given out once, known while they work."""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sestui.core.clock import Clock
from sestui.core.relay_intake import Terms
from sestui.errors import NotFoundError, SettingsError, UsageError
from sestui.relay import secret
from sestui.store.database import Database
from sestui.store.relay_keys import RelayKeys
from sestui.store.relay_tables import RelayKey

_FRESH_SECONDS = 2.0
"""A key that was revoked works no longer than this."""

_ASK_AGAIN_SECONDS = 0.05
"""An unknown key may be a new one: so soon after a look it isn't looked for again."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,93}")
_SENDER = re.compile(r"([^@\s]+@)?([a-z0-9-]+\.)*[a-z0-9-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that works."""

    name: str
    secret: str
    senders: tuple[str, ...]
    send_only: bool
    terms: Terms


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is told, once."""

    name: str
    access_key_id: str
    secret_access_key: str


class KeyMaker:
    """Makes, lists and revokes keys of the workspace ``folder``."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._keys = RelayKeys(database)
        self._folder = folder
        self._clock = clock

    def add(
        self,
        name: str,
        *,
        senders: Sequence[str] = (),
        rate_share: float = 1.0,
        quota_share: float = 1.0,
        send_only: bool = False,
    ) -> NewKey:
        """Make a key.

        Raises:
            UsageError: the name or a sender can't be one.
            StateError: a key of that name works.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} can't be a key's name; use letters, digits, '.', '_' and '-'."
            )
        for sender in senders:
            if not _SENDER.fullmatch(sender):
                raise UsageError(f"{sender!r} is neither an address nor a domain.")
        master = secret.load_or_create(self._folder)
        key_id = secret.new_key_id()
        self._keys.add(
            key_id,
            name,
            proof=master.proof_of(key_id),
            now=self._clock.now(),
            senders=senders,
            rate_share=rate_share,
            quota_share=quota_share,
            send_only=send_only,
        )
        return NewKey(name, key_id, master.secret_of(key_id))

    def all(self) -> Sequence[RelayKey]:
        """Every key, the newest first."""
        return self._keys.all()

    def revoke(self, name: str) -> RelayKey:
        """Let a key work no more.

        Raises:
            NotFoundError: no key of that name or id works.
        """
        return self._keys.revoke(name, self._clock.now())


class Keyring:
    """The keys that work, as the door knows them; any thread may ask."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        """``folder`` holds the secret.

        Raises:
            NotFoundError: there is no key.
            SettingsError: the secret isn't there, or isn't the one that made the keys.
        """
        self._keys = RelayKeys(database)
        self._clock = clock
        self._lock = threading.Lock()
        if not any(key.revoked_at is None for key in self._keys.all()):
            raise NotFoundError(
                "No relay key works, so nobody could send; make one with "
                "`sestui relay key add NAME`."
            )
        self._master = secret.load(folder)
        self._known = self._read()
        self._read_at = clock.monotonic()

    def find(self, key_id: str) -> KnownKey | None:
        """The key with that access key id if it works; None otherwise."""
        with self._lock:
            age = self._clock.monotonic() - self._read_at
            patience = _FRESH_SECONDS if key_id in self._known else _ASK_AGAIN_SECONDS
            if age > patience:
                self._known = self._read()
                self._read_at = self._clock.monotonic()
            return self._known.get(key_id)

    def any_secret(self, key_id: str) -> str:
        """A secret for a key that doesn't work: checking it takes as long as a right one."""
        return self._master.secret_of(key_id)

    def _read(self) -> dict[str, KnownKey]:
        working = [key for key in self._keys.all() if key.revoked_at is None]
        strangers = [key.name for key in working if key.proof != self._master.proof_of(key.id)]
        if strangers:
            raise SettingsError(
                f"The relay's secret is not the one that made the key {strangers[0]!r}: bring back "
                f"the file {secret.FILE_NAME}, or revoke the key and make a new one."
            )
        return {key.id: self._known_key(key) for key in working}

    def _known_key(self, key: RelayKey) -> KnownKey:
        return KnownKey(
            name=key.name,
            secret=self._master.secret_of(key.id),
            senders=tuple(key.senders),
            send_only=key.send_only,
            terms=Terms(key.id, key.campaign_id, key.rate_share, key.quota_share),
        )
