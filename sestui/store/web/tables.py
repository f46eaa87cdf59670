"""Recipients' choices on the unsubscribe page, kept as the record of their consent."""

from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class PreferenceChange(SQLModel, table=True):
    """One choice of a contact, with everything that undoing it needs."""

    __tablename__ = "preference_change"

    id: int = Field(default=None, primary_key=True)
    contact_id: int | None = Field(
        default=None, foreign_key="contact.id", ondelete="SET NULL", index=True
    )
    """None once the contact has been erased."""
    delivery_id: int | None = Field(default=None)
    """The mail whose link was followed."""
    at: float
    choice: str
    """A ``core.contact.preferences.ReaderChoice``."""
    source: str
    """A ``core.contact.preferences.Source``."""
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """The values before, and what was written."""
    undone_at: float | None = Field(default=None)
