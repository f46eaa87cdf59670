"""The workspace's master secret, from which the secrets of relay keys are derived.

SigV4 needs the secret itself to verify a signature, so a hash wouldn't do; but the database holds
no secrets, as it is copied into backups. It holds key ids, from which this file (readable by its
owner only) derives secrets. A copy of the database without the file lets nobody send.
"""

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from pathlib import Path

from sestui.atomic_write import write_atomically
from sestui.errors import SettingsError, StorageError

FILE_NAME = "relay-secret"
_BYTES = 32


class MasterSecret:
    """Derives keys' secrets."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def secret_of(self, key_id: str) -> str:
        """The secret access key of an access key id: 40 characters, like AWS's."""
        digest = hmac.digest(self._secret, f"secret:{key_id}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode()[:40]

    def proof_of(self, key_id: str) -> str:
        """A digest stored with the key, to verify that it was made with this file."""
        return hashlib.sha256(f"proof:{self.secret_of(key_id)}".encode()).hexdigest()[:16]


def new_key_id() -> str:
    """A new access key id, shaped like AWS's but with another prefix."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "SRLY" + "".join(secrets.choice(letters) for _ in range(16))


def load(folder: Path) -> MasterSecret:
    """The secret in ``folder``.

    Raises:
        SettingsError: it is missing or unreadable, or others may read it.
    """
    path = folder / FILE_NAME
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(
                f"{path} may be read by others; make it private (chmod 600) and revoke the keys."
            )
        text = path.read_text(encoding="ascii").strip()
        secret = bytes.fromhex(text)
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path} is missing, and no relay key works without it: copy it from where the keys "
            "were made, or revoke them and make new ones with `sestui relay key add NAME`."
        ) from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} can't be read as the relay's secret: {error}.") from error
    if len(secret) != _BYTES:
        raise SettingsError(f"{path} is not a relay's secret: it must hold 64 hexadecimal digits.")
    return MasterSecret(secret)


def load_or_create(folder: Path) -> MasterSecret:
    """The secret in ``folder``, created if it is missing.

    Raises:
        SettingsError: see :func:`load`.
        StorageError: it can't be written.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            write_atomically(path, f"{secrets.token_hex(_BYTES)}\n".encode(), overwrite=False)
    except OSError as error:
        raise StorageError(f"{path} can't be written: {error.strerror}.") from error
    return load(folder)
