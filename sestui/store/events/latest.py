"""When the newest event came, and when the last mail left."""

from sqlalchemy import func
from sqlmodel import col, select

from sestui.core.clock import Instant
from sestui.store.db.database import Database
from sestui.store.db.tables import Run
from sestui.store.events.event_tables import EventRow


def latest_event(database: Database) -> Instant | None:
    """When the newest event was received; None if there is none."""
    query = select(EventRow.received_at).order_by(col(EventRow.id).desc()).limit(1)
    with database.read() as session:
        return session.exec(query).first()


def latest_mail(database: Database) -> Instant | None:
    """When the newest run with accepted mail ended, or else began; None if there is none."""
    query = (
        select(func.coalesce(Run.finished_at, Run.started_at))
        .where(col(Run.accepted) > 0)
        .order_by(col(Run.id).desc())
        .limit(1)
    )
    with database.read() as session:
        return session.exec(query).first()
