"""The table of reminders."""

from sqlmodel import Field, SQLModel


class Reminder(SQLModel, table=True):
    """The last reminder of something that needs attention."""

    subject: str = Field(primary_key=True)
    """A ``core.schedule.reminders.Subject``."""
    subject_id: int = Field(primary_key=True)
    state: str
    """The reported state; a change of it is reported at once."""
    told_at: float
