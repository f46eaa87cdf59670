"""Records of imports, so that their rejects are not forgotten."""

from collections.abc import Sequence

from sqlmodel import col, select

from sestui.core.clock import Instant
from sestui.errors import NotFoundError
from sestui.store.contacts.tables import ImportRecord
from sestui.store.db.database import Database

_MOST_UNSEEN = 20


class Imports:
    """The records of imports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, *, file_name: str, list_name: str, contacts: int, rejects: int, now: Instant
    ) -> int:
        """Record an import; returns the record's id."""
        record = ImportRecord(
            file_name=file_name,
            list_name=list_name,
            contacts=contacts,
            rejects=rejects,
            finished_at=now,
        )
        with self._database.write() as session:
            session.add(record)
            session.flush()
            return record.id

    def unseen(self) -> Sequence[ImportRecord]:
        """Imports with rejects that the operator hasn't acknowledged, the newest 20 first."""
        with self._database.read() as session:
            return session.exec(
                select(ImportRecord)
                .where(col(ImportRecord.rejects) > 0, col(ImportRecord.seen_at).is_(None))
                .order_by(col(ImportRecord.id).desc())
                .limit(_MOST_UNSEEN)
            ).all()

    def seen(self, record_id: int, now: Instant) -> None:
        """Record that the operator has acknowledged its rejects.

        Raises:
            NotFoundError: there is no such import.
        """
        with self._database.write() as session:
            record = session.get(ImportRecord, record_id)
            if record is None:
                raise NotFoundError(f"There is no import with id {record_id}.")
            record.seen_at = now
