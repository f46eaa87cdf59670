"""The tables of events, each stored once, and of messages that could not be read."""

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel


class EventRow(SQLModel, table=True):
    """One event; the row outlives its JSON, so that every outcome can be explained."""

    __tablename__ = "ses_event"
    __table_args__ = (
        Index(
            "ix_ses_event_delivery",
            "delivery_id",
            sqlite_where=text("delivery_id IS NOT NULL"),
            postgresql_where=text("delivery_id IS NOT NULL"),
        ),
        # Reports read a run's clicks, and what machines did, without its other events.
        Index(
            "ix_ses_event_click",
            "delivery_id",
            sqlite_where=text("kind = 'Click'"),
            postgresql_where=text("kind = 'Click'"),
        ),
        Index(
            "ix_ses_event_machine",
            "delivery_id",
            sqlite_where=text("by_machine"),
            postgresql_where=text("by_machine"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    key: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    """The same for two reports of one event."""
    delivery_id: int | None = Field(default=None)
    """None for another program's mail."""
    message_id: str
    kind: str
    """A ``core.delivery.events.EventKind``."""
    occurred_at: float
    mailed_at: float
    """When SES accepted the mail."""
    received_at: float
    type: str = Field(default="")
    sub_type: str = Field(default="")
    detail: str = Field(default="", sa_column=Column(Text, nullable=False))
    """The diagnostic, the reason or the link."""
    by_machine: bool = Field(default=False)
    """For opens and clicks: caused by a machine, not a person."""
    raw: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """The JSON, compressed (``store.events.raw``); None once purged."""


class QuarantinedEvent(SQLModel, table=True):
    """A message that could not be read as an event."""

    __tablename__ = "quarantined_event"

    id: int = Field(default=None, primary_key=True)
    key: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    """A digest of the message, so that it is kept only once."""
    received_at: float
    reason: str = Field(sa_column=Column(Text, nullable=False))
    """Why it can't be read, as a sentence."""
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
