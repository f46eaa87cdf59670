"""Addresses erased on request: a keyed hash of each is left, so that nothing brings them back.

The key is in the database, so that every host and every copy recognises them: the hashes keep
addresses from being read, not from being tried by whoever has the database.
"""

import hmac
import json
import secrets
from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select, text

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.text import printable
from sestui.errors import StateError, StorageBusyError
from sestui.store.contacts.tables import ErasedAddress
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import SharedSetting

_ERASED = ErasedAddress.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
_SETTING = SharedSetting.__table__  # type: ignore[attr-defined] # as above

_KEY = "erasure_key"
_KEY_BYTES = 32
_DIGEST_BYTES = 16
_GATE = 0x5E5703  # any constant: what writes addresses shares it, an erasure has it alone
_TRIES = 100

_FOUND_SQLITE = text(
    "SELECT digest FROM erased_address WHERE digest IN (SELECT value FROM json_each(:digests))"
)
_FOUND_POSTGRESQL = text(
    "SELECT digest FROM erased_address WHERE digest IN "
    "(SELECT json_array_elements_text(CAST(:digests AS json)))"
)


def erased_among(connection: Connection, keys: Iterable[str]) -> frozenset[str]:
    """Those of the addresses that were erased; ``keys`` are in lower case, as given back."""
    secret = _secret(connection)
    if secret is None:
        return frozenset()
    by_digest = {_digest(secret, key): key for key in keys}
    found = _FOUND_SQLITE if connection.dialect.name == "sqlite" else _FOUND_POSTGRESQL
    digests = connection.execute(found, {"digests": json.dumps(list(by_digest))}).scalars()
    return frozenset(by_digest[each] for each in digests)


def is_erased(connection: Connection, key: str) -> bool:
    """Whether the address was erased."""
    return bool(erased_among(connection, [key]))


def refuse_erased(connection: Connection, key: str) -> None:
    """Refuse to take in an address that was erased.

    Raises: StateError: it was.
    """
    if is_erased(connection, key):
        raise StateError(
            f"{printable(key)} was erased on request and doesn't come back by itself.",
            by_option="If its owner asks for it, `sestui contact erase --allow-again EMAIL` "
            "lets it in.",
        )


def erased_at(connection: Connection, key: str) -> Instant | None:
    """When the address was erased; None if it wasn't."""
    secret = _secret(connection)
    if secret is None:
        return None
    when = select(_ERASED.c.erased_at).where(_ERASED.c.digest == _digest(secret, key))
    return connection.execute(when).scalar()


def note_erased(connection: Connection, key: str, now: Instant) -> None:
    """Remember that the address was erased; the first time stays."""
    if erased_at(connection, key) is not None:
        return
    secret = _secret(connection)
    if secret is None:
        secret = secrets.token_bytes(_KEY_BYTES)
        connection.execute(insert(_SETTING).values(name=_KEY, value=secret.hex()))
    row = {"digest": _digest(secret, key), "erased_at": now}
    connection.execute(insert(_ERASED).values(**row))


def allow_again(database: Database, key: str) -> bool:
    """Let the address come in again; False if it was not erased."""
    with database.write_connection() as connection:
        return forget_erased(connection, key)


def forget_erased(connection: Connection, key: str) -> bool:
    """The same within a transaction."""
    secret = _secret(connection)
    if secret is None:
        return False
    which = delete(_ERASED).where(_ERASED.c.digest == _digest(secret, key))
    return bool(connection.execute(which).rowcount)


def hold_off_erasure(connection: Connection) -> None:
    """Let no erasure come between asking who was erased and writing, in this transaction.

    To be called before the transaction locks anything. SQLite has one writer anyway.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:gate)"), {"gate": _GATE})


def hold_off_writers(connection: Connection) -> None:
    """Let nothing that calls :func:`hold_off_erasure` write until the transaction ends.

    It asks again and again instead of waiting in the queue, where others would wait behind it.

    Raises:
        StorageBusyError: an import or another long change is going on.
    """
    if connection.dialect.name == "sqlite":
        return
    for _ in range(_TRIES):
        ours = text("SELECT pg_try_advisory_xact_lock(:gate)")
        if connection.execute(ours, {"gate": _GATE}).scalar():
            return
        connection.execute(text("SELECT pg_sleep(0.05)"))
    raise StorageBusyError(
        "An import or the start of a run is going on, which has to end first; try again in a "
        "moment."
    )


def _secret(connection: Connection) -> bytes | None:
    kept = connection.execute(select(_SETTING.c.value).where(_SETTING.c.name == _KEY)).scalar()
    return bytes.fromhex(kept) if kept else None


def _digest(secret: bytes, key: str) -> str:
    plain = key if key.isascii() else address_key(key)
    return hmac.digest(secret, plain.encode(), "sha256")[:_DIGEST_BYTES].hex()
