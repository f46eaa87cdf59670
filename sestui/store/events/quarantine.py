"""Messages that could not be read as events, kept for the operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from sestui.core.clock import Instant
from sestui.errors import NotFoundError
from sestui.store.db.database import Database
from sestui.store.events.event_tables import QuarantinedEvent
from sestui.store.events.raw import compressed, uncompressed

_ROW = QuarantinedEvent.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message, and why it can't be read as an event."""

    body: bytes
    reason: str
    """A sentence."""


@dataclass(frozen=True, slots=True)
class QuarantinedMessage:
    """A message in quarantine."""

    id: int
    received_at: Instant
    reason: str
    body: bytes


class Quarantine:
    """The quarantine of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, messages: Sequence[Unreadable], now: Instant) -> int:
        """Keep these messages, each once; returns the number of new ones."""
        if not messages:
            return 0
        rows = {}
        for each in messages:
            key = blake2b(each.body, digest_size=16).digest()
            rows[key] = {
                "key": key,
                "received_at": now,
                "reason": each.reason,
                "raw": compressed(each.body),
            }
        with self._database.write_connection() as connection:
            dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
            statement = dialect.insert(_ROW).on_conflict_do_nothing(index_elements=["key"])
            added = connection.execute(
                statement.returning(_ROW.c.id), [rows[key] for key in sorted(rows)]
            )
            return len(added.all())

    def count(self) -> int:
        """How many messages there are."""
        with self._database.read_connection() as connection:
            return connection.execute(select(func.count()).select_from(_ROW)).scalar_one()

    def list(self, *, after: int = 0, most: int = 100) -> list[QuarantinedMessage]:
        """Messages after id ``after``, in the order of their arrival."""
        with self._database.read_connection() as connection:
            rows = connection.execute(
                select(_ROW).where(_ROW.c.id > after).order_by(_ROW.c.id).limit(most)
            ).all()
        return [
            QuarantinedMessage(row.id, row.received_at, row.reason, uncompressed(row.raw))
            for row in rows
        ]

    def get(self, message_id: int) -> QuarantinedMessage:
        """One message.

        Raises:
            NotFoundError: there is none of that id.
        """
        found = self.list(after=message_id - 1, most=1)
        if not found or found[0].id != message_id:
            raise NotFoundError(
                f"There is no message {message_id} in quarantine; "
                "`sestui events quarantine list` shows all."
            )
        return found[0]

    def drop(self, ids: Sequence[int] | None) -> int:
        """Delete messages for good, all of them for None; returns their number."""
        which = delete(_ROW) if ids is None else delete(_ROW).where(_ROW.c.id.in_(ids))
        with self._database.write_connection() as connection:
            return connection.execute(which).rowcount
