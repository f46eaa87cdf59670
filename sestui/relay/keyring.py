"""Cache of the relay's active keys with their secrets."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sestui.core.clock import Clock
from sestui.errors import NotFoundError, SettingsError
from sestui.ses_api.relay_admission import Terms
from sestui.store.db.database import Database
from sestui.store.relay import secret as relay_secret
from sestui.store.relay.keys import RelayKeys
from sestui.store.relay.tables import RelayKey

_FRESH_SECONDS = 2.0
"""Interval of reading all keys, and so the longest time that a revoked key works."""

_MOST_UNKNOWN = 40
"""Unknown keys that are looked up between two reads of all keys, so that invalid requests can't
keep the database busy."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """An active key."""

    name: str
    secret: str = field(repr=False)
    senders: tuple[str, ...]
    """Addresses and domains that it may send as; empty for any."""
    calls: frozenset[str] | None
    """Calls that it may make besides sends; None for all."""
    terms: Terms

    def may_call(self, name: str) -> bool:
        """Whether it may make a call that isn't a send; '' is an unknown call."""
        return self.calls is None or name in self.calls


class Keyring:
    """The active keys; thread-safe."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        """``folder`` holds the master secret.

        Raises:
            NotFoundError: there is no active key.
            SettingsError: the secret is missing, or isn't the one that made the keys.
        """
        self._keys = RelayKeys(database)
        self._clock = clock
        self._lock = threading.Lock()
        if not any(key.revoked_at is None for key in self._keys.all()):
            raise NotFoundError(
                "There is no active relay key, so nothing could be sent; create one with "
                "`sestui relay key add NAME`."
            )
        self._master = relay_secret.load(folder)
        self._known: dict[str, KnownKey] = {}
        self._unknown: set[str] = set()
        """Ids looked up in vain since all keys were read."""
        self._read_at = 0.0
        self._read()

    def find(self, key_id: str) -> KnownKey | None:
        """The active key with this access key id, or None."""
        with self._lock:
            if self._clock.monotonic() - self._read_at > _FRESH_SECONDS:
                self._read()
            if key_id not in self._known and key_id not in self._unknown:
                self._look_up(key_id)
            return self._known.get(key_id)

    def any_secret(self, key_id: str) -> str:
        """A secret for an unknown key, so that its check takes the same time."""
        return self._master.secret_of(key_id)

    def _read(self) -> None:
        self._read_at = self._clock.monotonic()
        self._known = self._working(self._keys.all())
        self._unknown.clear()

    def _look_up(self, key_id: str) -> None:
        """Look up a key that may be new."""
        if len(self._unknown) < _MOST_UNKNOWN:
            key = self._keys.by_id(key_id)
            found = self._working([key] if key else [])
            self._known |= found
            if not found:
                self._unknown.add(key_id)

    def _working(self, keys: Iterable[RelayKey]) -> dict[str, KnownKey]:
        working = [key for key in keys if key.revoked_at is None]
        strangers = [key.name for key in working if key.proof != self._master.proof_of(key.id)]
        if strangers:
            raise SettingsError(
                f"The relay's secret is not the one that made the key {strangers[0]!r}: bring back "
                f"the file {relay_secret.FILE_NAME}, or revoke the key and make a new one."
            )
        return {key.id: self._known_key(key) for key in working}

    def _known_key(self, key: RelayKey) -> KnownKey:
        return KnownKey(
            name=key.name,
            secret=self._master.secret_of(key.id),
            senders=tuple(key.senders),
            calls=key.permitted,
            terms=Terms(key.id, key.campaign_id, key.rate_share, key.quota_share),
        )
