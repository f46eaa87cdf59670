"""The tables of what processes share: the governor's row, each other, and settings."""

from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from sestui.core.delivery.states import WorkerRole


def _json() -> Any:
    return Column(JSON, nullable=False)


class GovernorRow(SQLModel, table=True):
    """The shared state of all processes that pace one SES account."""

    __tablename__ = "governor"

    account: str = Field(primary_key=True)
    tat: float = Field(default=0)
    """GCRA's theoretical arrival time: when the next mail may leave."""
    max_send_rate: float = Field(default=0)
    max_24_hour_send: float = Field(default=0)
    sent_24_hours: float = Field(default=0)
    """SentLast24Hours at the last poll."""
    looked_at: float = Field(default=0)
    taken: int = Field(default=0)
    """Mails ever handed over: grows with claims, shrinks when SES didn't accept a mail."""
    taken_at_look: int = Field(default=0)
    """``taken`` minus the mails in flight at the last poll; the used quota is sent_24_hours + taken
    - taken_at_look."""
    production_access: bool | None = Field(default=None)
    sending_enabled: bool = Field(default=True)
    enforcement_status: str = Field(default="")
    rate_control: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    """The state of ``core.delivery.rate_control`` as a mapping; empty initially."""


class Worker(SQLModel, table=True):
    """A process that claims deliveries or runs tasks, so that others can detect its death."""

    id: str = Field(primary_key=True)
    role: str = Field(default=WorkerRole.SENDER.value)
    host: str
    """Host, boot and process namespace, within which pids can be compared."""
    pid: int
    process_started_at: float
    """Guards against a reused pid."""
    heartbeat_at: float
    account: str = Field(default="")
    """For a sender: key of the account that it sends through."""


class SharedSetting(SQLModel, table=True):
    """A setting of the database rather than of one machine."""

    __tablename__ = "shared_setting"

    name: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(JSON))
