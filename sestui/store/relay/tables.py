"""The relay's tables: keys and mails.

Each key has its own campaign, with a run for each day that holds the deliveries.
"""

from sqlalchemy import JSON, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from sestui.core.relay.calls import permitted, shown


class RelayKey(SQLModel, table=True):
    """A key with which a program may send through the relay; its secret is not stored."""

    __tablename__ = "relay_key"

    id: str = Field(primary_key=True)
    """The access key id."""
    name: str = Field(index=True)
    """Only one key of a name is active; the others are revoked."""
    campaign_id: int = Field(foreign_key="campaign.id")
    """The campaign whose runs hold its mail."""
    senders: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Addresses and domains that it may send as; empty for any."""
    rate_share: float = Field(default=1)
    """Share of the account's rate, 0 to 1."""
    quota_share: float = Field(default=1)
    """Share of the 24-hour quota that sestui uses, 0 to 1."""
    send_only: bool = Field(default=False)
    """Refuse all calls but sends."""
    allow: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Calls that it may make besides sends; empty for the defaults of ``core.relay.calls``."""
    proof: str
    """Verifies that the derived secret is the original one."""
    created_at: float
    revoked_at: float | None = Field(default=None)

    @property
    def works(self) -> bool:
        """Whether it is active."""
        return self.revoked_at is None

    @property
    def state(self) -> str:
        """Its state in a word or two."""
        if not self.works:
            return "revoked"
        return "sends only" if self.send_only else "works"

    @property
    def permitted(self) -> frozenset[str] | None:
        """The calls that it may make besides sends; None for all."""
        return permitted(self.allow, senders=self.senders, send_only=self.send_only)

    @property
    def calls(self) -> str:
        """Its permitted calls, for people."""
        return shown(self.allow, senders=self.senders, send_only=self.send_only)


class RelayedMailRow(SQLModel, table=True):
    """A mail that the relay has admitted."""

    __tablename__ = "relayed_mail"
    __table_args__ = (Index("ix_relayed_mail_created", "created_at"),)

    id: int = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id")
    key_id: str = Field(foreign_key="relay_key.id")
    created_at: float
    retry_key: str | None = Field(default=None, unique=True, index=True)
    """Equal for retries of one call; None once they needn't be recognised."""
    replay_key: str | None = Field(default=None, unique=True, index=True)
    """Equal for repetitions of a signed request."""
    first_place: int
    """The recipient whose answer the client got."""


class RelayedPayload(SQLModel, table=True):
    """A relayed mail's content, kept as long as it is needed."""

    __tablename__ = "relayed_payload"

    mail_id: int = Field(primary_key=True, foreign_key="relayed_mail.id")
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """See ``ses_api.relayed.packed``."""


class RelayUsage(SQLModel, table=True):
    """A key's recipients in one hour, for its share of the quota."""

    __tablename__ = "relay_usage"

    key_id: str = Field(primary_key=True, foreign_key="relay_key.id")
    hour: int = Field(primary_key=True)
    """Hours since the epoch."""
    recipients: int = Field(default=0)
