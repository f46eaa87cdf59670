"""The tables, whose rows leave only detached. Instants are float seconds since the epoch, UTC."""

from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from sestui.core.campaign.fields import USUAL_MISFIRE_HOURS
from sestui.core.campaign.values import USUAL_SPLIT_SHARE
from sestui.core.delivery.states import ContactStatus, DeliveryState, RunKind, RunState


def _json() -> Any:
    return Column(JSON, nullable=False)


def _text() -> Any:
    return Column(Text, nullable=False)


class Contact(SQLModel, table=True):
    """A person with one email address."""

    __table_args__ = (
        # The operator class lets PostgreSQL search by prefix too.
        Index(
            "ix_contact_email_key",
            "email_key",
            unique=True,
            postgresql_ops={"email_key": "text_pattern_ops"},
        ),
        # Partial, so that imports of active contacts don't pay for it.
        Index(
            "ix_contact_not_active",
            "status",
            "id",
            sqlite_where=text("status <> 'active'"),
            postgresql_where=text("status <> 'active'"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    email: str
    """For mail: the local part's case kept, the domain normalised."""
    email_key: str
    """For comparison: lower case."""
    attributes: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    tags: list[str] = Field(default_factory=list, sa_column=_json())
    status: str = Field(default=ContactStatus.ACTIVE.value)
    status_reason: str = Field(default="")
    created_at: float
    updated_at: float
    paused_until: float | None = Field(default=None)
    """The contact wants no campaign's mail before this instant; None: there is no pause."""


class ContactList(SQLModel, table=True):
    """A named set of contacts."""

    __tablename__ = "contact_list"

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, index=True)
    created_at: float


class Membership(SQLModel, table=True):
    """A contact's membership of a list."""

    list_id: int = Field(foreign_key="contact_list.id", primary_key=True)
    contact_id: int = Field(foreign_key="contact.id", primary_key=True, index=True)
    joined_at: float


class Suppression(SQLModel, table=True):
    """A suppressed address or domain; there need not be a contact."""

    email_key: str = Field(primary_key=True)
    """As in ``Contact``; ``@example.org`` is a whole domain."""
    reason: str
    detail: str = Field(default="")
    created_at: float
    kept: bool = Field(default=False)
    """Beside a bounce or complaint: somebody here wants it too, whatever becomes of SES's list."""

    @property
    def why(self) -> str:
        """Reason and detail on one line, after the domain if a whole one is suppressed."""
        domain = f"all of {self.email_key[1:]}" if self.email_key.startswith("@") else ""
        return ": ".join(part for part in (domain, self.reason, self.detail) if part)


class Message(SQLModel, table=True):
    """A message's content. An edit makes a new row, as runs refer to the old one."""

    id: int = Field(default=None, primary_key=True)
    subject: str = Field(sa_column=_text())
    body: str = Field(sa_column=_text())
    body_format: str
    """``markdown``, ``html`` or ``mjml``."""
    text: str = Field(default="", sa_column=_text())
    """The text alternative's template; '' derives it from the body."""
    preheader: str = Field(default="", sa_column=_text())
    digest: str = Field(index=True)
    """SHA-256 of content and attachments."""
    layout: str = Field(default="", sa_column=_text())
    """The template around the body; '' is the format's default."""
    layout_name: str = Field(default="")
    """The layout's file as the campaign names it."""
    to_name: str = Field(default="", sa_column=_text())
    """The template of the recipient's name; '' for none."""
    headers: list[list[str]] = Field(default_factory=list, sa_column=_json())
    """The author's own headers: names, and templates of their values."""
    created_at: float


class Attachment(SQLModel, table=True):
    """A file attached to a message."""

    id: int = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    name: str
    content_type: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Campaign(SQLModel, table=True):
    """A message, an audience, a sender and optionally a schedule."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, index=True)
    message_id: int = Field(foreign_key="message.id")
    from_address: str
    reply_to: list[str] = Field(default_factory=list, sa_column=_json())
    lists: list[str] = Field(default_factory=list, sa_column=_json())
    """Names of the lists that are the audience."""
    segment: str = Field(default="", sa_column=_text())
    """Who of them, or of all contacts: a segment's name or an expression; '' for all of them."""
    keywords: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    transactional: bool = Field(default=False)
    skip_unrenderable: bool = Field(default=False)
    """Skip recipients whose mail can't be rendered, rather than hold the run."""
    priority: int = Field(default=5)
    max_rate: float | None = Field(default=None)
    """Recipients a second; None for the account's rate."""
    send_window: str = Field(default="")
    """When its mail may leave, in ``timezone``; '' is always."""
    at_most: str = Field(default="")
    """Mails of campaigns to a contact in a time (``core.delivery.frequency``); '' for any."""
    holdout: str = Field(default="")
    """The share of recipients who get no mail (``core.delivery.holdout``); '' for nobody."""
    notify: list[str] = Field(default_factory=list, sa_column=_json())
    split: list[str] = Field(default_factory=list, sa_column=_json())
    """Subjects of which one is to be found the best; none: everybody gets the message's."""
    split_share: float = Field(default=USUAL_SPLIT_SHARE)
    """Per cent of the audience that they go to."""
    split_hours: float | None = Field(default=None)
    """Hours until the winner is chosen; None: by hand."""
    schedule: str = Field(default="")
    """A cron expression; '' for none."""
    start_at: float | None = Field(default=None)
    timezone: str = Field(default="")
    """IANA zone of schedule and start; '' is the machine's."""
    local_time: str = Field(default="")
    """The time of day at which each recipient gets the mail by their own clock, as ``09:00 local``;
    '' is at once."""
    next_due_at: float | None = Field(default=None, index=True)
    """When `run-due` starts the next run, as last calculated; None for a manual start."""
    next_occurrence: str = Field(default="")
    """The name of that occurrence, independent of the zone's rules; '' for a bare instant."""
    only: str = Field(default="")
    """An ``Only``: the part of the audience for scheduled runs; '' for all."""
    misfire_hours: float = Field(default=USUAL_MISFIRE_HOURS)
    """A scheduled run that is later than this needs approval."""
    is_campaign: bool = Field(default=True)
    """False for the one row under which sestui's own mail runs (reports by tasks)."""
    archived_at: float | None = Field(default=None)
    """Since when it is kept for its history alone: nothing starts it. None: it isn't archived."""
    created_at: float
    updated_at: float


class Run(SQLModel, table=True):
    """One execution of a campaign, with a copy of the campaign's fields."""

    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        # Each occurrence is started once, however many processes run run-due.
        UniqueConstraint("campaign_id", "scheduled_for"),
        Index("ix_run_occurrence", "campaign_id", "occurrence", unique=True),
        # The end of a run is announced once.
        UniqueConstraint("notice_of"),
        # `run-due` checks every minute whether to send reminders.
        Index(
            "ix_run_doubtful",
            "id",
            sqlite_where=text("in_doubt > 0"),
            postgresql_where=text("in_doubt > 0"),
        ),
        # The breaker asks for the newest whenever bounces come.
        Index(
            "ix_run_breaker_since",
            "breaker_since",
            sqlite_where=text("breaker_since IS NOT NULL"),
            postgresql_where=text("breaker_since IS NOT NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.id", index=True)
    number: int
    """Of tests and notices it is negative (``store.runs.new_runs``)."""
    kind: str = Field(default=RunKind.CAMPAIGN.value)
    message_id: int = Field(foreign_key="message.id")
    from_address: str
    reply_to: list[str] = Field(default_factory=list, sa_column=_json())
    keywords: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    transactional: bool = Field(default=False)
    skip_unrenderable: bool = Field(default=False)
    """As the campaign's."""
    priority: int = Field(default=5)
    max_rate: float | None = Field(default=None)
    send_window: str = Field(default="")
    at_most: str = Field(default="")
    holdout: str = Field(default="")
    timezone: str = Field(default="")
    due_time: str = Field(default="")
    """The campaign's ``local_time`` at its start, of which its deliveries have a ``due_at``."""
    split: list[str] = Field(default_factory=list, sa_column=_json())
    """This and the next two are the campaign's at the start; they don't change any more."""
    split_share: float = Field(default=USUAL_SPLIT_SHARE)
    split_hours: float | None = Field(default=None)
    awaits_winner: bool = Field(default=False)
    """Deliveries without a variant can't be claimed yet."""
    winner: str = Field(default="")
    """The variant that deliveries without one of their own get; '' while none is chosen."""
    winner_at: float | None = Field(default=None)
    """When it was chosen."""
    winner_due_at: float | None = Field(default=None)
    """When it is to be chosen: known once the subjects have been sent, unless it is by hand."""
    winner_why: str = Field(default="", sa_column=_text())
    """Why it was chosen, as a sentence."""
    frozen_segment: str = Field(default="", sa_column=_text())
    """The segment as it was at the start (``store.segments.frozen_segments``); '' for none."""
    tat: float = Field(default=0)
    """Theoretical arrival time for the run's own max_rate."""
    account: str = Field(default="")
    """Key of the account that it belongs to (``core.delivery.account_key``)."""
    account_since: float = Field(default=0)
    """What was handed over earlier went through another account."""
    state: str = Field(default=RunState.SCHEDULED.value, index=True)
    reason: str = Field(default="")
    """A PauseReason or WaitReason; '' in other states."""
    detail: str = Field(default="", sa_column=_text())
    """The reason as a sentence."""
    resume_at: float | None = Field(default=None)
    """When a waiting run is expected to continue."""
    scheduled_for: float | None = Field(default=None)
    """The instant of its occurrence; None for a manual start."""
    occurrence: str | None = Field(default=None)
    """The occurrence's name and zone, which must be unique; None as above, and in old rows."""
    completion: str = Field(default="", index=True)
    """A ``Completion``: whether its end is announced by mail; '' if it needn't be."""
    notice_of: int | None = Field(default=None, foreign_key="run.id")
    """For a notice: the run whose end it announces."""
    created_at: float
    started_at: float | None = Field(default=None)
    finished_at: float | None = Field(default=None)
    pending: int = Field(default=0)
    sending: int = Field(default=0)
    accepted: int = Field(default=0)
    rejected: int = Field(default=0)
    in_doubt: int = Field(default=0)
    skipped: int = Field(default=0)
    unchecked: int = Field(default=0)
    """Of the pending: recipients who aren't deliveries yet (``store.ledger.unchecked``)."""
    checker: str = Field(default="")
    """The worker that checks their mails; '' for none so far."""
    delivered: int = Field(default=0)
    """Of the accepted: how many SES has reported as delivered, those who complained included."""
    bounced: int = Field(default=0)
    complained: int = Field(default=0)
    failed: int = Field(default=0)
    """Accepted, and not sent on by SES: a virus, a template that could not be filled in."""
    opened: int = Field(default=0)
    """By a person, as far as one can tell; as ``clicked``."""
    clicked: int = Field(default=0)
    warning: str = Field(default="", sa_column=_text())
    """What the breaker warns of, as a sentence: bounces or complaints near SES's lines."""
    breaker_since: float | None = Field(default=None)
    """When the operator resumed it although the breaker had paused it."""


class Delivery(SQLModel, table=True):
    """A row of the ledger: one recipient of one run."""

    __table_args__ = (
        UniqueConstraint("run_id", "contact_id"),
        Index("ix_delivery_run_state", "run_id", "state", "id"),
        # Of those few whose mail came back or was complained of: accepted ones pay nothing.
        Index(
            "ix_delivery_came_back",
            "run_id",
            "id",
            sqlite_where=text("outcome IN ('bounced', 'complained')"),
            postgresql_where=text("outcome IN ('bounced', 'complained')"),
        ),
        # Of what waits for its recipients' local time, in that order; others pay nothing.
        Index(
            "ix_delivery_due",
            "run_id",
            "due_at",
            "id",
            sqlite_where=text("state = 'pending' AND due_at IS NOT NULL"),
            postgresql_where=text("state = 'pending' AND due_at IS NOT NULL"),
        ),
        # Of those who get the subjects of a split; others pay nothing.
        Index(
            "ix_delivery_variant",
            "run_id",
            "state",
            "id",
            sqlite_where=text("variant IS NOT NULL"),
            postgresql_where=text("variant IS NOT NULL"),
        ),
        # Partial, so that campaigns' millions of deliveries don't pay for it.
        Index(
            "ix_delivery_relayed",
            "relayed_id",
            "place",
            unique=True,
            sqlite_where=text("relayed_id IS NOT NULL"),
            postgresql_where=text("relayed_id IS NOT NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id")
    contact_id: int | None = Field(default=None, index=True)
    """None for test mails to addresses without a contact, and for erased contacts."""
    shown_as: int | None = Field(default=None)
    """For a test mail: the contact whose attributes it shows."""
    relayed_id: int | None = Field(default=None)
    """The relayed mail whose recipient this is; None for campaigns."""
    place: int | None = Field(default=None)
    """The recipient's index in the relayed mail."""
    email: str
    state: str = Field(default=DeliveryState.PENDING.value)
    message_id: str = Field(default="")
    """SES's message id, once accepted."""
    attempts: int = Field(default=0)
    """Number of claims; only used as the fencing token."""
    faults: int = Field(default=0)
    """How often SES failed on it, for the backoff."""
    code: str = Field(default="")
    reason: str = Field(default="", sa_column=_text())
    not_before: float = Field(default=0)
    """The row isn't claimed before this instant."""
    due_at: float | None = Field(default=None)
    """When it is the campaign's ``local_time`` where the recipient is; None: it goes at once."""
    variant: str | None = Field(default=None)
    """The letter of its subject in a split; None: the run's ``winner``, or there is no split."""
    worker: str = Field(default="")
    claimed_at: float | None = Field(default=None)
    queued_at: float
    sent_at: float | None = Field(default=None)
    """When SES's acceptance was received."""
    outcome: str = Field(default="")
    """A ``core.delivery.outcomes.DeliveryOutcome``; '' while nothing is known."""
    outcome_at: float | None = Field(default=None)
    outcome_code: str = Field(default="")
    """Of a bounce, complaint or delay: ``Permanent/NoEmail``."""
    opened_at: float | None = Field(default=None)
    """When a person first opened it or followed a link, as far as one can tell."""
    clicked_at: float | None = Field(default=None)
