"""Make relay keys; a key's secret is shown only then."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sestui.core.clock import Clock
from sestui.core.relay.key import KeyFields
from sestui.store.db.database import Database
from sestui.store.relay import secret as relay_secret
from sestui.store.relay.keys import RelayKeys
from sestui.store.relay.tables import RelayKey


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key, with its secret."""

    name: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @property
    def environment(self) -> str:
        """Two lines for a program's environment."""
        return (
            f"AWS_ACCESS_KEY_ID={self.access_key_id}\n"
            f"AWS_SECRET_ACCESS_KEY={self.secret_access_key}"
        )


class KeyMaker:
    """Makes, lists and revokes keys of the workspace ``folder``."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._keys = RelayKeys(database)
        self._folder = folder
        self._clock = clock

    def add(self, fields: KeyFields) -> NewKey:
        """Make a key.

        Raises:
            UsageError: a field is invalid. StateError: there is an active key of that name.
        """
        fields.check()
        master = relay_secret.load_or_create(self._folder)
        key_id = relay_secret.new_key_id()
        self._keys.add(
            key_id,
            fields.name,
            proof=master.proof_of(key_id),
            now=self._clock.now(),
            senders=fields.senders,
            rate_share=fields.rate_share,
            quota_share=fields.quota_share,
            send_only=fields.send_only,
            allow=fields.allow,
        )
        return NewKey(fields.name, key_id, master.secret_of(key_id))

    def all(self) -> Sequence[RelayKey]:
        """All keys, newest first."""
        return self._keys.all()

    def revoke(self, name: str) -> RelayKey:
        """Revoke a key by its name or access key id.

        Raises:
            NotFoundError: there is no such active key.
        """
        return self._keys.revoke(name, self._clock.now())
