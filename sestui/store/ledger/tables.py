"""What is noted of runs beside the ledger: when they were held, and how long SES takes."""

from sqlmodel import Field, SQLModel


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
