"""Tables of a run's course: SES's answers, their times, and holds."""

from sqlmodel import Field, Index, SQLModel


class AnsweredSlice(SQLModel, table=True):
    """How SES answered a run's mails within a second, or ten; no row where no answer came.

    Plots of rates read these few rows instead of the deliveries.
    """

    __tablename__ = "answered_slice"
    __table_args__ = (Index("ix_answered_slice_at", "at"),)

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    at: int = Field(primary_key=True)
    """Its start in seconds since the epoch: any in a run's first ten minutes (by which most runs
    are over), a multiple of ten later."""
    accepted: int = Field(default=0)
    rejected: int = Field(default=0)
    in_doubt: int = Field(default=0)
    throttled: int = Field(default=0)
    """Answers by which SES held back the rate; those mails are tried again."""


class RunHold(SQLModel, table=True):
    """A run was held from an instant on; its next answered slice ends that."""

    __tablename__ = "run_hold"

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    at: float = Field(primary_key=True)
    label: str
    """``paused``, or the WaitReason for which it waited."""


class AnswerTime(SQLModel, table=True):
    """How many of a run's answers took about so long."""

    __tablename__ = "answer_time"

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    step: int = Field(primary_key=True)
    """See ``core.delivery.series``."""
    count: int
