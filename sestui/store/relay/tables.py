"""The relay's tables: who may use it, and the mails it took over.

Each key has a campaign of its own, whose runs hold the deliveries: one run a day.
"""

from sqlalchemy import JSON, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from sestui.core.relay.calls import permitted, shown


class RelayKey(SQLModel, table=True):
    """A program that may send through the relay. Its secret is derived, and stored nowhere."""

    __tablename__ = "relay_key"

    id: str = Field(primary_key=True)
    """The access key id."""
    name: str = Field(index=True)
    """One key of a name works at a time; those before it are revoked."""
    campaign_id: int = Field(foreign_key="campaign.id")
    """The campaign whose runs hold what it relayed."""
    senders: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Addresses and domains it may send as; none: any."""
    rate_share: float = Field(default=1)
    """Of the account's rate, 0 to 1."""
    quota_share: float = Field(default=1)
    """Of the 24-hour quota that sestui allows itself, 0 to 1."""
    send_only: bool = Field(default=False)
    """Calls other than sends are refused."""
    allow: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Calls that it may make beside sends; none: what its other bounds leave (core.relay_calls)."""
    proof: str
    """Tells whether the secret derived now is the one that was given out."""
    created_at: float
    revoked_at: float | None = Field(default=None)

    @property
    def works(self) -> bool:
        """Whether it was not revoked."""
        return self.revoked_at is None

    @property
    def state(self) -> str:
        """What it is good for now, in a word or two."""
        if not self.works:
            return "revoked"
        return "sends only" if self.send_only else "works"

    @property
    def permitted(self) -> frozenset[str] | None:
        """The calls that it may make beside sends; None: every one."""
        return permitted(self.allow, senders=self.senders, send_only=self.send_only)

    @property
    def calls(self) -> str:
        """What it may call, for people."""
        return shown(self.allow, senders=self.senders, send_only=self.send_only)


class RelayedMailRow(SQLModel, table=True):
    """One mail that was taken over, whoever it is for."""

    __tablename__ = "relayed_mail"
    __table_args__ = (Index("ix_relayed_mail_created", "created_at"),)

    id: int = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id")
    key_id: str = Field(foreign_key="relay_key.id")
    created_at: float
    retry_key: str | None = Field(default=None, unique=True, index=True)
    """Equal for a client's retries of one call; None once they need not be told any more."""
    replay_key: str | None = Field(default=None, unique=True, index=True)
    """Equal for one request that comes again, signature and all."""
    first_place: int
    """Which of its recipients was answered for."""


class RelayedPayload(SQLModel, table=True):
    """What a relayed mail says: once, however many recipients, and only as long as it is needed."""

    __tablename__ = "relayed_payload"

    mail_id: int = Field(primary_key=True, foreign_key="relayed_mail.id")
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """See ``core.relayed.packed``."""


class RelayUsage(SQLModel, table=True):
    """How many recipients a key handed over in an hour, for its share of the quota."""

    __tablename__ = "relay_usage"

    key_id: str = Field(primary_key=True, foreign_key="relay_key.id")
    hour: int = Field(primary_key=True)
    """Hours since the epoch."""
    recipients: int = Field(default=0)
