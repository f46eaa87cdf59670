"""The tables of changes to contacts and lists that can be undone, saved filters, and imports."""

from typing import Any

from sqlalchemy import JSON, Column, Text
from sqlmodel import Field, SQLModel


class ContactChange(SQLModel, table=True):
    """One change to contacts or lists by a person; undone as a whole."""

    __tablename__ = "contact_change"

    id: int = Field(default=None, primary_key=True)
    kind: str
    """A ``journal.ChangeKind``."""
    at: float = Field(index=True)
    said: str = Field(default="", sa_column=Column(Text, nullable=False))
    """What was done, as a sentence without its full stop."""
    size: int
    """Contacts, addresses or lists that it changed."""
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What undoing it needs beside the rows."""
    undone_at: float | None = Field(default=None)


class ContactChangeRow(SQLModel, table=True):
    """One contact of a change, if the change may concern many."""

    __tablename__ = "contact_change_row"

    change_id: int = Field(foreign_key="contact_change.id", primary_key=True)
    contact_id: int = Field(primary_key=True)
    """0: the address is no contact's. Contacts may be gone by the time it is undone."""
    list_id: int = Field(default=0, primary_key=True)
    """Of a membership; 0 for anything else."""
    value: str = Field(default="", primary_key=True)
    """``joined``, ``left`` or ``refused``: a list; ``created`` or ``was``: a contact of an import;
    else a tag, or a suppressed address."""
    at: float = Field(default=0)
    """When the contact joined or refused the list, or the address was suppressed; of a tag that was
    taken, which of the contact's tags it was; of a created contact, its ``updated_at``."""
    before: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    """Values of the contact or the suppression before; None for what was not there before."""
    updated_at: float | None = Field(default=None)
    """The contact's ``updated_at`` before, so that an undo looks like no change; None: unknown."""


class ListRefusal(SQLModel, table=True):
    """A contact left a list by their own word: nothing but their own word puts them back on it."""

    __tablename__ = "list_refusal"

    list_id: int = Field(foreign_key="contact_list.id", ondelete="CASCADE", primary_key=True)
    contact_id: int = Field(
        foreign_key="contact.id", ondelete="CASCADE", primary_key=True, index=True
    )
    at: float


class SavedFilter(SQLModel, table=True):
    """A saved filter of contacts: a list, a status, words."""

    __tablename__ = "saved_filter"

    name: str = Field(primary_key=True)
    list_name: str | None = Field(default=None)
    standing: str = Field(default="")
    """A ``Standing``; '' is any."""
    words: str = Field(default="")
    created_at: float


class ListedSuppression(SQLModel, table=True):
    """An address that was on SES's own suppression list when it was looked at, or was put there.

    What is here and missing on one side has been removed there since.
    """

    __tablename__ = "listed_suppression"

    account: str = Field(primary_key=True)
    """The key of the governor's row."""
    email_key: str = Field(primary_key=True)
    reason: str
    """``bounced`` or ``complained``."""
    listed_at: float
    """When SES changed its entry last."""
    listing: int
    """The number of the listing that had it last."""


class SavedSegment(SQLModel, table=True):
    """A named expression over contacts."""

    __tablename__ = "segment"

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, index=True)
    expression: str = Field(sa_column=Column(Text, nullable=False))
    created_at: float
    updated_at: float


class ErasedAddress(SQLModel, table=True):
    """An address that was erased on request: enough to recognise it, too little to read it."""

    __tablename__ = "erased_address"

    digest: str = Field(primary_key=True)
    """See ``store.contacts.erased``."""
    erased_at: float


class ImportRecord(SQLModel, table=True):
    """A record of an import, so that its rejects are not forgotten."""

    __tablename__ = "import_record"

    id: int = Field(default=None, primary_key=True)
    file_name: str
    list_name: str
    contacts: int
    """Distinct valid addresses in the file."""
    rejects: int
    """Rows that could not be imported."""
    finished_at: float
    seen_at: float | None = Field(default=None)
    """When the operator acknowledged the rejects; None for not yet."""


class UncheckedPart(SQLModel, table=True):
    """Recipients of a run whose mail has not been checked yet, so that they aren't deliveries."""

    __tablename__ = "unchecked_part"

    run_id: int = Field(foreign_key="run.id", primary_key=True)
    part: int = Field(primary_key=True)
    """Their ids by ``store.contacts.unchecked.PART``."""
    size: int
    contact_ids: str = Field(sa_column=Column(Text, nullable=False))
    """A JSON array."""
