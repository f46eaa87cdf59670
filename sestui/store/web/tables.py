"""What people chose on the pages: the record of their consent, and requests to subscribe."""

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


class SubscriptionRequest(SQLModel, table=True):
    """Somebody filled in the subscribe form; deleted after some days, confirmed or not."""

    __tablename__ = "subscription_request"

    id: int = Field(default=None, primary_key=True)
    email: str
    """As the contact would have it."""
    email_key: str = Field(index=True)
    name: str
    """The first name; '' if none was given."""
    lists: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """Names of the lists to join."""
    lang: str
    """The form's language, and the mail's."""
    asked_at: float = Field(index=True)
    delivery_id: int = Field(unique=True, index=True)
    """The mail that asks to confirm it."""
    confirmed_at: float | None = Field(default=None)
