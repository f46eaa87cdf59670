"""Suppressed addresses and domains."""

from typing import Any

from sqlalchemy import Connection, insert
from sqlmodel import col, select

from sestui.core.clock import Instant
from sestui.core.delivery.states import MANUAL
from sestui.core.text import printable
from sestui.store.contacts.changes.bulk import kept_before
from sestui.store.contacts.changes.journal import (
    QUICKLY_FORGOTTEN,
    ROW,
    ChangeKind,
    begin,
    finish,
    forget_old,
    record,
)
from sestui.store.contacts.erased import hold_off_erasure, is_erased
from sestui.store.db.database import Database
from sestui.store.db.tables import Suppression


class Suppressions:
    """The suppressions by the keys of ``suppression_key``; ``@example.org`` is a whole domain."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, email_key: str) -> Suppression | None:
        """The suppression of an address or of its domain; None if there is none."""
        keys = (email_key, f"@{email_key.rpartition('@')[2]}")
        query = select(Suppression).where(col(Suppression.email_key).in_(keys))
        with self._database.read() as session:
            found = {each.email_key: each for each in session.exec(query)}
        return found.get(keys[0]) or found.get(keys[1])

    def add(self, email_key: str, reason: str, detail: str, now: Instant) -> bool:
        """Suppress the key; False if it is suppressed already, or erased: it gets no mail then.

        Only suppressions by an operator can be undone. One of a bounce or complaint that an
        operator repeats is kept, also where SES's list releases the address.
        """
        with self._database.write() as session:
            hold_off_erasure(session.connection())
            if is_erased(session.connection(), email_key):
                return False
            found = session.get(Suppression, email_key, with_for_update=True)
            if found is not None:
                if reason == MANUAL != found.reason and not found.kept:
                    _note_suppressed(session.connection(), found, now, kept_before())
                    found.kept = True
                    session.add(found)
                return False
            made = Suppression(email_key=email_key, reason=reason, detail=detail, created_at=now)
            if reason == MANUAL:
                _note_suppressed(session.connection(), made, now)
            session.add(made)
        return True

    def remove(self, email_key: str, now: Instant) -> bool:
        """Remove the key's suppression; False if there is none."""
        with self._database.write() as session:
            found = session.exec(
                select(Suppression).where(col(Suppression.email_key) == email_key).with_for_update()
            ).one_or_none()
            if found is None:
                return False
            record(
                session.connection(),
                ChangeKind.UNSUPPRESSED,
                f"Allowed mail to {printable(email_key)} again",
                now,
                found.model_dump(),
            )
            session.delete(found)
        return True


def _note_suppressed(
    connection: Connection, one: Suppression, now: Instant, before: dict[str, Any] | None = None
) -> None:
    forget_old(connection, now, most=QUICKLY_FORGOTTEN)
    change = begin(connection, ChangeKind.SUPPRESSED, now)
    row = {"change_id": change, "contact_id": 0, "list_id": 0, "value": one.email_key}
    connection.execute(insert(ROW).values(**row, at=one.created_at, before=before))
    finish(connection, change, f"Suppressed {printable(one.email_key)}", 1)
